"""Curves on the paper: the range that shows them, and what of them is in view, made short and drawn.

Needs pyqtgraph: import this inside a function, after the window is painted.
"""

from collections.abc import Sequence

import numpy as np
from PySide6.QtGui import QPainter

from ..theme import faded, theme
from . import fitting, layer, marks
from .bins import Table
from .curve import Curve, Short, View
from .paper import Paper, Scale

BAND = 0.22  # opacity of a ground


class Lines(Paper):
    def __init__(self, scale: Scale, margins: tuple[int, int, int, int] = marks.MARGINS) -> None:
        super().__init__(scale, margins)
        self.outliers = True  # single peaks do not count for the range
        self._curves: list[Curve] = []
        self._levels: list[marks.Level] = []
        self._shorts: dict[str, Short] = {}
        self._known: dict[str, tuple[object, Table]] = {}  # lines as pixels, for as long as nothing changes
        self._known_for: object = None

    def show_curves(self, curves: Sequence[Curve], span: float, levels: Sequence[marks.Level] = ()) -> None:
        """Draw these, over steps 0 to `span` while following."""
        self._curves, self.most, self._levels = list(curves), max(span, 1.0), list(levels)
        keys = {curve.key for curve in curves}
        self._shorts = {key: short for key, short in self._shorts.items() if key in keys}
        self._known = {key: known for key, known in self._known.items() if key in keys}
        if not self.held:
            self._fit()
        self._draw()

    def curves(self) -> Sequence[Curve]:
        return self._curves

    def set_outliers(self, on: bool) -> None:
        """Whether single peaks are left out of the range."""
        self.outliers, self.held = on, False
        self._fit()
        self._draw()

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

    def _view(self) -> View:
        (low, high), _ = self.box.viewRange()
        return View(
            low=self._unplaced(low), high=self._unplaced(high), pixels=max(int(self.frame.width()), 50), log=self.log
        )

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
