"""What the mouse can do on the canvas, one class per gesture: click, pan, rubber band, and a part dropped in.

Gestures that carry something of the design are in `drags`.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Optional, Protocol

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt

from ...core.model import spec
from . import choosing, fits, verbs
from .carried import Band
from .palette import INNER, KINDS, MIME, SAME_WORK, Kind, lower

if TYPE_CHECKING:
    from .view import CanvasView

EDGE = 28  # this near the border, a drag scrolls
RIM = 14  # of a block, where a part let go comes before or after it, not into it
STREAM = 14  # a click this near to the stream is on it
MORE = Qt.KeyboardModifier.ControlModifier
FURTHER = Qt.KeyboardModifier.ShiftModifier


class Press(NamedTuple):
    """Where a button went down, which, and with which keys held."""

    pos: QPoint
    buttons: Qt.MouseButton
    keys: Qt.KeyboardModifier

    @property
    def left(self) -> bool:
        return bool(self.buttons & Qt.MouseButton.LeftButton)


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
    """Click selects, with Ctrl one more, with Shift all up to there; on a chevron it folds, on the bare stream it asks
    what to put in. Twice opens what is under the pointer, or asks what to put in."""

    def __init__(self, view: "CanvasView") -> None:
        self.view = view

    def at(self, pos: QPoint, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        build, path = self.view.build, self.view.path_at(pos)
        if (turn := self._chevron(pos)) is not None:
            turn()
        elif (place := stream_at(self.view, pos)) is not None and not keys:
            fits.search(self.view, place, pos)
        elif keys & MORE:
            build.select(path, more=True) if path else None
        elif keys & FURTHER:
            choosing.reach(build, path) if path else None
        else:
            build.select(path or "")

    def twice(self, pos: QPoint) -> None:
        path, scene = self.view.path_at(pos), self.view.canvas
        if (turn := self._chevron(pos)) is not None:
            turn()
        elif path is None:
            fits.search(self.view, scene.plan.drop(self.view.mapToScene(pos).y()), pos)
        else:
            self.view.build.select(path)
            turn_inside(self.view, path)

    def _chevron(self, pos: QPoint) -> Callable[[], object] | None:
        """What the chevron under the pointer does."""
        point, scene = self.view.mapToScene(pos), self.view.canvas
        for frame in scene.plan.groups:
            if frame.head.holds(point.x(), point.y()) and point.x() <= frame.head.x + 30:
                return partial(scene.open_group, int(frame.path.split(".")[1]))
        if (index := scene.plan.block_at(point.x(), point.y())) is None:
            return None
        place = scene.plan.blocks[index]
        header = point.y() <= place.card.y + 32 or place.folded
        return partial(scene.fold, index) if header and point.x() <= place.card.x + 30 else None


def stream_at(view: "CanvasView", pos: QPoint) -> int | None:
    """The place of the bare stream under the pointer; while there are no blocks, all of the ground is it."""
    point, plan = view.mapToScene(pos), view.canvas.plan
    if view.path_at(pos) is not None:
        return None
    if not plan.blocks:
        return 0
    along = plan.embed.bottom <= point.y() <= plan.head.y
    return plan.drop(point.y()) if along and abs(point.x()) <= STREAM else None


def turn_inside(view: "CanvasView", path: str) -> None:
    """Open what is at the path one step further, or close it again where it is open as far as it goes."""
    scene, index = view.canvas, verbs.block_of(path)
    if path.startswith("groups."):
        scene.open_group(int(path.split(".")[1]))
    elif index is not None and index in scene.folded:
        scene.fold(index)
    elif index is not None:
        scene.look_inside(index, index not in scene.open_near)


class Pan:
    """Drag the ground, or anything with space held or the middle button."""

    def __init__(self, view: "CanvasView", start: QPoint) -> None:
        self.view, self.last = view, start
        view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    @classmethod
    def begin(cls, view: "CanvasView", press: Press) -> Optional["Pan"]:
        held = view.space or bool(press.buttons & Qt.MouseButton.MiddleButton)
        return cls(view, press.pos) if held or view.path_at(press.pos) is None else None

    def move(self, pos: QPoint) -> None:
        self.view.pan(QPointF(pos - self.last))
        self.last = pos

    def release(self, pos: QPoint) -> None:
        self.view.viewport().unsetCursor()

    def cancel(self) -> None:
        self.view.viewport().unsetCursor()


class Rubber:
    """Drag over the ground with Ctrl or Shift: all that the rectangle touches is selected, besides what was."""

    def __init__(self, view: "CanvasView", start: QPoint) -> None:
        self.view, self.start = view, view.mapToScene(start)
        self.before = view.build.selection
        self.band = Band()
        view.canvas.addItem(self.band)

    @classmethod
    def begin(cls, view: "CanvasView", press: Press) -> Optional["Rubber"]:
        ground = view.path_at(press.pos) is None and not view.space
        return cls(view, press.pos) if press.left and press.keys & (MORE | FURTHER) and ground else None

    def move(self, pos: QPoint) -> None:
        scroll(self.view, pos)
        area = self.band.put(self.start, self.view.mapToScene(pos))
        self.view.build.select_all([*self.before, *self.view.canvas.plan.touched(area)])

    def release(self, pos: QPoint) -> None:
        self.move(pos)
        self.view.canvas.removeItem(self.band)

    def cancel(self) -> None:
        self.view.canvas.removeItem(self.band)
        self.view.build.select_all(self.before)


class Drop:
    """A part on its way in from the palette: between two blocks it becomes one, over a block it goes into it."""

    def __init__(self, view: "CanvasView", kind: Kind) -> None:
        self.view, self.scene, self.kind = view, view.canvas, kind
        self.deed: Callable[[], object] | None = None

    @classmethod
    def enter(cls, view: "CanvasView", mime: QMimeData) -> Optional["Drop"]:
        name = bytes(mime.data(MIME).data()).decode("utf-8", "replace") if mime.hasFormat(MIME) else ""
        return next((cls(view, kind) for kind in KINDS if kind == name), None)

    def move(self, pos: QPoint) -> bool:
        scroll(self.view, pos)
        self.cancel()
        point = self.view.mapToScene(pos)
        if self.kind == "wire":
            self.deed = self._wire(point)
        else:
            self.deed = self._into(point) or self._between(point)
        return self.deed is not None

    def release(self, pos: QPoint) -> None:
        self.move(pos)
        deed = self.deed
        self.cancel()
        if deed is not None:
            deed()

    def cancel(self) -> None:
        self.deed = None
        self.scene.line.hide()
        self.scene.into.hide()
        self.scene.loose.hide()

    def _between(self, point: QPointF) -> Callable[[], object]:
        gap = self.scene.plan.drop(point.y())
        self.scene.line.place(self.scene.plan.line(gap), f"blocks.{gap}")
        self.scene.line.show()
        return lambda: verbs.put(self.view.build, self.kind, gap)

    def _into(self, point: QPointF) -> Callable[[], object] | None:
        plan, build = self.scene.plan, self.view.build
        index = plan.block_at(point.x(), point.y())
        if self.kind not in INNER or index is None:
            return None
        place = plan.blocks[index]
        has = getattr(build.model.blocks[index], self.kind) is not None
        if has or not place.card.y + RIM <= point.y() <= place.card.bottom - RIM:
            return None
        row = next((row for row in place.rows if row.box.holds(point.x(), point.y())), None)
        name = row.path.split(".")[2] if row else ""
        instead = name if SAME_WORK.get(name) == self.kind else ""
        words = f"in place of its {_name(instead)}" if row and instead else f"{lower(self.kind)} into block {index + 1}"
        self.scene.into.place(row.box if row and instead else place.card, words)
        self.scene.into.show()
        return lambda: verbs.put_inside(build, self.kind, index, instead)

    def _wire(self, point: QPointF) -> Callable[[], object] | None:
        """A wire from the nearest place of the stream to the next one; its ends can then be dragged."""
        plan, build = self.scene.plan, self.view.build
        source = min(plan.gate(point.y()), len(plan.blocks) - 1)
        target = next((t for t, _ in verbs.targets(build.model, source)), None) if source >= 0 else None
        if target is None:
            return None
        self.scene.loose.place(-108, plan.leave(source), plan.enter(target))
        self.scene.loose.show()
        return lambda: verbs.connect(build, source, target)


def _name(name: str) -> str:
    return lower(next(kind for kind in INNER if kind == spec.PARTS[name]))
