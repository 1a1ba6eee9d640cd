"""What a run shows beside the drawing: attention maps, the loudness of the stream, the tokens likely to come next."""

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem

from ....core.model.spec import parts
from ....session.alive import Glance
from ....session.session import Session
from ....session.vitals import number
from ...numbers import count
from ..layout import ASIDE, PAD, SHAPE, Layout, Place
from ..paint import RIGHT, SMALL
from ..shown import Live
from . import load
from .captions import CHIP_H, Caption, NextItem
from .heads import Grid, HeadsItem, grid
from .live import live

ATTENDED, USED = "what each head attends to", "tokens to each expert"
NONE = Live("")
WORDS_H = 16
NEXT_X = 240  # behind the words below the head


class Layer(QObject):
    """Keeps these items in step with the scene's plan and with the readings. `scene` has a `plan` and keeps `aside`."""

    def __init__(self, scene: Any, session: Session) -> None:
        super().__init__(scene)
        self.scene, self.session = scene, session
        self.heads: dict[int, HeadsItem] = {}  # by block
        self.loads: dict[int, load.LoadItem] = {}  # by block
        self.loud: dict[int, Caption] = {}  # by place of the stream
        self.column, self.title = Caption(RIGHT), Caption()
        self.next = NextItem()
        for item in (self.column, self.title, self.next):
            self._add(item)
        self._glance: Glance | None = None
        self._shown = False  # there are readings
        self.narrow = False  # there is little room beside the blocks
        scene.live = self._live
        session.build.alive.changed.connect(self.refresh)
        session.inside.focus_changed.connect(self.ring)
        self.refresh()

    def refresh(self) -> None:
        """Readings are other ones."""
        self._make_room()
        self.arranged()
        self.scene.relive()

    def be_narrow(self, narrow: bool) -> None:
        if narrow != self.narrow:
            self.narrow = narrow
            self.refresh()

    def arranged(self) -> None:
        """Things on the scene have other places."""
        plan = self.scene.plan
        alive = self.session.build.alive
        self._glance, self._shown = alive.glance, alive.run is not None and not alive.why_empty
        self._place_heads(plan)
        self._place_loads(plan)
        self._place_loud(plan)
        self._place_words(plan)
        self.ring()

    def ring(self) -> None:
        """Mark the head that all views look at, and the one pointed at."""
        inside = self.session.inside
        for item in self.heads.values():
            chosen = inside.locked.head if inside.locked.block == item.block else -1
            now = inside.hovered
            item.ring(chosen, now.head if now and now.block == item.block else -1)

    def head_at(self, point: QPointF) -> tuple[HeadsItem, int] | None:
        """The head under a point of the scene."""
        for item in self.heads.values():
            if (head := item.head_at(point - item.pos())) >= 0:
                return item, head
        return None

    def _make_room(self) -> None:
        plan = self.scene.plan
        widths = [self._grid(plan, i, maps).width for i, (_, maps) in self._maps(plan).items()]
        widths += [load.width(len(shares)) for shares in self._shares(plan).values()]
        if not widths and not self.narrow and self._known():
            return  # another reading: the drawing stays where it is
        least = 0.0 if self.narrow else SMALL.width(f"{ATTENDED}, now")
        aside = max([*widths, least]) + ASIDE if widths else 0.0
        self.scene.set_aside(aside)

    def _known(self) -> bool:
        """Whether a run is shown that has a part of this design."""
        alive, blocks = self.session.build.alive, self.session.build.model.blocks
        there = (f"blocks.{i}.{name}" for i, block in enumerate(blocks) for name in parts(block))
        return alive.run is not None and any(alive.trained(path) for path in there)

    def _live(self, path: str) -> Live | None:
        """What a part shows; an empty one where only others have a reading. An open block has it in its rows."""
        kind, *rest = path.split(".")
        if kind == "blocks" and len(rest) == 1 and self.scene.plan.blocks[int(rest[0])].kind == "open":
            return None
        found = live(self.session, path)
        return NONE if found is None and self._shown else found

    def _maps(self, plan: Layout) -> dict[int, tuple[int, Any]]:
        """For each open block whose heads can be shown: its number in the run's design, and its maps."""
        alive, found = self.session.build.alive, {}
        for i, place in enumerate(plan.blocks):
            path = f"blocks.{i}.attn"
            maps, there = (alive.maps(path), alive.trained(path)) if place.kind == "open" else (None, None)
            if maps is not None and there is not None:
                found[i] = (int(there.split(".")[1]), maps)
        return found

    def _place_heads(self, plan: Layout) -> None:
        wanted = self._maps(plan)
        for i in [i for i in self.heads if i not in wanted]:
            self.scene.removeItem(self.heads.pop(i))
        for i, (block, maps) in wanted.items():
            if i not in self.heads:
                self.heads[i] = HeadsItem()
                self._add(self.heads[i])
            item = self.heads[i]
            item.set(block, maps, partial(self._words, maps), self._grid(plan, i, maps))
            item.setPos(_beside(plan.blocks[i], item.grid.height))

    def _grid(self, plan: Layout, i: int, maps: Any) -> Grid:
        return grid(len(maps), plan.blocks[i].card.h, self.narrow)

    def _shares(self, plan: Layout) -> dict[int, tuple[float, ...]]:
        """For each open block with a mixture of experts: the load of each of them."""
        alive = self.session.build.alive
        if alive.mode != "experts":
            return {}
        opened = (i for i, place in enumerate(plan.blocks) if place.kind == "open")
        return {i: shares for i in opened if (shares := alive.load(f"blocks.{i}.moe"))}

    def _place_loads(self, plan: Layout) -> None:
        wanted = self._shares(plan)
        for i in [i for i in self.loads if i not in wanted]:
            self.scene.removeItem(self.loads.pop(i))
        for i, shares in wanted.items():
            if i not in self.loads:
                self.loads[i] = load.LoadItem()
                self._add(self.loads[i])
            self.loads[i].set(shares)
            self.loads[i].setPos(_beside(plan.blocks[i], self.loads[i].height))

    def _words(self, maps: Any) -> list[str]:
        from ...words.heads import words

        return words([maps], self._glance.seen.ids)[0] if self._glance else []

    def _place_loud(self, plan: Layout) -> None:
        x, wide, high = SHAPE
        places = {i: place.shape for i, place in enumerate(plan.blocks) if place.shape is not None}
        for i in [i for i in self.loud if i not in places]:
            self.scene.removeItem(self.loud.pop(i))
        for i, y in places.items():
            value = self.session.build.alive.stream(i)
            if value is None and i not in self.loud:
                continue
            if i not in self.loud:
                self.loud[i] = Caption(RIGHT)
                self._add(self.loud[i])
            text = "" if value is None else f"rms {number(value)}"
            self.loud[i].show_words(text, QRectF(x, y + high / 2, wide, WORDS_H))

    def _place_words(self, plan: Layout) -> None:
        scale, glance = self.session.build.alive.scale(), self._glance
        opened = [place for place in plan.blocks if place.kind == "open" and place.rows]
        shown = scale is not None and any(self.session.build.alive.reading(place.path) for place in opened)
        above = QRectF()
        if opened and opened[0] is plan.blocks[0]:  # above others there is no room
            box, frame = opened[0].card, plan.frame_of(0)
            above = QRectF(box.right - 200 - PAD, (frame.box if frame else box).y - WORDS_H - 4, 200, WORDS_H)
        self.column.show_words(scale.title if scale and shown and not above.isEmpty() else "", above)
        right = max((place.card.right for place in opened), default=0.0) + ASIDE
        past = self.session.inside.moment is not None and glance is not None
        when = f"at step {count(glance.step)}" if past and glance else "now"
        top = plan.embed.y - 12 - 20
        words = ATTENDED if self.heads else USED if self.loads else ""
        words = f"{words}, {when}" if words else ""
        left = right + self.scene.aside - ASIDE - SMALL.width(words) - 1 if self.narrow else right
        self.title.show_words(words, QRectF(left, top, 260, WORDS_H))
        tokens = glance.following if glance and self.heads else ()
        self.next.show_tokens(tokens, QRectF(NEXT_X, plan.head.bottom + 11, plan.bounds.right - NEXT_X, CHIP_H))

    def _add(self, item: QGraphicsItem) -> None:
        item.setZValue(8)
        self.scene.addItem(item)


def _beside(place: Place, high: float) -> QPointF:
    """Right of a block, at half its height."""
    return QPointF(round(place.card.right + ASIDE), round(place.card.middle - high / 2))
