"""The canvas to work on: hands the mouse and keys to gestures and verbs."""

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
)

from . import choosing, verbs
from .gestures import DRAGS, Click, Drop, Gesture
from .menu import menu
from .scene import Scene
from .view import CanvasView


class Desk(CanvasView):
    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._gesture: Gesture | None = None
        self._pressed: QPoint | None = None
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Canvas")
        self.setAccessibleDescription("The design from embedding to head. Arrow keys select, Delete removes.")

    @property
    def gesture(self) -> Gesture | None:
        """The drag that goes on."""
        return self._gesture

    @gesture.setter
    def gesture(self, gesture: Gesture | None) -> None:
        self._gesture = gesture
        self.busy = gesture is not None

    # mouse

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
            choosing.walk(self.build, 1 if key == Qt.Key.Key_Down else -1)
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
