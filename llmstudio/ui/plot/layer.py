"""Drawn curves that are kept as a picture for as long as nothing of them changes."""

from collections.abc import Callable

import numpy as np
from pyqtgraph import functions
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPaintEngine, QPainter, QPen, QPolygonF

from ..theme import faded
from .series import Floats

FAR = 20_000.0  # pixels: what lies further away is drawn there
DOTS, DASHES = (0.8, 2.6), {1: (4.0, 3.0), 2: (6.0, 2.5, 1.5, 2.5)}


class Layer:
    def __init__(self) -> None:
        self._image = QImage()
        self._key: object = None
        self.drawn = 0  # how often it was really drawn

    def paint(self, p: QPainter, size: QSize, key: object, draw: Callable[[QPainter], None]) -> None:
        """Put it on the screen; `draw` is called where `key` is another one than before. Lines stay lines in an SVG."""
        engine = p.paintEngine()
        if engine is not None and engine.type() == QPaintEngine.Type.SVG:
            draw(p)
            return
        ratio = p.device().devicePixelRatioF()
        key = (key, size.width(), size.height(), ratio)
        if key != self._key:
            self._key = key
            self.drawn += 1
            if self._image.size() != size * ratio:
                self._image = QImage(size * ratio, QImage.Format.Format_ARGB32_Premultiplied)
            self._image.setDevicePixelRatio(ratio)
            self._image.fill(Qt.GlobalColor.transparent)
            inner = QPainter(self._image)
            draw(inner)
            inner.end()
        p.drawImage(0, 0, self._image)


def polygon(x: Floats, y: Floats) -> QPolygonF:
    return functions.arrayToQPolygonF(np.ascontiguousarray(x), np.clip(y, -FAR, FAR))


def line(p: QPainter, x: Floats, y: Floats, pen: QPen) -> None:
    """Pixels; broken where a value is not finite."""
    if len(x) < 2:
        return
    p.setPen(pen)
    p.setBrush(Qt.BrushStyle.NoBrush)
    for first, last in pieces(y):
        if last - first > 1:
            p.drawPolyline(polygon(x[first:last], y[first:last]))


def ground(p: QPainter, x: Floats, low: Floats, high: Floats, color: QColor) -> None:
    """Fill what lies between two lines."""
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(color)
    for first, last in pieces(low + high):
        if last - first > 1:
            part = slice(first, last)
            outline = np.concatenate([x[part], x[part][::-1]]), np.concatenate([low[part], high[part][::-1]])
            p.drawPolygon(polygon(*outline))


def pieces(y: Floats) -> list[tuple[int, int]]:
    """The stretches of finite values."""
    bad = np.flatnonzero(~np.isfinite(y))
    if not len(bad):
        return [(0, len(y))] if len(y) else []
    starts, ends = np.concatenate([[0], bad + 1]), np.concatenate([bad, [len(y)]])
    return [(int(i), int(j)) for i, j in zip(starts, ends, strict=True) if j > i]


def pen_of(color: QColor, width: float, opacity: float = 1.0, dash: int = 0, dotted: bool = False) -> QPen:
    pen = QPen(faded(color, opacity), width)
    pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap if dotted else Qt.PenCapStyle.FlatCap)
    if dash or dotted:
        pen.setDashPattern(list(DOTS if dotted else DASHES[dash]))
    return pen


def clip(p: QPainter, frame: QRectF) -> None:
    p.setClipRect(frame.adjusted(0, -1, 1, 1))
    p.setRenderHint(QPainter.RenderHint.Antialiasing)
