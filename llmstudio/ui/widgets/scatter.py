"""Points with names on a plane: the names that fit are written, the others are dots. Zoom by wheel, pan by drag."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import theme
from . import glyphs, name_cloud, tip
from .plane import Plane

if TYPE_CHECKING:
    import numpy as np

NEAR = 14.0  # pixels from which a point is pointed at
STILL = 4  # pixels that a click may move
RINGED = 200  # found points at most that are ringed


class Scatter(QWidget):
    """`hovered` and `clicked` carry the index of a point, `hovered` also -1; `zoomed` tells that the view was moved.

    Wheel or + and - zoom, a drag pans, a double click or 0 shows all again.
    """

    hovered = Signal(int)
    clicked = Signal(int)
    zoomed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.plane = Plane()
        self._points: np.ndarray | None = None
        self._screen: np.ndarray | None = None
        self._names: Sequence[str] = ()
        self._runs: np.ndarray | None = None
        self._axes = ("", "")
        self._cloud: QImage | None = None
        self._hover = self._pick = self._lit = -1
        self._found: frozenset[int] = frozenset()
        self._near: tuple[int, ...] = ()
        self._drag: QPointF | None = None
        self._moved = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setAccessibleName(name)
        theme.changed.connect(self._again)

    def set(self, points: "np.ndarray", names: Sequence[str], runs: Sequence[int], axes: tuple[str, str]) -> None:
        """Show (N, 2) points; `runs`: which run colour each has; `axes`: what the two axes are."""
        import numpy as np

        fresh = self._points is None or len(points) != len(self._points)
        self._points, self._names, self._axes = points, names, axes
        self._runs = np.asarray(runs, dtype=np.int64)
        if fresh:
            self._hover = self._pick = self._lit = -1
            self._found, self._near = frozenset(), ()
            self.plane.fit(points)
        else:
            self.plane.follow(points)
        self._again()

    @property
    def points(self) -> "np.ndarray | None":
        return self._points

    def fit(self) -> None:
        """All points in view again."""
        if self._points is not None:
            self.plane.fit(self._points)
            self._view_moved()

    def pick(self, index: int) -> None:
        """Ring the selected one, -1 for none. Silent."""
        if index != self._pick:
            self._pick = index
            self._again()

    def light(self, index: int) -> None:
        """Show another view's hover here. Silent."""
        if index != self._lit:
            self._lit = index
            self.update()

    def mark(self, found: frozenset[int]) -> None:
        """Ring these, say what a search has found."""
        if found != self._found:
            self._found = found
            self._again()

    def show_near(self, near: Sequence[int]) -> None:
        """Name these whatever else there is: the neighbours of the picked one."""
        if tuple(near) != self._near:
            self._near = tuple(near)
            self._again()

    def where(self, index: int) -> QPointF:
        """A point in widget coordinates."""
        screen = self._placed()
        return QPointF(float(screen[index, 0]), float(screen[index, 1]))

    def index_at(self, at: QPointF) -> int:
        """The nearest point within 14 pixels, or -1."""
        if self._points is None or not len(self._points):
            return -1
        import numpy as np

        away = self._placed() - (at.x(), at.y())
        distances = np.einsum("nd,nd->n", away, away)
        nearest = int(distances.argmin())
        return nearest if distances[nearest] <= NEAR**2 else -1

    def sizeHint(self) -> QSize:
        return QSize(360, 300)

    # the pointer and the keys

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.plane.zoom_at(event.position(), 1.0015 ** event.angleDelta().y())
        self._view_moved()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        factor = {"+": 1.25, "=": 1.25, "-": 0.8}.get(event.text())
        if factor is not None:
            self.plane.zoom_at(self.plane.frame.center(), factor)
            self._view_moved()
        elif event.text() == "0":
            self.fit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag, self._moved = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            self._point_at(self.index_at(event.position()))
            return
        step = event.position() - self._drag
        if self._moved or step.manhattanLength() > STILL:
            self._moved = True
            self.plane.shift += step
            self._drag = event.position()
            self._view_moved()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None and not self._moved and (n := self.index_at(event.position())) >= 0:
            self.clicked.emit(n)
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.index_at(event.position()) < 0:
            self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(-1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.plane.resize(self.width(), self.height())
        self._again()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.plane.paint(painter, self._axes)
        if self._points is None or not len(self._points) or self._runs is None:
            return
        ratio = self.devicePixelRatioF()
        if self._cloud is None or self._cloud.devicePixelRatio() != ratio:
            first = [n for n in (self._pick, *self._near, *sorted(self._found)[:RINGED]) if n >= 0]
            self._cloud = name_cloud.paint(self._placed(), self._names, self._runs, self.size(), ratio, first)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.setClipRect(self.plane.frame.adjusted(-4, -4, 6, 4))
        painter.drawImage(QPointF(0, 0), self._cloud)
        for n in sorted(self._found)[:RINGED]:
            self._ring(painter, n, "text", 1)
        for n in (self._lit, self._hover):
            if n >= 0 and n != self._pick:
                self._ring(painter, n, "text", 1)
        if self._pick >= 0:
            self._ring(painter, self._pick, "accent", 2)
        painter.restore()
        if self._hover >= 0:
            lines = [f"{glyphs.plain(self._names[self._hover])}, id {self._hover}"]
            tip.paint(painter, QRectF(self.rect()), self.where(self._hover) - QPointF(0, 8), lines)

    def _ring(self, painter: QPainter, n: int, ink: str, width: int) -> None:
        """A ring of 22 around the name, which is written again on top of what was there."""
        assert self._runs is not None
        face = theme.mono(12)
        metrics = QFontMetricsF(face)
        name = glyphs.plain(self._names[n])
        wide = metrics.horizontalAdvance(name)
        at = self.where(n)
        box = QRectF(at.x() - max(22.0, wide + 12) / 2, at.y() - 11, max(22.0, wide + 12), 22)
        painter.setPen(QPen(theme.color(ink), width))
        painter.setBrush(theme.color("accent_soft" if ink == "accent" else "raised"))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 10, 10)
        painter.setPen(theme.color("accent") if ink == "accent" else theme.run(int(self._runs[n])))
        painter.setFont(face)
        base = (metrics.ascent() - metrics.descent()) / 2
        painter.drawText(QPointF(at.x() - wide / 2, at.y() + base), name)

    def _placed(self) -> "np.ndarray":
        """(N, 2) where the points are in the widget."""
        assert self._points is not None
        if self._screen is None:
            self._screen = self.plane.place(self._points)
        return self._screen

    def _again(self) -> None:
        self._cloud = self._screen = None
        self.update()

    def _view_moved(self) -> None:
        self._again()
        self.zoomed.emit()

    def _point_at(self, n: int) -> None:
        if n != self._hover:
            self._hover = n
            self.update()
            self.hovered.emit(n)
