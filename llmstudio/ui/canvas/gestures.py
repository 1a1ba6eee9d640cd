"""What the mouse can do on the canvas, one class per gesture. A view asks each drag in turn whether it begins here."""

from typing import TYPE_CHECKING, Optional, Protocol

from msgspec.structs import replace
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt

from . import verbs
from .items import BlockItem
from .layout import LANE_X
from .palette import KINDS, Kind

if TYPE_CHECKING:
    from .view import CanvasView

MIME = "application/x-llmstudio-part"
EDGE = 28  # this near the border, a drag scrolls


class Gesture(Protocol):
    def move(self, pos: QPoint) -> object: ...

    def release(self, pos: QPoint) -> None: ...

    def cancel(self) -> None: ...


def scroll(view: "CanvasView", pos: QPoint) -> None:
    """Go on when a drag reaches the border."""
    room = view.viewport().rect()
    dy = min(0, pos.y() - EDGE) + max(0, pos.y() - room.height() + EDGE)
    if dy:
        view.pan(QPointF(0, -dy / 2))


class Click:
    """Click selects; on a chevron it folds. Twice folds or opens the block under the pointer."""

    def __init__(self, view: "CanvasView") -> None:
        self.view = view

    def at(self, pos: QPoint) -> None:
        if (index := self._chevron(pos)) is not None:
            self.view.canvas.fold(index)
        else:
            self.view.build.select(self.view.path_at(pos) or "")

    def twice(self, pos: QPoint) -> None:
        if (index := self._chevron(pos)) is None:
            index = verbs.block_of(self.view.path_at(pos) or "")
        if index is not None:
            self.view.build.select(f"blocks.{index}")
            self.view.canvas.fold(index)

    def _chevron(self, pos: QPoint) -> int | None:
        point = self.view.mapToScene(pos)
        for i, place in enumerate(self.view.canvas.plan.blocks):
            if place.card.holds(point.x(), point.y()):
                header = point.y() <= place.card.y + 32 or place.folded
                return i if header and point.x() <= place.card.x + 30 else None
        return None


class Pan:
    """Drag the ground, or anything with space held or the middle button."""

    def __init__(self, view: "CanvasView", start: QPoint) -> None:
        self.view, self.last = view, start
        view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    @classmethod
    def begin(cls, view: "CanvasView", start: QPoint, buttons: Qt.MouseButton) -> Optional["Pan"]:
        held = view.space or bool(buttons & Qt.MouseButton.MiddleButton)
        return cls(view, start) if held or view.path_at(start) is None else None

    def move(self, pos: QPoint) -> None:
        self.view.pan(QPointF(pos - self.last))
        self.last = pos

    def release(self, pos: QPoint) -> None:
        self.view.viewport().unsetCursor()

    def cancel(self) -> None:
        self.view.viewport().unsetCursor()


class Reorder:
    """Drag a block to another place in the stream. Its old place stays drawn faintly."""

    def __init__(self, view: "CanvasView", start: QPoint, index: int) -> None:
        self.view, self.index, self.start = view, index, view.mapToScene(start)
        self.scene = view.canvas
        self.item = self.scene.blocks[index]
        self.ghost = BlockItem(loose=True)
        place, look = self.item.value
        self.ghost.place(place, replace(look, selected=place.path))
        self.ghost.setZValue(30)
        self.ghost.setOpacity(0.94)
        self.ghost.setPos(self.item.pos())
        self.scene.addItem(self.ghost)
        self.item.setOpacity(0.4)
        view.build.select(place.path)
        self.target: int | None = None

    @classmethod
    def begin(cls, view: "CanvasView", start: QPoint, buttons: Qt.MouseButton) -> Optional["Reorder"]:
        index = verbs.block_of(view.path_at(start) or "")
        return cls(view, start, index) if index is not None and buttons & Qt.MouseButton.LeftButton else None

    def move(self, pos: QPoint) -> None:
        scroll(self.view, pos)
        point = self.view.mapToScene(pos)
        self.ghost.setPos(self.item.pos() + point - self.start)
        inside = self.view.viewport().rect().adjusted(-EDGE, -EDGE, EDGE, EDGE).contains(pos)
        middle = self.ghost.y() + self.scene.plan.blocks[self.index].card.h / 2
        boundary = self.scene.plan.drop(point.y() if abs(point.y() - middle) > 400 else middle)
        self.target = boundary - (boundary > self.index) if inside else None
        moves = self.target not in (None, self.index)
        if moves:
            self.scene.line.place(self.scene.plan.line(boundary), f"blocks.{self.target}")
        self.scene.line.setVisible(moves)
        shape = Qt.CursorShape.ClosedHandCursor if inside else Qt.CursorShape.ForbiddenCursor
        self.view.viewport().setCursor(shape)

    def release(self, pos: QPoint) -> None:
        target = self.target
        self.cancel()
        if target is not None:
            verbs.move_into(self.view.build, [self.index], target + (target > self.index))

    def cancel(self) -> None:
        self.item.setOpacity(1)
        self.scene.removeItem(self.ghost)
        self.scene.line.hide()
        self.view.viewport().unsetCursor()


class Connect:
    """Drag from a sum to a later place of the stream: an extra wire."""

    def __init__(self, view: "CanvasView", source: int) -> None:
        self.view, self.scene, self.source = view, view.canvas, source
        self.target: int | None = None
        view.viewport().setCursor(Qt.CursorShape.CrossCursor)

    @classmethod
    def begin(cls, view: "CanvasView", start: QPoint, buttons: Qt.MouseButton) -> Optional["Connect"]:
        point = view.mapToScene(start)
        source = view.canvas.plan.plus_at(point.x(), point.y())
        held = view.space or not buttons & Qt.MouseButton.LeftButton
        return cls(view, source) if source is not None and not held else None

    def move(self, pos: QPoint) -> None:
        scroll(self.view, pos)
        plan, point = self.scene.plan, self.view.mapToScene(pos)
        target = plan.gate(point.y())
        self.target = target if target > self.source else None
        enters = plan.blocks[target].gate if self.target is not None else point.y()
        self.scene.loose.place(min(LANE_X, max(point.x(), 2 * LANE_X)), plan.leave(self.source), enters)
        self.scene.loose.show()

    def release(self, pos: QPoint) -> None:
        self.cancel()
        if self.target is not None:
            verbs.connect(self.view.build, self.source, self.target)

    def cancel(self) -> None:
        self.scene.loose.hide()
        self.view.viewport().unsetCursor()


class Drop:
    """A part on its way in from the palette."""

    def __init__(self, view: "CanvasView", kind: Kind) -> None:
        self.view, self.kind = view, kind
        self.target: int | None = None

    @classmethod
    def enter(cls, view: "CanvasView", mime: QMimeData) -> Optional["Drop"]:
        name = bytes(mime.data(MIME).data()).decode("utf-8", "replace") if mime.hasFormat(MIME) else ""
        return next((cls(view, kind) for kind in KINDS if kind == name), None)

    def move(self, pos: QPoint) -> bool:
        scroll(self.view, pos)
        plan = self.view.canvas.plan
        self.target = plan.drop(self.view.mapToScene(pos).y())
        self.view.canvas.line.place(plan.line(self.target), f"blocks.{self.target}")
        self.view.canvas.line.show()
        return True

    def release(self, pos: QPoint) -> None:
        self.move(pos)
        self.cancel()
        if self.target is not None:
            verbs.put(self.view.build, self.kind, self.target)

    def cancel(self) -> None:
        self.view.canvas.line.hide()


DRAGS = (Connect, Pan, Reorder)  # the first that begins where the mouse was pressed
