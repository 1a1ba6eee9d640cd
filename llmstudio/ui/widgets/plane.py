"""A plane seen through a frame: the same scale on both axes, zoom and pan, its grid with numbers."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from ..numbers import MINUS
from ..plot import ticks
from ..theme import theme

if TYPE_CHECKING:
    import numpy as np

LEFT, FOOT, TOP, RIGHT = 56, 38, 6, 6
EDGE = 18.0  # pixels kept free at the frame's edge, for the names
LOOSE = 0.6  # points that fill less than this of the frame are shown larger
FURTHEST, NEAREST = 0.5, 80.0  # zoom
PER_TICK = 48  # pixels
LONG = 190  # pixels of an axis that has room for its whole title


class Plane:
    """`frame` is where it is drawn. Until someone zooms it shows all points, and moves only when they no longer fit."""

    def __init__(self) -> None:
        self.frame = QRectF(0, 0, 100, 100)
        self.zoom, self.shift = 1.0, QPointF(0, 0)
        self._centre, self._reach = (0.0, 0.0), (1.0, 1.0)  # of what is shown at zoom 1, and half its extent

    def resize(self, width: int, height: int) -> None:
        self.frame = QRectF(LEFT, TOP, max(40, width - LEFT - RIGHT), max(40, height - TOP - FOOT))

    @property
    def moved(self) -> bool:
        """Someone has zoomed or panned."""
        return self.zoom != 1.0 or not self.shift.isNull()

    def fit(self, points: "np.ndarray") -> None:
        """Show all points (N, 2)."""
        self.zoom, self.shift = 1.0, QPointF(0, 0)
        if len(points):
            low, high = points.min(0), points.max(0)
            self._centre = (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2)
            half = [max(float(x) / 2, 1e-6) * 1.04 for x in high - low]
            self._reach = (half[0], half[1])

    def follow(self, points: "np.ndarray") -> None:
        """Points moved: fit them again if they left the frame or became small in it."""
        if self.moved or not len(points):
            return
        away = abs(points - self._centre).max(0) / self._reach
        if away.max() > 1.02 or away.max() < LOOSE:
            self.fit(points)

    @property
    def scale(self) -> float:
        """Pixels per unit."""
        wide, high = self.frame.width() - 2 * EDGE, self.frame.height() - 2 * EDGE
        return max(min(wide / self._reach[0], high / self._reach[1]) / 2, 1e-9) * self.zoom

    def origin(self) -> QPointF:
        """Where (0, 0) is in the widget."""
        middle, scale = self.frame.center() + self.shift, self.scale
        return QPointF(middle.x() - self._centre[0] * scale, middle.y() + self._centre[1] * scale)

    def place(self, points: "np.ndarray") -> "np.ndarray":
        """(N, 2) in the widget."""
        origin, scale = self.origin(), self.scale
        return points * (scale, -scale) + (origin.x(), origin.y())

    def zoom_at(self, at: QPointF, factor: float) -> None:
        zoom = min(max(self.zoom * factor, FURTHEST), NEAREST)
        self.shift -= (at - self.frame.center() - self.shift) * (zoom / self.zoom - 1)
        self.zoom = zoom

    def paint(self, painter: QPainter, titles: tuple[str, str]) -> None:
        """Grid, numbers and titles; a title is shortened to its first part where it has no room."""
        frame, origin, scale = self.frame, self.origin(), self.scale
        painter.setFont(theme.font(11))
        across = _marks((frame.left() - origin.x()) / scale, (frame.right() - origin.x()) / scale, frame.width())
        up = _marks((origin.y() - frame.bottom()) / scale, (origin.y() - frame.top()) / scale, frame.height())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(theme.color("grid"))
        for value in across:
            x = round(origin.x() + value * scale)
            painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))
        for value in up:
            y = round(origin.y() - value * scale)
            painter.drawLine(QPointF(frame.left(), y), QPointF(frame.right(), y))
        painter.setPen(theme.color("muted"))
        for value, word in zip(across, _said(across), strict=True):
            box = QRectF(origin.x() + value * scale - 30, frame.bottom() + 4, 60, 16)
            if box.left() + 12 > 0 and box.right() - 12 < frame.right() + RIGHT:
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, word)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for value, word in zip(up, _said(up), strict=True):
            painter.drawText(QRectF(16, origin.y() - value * scale - 8, LEFT - 22, 16), right, word)
        self._paint_titles(painter, titles)

    def _paint_titles(self, painter: QPainter, titles: tuple[str, str]) -> None:
        frame = self.frame
        words = [
            title if room >= LONG else title.partition(" of ")[0]
            for title, room in zip(titles, (frame.width(), frame.height()), strict=True)
        ]
        foot = QRectF(frame.left(), frame.bottom() + 21, frame.width(), 16)
        painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, words[0])
        painter.save()
        painter.translate(8, frame.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-frame.height() / 2, -8, frame.height(), 16), Qt.AlignmentFlag.AlignCenter, words[1])
        painter.restore()


def _marks(low: float, high: float, pixels: float) -> list[float]:
    return ticks.marks(low, high, max(2, int(pixels / PER_TICK)))


def _said(marks: list[float]) -> list[str]:
    """With signs, and as many decimals as their distance needs."""
    words = [word.lstrip(MINUS) for word in ticks.words(marks)]
    signs = ["0" if abs(mark) < 1e-12 else "+" if mark > 0 else MINUS for mark in marks]
    return ["0" if sign == "0" else sign + word for sign, word in zip(signs, words, strict=True)]
