"""The paper that curves are drawn on: where a step and a value are in pixels, zooming, and the pointer.

Needs pyqtgraph: import this inside a function, after the window is painted.
"""

from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from msgspec import Struct
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QResizeEvent, QWheelEvent

from ..theme import theme
from . import marks, ticks
from .series import Floats

pg.setConfigOptions(antialias=True)


class Scale(Struct, frozen=True, kw_only=True):
    """How the base unit is drawn, rising with it: bits are nats / ln 2."""

    title: str
    apply: Callable[[Floats], Floats]


class Paper(pg.GraphicsView):  # type: ignore[misc]
    """Steps across, on a linear axis or one of log10(1 + step); values up, drawn as `scale_` says."""

    hovered = Signal()  # read `at`
    clicked = Signal(float)  # a step
    follow_changed = Signal()
    menu_wanted = Signal(object)  # a global position

    def __init__(self, scale: Scale) -> None:
        super().__init__(background=None)
        self.scale_ = scale
        self.log = False
        self.following = True
        self.at: float | None = None  # the step under the pointer
        self._pressed: QPointF | None = None
        self.setCacheMode(self.CacheModeFlag.CacheNone)
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumSize(200, 100)
        self.viewport().setMouseTracking(True)
        self.box = pg.ViewBox(enableMenu=False, defaultPadding=0)
        self.box.disableAutoRange()
        outer = pg.GraphicsLayout()
        outer.layout.setContentsMargins(marks.LEFT, marks.TOP, marks.RIGHT, marks.BOTTOM)
        outer.addItem(self.box)
        self.setCentralItem(outer)
        self.box.sigRangeChangedManually.connect(self._zoomed)
        self.box.sigRangeChanged.connect(self._ranged)
        theme.changed.connect(self.viewport().update)

    def follow(self) -> None:
        """Show everything, and go on doing so."""
        changed, self.following = not self.following, True
        self._fit()
        self._draw()
        if changed:
            self.follow_changed.emit()

    def _fit(self) -> None:
        """Choose the range that shows everything."""

    def _draw(self) -> None:
        """Draw what the range shows."""

    def _zoomed(self, _: object) -> None:
        if self.following:
            self.following = False
            self.follow_changed.emit()

    def _ranged(self, *_: object) -> None:
        if not self.following:
            self._draw()

    # places

    @property
    def frame(self) -> QRectF:
        """The plot without its margins, in pixels."""
        return QRectF(self.box.geometry())

    def _place(self, x: Floats) -> Floats:
        return np.log10(1 + np.maximum(x, 0)) if self.log else x

    def step_at(self, pixel: float) -> float:
        (low, high), _ = self.box.viewRange()
        frame = self.frame
        place = low + (pixel - frame.left()) / max(frame.width(), 1) * (high - low)
        return ticks.unlog(place) if self.log else place

    def x_of(self, step: float) -> float:
        return self._x(float(self._place(np.array([float(step)]))[0]))

    def y_of(self, value: float) -> float:
        return self._y(float(self.scale_.apply(np.array([value]))[0]))

    def _x(self, place: float) -> float:
        (low, high), _ = self.box.viewRange()
        frame = self.frame
        return float(frame.left() + (place - low) / (high - low) * frame.width())

    def _y(self, scaled: float) -> float:
        _, (low, high) = self.box.viewRange()
        frame = self.frame
        return float(frame.bottom() - (scaled - low) / (high - low) * frame.height())

    # the pointer

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        inside = self.frame.contains(event.position()) and not event.buttons()
        self._hover(self.step_at(event.position().x()) if inside else None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position()
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        moved = None if self._pressed is None else (event.position() - self._pressed).manhattanLength()
        self._pressed = None
        left = event.button() == Qt.MouseButton.LeftButton
        if left and moved is not None and moved < 4 and self.frame.contains(event.position()):
            self.clicked.emit(self.step_at(event.position().x()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._pressed = None
        self.follow()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event)
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event is not None:  # pyqtgraph makes one up while it is being made
            self._draw()

    def sizeHint(self) -> QSize:
        return QSize(720, 340)

    def _hover(self, step: float | None) -> None:
        if step != self.at:
            self.at = step
            self.hovered.emit()
            self.viewport().update()
