"""Dragging what is on the canvas: blocks to another place, wires from sum to sum, the ends of wires."""

from typing import TYPE_CHECKING, Optional

from PySide6.QtCore import QPoint, QPointF, Qt

from ...core.model import edits, spec
from . import fits, verbs, words
from .carried import Card, Strand
from .gestures import EDGE, MORE, Pan, Press, Rubber, scroll, stream_at
from .layout import CARD_X, PLUS

if TYPE_CHECKING:
    from .view import CanvasView

NEAR = 30  # pixels: this near to a gate, the end of a wire snaps to it
HANDLE = (10, 40)  # how far from the stream the end of a wire can be taken
LOOSE = "let go to choose what fits"


class Reorder:
    """Drag blocks, or a group, to another place in the stream; with Ctrl, a copy. Old places stay drawn faintly."""

    def __init__(self, view: "CanvasView", path: str, indices: list[int], copies: bool) -> None:
        self.view, self.scene, self.path, self.indices, self.copies = view, view.canvas, path, indices, copies
        self.card = Card()
        self.scene.addItem(self.card)
        self.gap: int | None = None
        self._fade(1 if copies else 0.4)

    @classmethod
    def begin(cls, view: "CanvasView", press: Press) -> Optional["Reorder"]:
        path = view.path_at(press.pos) or ""
        if not press.left or path.split(".")[0] not in ("blocks", "groups"):
            return None
        chosen = view.build.selected_blocks
        if path.startswith("groups."):
            held = verbs.blocks_in(view.build, [path])
        else:
            held = [index] if (index := verbs.block_of(path)) is not None else []
        if not {*held} <= {*chosen}:
            view.build.select(path if path.startswith("groups.") else f"blocks.{held[0]}")
            chosen = held
        return cls(view, path, chosen, bool(press.keys & MORE))

    def move(self, pos: QPoint) -> None:
        scroll(self.view, pos)
        plan, point = self.scene.plan, self.view.mapToScene(pos)
        inside = self.view.viewport().rect().adjusted(-EDGE, -EDGE, EDGE, EDGE).contains(pos)
        gap = plan.drop(point.y())
        stays = not self.copies and edits.move_all(self.view.build.model, self.indices, gap) is self.view.build.model
        moves = inside and not stays
        self.gap = gap if moves else None
        lands = range(gap, gap + len(self.indices)) if self.copies else edits.landing(self.indices, gap)
        text = f"blocks.{lands[0]}" + f" to {lands[-1]}" * (len(lands) > 1)
        self.card.put(point, self._icon(), self._title(), self._says(text if moves else ""))
        if moves:
            self.scene.line.place(plan.line(gap), text)
        self.scene.line.setVisible(moves)
        shape = Qt.CursorShape.ClosedHandCursor if inside else Qt.CursorShape.ForbiddenCursor
        self.view.viewport().setCursor(shape)

    def release(self, pos: QPoint) -> None:
        self.move(pos)
        gap = self.gap
        self.cancel()
        if gap is not None:
            (verbs.copy_into if self.copies else verbs.move_into)(self.view.build, self.indices, gap)

    def cancel(self) -> None:
        self._fade(1)
        self.scene.removeItem(self.card)
        self.scene.line.hide()
        self.view.viewport().unsetCursor()

    def _title(self) -> str:
        if len(self.indices) > 1 and not self.path.startswith("groups."):
            return f"{len(self.indices)} blocks"
        return words.title(self.view.build.model, ".".join(self.path.split(".")[:2]))

    def _says(self, becomes: str) -> str:
        many = len(self.indices) > 1
        if not becomes:
            return "stay where they are" if many else "stays where it is"
        return f"{'copied, ' * self.copies}{'become' if many else 'becomes'} {becomes}"

    def _icon(self) -> str:
        return "group" if len(self.indices) > 1 else "block"

    def _fade(self, opacity: float) -> None:
        for index in self.indices:
            if index < len(self.scene.blocks) and (item := self.scene.blocks[index]) is not None:
                item.setOpacity(opacity)


class Connect:
    """Drag from a sum to a later place of the stream: an extra wire. Let go over nothing, a menu says what fits."""

    def __init__(self, view: "CanvasView", source: int) -> None:
        self.view, self.scene, self.source = view, view.canvas, source
        self.target: int | None = None
        self.strand = Strand()
        self.scene.addItem(self.strand)
        view.viewport().setCursor(Qt.CursorShape.CrossCursor)

    @classmethod
    def begin(cls, view: "CanvasView", press: Press) -> Optional["Connect"]:
        point, plan = view.mapToScene(press.pos), view.canvas.plan
        source = plan.plus_at(point.x(), point.y())
        if source is None:
            source = stream_at(view, press.pos)  # beside the sums: the place that is nearest
        able = source is not None and source < len(plan.blocks) and press.left and not view.space
        return cls(view, source) if able else None

    def move(self, pos: QPoint) -> None:
        scroll(self.view, pos)
        plan, point = self.scene.plan, self.view.mapToScene(pos)
        near = place_near(self.view, point)
        self.target = near if near is not None and near > self.source else None
        leaves = plan.leave(self.source)
        if self.target is None:
            self.strand.put(leaves, point, None, LOOSE if near is None else "a wire goes down")
        else:
            skip = spec.Skip(source=self.source, target=self.target)
            self.strand.put(leaves, point, plan.enter(self.target), words.wire(self.view.build.model, skip))
        self.near = near

    def release(self, pos: QPoint) -> None:
        self.move(pos)
        self.cancel()
        if self.target is not None:
            verbs.connect(self.view.build, self.source, self.target)
        elif self.near is None and self.view.viewport().rect().contains(pos):
            fits.search(self.view, self.source, pos)

    def cancel(self) -> None:
        self.scene.removeItem(self.strand)
        self.view.viewport().unsetCursor()


class Rewire:
    """Drag one end of an extra wire to another place of the stream."""

    def __init__(self, view: "CanvasView", path: str, starts: bool) -> None:
        self.view, self.scene, self.path, self.starts = view, view.canvas, path, starts
        wire = spec.part(view.build.model, path)
        assert isinstance(wire, spec.Skip)
        self.ends = (wire.source, wire.target)
        self.strand = Strand()
        self.scene.addItem(self.strand)
        view.build.select(path)
        view.viewport().setCursor(Qt.CursorShape.CrossCursor)

    @classmethod
    def begin(cls, view: "CanvasView", press: Press) -> Optional["Rewire"]:
        end = end_at(view, press.pos) if press.left and not view.space else None
        return cls(view, *end) if end else None

    def move(self, pos: QPoint) -> None:
        scroll(self.view, pos)
        plan, point = self.scene.plan, self.view.mapToScene(pos)
        near = place_near(self.view, point)
        source, target = (near, self.ends[1]) if self.starts else (self.ends[0], near)
        self.found = (source, target) if source is not None and target is not None and source < target else None
        if self.found is None:
            leaves = plan.enter(self.ends[1]) if self.starts else plan.leave(self.ends[0])
            self.strand.put(leaves, point, None, "" if near is None else "a wire goes down")
            return
        skip = spec.Skip(source=self.found[0], target=self.found[1])
        text = words.wire(self.view.build.model, skip)
        self.strand.put(plan.leave(skip.source), point, plan.enter(skip.target), text)

    def release(self, pos: QPoint) -> None:
        self.move(pos)
        self.cancel()
        if self.found is not None and self.found != self.ends:
            verbs.reconnect(self.view.build, self.path, *self.found)

    def cancel(self) -> None:
        self.scene.removeItem(self.strand)
        self.view.viewport().unsetCursor()


def end_at(view: "CanvasView", pos: QPoint) -> tuple[str, bool] | None:
    """The wire whose end is under the pointer, beside the stream, and whether it is the one where it starts."""
    point = view.mapToScene(pos)
    if not HANDLE[0] <= -point.x() <= HANDLE[1]:
        return None
    for wire in sorted(view.canvas.plan.wires, key=lambda wire: wire.path != view.build.selected):
        for starts, y in ((False, wire.enters), (True, wire.leaves)):
            if abs(point.y() - y) <= PLUS - 2:
                return wire.path, starts
    return None


def offered(view: "CanvasView", pos: QPoint) -> str:
    """What the mouse can do at a point that is beside all parts, for its tooltip; "" for nothing."""
    point = view.mapToScene(pos)
    if end_at(view, pos) is not None:
        return "Drag this end of the wire to another place."
    if view.canvas.plan.plus_at(point.x(), point.y()) is not None:
        return "Drag to a later place for an extra wire.\nClick to put something in here."
    return "Click to put something in here." if stream_at(view, pos) is not None else ""


def place_near(view: "CanvasView", point: QPointF) -> int | None:
    """The place of the stream that a wire let go here runs to: the one before the block under the pointer, or the one
    whose gate is near; None over nothing."""
    plan = view.canvas.plan
    if (index := plan.block_at(point.x(), point.y())) is not None:
        return index
    if plan.head.holds(point.x(), point.y()):
        return len(plan.blocks)
    for frame in plan.groups:
        if frame.head.holds(point.x(), point.y()):
            return frame.first
    if point.x() > CARD_X:
        return None
    place = plan.gate(point.y())
    return place if abs(plan.enter(place) - point.y()) * view.zoom <= NEAR else None


DRAGS = (Rewire, Connect, Rubber, Pan, Reorder)  # the first that begins where the mouse was pressed
