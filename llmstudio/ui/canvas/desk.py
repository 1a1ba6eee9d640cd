"""The canvas to work on: hands the mouse and keys to gestures and verbs."""

from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt, QTimer
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import QToolTip

from . import choosing, fits, notes, verbs
from .carried import Spot
from .drags import DRAGS, end_at, offered
from .gestures import EDGE, Click, Drop, Gesture, Press, stream_at, turn_inside
from .menu import menu
from .scene import Scene
from .view import CanvasView

BLOCKS = "application/x-llmstudio-blocks"  # of copied blocks on the desktop's clipboard; also there as text
DRIFT = 30  # ms between steps of a drag that rests at the border
SPOTS = 0.4  # below this zoom what the stream offers is not shown


class Desk(CanvasView):
    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._gesture: Gesture | None = None
        self._pressed: Press | None = None
        self._last = QPoint()  # where the pointer is during a drag
        self._drift = QTimer(self, interval=DRIFT)
        self._drift.timeout.connect(self._go_on)
        self.spot = Spot()
        scene.addItem(self.spot)
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Canvas")
        self.setAccessibleDescription(
            "The design from embedding to head. Arrow keys select, Insert adds, Delete removes."
        )
        self._shown_design = self.build.model
        self.build.changed.connect(self._designed)
        self.build.copied.connect(self._copied)
        QGuiApplication.clipboard().dataChanged.connect(self._brought)
        self._brought()

    @property
    def gesture(self) -> Gesture | None:
        """The drag that goes on."""
        return self._gesture

    @gesture.setter
    def gesture(self, gesture: Gesture | None) -> None:
        self._gesture = gesture
        self.spot.hide()
        self.busy = gesture is not None
        if self.busy:
            self._drift.start()
        else:
            self._drift.stop()

    def _go_on(self) -> None:
        """A drag that rests at the border goes on scrolling."""
        inner = self.viewport().rect().adjusted(EDGE, EDGE, -EDGE, -EDGE)
        if self.gesture and not inner.contains(self._last) and self.viewport().rect().contains(self._last):
            self.gesture.move(self._last)

    def _designed(self) -> None:
        """Another design is shown from its start; one that is worked on stays where it is."""
        before, self._shown_design = self._shown_design, self.build.model
        if before.name != self._shown_design.name and before.blocks != self._shown_design.blocks:
            self.moved = False

    # mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.moved = True
        if self.gesture is None and event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed = Press(event.position().toPoint(), event.button(), event.modifiers())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pos = self._last = event.position().toPoint()
        if self.gesture:
            self.gesture.move(pos)
        elif self._pressed is not None and (pos - self._pressed.pos).manhattanLength() >= 6:
            start, self._pressed = self._pressed, None
            self.gesture = next(filter(None, (drag.begin(self, start) for drag in DRAGS)), None)
            if self.gesture:
                self.gesture.move(pos)
        elif not event.buttons():
            self._hover(pos)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pos = event.position().toPoint()
        if self.gesture:
            self.end_gesture(pos)
        elif self._pressed is not None and event.button() == Qt.MouseButton.LeftButton:
            Click(self).at(pos, event.modifiers())
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            Click(self).twice(event.position().toPoint())

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and (text := offered(self, event.pos())):
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        return super().viewportEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.canvas.hover("")
        self.spot.hide()
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            self._take_up(self.path_at(event.pos()) or "")
            where = event.globalPos()
        else:
            corner = self.mapFromScene(self.canvas.area(self.build.selected).center())
            where = self.viewport().mapToGlobal(corner)
        menu(self).popup(where)

    def _take_up(self, path: str) -> None:
        """Select what a menu is asked for on, unless it is, or is in, one of several things that are selected."""
        chosen, block = self.build.selection, ".".join(path.split(".")[:2])
        if path not in chosen and not (len(chosen) > 1 and block in chosen):
            self.build.select(path)

    def end_gesture(self, pos: QPoint | None) -> None:
        """Let go at a place, or give up (None)."""
        gesture, self.gesture = self.gesture, None
        if gesture:
            gesture.release(pos) if pos is not None else gesture.cancel()

    def _hover(self, pos: QPoint) -> None:
        point, plan = self.mapToScene(pos), self.canvas.plan
        source, place = plan.plus_at(point.x(), point.y()), stream_at(self, pos)
        self.canvas.hover(self.path_at(pos) or "")
        if source is not None and self.zoom >= SPOTS:
            self.spot.put(plan.leave(source) if source else plan.first_pill, adds=False)
        elif place is not None and self.zoom >= SPOTS:
            self.spot.put(plan.line(0) if not plan.blocks else point.y(), adds=True)
        else:
            self.spot.hide()
        grip = source is not None or end_at(self, pos) is not None
        shape = Qt.CursorShape.CrossCursor if grip else Qt.CursorShape.ArrowCursor
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
        key, held = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key == Qt.Key.Key_Escape:
            if self.gesture:
                self.end_gesture(None)
            else:
                self.build.select("")
        elif key == Qt.Key.Key_Space:
            self.space = True
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not held & ~Qt.KeyboardModifier.ShiftModifier:
            self._walk(1 if key == Qt.Key.Key_Down else -1, bool(held))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._turn(key)
        elif key in (Qt.Key.Key_Insert, Qt.Key.Key_Slash):
            self._search()
        elif key == Qt.Key.Key_F2 and (path := notes.writable(self.build)):
            notes.write(self, path)
        else:
            event.ignore()

    def _walk(self, by: int, further: bool) -> None:
        if further:
            choosing.extend(self.build, by)
        else:
            choosing.walk(self.build, by, self._drawn)

    def _drawn(self, path: str) -> bool:
        """Whether the arrow keys can stop there: not in a closed group or a folded block."""
        if (index := verbs.block_of(path)) is None:
            return True
        place = self.canvas.plan.blocks[index]
        return place.shown and (path == place.path or any(row.path == path for row in place.rows))

    def _search(self) -> None:
        """Ask what to put in after what is selected."""
        gap = verbs.after_selection(self.build)
        corner = self.mapFromScene(0, self.canvas.plan.line(gap))
        room = self.viewport().rect()
        fits.search(self, gap, QPoint(max(0, corner.x()), max(0, min(corner.y(), room.height() - 100))))

    def _turn(self, key: Qt.Key) -> None:
        """Enter opens the selected block or group further, or closes it; left closes, right opens, as in a tree."""
        path, scene = self.build.selected, self.canvas
        index = verbs.block_of(path)
        if path.startswith("groups."):
            k = int(path.split(".")[1])
            scene.open_group(k, None if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) else key == Qt.Key.Key_Right)
        elif index is not None and key == Qt.Key.Key_Left:
            self.build.select(f"blocks.{index}")
            if index in scene.open_near:
                scene.look_inside(index, False)
            elif index not in scene.folded:
                scene.fold(index)
        elif index is not None and not (key == Qt.Key.Key_Right and index in scene.open_near):
            turn_inside(self, path)

    # the desktop's clipboard

    def _copied(self) -> None:
        """Hand what was copied to other windows of the studio, and as text to anything else."""
        data = QMimeData()
        data.setText(self.build.clipboard)
        data.setData(BLOCKS, self.build.clipboard.encode())
        QGuiApplication.clipboard().setMimeData(data)

    def _brought(self) -> None:
        """Something was copied, here or elsewhere: blocks can be pasted."""
        data = QGuiApplication.clipboard().mimeData()
        if data is not None and data.hasFormat(BLOCKS):
            self.build.clipboard = bytes(data.data(BLOCKS).data()).decode("utf-8", "replace")

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
        self._last = event.position().toPoint()
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
