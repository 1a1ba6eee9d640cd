"""The picture of the design: keeps items in step with the session's model, selection, problems and probe text."""

from collections.abc import Iterable

from msgspec.structs import replace
from PySide6.QtCore import QEasingCurve, QPointF, QRectF, QVariantAnimation
from PySide6.QtWidgets import QGraphicsScene

from ...session.session import Session
from . import looks
from .blocks import origins
from .items import BlockItem, DropLine, EndItem, LooseWire, StreamItem, WireItem
from .layout import Layout, arrange
from .paint import rect

MOVE_MS = 120


class Scene(QGraphicsScene):
    """`plan` holds the places of what is drawn now; `folded` the blocks shown as one card."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session, self.build = session, session.build
        self.folded: frozenset[int] = frozenset()
        self.hovered = self.selected = ""
        self.model = replace(self.build.model, blocks=(), skips=())  # what is drawn; nothing yet
        self.plan: Layout = arrange(self.model)
        self.stream, self.embed, self.head = StreamItem(), EndItem(), EndItem()
        self.blocks: list[BlockItem] = []
        self.wires: list[WireItem] = []
        self.line, self.loose = DropLine(), LooseWire()
        self.glide = QVariantAnimation(self, startValue=0.0, endValue=1.0, duration=MOVE_MS)
        self.glide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self.glide.valueChanged.connect(self._glided)
        self._way: list[tuple[BlockItem, float, float]] = []
        for z, item in enumerate((self.stream, self.embed, self.head)):
            item.setZValue(z)
            self.addItem(item)
        for item in (self.line, self.loose):
            item.setZValue(20)
            item.hide()
            self.addItem(item)
        self.refresh()

    def refresh(self) -> None:
        """Draw the model as it now is. Blocks that moved glide to their new place."""
        model = self.build.model
        came = origins(self.model.blocks, model.blocks)
        self.folded = frozenset(i for i, origin in enumerate(came) if origin in self.folded)
        old, self.model, self.sums = self.blocks, model, looks.sums(model)
        self.blocks = [old[i] if i is not None else BlockItem() for i in came]
        for item in old:
            if item not in self.blocks:
                self.removeItem(item)
        for item in self.blocks:
            if item.scene() is None:
                item.setZValue(5)
                self.addItem(item)
        self._arrange()

    def fold(self, index: int) -> None:
        """Fold block `index` into one card, or open it."""
        self.folded = self.folded ^ {index}
        self._arrange()

    def fold_all(self, on: bool) -> None:
        self.folded = frozenset(range(len(self.model.blocks))) if on else frozenset()
        self._arrange()

    def hover(self, path: str) -> None:
        if path != self.hovered:
            before, self.hovered = self.hovered, path
            self.restyle((before, path))

    def select(self) -> None:
        """Show what is selected now."""
        before, self.selected = self.selected, self.build.selected
        self.restyle((before, self.selected))

    def restyle(self, paths: Iterable[str] | None = None) -> None:
        """Show selection, problems and hovering anew; of all, or only of what these paths are in."""
        now = looks.Now(self.session, self.hovered, self.sums)
        some = None if paths is None else {".".join(path.split(".")[:2]) for path in paths}
        for i, (item, place) in enumerate(zip(self.blocks, self.plan.blocks, strict=True)):
            if some is None or place.path in some:
                above = self.plan.blocks[i - 1] if i else None
                shaped = above is not None and not (place.folded or above.folded)
                item.place(place, looks.block(now, i, shaped))
        for item, wire in zip(self.wires, self.plan.wires, strict=True):
            item.place(wire, *looks.wire(now, wire.path))
        self.embed.place(self.plan.embed, looks.end(now, "embed"))
        self.head.place(self.plan.head, looks.end(now, "head"))
        self.stream.place(self.plan, looks.stream(now))

    def block_at(self, path: str) -> int | None:
        kind, *rest = path.split(".")
        return int(rest[0]) if kind == "blocks" else None

    def area(self, path: str) -> QRectF:
        """Where the part is, for scrolling to it; empty when it is not drawn."""
        for place in self.plan.blocks:
            if path == place.path or path.startswith(place.path + "."):
                row = next((row.box for row in place.rows if row.path == path), place.card)
                return rect(row)
        boxes = {"embed": self.plan.embed, "head": self.plan.head} | {w.path: w.label for w in self.plan.wires}
        return rect(boxes[path]) if path in boxes else QRectF()

    def _arrange(self) -> None:
        self.plan = arrange(self.model, self.folded)
        for item in self.wires[len(self.plan.wires) :]:
            self.removeItem(item)
            self.removeItem(item.label)
        self.wires = self.wires[: len(self.plan.wires)]
        while len(self.wires) < len(self.plan.wires):
            self.wires.append(WireItem())
            self.wires[-1].setZValue(6)
            self.addItem(self.wires[-1])
            self.wires[-1].label.setZValue(7)
            self.addItem(self.wires[-1].label)
        self.glide.stop()
        self._way = []
        for item, place in zip(self.blocks, self.plan.blocks, strict=True):
            known = item.value is not None
            if known and item.y() != place.card.y:
                self._way.append((item, item.y(), place.card.y))
            else:
                item.setPos(QPointF(0, place.card.y))
        self.selected = self.build.selected
        self.restyle()
        self.setSceneRect(rect(self.plan.bounds))
        self._set_off()

    def _set_off(self) -> None:
        if self._way and any(view.isVisible() for view in self.views()):
            self.glide.start()
        else:
            self._glided(1.0)

    def _glided(self, share: float) -> None:
        for item, start, end in self._way:
            item.setPos(QPointF(0, start + (end - start) * share))
