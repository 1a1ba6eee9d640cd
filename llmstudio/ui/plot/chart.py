"""Curves against steps: follows new data until the person zooms, names every line, tells every value.

Needs pyqtgraph: import this inside a function, after the window is painted.
"""

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen

from ..theme import faded, theme
from . import fitting, layer, marks, names, ticks
from .bins import Table
from .curve import Curve, Short, View
from .layer import Layer
from .names import End, Flag
from .paper import Paper, Scale
from .series import Floats

__all__ = ["Chart", "Curve", "Flag", "Scale"]
NEAR = 10  # pixels from a line within which the pointer means it
BAND = 0.22  # opacity of a ground


class Chart(Paper):
    named = Signal(str)  # the key of the line whose name was clicked

    def __init__(
        self,
        across: str,
        scale: Scale,
        explain: Callable[[float], marks.Tip | None],
        margins: tuple[int, int, int, int] = marks.MARGINS,
    ) -> None:
        super().__init__(scale, margins)
        self.across, self._explain = across, explain
        self.moment: float | None = None  # the step of the time machine
        self.cross: float | None = None  # the step under the pointer on another chart
        self.legend: Sequence[tuple[str, QColor, marks.Sign]] = ()
        self.flags: Sequence[Flag] = ()
        self.outliers = True  # single peaks do not count for the range
        self.telling = True  # says its values beside the pointer
        self._curves: list[Curve] = []
        self._levels: list[marks.Level] = []
        self._shorts: dict[str, Short] = {}
        self._known: dict[str, tuple[object, Table]] = {}  # lines as pixels, for as long as nothing changes
        self._known_for: object = None
        self._still, self._moving = Layer(), Layer()
        self._places: list[tuple[QRectF, str]] = []  # where the names are
        self._lit = ""  # key of the line that is pointed at

    # what is shown

    def show_curves(self, curves: Sequence[Curve], span: float, levels: Sequence[marks.Level] = ()) -> None:
        """Draw these, over steps 0 to `span` while following."""
        self._curves, self.most, self._levels = list(curves), max(span, 1.0), list(levels)
        keys = {curve.key for curve in curves}
        self._shorts = {key: short for key, short in self._shorts.items() if key in keys}
        self._known = {key: known for key, known in self._known.items() if key in keys}
        if not self.held:
            self._fit()
        self._draw()

    def set_scale(self, scale: Scale) -> None:
        self.scale_, self.held = scale, False
        self._fit()
        self._draw()

    def set_log(self, on: bool) -> None:
        """Steps on an axis of log10(1 + step)."""
        span, self.log = self.span, on
        self.set_span(span)

    def set_log_up(self, on: bool) -> None:
        """Values on an axis of their log10."""
        self.log_up, self.held = on, False
        self._fit()
        self._draw()

    def set_outliers(self, on: bool) -> None:
        """Whether single peaks are left out of the range."""
        self.outliers, self.held = on, False
        self._fit()
        self._draw()

    def set_moment(self, step: float | None) -> None:
        if step != self.moment:
            self.moment = step
            self.viewport().update()

    def set_cross(self, step: float | None) -> None:
        """Show the cross-hair of another chart."""
        if step != self.cross:
            self.cross = step
            if self.at is None:
                self.viewport().update()

    def curves(self) -> Sequence[Curve]:
        return self._curves

    # ranges

    def _view(self) -> View:
        (low, high), _ = self.box.viewRange()
        return View(
            low=self._unplaced(low), high=self._unplaced(high), pixels=max(int(self.frame.width()), 50), log=self.log
        )

    def _fit(self) -> None:
        (low, high), was = self.box.viewRange()
        if self.following:
            low, high = 0.0, self._placed(self.most)
            self.box.setRange(xRange=(low, high), padding=0)
        view = self._view()
        lines = [self._scaled(curve, view)[1] for curve in self._curves if curve.framed and len(curve.x)]
        grounds = [self._up(curve.top) for curve in self._curves if curve.framed and curve.top is not None]
        levels = self._up(np.array([level.y for level in self._levels])) if self.following else np.empty(0)
        found = fitting.around(lines, [*grounds, levels], self.outliers)
        if found != tuple(was):
            self.box.setRange(yRange=found, padding=0)

    # drawing

    def _short(self, curve: Curve) -> Short:
        return self._shorts.setdefault(curve.key, Short())

    def _scaled(self, curve: Curve, view: View) -> Table:
        """Places, and values as they are drawn."""
        if curve.band:
            found = self._short(curve).band(curve, view)
            found = found if found.shape[1] else self._short(curve).single(curve, view)
        else:
            found = self._short(curve).line(curve, view)
        return np.concatenate([found[:1], self._up(found[1:])])

    def _pixels(self, table: Table) -> Table:
        """Places and drawn values as pixels."""
        (left, right), (low, high) = self.box.viewRange()
        frame = self.frame
        across = frame.left() + (table[:1] - left) / (right - left) * frame.width()
        with np.errstate(over="ignore", invalid="ignore"):
            up = frame.bottom() - (table[1:] - low) / (high - low) * frame.height()
        return np.concatenate([across, up])

    def _line(self, curve: Curve, view: View) -> Table:
        """A line as pixels: (2, n); of a band the lower end."""
        if (now := self._seen()) != self._known_for:
            self._known, self._known_for = {}, now
        state = curve.state()
        known = self._known.get(curve.key)
        if known is None or known[0] != state:
            known = self._known[curve.key] = state, self._pixels(self._scaled(curve, view))[:2]
        return known[1]

    def _draw(self) -> None:
        self.viewport().update()

    def _seen(self) -> tuple[object, ...]:
        """All that the place of a line depends on but the line itself."""
        ranges = tuple(map(tuple, self.box.viewRange()))
        return ranges, self.width(), self.height(), self.log, self.log_up, self.scale_.title

    def _state(self, curves: Sequence[Curve]) -> tuple[object, ...]:
        """What a picture of these curves depends on."""
        return tuple(curve.state() for curve in curves), self._seen(), theme.dark

    def _paint_curves(self, p: QPainter, curves: Sequence[Curve]) -> None:
        view = self._view()
        layer.clip(p, self.frame)
        for curve in curves:
            if len(curve.x):
                self._paint_curve(p, curve, view)

    def _paint_curve(self, p: QPainter, curve: Curve, view: View) -> None:
        pen = layer.pen_of(curve.color, curve.width, curve.opacity, curve.dash, curve.dotted)
        if curve.top is not None:
            places = view.place(curve.x)
            x, low, high = self._pixels(np.stack([places, self._up(curve.y), self._up(curve.top)]))
            layer.ground(p, x, low, high, faded(curve.color, BAND))
            return
        if curve.band:
            spread, single = self._short(curve).band(curve, view), self._short(curve).single(curve, view)
            x, low, high = self._pixels(np.concatenate([spread[:1], self._up(spread[1:])]))
            layer.ground(p, x, low, high, faded(curve.color, BAND))
            layer.line(p, *self._pixels(np.concatenate([single[:1], self._up(single[1:])])), pen)
            return
        layer.line(p, *self._line(curve, view), pen)

    def marks_across(self) -> list[float]:
        (low, high), _ = self.box.viewRange()
        if self.log:
            return ticks.decades(low, high)
        return ticks.steps(low, high, max(2, int(self.frame.width() // 80)))

    def marks_up(self) -> list[tuple[float, str]]:
        """Places of the marks at the side, and their words."""
        _, (low, high) = self.box.viewRange()
        if self.log_up:
            return ticks.logs(low, high, max(2, int(self.frame.height() // 28)))
        narrow = self.margins[0] < marks.LEFT
        found = ticks.marks(low, high, max(2, int(self.frame.height() // (30 if narrow else 45))))
        return list(zip(found, ticks.words(found, narrow), strict=True))

    def drawBackground(self, p: QPainter, rect: QRectF | QRect) -> None:
        p.fillRect(rect, theme.color("panel"))
        frame = self.frame
        if frame.width() < 20 or frame.height() < 20:
            return
        marks.grid(p, frame, [self._x(x) for x in self.marks_across()], [self._y(y) for y, _ in self.marks_up()])
        if self._levels:
            marks.levels(p, frame, [(self.y_of(level.y), level) for level in self._levels], self.margins[2])

    def drawForeground(self, p: QPainter, rect: QRectF | QRect) -> None:
        frame = self.frame
        if frame.width() < 20 or frame.height() < 20:
            return
        still = [curve for curve in self._curves if curve.behind]
        moving = [curve for curve in self._curves if not curve.behind]
        size = self.viewport().size()
        p.save()
        self._still.paint(p, size, self._state(still), lambda inner: self._paint_curves(inner, still))
        self._moving.paint(p, size, self._state(moving), lambda inner: self._paint_curves(inner, moving))
        p.restore()
        at = self.at if self.at is not None else self.cross
        found = None if at is None else self._explain(at)
        self._draw_axes(p, frame, found)
        self._draw_over(p, frame)
        if found is not None:
            x, y = self.x_of(found.x), None if found.y is None else self.y_of(found.y)
            marks.cross(p, frame, x, y, found, self.margins)
            if self.at is not None and self.telling:
                marks.tip(p, frame, x, frame.center().y() if y is None else y, found)
        if self._chosen is not None:
            p.setPen(QPen(theme.color("accent"), 1))
            p.setBrush(faded(theme.color("accent"), 0.12))
            p.drawRect(self._chosen)

    def _draw_axes(self, p: QPainter, frame: QRectF, found: marks.Tip | None) -> None:
        across = self.marks_across()
        steps = [ticks.written(ticks.unlog(x)) for x in across] if self.log else ticks.words(across)
        bottom = [(self._x(x), text) for x, text in zip(across, steps, strict=True)]
        side = [(self._y(y), text) for y, text in self.marks_up()]
        if found is not None:  # a label under a badge hides
            x, y = self.x_of(found.x), None if found.y is None else self.y_of(found.y)
            bottom = [mark for mark in bottom if abs(mark[0] - x) > 36]
            side = [mark for mark in side if y is None or abs(mark[0] - y) > 16]
        marks.axes(p, frame, bottom, side, (self.across, self.scale_.title), self.margins)

    def _draw_over(self, p: QPainter, frame: QRectF) -> None:
        """Flags, rings, end dots, the moment, and names at the ends."""
        view, taken, found = self._view(), list[QRectF](), list[End]()
        names.flags(p, frame, [(self.x_of(flag.step), flag) for flag in self.flags], taken)
        if self.legend:
            taken.append(marks.legend(p, frame, self.legend, taken))
        for curve in reversed(self._curves):
            if not len(curve.x) or not (curve.ringed or curve.dot or curve.label or curve.framed):
                continue
            x, y = self._line(curve, view)
            if curve.framed and not curve.behind and not curve.label:
                names.above(p, frame, _higher(x, y, frame), curve.color)
            if curve.key == self._lit:
                p.save()
                layer.clip(p, frame)
                layer.line(p, x, y, layer.pen_of(curve.color, 2.25, 1.0, curve.dash, curve.dotted))
                p.restore()
            if curve.ringed:
                marks.rings(p, frame, _spaced(x, y, frame), curve.color)
            if (end := _end(x, y, frame)) is not None:
                if curve.dot and curve.x[-1] <= view.high:
                    _dot(p, end, curve.color)
                if curve.label:
                    found.append(
                        End(key=curve.key, at=end, name=curve.label[0], rest=curve.label[1], color=curve.color)
                    )
        self._places = names.ends(p, frame, found, taken, self._lit)
        if self.moment is not None:
            p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            marks.vertical(p, frame, round(self.x_of(self.moment)), theme.color("warning"), 2)

    # the pointer

    def _hover(self, step: float | None, where: QPointF) -> None:
        lit = self._pointed(where) if step is not None else ""
        if lit != self._lit:
            self._lit = lit
            self.viewport().update()
        named = any(box.contains(where) for box, _ in self._places)
        if self._pressed is None:
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if named else Qt.CursorShape.ArrowCursor)
        super()._hover(step, where)

    def _pointed(self, where: QPointF) -> str:
        """The key of the named line that the pointer means: by its name, or the nearest."""
        for box, key in self._places:
            if box.contains(where):
                return key
        view, best, found = self._view(), float(NEAR), ""
        for curve in self._curves:
            if curve.label and not curve.dotted and len(curve.x):
                x, y = self._line(curve, view)
                if len(x) and x[0] - NEAR <= where.x() <= x[-1] + NEAR:
                    away = abs(float(np.interp(where.x(), x, y)) - where.y())
                    best, found = (away, curve.key) if away < best else (best, found)
        return found

    def _clicked(self, at: QPointF) -> None:
        key = next((key for box, key in self._places if box.contains(at)), "")
        if key:
            self.named.emit(key)
        else:
            super()._clicked(at)


def _dot(p: QPainter, at: QPointF, color: QColor) -> None:
    p.setRenderHint(QPainter.RenderHint.Antialiasing)
    p.setPen(QPen(theme.color("panel"), 1.5))
    p.setBrush(color)
    p.drawEllipse(at, 4.5, 4.5)


def _end(x: Floats, y: Floats, frame: QRectF) -> QPointF | None:
    """The last point in view, where it is a number."""
    last = int(np.searchsorted(x, frame.right() + 1, "right")) - 1
    if last < 0 or not np.isfinite(y[last]):
        return None
    point = QPointF(float(x[last]), float(y[last]))
    return point if frame.adjusted(-1, -1, 1, 1).contains(point) else None


def _spaced(x: Floats, y: Floats, frame: QRectF) -> list[QPointF]:
    """The points in view, thinned to what can be told apart."""
    ok = np.isfinite(y) & (x >= frame.left() - 1) & (x <= frame.right() + 1)
    x, y = x[ok], y[ok]
    return [QPointF(float(x[i]), float(y[i])) for i in marks.spaced(x.tolist())]


def _higher(x: Floats, y: Floats, frame: QRectF) -> list[float]:
    """Where a line leaves the frame at its top."""
    if not len(y) or np.nanmin(y, initial=np.inf) >= frame.top() - 1:
        return []
    with np.errstate(invalid="ignore"):
        out = (y < frame.top() - 1) & (x >= frame.left()) & (x <= frame.right())
    return x[out].tolist()
