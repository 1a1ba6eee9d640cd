"""Where everything on the canvas goes: pure geometry from the model. The spec holds no coordinates.

The residual stream runs down x = 0. Blocks stand to its right, extra wires to its left, each in a lane of its own.
"""

from collections.abc import Collection
from itertools import count

from msgspec import Struct

from ...core.model.spec import Model, Skip

STREAM_WIDTH = 5
PLUS = 9  # radius of a sum
CARD_X, CARD_W, HEADER, ROW_H, ROW_STEP, PAD = 62, 404, 32, 36, 46, 12
FOLDED_X, FOLDED_H, FOLDED_MARGIN = -48, 40, 6
GAP = 8  # between two open blocks
END_W, END_H = 224, 36  # embedding and head
LANE_X, LANE_STEP = -108, -28
LABEL_W, LABEL_H = 108, 20
SHAPE = (-108, 88, 18)  # left, width and height of a shape written beside a gap
PILL_W = 96
MARGIN = 44
EMPTY_STREAM = 160


class Box(Struct, frozen=True):
    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    def holds(self, x: float, y: float) -> bool:
        return self.x <= x <= self.right and self.y <= y <= self.bottom

    def meets(self, other: "Box") -> bool:
        across = self.x < other.right and other.x < self.right
        return across and self.y < other.bottom and other.y < self.bottom


class Row(Struct, frozen=True):
    """A part inside a block: it reads the stream at `reads` and is added to it at `adds`."""

    path: str
    box: Box
    reads: float
    adds: float


class Place(Struct, frozen=True):
    """A block. `gate` is the point of the stream before it, where wires end."""

    path: str
    card: Box
    rows: tuple[Row, ...]
    gate: float
    folded: bool


class Wire(Struct, frozen=True):
    """An extra wire: leaves the stream at `leaves`, goes down at `x`, is added at `enters`."""

    path: str
    x: float
    leaves: float
    enters: float
    label: Box
    dotted: bool  # it leaves where no sum marks the place


class Layout(Struct, frozen=True):
    embed: Box
    first_pill: float
    blocks: tuple[Place, ...]
    last_pill: float
    head: Box
    wires: tuple[Wire, ...]
    bounds: Box

    def line(self, index: int) -> float:
        """The y of the boundary at which a block dropped there becomes block `index`."""
        if not self.blocks:
            return (self.embed.bottom + self.head.y) / 2
        if index == len(self.blocks):
            return self.blocks[-1].card.bottom + GAP / 2
        above = self.blocks[index - 1].card.bottom if index else self.blocks[0].card.y - GAP
        return (above + self.blocks[index].card.y) / 2

    def drop(self, y: float) -> int:
        """The boundary nearest to y."""
        return min(range(len(self.blocks) + 1), key=lambda i: abs(self.line(i) - y))

    def gate(self, y: float) -> int:
        """The block whose gate is nearest to y: the one a wire let go at y runs to."""
        return min(range(len(self.blocks)), key=lambda i: abs(self.blocks[i].gate - y))

    def leave(self, source: int) -> float:
        """Where a wire from before block `source` leaves: the last sum above it, or below the first pill."""
        if source <= 0:
            return self.first_pill + 15
        above = self.blocks[source - 1]
        return above.rows[-1].adds if above.rows else above.card.bottom + 2

    def plus_at(self, x: float, y: float) -> int | None:
        """The block before which the stream is, at the sum (or first pill) under the point; None beside all of them."""
        if self.blocks and abs(x) <= PILL_W / 2 and abs(y - self.first_pill) <= 10:
            return 0
        for source in range(len(self.blocks)):
            if (x**2 + (y - self.leave(source)) ** 2) <= (PLUS + 3) ** 2:
                return source
        return None

    def at(self, x: float, y: float) -> str | None:
        """The path of the part under the point; None on the ground."""
        ends = (("embed", self.embed), ("head", self.head))
        for path, box in (*ends, *((wire.path, wire.label) for wire in self.wires)):
            if box.holds(x, y):
                return path
        for place in self.blocks:
            if place.card.holds(x, y):
                return next((row.path for row in place.rows if row.box.holds(x, y)), place.path)
        for wire in self.wires:
            along = wire.leaves <= y <= wire.enters and abs(x - wire.x) <= 5
            if along or (wire.x <= x <= -PLUS and min(abs(y - wire.leaves), abs(y - wire.enters)) <= 5):
                return wire.path
        return None


def arrange(model: Model, folded: Collection[int] = ()) -> Layout:
    """Positions of the whole model; blocks whose index is in `folded` are one card on the stream."""
    embed = Box(-END_W / 2, 0, END_W, END_H)
    places: list[Place] = []
    y = embed.bottom + 40
    for i, block in enumerate(model.blocks):
        parts = [name for name, part in (("attn", block.attention), ("mlp", block.mlp)) if part is not None]
        place = _closed(i, y + FOLDED_MARGIN) if i in folded else _open(i, y, parts)
        places.append(place)
        y = place.card.bottom + GAP + (FOLDED_MARGIN if place.folded else 0)
    bottom = y - GAP if places else embed.bottom + 20 + EMPTY_STREAM
    head = Box(-END_W / 2, bottom + 36, END_W, END_H)
    plan = Layout(embed, embed.bottom + 20, tuple(places), bottom + 14, head, (), Box(0, 0, 0, 0))
    wires = _wires(plan, model.skips)
    left = min([-END_W / 2, *(wire.label.x for wire in wires)]) - 24
    bounds = Box(left, -MARGIN, CARD_X + CARD_W + 24 - left, head.bottom + 2 * MARGIN)
    return Layout(embed, plan.first_pill, plan.blocks, plan.last_pill, head, wires, bounds)


def _open(i: int, y: float, parts: list[str]) -> Place:
    path = f"blocks.{i}"
    rows = []
    for k, name in enumerate(parts):
        box = Box(CARD_X + PAD, y + HEADER + k * ROW_STEP, CARD_W - 2 * PAD, ROW_H)
        rows.append(Row(f"{path}.{name}", box, box.y + 8, box.y + 28))
    height = HEADER + len(parts) * ROW_STEP if parts else FOLDED_H
    return Place(path, Box(CARD_X, y, CARD_W, height), tuple(rows), y + 14, False)


def _closed(i: int, y: float) -> Place:
    return Place(f"blocks.{i}", Box(FOLDED_X, y, CARD_X + CARD_W - FOLDED_X, FOLDED_H), (), y - 9, True)


def _wires(plan: Layout, skips: tuple[Skip, ...]) -> tuple[Wire, ...]:
    """Short wires run nearest to the stream; wires that overlap get different lanes, and no label covers others."""
    lanes: list[list[tuple[float, float]]] = []
    done: dict[int, Wire] = {}
    x, w, h = SHAPE
    taken = [Box(x, place.card.y - GAP / 2 - h / 2, w, h) for place in plan.blocks[1:]]
    last = len(plan.blocks) - 1
    for k in sorted(range(len(skips)), key=lambda k: (skips[k].target - skips[k].source, skips[k].source)):
        if last < 0:
            break
        leaves, enters = plan.leave(min(skips[k].source, last)), plan.blocks[min(skips[k].target, last)].gate
        lane = next(n for n in count() if n == len(lanes) or all(b < leaves or enters < a for a, b in lanes[n]))
        if lane == len(lanes):
            lanes.append([])
        lanes[lane].append((leaves, enters))
        x = LANE_X + lane * LANE_STEP
        label = Box(x - LABEL_W / 2, (leaves + enters) / 2 - LABEL_H / 2, LABEL_W, LABEL_H)
        while any(label.meets(box) for box in taken):
            label = Box(label.x, label.y + 4, label.w, label.h)
        taken.append(label)
        done[k] = Wire(f"skips.{k}", x, leaves, enters, label, _unmarked(plan, skips[k].source))
    return tuple(done[k] for k in sorted(done))


def _unmarked(plan: Layout, source: int) -> bool:
    return source <= 0 or not plan.blocks[min(source, len(plan.blocks)) - 1].rows
