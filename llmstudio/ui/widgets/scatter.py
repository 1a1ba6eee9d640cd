"""Points with names on a plane: the names that fit are written, the others are dots. Zoom by wheel, pan by drag."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ..theme import theme
from . import glyphs

if TYPE_CHECKING:
    import numpy as np

LEFT, FOOT, NEAR, MARGIN = 64, 36, 14.0, 1.12
CELL = 13.0  # pixels in height that a written name keeps for itself
TICKS = 5


class Scatter(QWidget):
    """`hovered` and `clicked` carry the index of a point, `hovered` also -1. The scale grows with the points and never
    shrinks by itself; a double click fits it anew."""

    hovered = Signal(int)
    clicked = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._points: np.ndarray | None = None
        self._names: Sequence[str] = ()
        self._runs: Sequence[int] = ()  # colour of each point, by run colour
        self._axes = ("", "")
        self._reach = 0.0  # half of the plane's extent that is shown at zoom 1
        self._zoom, self._shift = 1.0, QPointF(0, 0)
        self._hover = self._pick = -1
        self._found: frozenset[int] = frozenset()
        self._drag: QPointF | None = None
        self._moved = False
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 140)
        self.setAccessibleName(name)
        theme.changed.connect(self.update)

    def set(self, points: "np.ndarray", names: Sequence[str], runs: Sequence[int], axes: tuple[str, str]) -> None:
        """Show (N, 2) points; `runs`: which run colour each has; `axes`: what the two axes are."""
        fresh = self._points is None or len(points) != len(self._points)
        self._points, self._names, self._runs, self._axes = points, names, runs, axes
        reach = float(abs(points).max()) * MARGIN if len(points) else 1.0
        self._reach = reach if fresh else max(self._reach, reach)
        if fresh:
            self._zoom, self._shift = 1.0, QPointF(0, 0)
        self.update()

    def fit(self) -> None:
        """All points in view again."""
        if self._points is not None and len(self._points):
            self._reach = float(abs(self._points).max()) * MARGIN
        self._zoom, self._shift = 1.0, QPointF(0, 0)
        self.update()

    def pick(self, index: int) -> None:
        if index != self._pick:
            self._pick = index
            self.update()

    def mark(self, found: frozenset[int]) -> None:
        """Ring these, say what a search has found."""
        if found != self._found:
            self._found = found
            self.update()

    def where(self, index: int) -> QPointF:
        """A point in widget coordinates."""
        assert self._points is not None
        x, y = self._points[index]
        return self._place(float(x), float(y))

    def index_at(self, at: QPointF) -> int:
        """The nearest point within 14 pixels, or -1."""
        if self._points is None or not len(self._points):
            return -1
        import numpy as np

        screen = self._screen()
        distances = np.hypot(screen[:, 0] - at.x(), screen[:, 1] - at.y())
        nearest = int(distances.argmin())
        return nearest if distances[nearest] <= NEAR else -1

    def sizeHint(self) -> QSize:
        return QSize(360, 300)

    def wheelEvent(self, event: QWheelEvent) -> None:
        factor = 1.0015 ** event.angleDelta().y()
        zoom = min(max(self._zoom * factor, 0.5), 60.0)
        area, at = self._area(), event.position()
        off = at - area.center() - self._shift
        self._shift -= off * (zoom / self._zoom - 1)
        self._zoom = zoom
        self.update()
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag, self._moved = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            step = event.position() - self._drag
            if self._moved or step.manhattanLength() > 4:
                self._moved = True
                self._shift += step
                self._drag = event.position()
                self.update()
            return
        self._point_at(self.index_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None and not self._moved and (n := self.index_at(event.position())) >= 0:
            self.clicked.emit(n)
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.index_at(event.position()) < 0:
            self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(-1)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            n = self.index_at(QPointF(event.pos()))
            text = f"{glyphs.plain(self._names[n])}, id {n}\nClick to see what is nearest to it" if n >= 0 else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._area()
        self._paint_axes(painter, area)
        if self._points is None or not len(self._points):
            return
        painter.setClipRect(area)
        self._paint_points(painter, area)

    def _paint_points(self, painter: QPainter, area: QRectF) -> None:
        screen = self._screen()
        face = theme.mono(12)
        metrics = QFontMetricsF(face)
        painter.setFont(face)
        taken: set[tuple[int, int]] = set()
        first = [n for n in (self._hover, self._pick) if 0 <= n < len(screen)]
        order = [*first, *sorted(self._found - set(first)), *range(len(screen))]
        base = (metrics.ascent() - metrics.descent()) / 2
        drawn: set[int] = set()
        inks = {run: theme.run(run) for run in set(self._runs)}
        for n in order:
            x, y = float(screen[n, 0]), float(screen[n, 1])
            if n in drawn or not area.adjusted(-20, -20, 20, 20).contains(x, y):
                continue
            drawn.add(n)
            name = glyphs.plain(self._names[n])
            wide = metrics.horizontalAdvance(name)
            special = n in first or n in self._found
            cells = _cells(x - wide / 2, x + wide / 2, y)
            if special or not cells & taken:
                taken |= cells
                painter.setPen(theme.color("accent") if n == self._pick else inks[self._runs[n]])
                painter.drawText(QPointF(x - wide / 2, y + base), name)
                if special:
                    self._ring(painter, QRectF(x - wide / 2 - 5, y - 11, wide + 10, 22), n)
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(inks[self._runs[n]])
                painter.drawEllipse(QPointF(x, y), 1.3, 1.3)
                painter.setBrush(Qt.BrushStyle.NoBrush)

    def _ring(self, painter: QPainter, box: QRectF, n: int) -> None:
        ink = "accent" if n == self._pick else "text" if n == self._hover else "warning"
        painter.setPen(QPen(theme.color(ink), 2 if n == self._pick else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 11, 11)

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(theme.font(11))
        step = _nice(2 * self._reach / max(self._zoom, 1e-9) / TICKS) if self._reach else 0.0
        if step:
            self._paint_grid(painter, area, step)
        painter.setPen(theme.color("muted"))
        foot = QRectF(area.left(), area.bottom() + 18, area.width(), 16)
        painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, self._axes[0])
        painter.save()
        painter.translate(9, area.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-140, -8, 280, 16), Qt.AlignmentFlag.AlignCenter, self._axes[1])
        painter.restore()

    def _paint_grid(self, painter: QPainter, area: QRectF, step: float) -> None:
        scale = self._scale()
        middle = area.center() + self._shift
        low_x, high_x = (area.left() - middle.x()) / scale, (area.right() - middle.x()) / scale
        low_y, high_y = (middle.y() - area.bottom()) / scale, (middle.y() - area.top()) / scale
        for n in range(int(low_x // step) + 1, int(high_x // step) + 1):
            x = middle.x() + n * step * scale
            painter.setPen(theme.color("grid"))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.setPen(theme.color("muted"))
            if x + 20 < self.width():
                under = QRectF(x - 30, area.bottom() + 2, 60, 16)
                painter.drawText(under, Qt.AlignmentFlag.AlignCenter, _said(n * step))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for n in range(int(low_y // step) + 1, int(high_y // step) + 1):
            y = middle.y() - n * step * scale
            painter.setPen(theme.color("grid"))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.color("muted"))
            painter.drawText(QRectF(18, y - 8, LEFT - 24, 16), right, _said(n * step))

    def _area(self) -> QRectF:
        return QRectF(LEFT, 4, max(40, self.width() - LEFT - 4), max(40, self.height() - FOOT - 4))

    def _scale(self) -> float:
        """Pixels per unit, the same on both axes: distances are true."""
        area = self._area()
        return min(area.width(), area.height()) / 2 / (self._reach or 1.0) * self._zoom

    def _place(self, x: float, y: float) -> QPointF:
        middle, scale = self._area().center() + self._shift, self._scale()
        return QPointF(middle.x() + x * scale, middle.y() - y * scale)

    def _screen(self) -> "np.ndarray":
        """(N, 2) where the points are in the widget."""
        assert self._points is not None
        middle, scale = self._area().center() + self._shift, self._scale()
        return self._points * (scale, -scale) + (middle.x(), middle.y())

    def _point_at(self, n: int) -> None:
        if n != self._hover:
            self._hover = n
            self.update()
            self.hovered.emit(n)


def _cells(left: float, right: float, y: float) -> set[tuple[int, int]]:
    """The squares of a coarse grid that a name covers."""
    row = int(y // CELL)
    return {(column, row) for column in range(int(left // CELL), int(right // CELL) + 1)}


def _nice(step: float) -> float:
    """1, 2 or 5 times a power of ten, at least `step`."""
    from math import floor, log10

    power = 10.0 ** floor(log10(step))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= step * 0.999)


def _said(value: float) -> str:
    return f"{value:+.3g}".replace("-", "\u2212") if value else "0"
