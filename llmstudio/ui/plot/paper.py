"""The paper that curves are drawn on: where a step and a value are in pixels, zooming, and the pointer.

The wheel zooms along the steps, with Ctrl along the values; a drag moves, with Shift it chooses a part; a double click
shows everything again. Needs pyqtgraph: import this inside a function, after the window is painted.
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
CLICK = 4  # pixels: what moves less is a click
TALL = 32  # pixels: a drag with Shift that is less high chooses steps alone
ZOOM = 1.0015  # for each of the 120 units of a notch of the wheel
CLOSEST = 4.0  # steps at least in view


class Scale(Struct, frozen=True, kw_only=True):
    """How the base unit is drawn, rising with it: bits are nats / ln 2."""

    title: str
    apply: Callable[[Floats], Floats]


class Paper(pg.GraphicsView):  # type: ignore[misc]
    """Steps across, on a linear axis or one of log10(1 + step); values up, drawn as `scale_` says, or its log10."""

    hovered = Signal()  # read `at`
    clicked = Signal(float)  # a step
    follow_changed = Signal()
    span_chosen = Signal()  # read `span`
    menu_wanted = Signal(object)  # a global position

    def __init__(self, scale: Scale, margins: tuple[int, int, int, int] = marks.MARGINS) -> None:
        super().__init__(background=None)
        self.scale_ = scale
        self.log = self.log_up = False
        self.following = True
        self.held = False  # the values in view were chosen by hand
        self.at: float | None = None  # the step under the pointer
        self.most = 1.0  # steps that there are
        self.margins = margins  # left, top, right, bottom
        self._pressed: QPointF | None = None
        self._last: QPointF | None = None
        self._chosen: QRectF | None = None  # what a drag with Shift frames
        self.setCacheMode(self.CacheModeFlag.CacheNone)
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumSize(160, 60)
        self.viewport().setMouseTracking(True)
        self.box = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0)
        self.box.disableAutoRange()
        outer = pg.GraphicsLayout()
        outer.layout.setContentsMargins(*margins)
        outer.addItem(self.box)
        self.setCentralItem(outer)
        theme.changed.connect(self.viewport().update)

    def follow(self) -> None:
        """Show everything, and go on doing so."""
        changed = not self.following
        self.following, self.held = True, False
        self._fit()
        self._draw()
        if changed:
            self.follow_changed.emit()
            self.span_chosen.emit()

    def _fit(self) -> None:
        """Choose the range of values that shows what is in view, and all the steps while following."""

    def _draw(self) -> None:
        """Draw what the range shows."""

    # ranges

    @property
    def span(self) -> tuple[float, float] | None:
        """The steps in view, None while following."""
        (low, high), _ = self.box.viewRange()
        return None if self.following else (self._unplaced(low), self._unplaced(high))

    def set_cross(self, step: float | None) -> None:
        """Show the cross-hair of another chart."""

    def set_span(self, span: tuple[float, float] | None) -> None:
        """Show these steps, or follow; chosen elsewhere."""
        was, self.following = self.following, span is None
        if span is not None:
            low, high = (self._placed(min(max(step, 0.0), self.most)) for step in span)
            if high > low:
                self.box.setRange(xRange=(low, high), padding=0)
        elif not was:
            self.held = False
        if not self.held:
            self._fit()
        self._draw()
        if was != self.following:
            self.follow_changed.emit()

    def _across(self, low: float, high: float) -> None:
        """Show these places, as far as there are steps; all of them is following."""
        end = self._placed(self.most)
        least = min(end, end * CLOSEST / max(self.most, CLOSEST) if not self.log else end / 50)
        wide = min(max(high - low, least), end)
        middle = (low + high) / 2
        low = min(max(middle - wide / 2, 0.0), end - wide)
        was, self.following = self.following, wide >= end * (1 - 1e-9) and not self.held
        self.box.setRange(xRange=(low, low + wide), padding=0)
        if not self.held:
            self._fit()
        self._draw()
        if was != self.following:
            self.follow_changed.emit()
        self.span_chosen.emit()

    def _upright(self, low: float, high: float) -> None:
        """Show these values until everything is wanted again."""
        was, self.held, self.following = self.following, True, False
        self.box.setRange(yRange=(low, high), padding=0)
        self._draw()
        if was:
            self.follow_changed.emit()
            self.span_chosen.emit()

    # places

    @property
    def frame(self) -> QRectF:
        """The plot without its margins, in pixels."""
        left, top, right, bottom = self.margins
        return QRectF(left, top, self.width() - left - right, self.height() - top - bottom)

    def _place(self, x: Floats) -> Floats:
        return np.log10(1 + np.maximum(x, 0)) if self.log else x

    def _placed(self, step: float) -> float:
        return float(self._place(np.array([float(step)]))[0])

    def _unplaced(self, place: float) -> float:
        return ticks.unlog(place) if self.log else place

    def _up(self, values: Floats) -> Floats:
        """As they are drawn: in the unit of the scale, or its log10; what has none is not drawn."""
        scaled = self.scale_.apply(values)
        if not self.log_up:
            return scaled
        return np.log10(np.where(scaled > 0, scaled, np.nan))

    def step_at(self, pixel: float) -> float:
        (low, high), _ = self.box.viewRange()
        frame = self.frame
        return self._unplaced(low + (pixel - frame.left()) / max(frame.width(), 1) * (high - low))

    def x_of(self, step: float) -> float:
        return self._x(self._placed(step))

    def y_of(self, value: float) -> float:
        return self._y(float(self._up(np.array([value]))[0]))

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
        here = event.position()
        if event.buttons() & Qt.MouseButton.LeftButton and self._pressed is not None:
            self._drag(here, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        inside = self.frame.contains(here) and not event.buttons()
        self._hover(self.step_at(here.x()) if inside else None, here)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = self._last = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        moved = None if self._pressed is None else (event.position() - self._pressed).manhattanLength()
        self._pressed = None
        self.viewport().unsetCursor()
        if self._chosen is not None:
            chosen, self._chosen = self._chosen, None
            self._zoom_to(chosen)
        elif event.button() == Qt.MouseButton.LeftButton and moved is not None and moved < CLICK:
            self._clicked(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._pressed = None
        self.follow()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(None, QPointF(-1, -1))

    def wheelEvent(self, event: QWheelEvent) -> None:
        notch, frame = event.angleDelta().y() or event.angleDelta().x(), self.frame
        share = ZOOM**-notch
        (left, right), (low, high) = self.box.viewRange()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            at = high - (event.position().y() - frame.top()) / max(frame.height(), 1) * (high - low)
            self._upright(at - (at - low) * share, at + (high - at) * share)
        else:
            at = left + (event.position().x() - frame.left()) / max(frame.width(), 1) * (right - left)
            self._across(at - (at - left) * share, at + (right - at) * share)
        self._hover(self.step_at(event.position().x()) if frame.contains(event.position()) else None, event.position())
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event is not None:  # pyqtgraph makes one up while it is being made
            self._draw()

    def sizeHint(self) -> QSize:
        return QSize(720, 340)

    def _drag(self, here: QPointF, choosing: bool) -> None:
        assert self._pressed is not None and self._last is not None
        if self._chosen is not None or choosing:
            self._chosen = self._framed(self._pressed, here)
            self.viewport().update()
            return
        if (here - self._pressed).manhattanLength() < CLICK and self._last == self._pressed:
            return
        self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        moved, self._last = here - self._last, here
        (left, right), (low, high) = self.box.viewRange()
        if self.held and moved.y():
            up = moved.y() / max(self.frame.height(), 1) * (high - low)
            self._upright(low + up, high + up)
        if moved.x() and not self.following:
            across = moved.x() / max(self.frame.width(), 1) * (right - left)
            self._across(left - across, right - across)

    def _framed(self, start: QPointF, end: QPointF) -> QRectF:
        """What lies between two points; all values where they are at about one height."""
        frame, box = self.frame, QRectF(start, end).normalized()
        if box.height() < TALL:
            box.setTop(frame.top())
            box.setBottom(frame.bottom())
        return box.intersected(frame)

    def _zoom_to(self, chosen: QRectF) -> None:
        """Show what was framed: the steps, and where the frame is not as high as the chart, the values."""
        self.viewport().update()
        if chosen.width() < 2 * CLICK:
            return
        frame, (_, (low, high)) = self.frame, self.box.viewRange()
        left, right = (self._placed(self.step_at(x)) for x in (chosen.left(), chosen.right()))
        if chosen.height() < frame.height():
            top, bottom = ((frame.bottom() - y) / max(frame.height(), 1) for y in (chosen.top(), chosen.bottom()))
            self._upright(low + bottom * (high - low), low + top * (high - low))
        self._across(left, right)

    def _clicked(self, at: QPointF) -> None:
        if self.frame.contains(at):
            self.clicked.emit(self.step_at(at.x()))

    def _hover(self, step: float | None, where: QPointF) -> None:
        if step != self.at:
            self.at = step
            self.hovered.emit()
            self.viewport().update()
