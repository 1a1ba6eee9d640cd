"""Curves against steps: follows new data until the person zooms, names every line, tells every value.

Needs pyqtgraph: import this inside a function, after the window is painted.
"""

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen

from ..theme import faded, theme
from . import layer, marks, names, ticks
from .curve import Curve
from .layer import Layer
from .lines import Lines
from .names import End, Flag
from .paper import Scale
from .series import Floats

__all__ = ["Chart", "Curve", "Flag", "Scale"]
NEAR = 10  # pixels from a line within which the pointer means it


class Chart(Lines):
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
        self.telling = True  # says its values beside the pointer
        self._still, self._moving = Layer(), Layer()
        self._places: list[tuple[QRectF, str]] = []  # where the names are
        self._lit = ""  # key of the line that is pointed at

    # what is shown

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

    # drawing

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
        found = ticks.marks(low, high, max(2, int(self.frame.height() // (30 if narrow else 38))))
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
