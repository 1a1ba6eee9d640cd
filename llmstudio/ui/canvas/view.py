"""The window onto the canvas: zoom, pan, and handing the mouse and keys to gestures and verbs."""

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QToolTip

from ..theme import theme
from . import verbs
from .gestures import DRAGS, Click, Drop, Gesture
from .menu import menu
from .paint import dots
from .scene import Scene
from .tips import tip

ZOOMS = (0.1, 4.0)
STEP = 1.25  # of the buttons
READABLE = 0.92  # the least at which a design is first shown
SPACE_AROUND = 400  # how far one can pan past the drawing


class CanvasView(QGraphicsView):
    zoomed = Signal()

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.canvas, self.build = scene, scene.build
        self.gesture: Gesture | None = None
        self.space = False
        self._pressed: QPoint | None = None
        self.moved = False  # by the person: then the place is kept when the room changes
        self._fitted = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Canvas")
        self.setAccessibleDescription("The design from embedding to head. Arrow keys select, Delete removes.")
        theme.changed.connect(self._restyle)

    # zoom

    @property
    def zoom(self) -> float:
        return self.transform().m11()

    def set_zoom(self, zoom: float) -> None:
        zoom = max(ZOOMS[0], min(ZOOMS[1], zoom))
        if abs(zoom - self.zoom) > 1e-6:
            self.scale(zoom / self.zoom, zoom / self.zoom)
            self.moved = True
            self.zoomed.emit()

    def step_zoom(self, by: int) -> None:
        """One step closer (1) or further (-1), about the middle."""
        anchor = self.transformationAnchor()
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorViewCenter)
        self.set_zoom(self.zoom * STEP**by)
        self.setTransformationAnchor(anchor)

    def fit(self) -> None:
        """Show the whole design, at 100 % where it has room."""
        rect = self.scene().sceneRect()
        room = self.viewport().size()
        self.set_zoom(min(1.0, room.width() / rect.width(), room.height() / rect.height()))
        self.centerOn(rect.center())
        self.moved = False

    def look_at(self, path: str) -> None:
        """Scroll as far as needed to see the part, and no further."""
        area = self.canvas.area(path)
        if not area.isEmpty() and not self.gesture:
            self.ensureVisible(area.adjusted(-40, -40, 40, 40), 0, 0)

    def grow(self) -> None:
        """Leave room to pan around the drawing."""
        rect = self.canvas.sceneRect()
        self.setSceneRect(rect.adjusted(-SPACE_AROUND, -SPACE_AROUND, SPACE_AROUND, SPACE_AROUND))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Wheel zooms; with shift it goes sideways. A touch pad, which sends pixels, pans, and zooms with Ctrl."""
        pixels = event.pixelDelta()
        if not pixels.isNull() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.pan(QPointF(pixels))
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(QPointF(event.angleDelta().y() / 2, 0))
        else:
            self.set_zoom(self.zoom * STEP ** (event.angleDelta().y() / 240))
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.set_zoom(self.zoom * (1 + event.value()))
            return True
        if isinstance(event, QHelpEvent):
            path = self.path_at(event.pos())
            QToolTip.showText(event.globalPos(), tip(self.canvas.session, path) if path else "", self.viewport())
            return True
        return super().viewportEvent(event)

    def pan(self, by: QPointF) -> None:
        self.moved = True
        for bar, d in ((self.horizontalScrollBar(), by.x()), (self.verticalScrollBar(), by.y())):
            bar.setValue(bar.value() - round(d))

    # mouse

    def path_at(self, pos: QPoint) -> str | None:
        point = self.mapToScene(pos)
        return self.canvas.plan.at(point.x(), point.y())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.gesture is None and event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed = event.position().toPoint()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pos = event.position().toPoint()
        if self.gesture:
            self.gesture.move(pos)
        elif self._pressed is not None and (pos - self._pressed).manhattanLength() >= 6:
            start, self._pressed = self._pressed, None
            self.gesture = next(filter(None, (drag.begin(self, start, event.buttons()) for drag in DRAGS)), None)
            if self.gesture:
                self.gesture.move(pos)
        elif not event.buttons():
            self._hover(pos)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pos = event.position().toPoint()
        if self.gesture:
            self.end_gesture(pos)
        elif self._pressed is not None and event.button() == Qt.MouseButton.LeftButton:
            Click(self).at(pos)
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            Click(self).twice(event.position().toPoint())

    def leaveEvent(self, event: QEvent) -> None:
        self.canvas.hover("")
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            self.build.select(self.path_at(event.pos()) or "")
            where = event.globalPos()
        else:
            corner = self.mapFromScene(self.canvas.area(self.build.selected).center())
            where = self.viewport().mapToGlobal(corner)
        menu(self).popup(where)

    def end_gesture(self, pos: QPoint | None) -> None:
        """Let go at a place, or give up (None)."""
        gesture, self.gesture = self.gesture, None
        if gesture:
            gesture.release(pos) if pos is not None else gesture.cancel()

    def _hover(self, pos: QPoint) -> None:
        point = self.mapToScene(pos)
        sum_here = self.canvas.plan.plus_at(point.x(), point.y()) is not None
        path = self.path_at(pos)
        self.canvas.hover(path or "")
        shape = Qt.CursorShape.CrossCursor if sum_here else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(Qt.CursorShape.OpenHandCursor if self.space else shape)

    # keys

    def event(self, event: QEvent) -> bool:
        """Esc is the canvas's while there is something to give up; then the window's."""
        over = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if over and event.key() == Qt.Key.Key_Escape and (self.gesture or self.build.selected):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            if self.gesture:
                self.end_gesture(None)
            else:
                self.build.select("")
        elif key == Qt.Key.Key_Space:
            self.space = True
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            verbs.walk(self.build, 1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._fold(key)
        else:
            event.ignore()

    def _fold(self, key: Qt.Key) -> None:
        """Enter folds and unfolds the selected block; left folds, right opens, as in a tree."""
        index = verbs.block_of(self.build.selected)
        if index is None:
            return
        shut = index in self.canvas.folded
        if not ((key == Qt.Key.Key_Left and shut) or (key == Qt.Key.Key_Right and not shut)):
            if not shut:
                self.build.select(f"blocks.{index}")
            self.canvas.fold(index)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.space = False
            self.viewport().unsetCursor()
        super().keyReleaseEvent(event)

    # parts dragged in from the palette

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.gesture = Drop.enter(self, event.mimeData())
        event.acceptProposedAction() if self.gesture else event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if isinstance(self.gesture, Drop) and self.gesture.move(event.position().toPoint()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.end_gesture(None)

    def dropEvent(self, event: QDropEvent) -> None:
        if isinstance(self.gesture, Drop):
            self.end_gesture(event.position().toPoint())
            self.setFocus()
            event.acceptProposedAction()

    # paint

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Dots keep their size and move with the drawing."""
        painter.save()
        painter.resetTransform()
        painter.setBrushOrigin(self.mapFromScene(0, 0))
        painter.fillRect(self.viewport().rect(), dots(theme.color("dots")))
        painter.restore()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._fitted:
            self._fitted = True
            self.grow()
            self.home()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitted and not self.moved and event.oldSize() != QSize(-1, -1):
            self.home()

    def home(self) -> None:
        """The start: all of it if it has room at a readable size, otherwise its top at 100 %."""
        rect, room = self.canvas.sceneRect(), self.viewport().size()
        self.set_zoom(max(READABLE, min(1.0, room.width() / rect.width(), room.height() / rect.height())))
        if rect.height() * self.zoom <= room.height() + 1:
            self.centerOn(rect.center())
        else:
            self.centerOn(rect.center().x(), rect.top() + room.height() / self.zoom / 2)
        self.moved = False

    def _restyle(self) -> None:
        self.viewport().update()
