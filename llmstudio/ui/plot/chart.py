"""Curves against steps: follows new data until the person zooms, names every line, tells every value.

Needs pyqtgraph: import this inside a function, after the window is painted.
"""

from collections.abc import Callable, Sequence
from math import inf, isfinite

import numpy as np
import pyqtgraph as pg
from msgspec import Struct
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from ..theme import faded, theme
from . import marks, ticks
from .paper import Paper, Scale
from .series import Floats, average, bounds, decimate


class Curve(Struct, frozen=True, kw_only=True):
    """`x` rises; `y` in the base unit of the chart (nats). `key` stays the same while it grows."""

    key: str
    name: str
    x: Floats
    y: Floats
    color: QColor
    width: float = 1.25
    mean: bool = False  # a smoothed curve: where points are dense, the mean of a column is drawn and not its extremes
    opacity: float = 1.0
    ringed: bool = False
    dashed: bool = False
    label: tuple[str, str] | None = None  # written at its end: name, a word about it
    dot: bool = False  # a dot at its end
    framed: bool = True  # counts for the range that is followed


class Chart(Paper):
    def __init__(self, across: str, scale: Scale, explain: Callable[[float], marks.Tip | None]) -> None:
        super().__init__(scale)
        self.across, self._explain = across, explain
        self.moment: float | None = None  # the step of the time machine
        self.legend: Sequence[tuple[str, QColor, bool]] = ()
        self._curves: list[Curve] = []
        self._levels: list[marks.Level] = []
        self._span = 1.0  # steps shown while following
        self._lines: dict[str, pg.PlotCurveItem] = {}
        self._short: dict[str, tuple[Floats, Floats]] = {}

    # what is shown

    def show_curves(self, curves: Sequence[Curve], span: float, levels: Sequence[marks.Level] = ()) -> None:
        """Draw these, over steps 0 to `span` while following."""
        self._curves, self._span, self._levels = list(curves), max(span, 1.0), list(levels)
        for key in self._lines.keys() - {curve.key for curve in curves}:
            self.box.removeItem(self._lines.pop(key))
            self._short.pop(key, None)
        if self.following:
            self._fit()
        self._draw()

    def set_scale(self, scale: Scale) -> None:
        self.scale_ = scale
        self.follow()

    def set_log(self, on: bool) -> None:
        """Steps on an axis of log10(1 + step)."""
        self.log = on
        self.follow()

    def set_moment(self, step: float | None) -> None:
        if step != self.moment:
            self.moment = step
            self.viewport().update()

    def curves(self) -> Sequence[Curve]:
        return self._curves

    # ranges

    def _fit(self) -> None:
        low, high = inf, -inf
        span = float(self._place(np.array([self._span]))[0])
        for curve in self._curves:
            if curve.framed:
                _, y = self._shortened(curve, 0.0, span)
                least, most = bounds(y)
                low, high = min(low, least), max(high, most)
        for level in self._levels:
            scaled = float(self.scale_.apply(np.array([level.y]))[0])
            low, high = min(low, scaled), max(high, scaled)
        if not (isfinite(low) and isfinite(high)):
            low, high = 0.0, 1.0
        if high - low < 1e-9:
            low, high = low - 0.5, high + 0.5
        step = ticks.spacing(low, high, 6) / 5  # the range moves in small jumps, not at every point
        low, high = (np.floor((low - step / 4) / step) * step, np.ceil((high + step / 4) / step) * step)
        limits = {"xMin": 0.0, "xMax": span, "minXRange": span * 1e-5}
        self.box.setLimits(**limits)
        self.box.setRange(xRange=(0.0, span), yRange=(low, high), padding=0)

    # drawing

    def _shortened(self, curve: Curve, low: float, high: float) -> tuple[Floats, Floats]:
        pixels = max(int(self.frame.width()), 50)
        shorten = average if curve.mean else decimate
        x, y = shorten(self._place(curve.x), curve.y, low, high, pixels * 2 // 3 if curve.mean else pixels)
        return x, self.scale_.apply(y)

    def _draw(self) -> None:
        (low, high), _ = self.box.viewRange()
        for order, curve in enumerate(self._curves):
            x, y = self._short[curve.key] = self._shortened(curve, low, high)
            line = self._lines.get(curve.key)
            if line is None:
                line = self._lines[curve.key] = pg.PlotCurveItem(skipFiniteCheck=False)
                self.box.addItem(line, ignoreBounds=True)
            pen = QPen(faded(curve.color, curve.opacity), curve.width)
            pen.setCosmetic(True)
            pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
            if curve.dashed:
                pen.setDashPattern([4, 3])
            line.setZValue(order)
            line.setData(x, y, pen=pen, antialias=curve.width > 1 or len(x) < 400, connect="finite")
        self.viewport().update()

    def marks_across(self) -> list[float]:
        (low, high), _ = self.box.viewRange()
        if self.log:
            return ticks.decades(low, high)
        return ticks.steps(low, high, max(2, int(self.frame.width() // 80)))

    def marks_up(self) -> list[float]:
        _, (low, high) = self.box.viewRange()
        return ticks.marks(low, high, max(2, int(self.frame.height() // 45)))

    def drawBackground(self, p: QPainter, rect: QRectF | QRect) -> None:
        p.fillRect(rect, theme.color("panel"))
        frame = self.frame
        if frame.width() < 20 or frame.height() < 20:
            return
        marks.grid(p, frame, [self._x(x) for x in self.marks_across()], [self._y(y) for y in self.marks_up()])
        marks.levels(p, frame, [(self.y_of(level.y), level) for level in self._levels])

    def drawForeground(self, p: QPainter, rect: QRectF | QRect) -> None:
        frame = self.frame
        if frame.width() < 20 or frame.height() < 20:
            return
        across, up = self.marks_across(), self.marks_up()
        steps = [ticks.written(ticks.unlog(x)) for x in across] if self.log else ticks.words(across)
        found = None if self.at is None else self._explain(self.at)
        bottom = [(self._x(x), text) for x, text in zip(across, steps, strict=True)]
        side = [(self._y(y), text) for y, text in zip(up, ticks.words(up), strict=True)]
        if found is not None:  # a label under a badge hides
            x, y = self.x_of(found.x), None if found.y is None else self.y_of(found.y)
            bottom = [mark for mark in bottom if abs(mark[0] - x) > 36]
            side = [mark for mark in side if y is None or abs(mark[0] - y) > 16]
        marks.axes(p, frame, bottom, side, (self.across, self.scale_.title))
        self._draw_over(p, frame)
        if self.legend:
            marks.legend(p, frame, self.legend)
        if found is not None:
            marks.cross(p, frame, x, y, found)
            marks.tip(p, frame, x, frame.center().y() if y is None else y, found)

    def _draw_over(self, p: QPainter, frame: QRectF) -> None:
        """Rings, end dots, the moment, and names at the ends."""
        taken: list[QRectF] = []
        for curve in self._curves:
            points = self._points(curve) if curve.ringed or curve.dot or curve.label else []
            if curve.ringed:
                marks.rings(p, frame, points, curve.color)
            if not points or not frame.adjusted(-1, -1, 1, 1).contains(points[-1]):
                continue
            if curve.dot:
                p.setRenderHint(QPainter.RenderHint.Antialiasing)
                p.setPen(QPen(theme.color("panel"), 1.5))
                p.setBrush(curve.color)
                p.drawEllipse(points[-1], 4.5, 4.5)
            if curve.label:
                marks.named(p, frame, points[-1], *curve.label, taken)
        if self.moment is not None:
            p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            marks.vertical(p, frame, round(self.x_of(self.moment)), theme.color("warning"), 2)

    def _points(self, curve: Curve) -> list[QPointF]:
        """Where its points are: all of a ringed curve, thinned to what can be told apart, else the last."""
        x, y = self._short.get(curve.key, (np.empty(0), np.empty(0)))
        if not curve.ringed:
            x, y = x[-1:], y[-1:]
        (left, right), (low, high) = self.box.viewRange()
        frame = self.frame
        across = frame.left() + (x - left) / (right - left) * frame.width()
        up = frame.bottom() - (y - low) / (high - low) * frame.height()
        ok = np.isfinite(up) & (across >= frame.left() - 1) & (across <= frame.right() + 1)
        kept = marks.spaced(across[ok].tolist())
        return [QPointF(float(across[ok][i]), float(up[ok][i])) for i in kept]
