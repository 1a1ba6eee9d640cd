"""The picture of the design: keeps items in step with the session's model, selection, problems and probe text."""

from collections.abc import Callable, Iterable

from msgspec.structs import replace
from PySide6.QtCore import QEasingCurve, QPointF, QRectF, QVariantAnimation, Signal
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from ...session.session import Session
from . import looks
from .arrange import arrange
from .blocks import origins
from .ends import EndItem, StreamItem
from .frames import GroupItem
from .items import BlockItem
from .layout import Layout
from .near.insides import Insides
from .paint import rect
from .shown import Live
from .wires import DropInto, DropLine, LooseWire, WireItem

MOVE_MS = 120
MOST_GLIDING = 24  # more blocks than these change their places at once


class Scene(QGraphicsScene):
    """`plan` holds the places of what is drawn now.

    `folded`: the blocks shown as one card; `open_near`: those that show their inside; `opened`: groups that show their
    blocks. `live` reads what is measured on a part (`relive` shows it); `aside` is room to the right of the blocks.
    """

    went_inside = Signal(int)  # the inside of this block has been opened
    came_out = Signal(int)
    redrawn = Signal()  # something else than what is hovered looks different

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session, self.build = session, session.build
        self.folded: frozenset[int] = frozenset()
        self.opened: frozenset[int] = frozenset()
        self.open_near: set[int] = set()
        self.aside = 0.0
        self.live: Callable[[str], Live | None] = looks.nothing
        self.bare = False  # a picture of the design alone, without what is selected
        self.hovered = ""
        self.selection: tuple[str, ...] = ()
        self.model = replace(self.build.model, blocks=(), skips=(), groups=())  # what is drawn; nothing yet
        self.plan: Layout = arrange(self.model)
        self.stream, self.embed, self.head = StreamItem(), EndItem(), EndItem()
        self.blocks: list[BlockItem] = []
        self.wires: dict[str, WireItem] = {}
        self.groups: dict[str, GroupItem] = {}
        self.insides = Insides(session, self)
        self.line, self.loose, self.into = DropLine(), LooseWire(), DropInto()
        self.glide = QVariantAnimation(self, startValue=0.0, endValue=1.0, duration=MOVE_MS)
        self.glide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self.glide.valueChanged.connect(self._glided)
        self._way: list[tuple[BlockItem, float, float]] = []
        for z, item in enumerate((self.stream, self.embed, self.head)):
            item.setZValue(z)
            self.addItem(item)
        for item in (self.line, self.loose, self.into):
            item.setZValue(20)
            item.hide()
            self.addItem(item)
        self.refresh()

    def refresh(self) -> None:
        """Draw the model as it now is. Blocks that moved glide to their new place."""
        model, before = self.build.model, self.model
        came = origins(before.blocks, model.blocks)
        self.folded = frozenset(i for i, origin in enumerate(came) if origin in self.folded)
        self.open_near = {i for i, origin in enumerate(came) if origin in self.open_near}
        inside = {i for k in self.opened for i in range(before.groups[k].first, before.groups[k].last + 1)}
        self.opened = frozenset(k for k, g in enumerate(model.groups) if inside & set(came[g.first : g.last + 1]))
        old, self.model, self.sums = self.blocks, model, looks.sums(model)
        self.blocks = [old[i] if i is not None else BlockItem() for i in came]
        kept = set(self.blocks)
        for item in old:
            if item not in kept:
                self.removeItem(item)
        for item in self.blocks:
            if item.scene() is None:
                item.setZValue(5)
                self.addItem(item)
        self.arrange()

    # what is open

    def fold(self, index: int) -> None:
        """Fold block `index` into one card, or open it."""
        self.folded = self.folded ^ {index}
        self.open_near.discard(index)
        self.arrange()

    def fold_all(self, on: bool) -> None:
        self.folded = frozenset(range(len(self.model.blocks))) if on else frozenset()
        self.opened = frozenset() if on else frozenset(range(len(self.model.groups)))
        self.open_near.clear()
        self.arrange()

    def open_group(self, k: int, on: bool | None = None) -> None:
        """Show the blocks of group k, or close it; without `on`, the other of the two."""
        self.opened = self.opened ^ {k} if on is None or on != (k in self.opened) else self.opened
        self.arrange()

    def look_inside(self, index: int, on: bool = True) -> None:
        """Show the inside of block `index`, or its rows again."""
        (self.open_near.add if on else self.open_near.discard)(index)
        self.folded = self.folded - {index}
        self.arrange(gliding=False)
        (self.went_inside if on else self.came_out).emit(index)

    def reveal(self, path: str) -> None:
        """Open the group that hides the part."""
        index = self.block_at(path)
        frame = self.plan.frame_of(index) if index is not None else None
        if frame and frame.shut:
            self.open_group(int(frame.path.split(".")[1]), True)

    # what is shown

    def hover(self, path: str) -> None:
        if path != self.hovered:
            before, self.hovered = self.hovered, path
            self._restyle((before, path))

    def select(self) -> None:
        """Show what is selected now."""
        before, self.selection = self.selection, self.build.selection
        self.restyle({*before, *self.selection})

    def relive(self) -> None:
        """Show what is measured now."""
        self.restyle()

    def set_aside(self, width: float) -> None:
        """Keep room to the right of the blocks."""
        if width != self.aside:
            self.aside = width
            self.arrange()

    def restyle(self, paths: Iterable[str] | None = None) -> None:
        """Show selection, problems and hovering anew; of all, or only of what these paths are in."""
        self._restyle(paths)
        self.redrawn.emit()

    def _restyle(self, paths: Iterable[str] | None) -> None:
        now = looks.Now(self.session, self.hovered, self.sums, self.live, self.bare)
        some = None if paths is None else {".".join(path.split(".")[:2]) for path in paths}
        for i, (item, place) in enumerate(zip(self.blocks, self.plan.blocks, strict=True)):
            if place.shown and (some is None or place.path in some):
                item.place(place, looks.block(now, i))
        for wire in self.plan.wires:
            if some is None or wire.path in some:
                self.wires[wire.path].place(wire, looks.wire(now, wire.path))
        for frame in self.plan.groups:
            inside = {frame.path, *(f"blocks.{i}" for i in range(frame.first, frame.last + 1))}
            if some is None or some & inside:
                self.groups[frame.path].place(frame, looks.group(now, frame.path))
        self.embed.place(self.plan.embed, looks.end(now, "embed"), 12)
        self.head.place(self.plan.head, looks.end(now, "head"), 128)
        if some is None:
            self.stream.place(self.plan, looks.stream(now))

    # where things are

    def block_at(self, path: str) -> int | None:
        kind, *rest = path.split(".")
        return int(rest[0]) if kind == "blocks" else None

    def area(self, path: str) -> QRectF:
        """Where the part is, for scrolling to it; empty when it is not drawn."""
        box = self.plan.area(path)
        return rect(box) if box else QRectF()

    def arrange(self, gliding: bool = True) -> None:
        """Give everything its place anew: after an edit, and after something has been opened or closed."""
        self.plan = plan = arrange(self.model, self.folded, self.opened, self.open_near, self.aside)
        self._keep(self.wires, [wire.path for wire in plan.wires], WireItem, 6)
        self._keep(self.groups, [frame.path for frame in plan.groups], GroupItem, 3)
        self.glide.stop()
        self._way = []
        for item, place in zip(self.blocks, plan.blocks, strict=True):
            item.setVisible(place.shown)
            known = item.value is not None and place.shown
            if known and item.y() != place.card.y:
                self._way.append((item, item.y(), place.card.y))
            else:
                item.setPos(QPointF(0, place.card.y))
        self.selection = self.build.selection
        self.restyle()
        self.setSceneRect(rect(plan.bounds))
        self._set_off(gliding)

    def _keep(self, items: dict, paths: list[str], kind: Callable[[], QGraphicsItem], z: int) -> None:  # type: ignore[type-arg]
        """One item for each path."""
        for path in [path for path in items if path not in paths]:
            self._take(items.pop(path))
        for path in paths:
            if path not in items:
                items[path] = kind()
                items[path].setZValue(z)
                self.addItem(items[path])
                if isinstance(items[path], WireItem):
                    items[path].label.setZValue(z + 1)
                    self.addItem(items[path].label)

    def _take(self, item: QGraphicsItem) -> None:
        self.removeItem(item)
        if isinstance(item, WireItem):
            self.removeItem(item.label)

    def _set_off(self, gliding: bool) -> None:
        moves = (
            gliding and self._way and len(self._way) <= MOST_GLIDING and any(view.isVisible() for view in self.views())
        )
        near = {row.path: rect(row.box) for place in self.plan.blocks if place.near for row in place.rows}
        self.insides.place(near)
        if moves:
            self.glide.start()
        else:
            self._glided(1.0)

    def _glided(self, share: float) -> None:
        for item, start, end in self._way:
            item.setPos(QPointF(0, start + (end - start) * share))
