"""What a run shows beside the drawing: attention maps, the loudness of the stream, the tokens likely to come next."""

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ....session.alive import Glance
from ....session.session import Session
from ....session.vitals import number
from ...numbers import count
from ...theme import theme
from ...widgets import glyphs
from ..layout import ASIDE, PAD, SHAPE, Layout, Place
from ..paint import LEFT, PATH, RIGHT, SMALL, Ink, card
from ..shown import Live
from .heads import READABLE, HeadsItem, grid
from .live import live

ATTENDED = "what each head attends to"
WORDS_H, CHIP_W, CHIP_H = 16, 30, 22


class Caption(QGraphicsItem):
    """A line of small words."""

    def __init__(self, align: Qt.AlignmentFlag = LEFT, ink: Ink = SMALL) -> None:
        super().__init__()
        self._text, self._box, self._align, self._ink = "", QRectF(), align, ink
        self.hide()

    def show_words(self, text: str, box: QRectF) -> None:
        if (text, box) != (self._text, self._box):
            self.prepareGeometryChange()
            self._text, self._box = text, box
            self.update()
        self.setVisible(bool(text))

    @property
    def text(self) -> str:
        return self._text if self.isVisible() else ""

    def boundingRect(self) -> QRectF:
        return self._box

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if option.levelOfDetailFromTransform(p.worldTransform()) >= READABLE:
            self._ink.write(p, self._box, self._text, self._align)


class NextItem(QGraphicsItem):
    """The likeliest next tokens below the head, on grounds of their probability."""

    def __init__(self) -> None:
        super().__init__()
        self._tokens: tuple[tuple[str, float], ...] = ()
        self._box = QRectF()

    def show_tokens(self, tokens: tuple[tuple[str, float], ...], box: QRectF) -> None:
        if (tokens, box) != (self._tokens, self._box):
            self.prepareGeometryChange()
            self._tokens, self._box = tokens, box
            self.update()
        self.setVisible(bool(tokens))

    def boundingRect(self) -> QRectF:
        return self._box

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if option.levelOfDetailFromTransform(p.worldTransform()) < READABLE:
            return
        x = self._box.left()
        for text, share in self._tokens:
            wide = max(CHIP_W, PATH.width(glyphs.plain(text)) + 12)
            ground = theme.on_ramp("probability", share)
            box = QRectF(x, self._box.top(), wide, CHIP_H)
            card(p, box, "raised", "line", radius=3)
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(ground)
            p.drawRoundedRect(box, 3, 3)
            p.setPen(theme.ink(ground))
            p.setFont(theme.mono(12))
            p.drawText(box, Qt.AlignmentFlag.AlignCenter, glyphs.plain(text))
            x += wide + 6
        words = ", ".join(f"{glyphs.plain(text)} {100 * share:.0f}\u2009%" for text, share in self._tokens)
        rest = QRectF(x + 8, self._box.top(), self._box.right() - x - 8, CHIP_H)
        SMALL.write(p, rest, f"next: {words}")


class Layer(QObject):
    """Keeps these items in step with the scene's plan and with the readings. `scene` has a `plan` and keeps `aside`."""

    def __init__(self, scene: Any, session: Session) -> None:
        super().__init__(scene)
        self.scene, self.session = scene, session
        self.heads: dict[int, HeadsItem] = {}  # by block
        self.loud: dict[int, Caption] = {}  # by place of the stream
        self.column, self.title = Caption(RIGHT), Caption()
        self.next = NextItem()
        for item in (self.column, self.title, self.next):
            self._add(item)
        self._glance: Glance | None = None
        scene.live = self._live
        session.build.alive.changed.connect(self.refresh)
        session.inside.focus_changed.connect(self.ring)
        self.refresh()

    def refresh(self) -> None:
        """Readings are other ones."""
        self._make_room()
        self.arranged()
        self.scene.relive()

    def arranged(self) -> None:
        """Things on the scene have other places."""
        plan = self.scene.plan
        self._glance = self.session.build.alive.glance
        self._place_heads(plan)
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
        widths = [grid(len(maps), plan.blocks[i].card.h).width for i, (_, maps) in self._maps(plan).items()]
        aside = max([*widths, SMALL.width(ATTENDED + ", now")]) + ASIDE if widths else 0.0
        self.scene.set_aside(aside)

    def _live(self, path: str) -> Live | None:
        """What a part shows; an open block leaves it to its rows."""
        kind, *rest = path.split(".")
        if kind == "blocks" and len(rest) == 1 and self.scene.plan.blocks[int(rest[0])].kind == "open":
            return None
        return live(self.session, path)

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
            item.set(block, maps, partial(self._words, maps), plan.blocks[i].card.h)
            item.setPos(_beside(plan.blocks[i], item.grid.height))

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
        box = opened[0].card if opened else None
        above = QRectF(box.right - 200 - PAD, box.y - WORDS_H - 4, 200, WORDS_H) if box else QRectF()
        self.column.show_words(scale.title if scale and shown else "", above)
        right = max((place.card.right for place in opened), default=0.0) + ASIDE
        past = self.session.inside.moment is not None and glance is not None
        when = f"at step {count(glance.step)}" if past and glance else "now"
        top = plan.embed.y - 12 - 20
        self.title.show_words(f"{ATTENDED}, {when}" if self.heads else "", QRectF(right, top, 260, WORDS_H))
        tokens = glance.following if glance and self.heads else ()
        self.next.show_tokens(tokens, QRectF(plan.head.x, plan.head.bottom + 36, 520, CHIP_H))

    def _add(self, item: QGraphicsItem) -> None:
        item.setZValue(8)
        self.scene.addItem(item)


def _beside(place: Place, high: float) -> QPointF:
    """Right of a block, at half its height."""
    return QPointF(round(place.card.right + ASIDE), round(place.card.middle - high / 2))


