"""Where everything on the canvas is, and what is where: pure geometry. `arrange` makes it from the model.

The residual stream runs down x = 0. Blocks stand to its right, extra wires to its left, each in a lane of its own.
Position i of the stream is before block i; the last one is after all blocks.
"""

from typing import Literal

from msgspec import Struct

STREAM_WIDTH = 5
PLUS = 9  # radius of a sum
CARD_X, CARD_W, HEADER, ROW_H, ROW_STEP, PAD = 62, 404, 32, 36, 46, 12
NORM_W = 42  # the one norm that parallel parts share
NOTE_H = 24  # a note at the foot of its block
FOLDED_X, FOLDED_H, FOLDED_MARGIN = -48, 40, 6
SHUT_H, STACK = 44, 6  # a closed group, and the edges of the cards beneath it
FRAME_X, FRAME_HEAD, FRAME_FOOT = -16, 36, 10  # around an open group
GAP = 8  # between two open blocks
END_W, END_H = 248, 36  # embedding and head
LANE_X, LANE_STEP = -108, -28
LABEL_W, LABEL_H = 108, 20
SHAPE = (-108, 88, 18)  # left, width and height of a shape written beside a gap
PILL_W = 96
MARGIN = 44
ASIDE = 24  # between the blocks and what is drawn to the right of them
EMPTY_STREAM = 160

Kind = Literal["open", "folded", "near", "hidden"]


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

    @property
    def middle(self) -> float:
        return self.y + self.h / 2

    def holds(self, x: float, y: float) -> bool:
        return self.x <= x <= self.right and self.y <= y <= self.bottom

    def meets(self, other: "Box") -> bool:
        across = self.x < other.right and other.x < self.right
        return across and self.y < other.bottom and other.y < self.bottom


class Row(Struct, frozen=True):
    """A part inside a block: it reads the stream at `reads` and is added to it at `adds`.

    Parallel parts read and add at one place. `norms`: where the stream is normed after the sum, None for nowhere.
    """

    path: str
    box: Box
    reads: float
    adds: float
    norms: float | None = None


class Place(Struct, frozen=True):
    """A block. `gate`: the point of the stream before it, where wires end; `leaves`: the one after it."""

    path: str
    card: Box
    rows: tuple[Row, ...]
    gate: float
    leaves: float
    kind: Kind
    marked: bool = False  # a sum or a norm is drawn where wires leave
    shared: Box | None = None  # the norm of parallel parts
    note: Box | None = None
    shape: float | None = None  # where the shape of the stream before it is written

    @property
    def folded(self) -> bool:
        return self.kind == "folded"

    @property
    def shown(self) -> bool:
        """False inside a closed group."""
        return self.kind != "hidden"

    @property
    def near(self) -> bool:
        return self.kind == "near"


class Frame(Struct, frozen=True):
    """A group of blocks: closed it is one card, open a frame around them with a title in `head`."""

    path: str
    first: int
    last: int
    box: Box
    head: Box
    shut: bool


class Wire(Struct, frozen=True):
    """An extra wire: leaves the stream at `leaves`, goes down at `x`, is added at `enters`."""

    path: str
    x: float
    leaves: float
    enters: float
    label: Box
    dotted: bool  # it leaves where nothing marks the place


class Layout(Struct, frozen=True):
    embed: Box
    first_pill: float
    blocks: tuple[Place, ...]  # one for each block, also for those in a closed group
    groups: tuple[Frame, ...]
    end: float  # where wires to the last position end
    last_pill: float
    head: Box
    wires: tuple[Wire, ...]
    bounds: Box

    @property
    def positions(self) -> list[int]:
        """The positions of the stream that can be seen, from 0 on."""
        inside = {i for frame in self.groups if frame.shut for i in range(frame.first + 1, frame.last + 1)}
        return [i for i in range(len(self.blocks) + 1) if i not in inside]

    def line(self, index: int) -> float:
        """The y of the boundary at which a block dropped there becomes block `index`."""
        if not self.blocks:
            return (self.embed.bottom + self.head.y) / 2
        if index == len(self.blocks):
            return self._below(index - 1) + GAP / 2
        above = self._below(index - 1) if index else self._above(0) - GAP
        return (above + self._above(index)) / 2

    def drop(self, y: float) -> int:
        """The boundary nearest to y."""
        return min(self.positions, key=lambda i: abs(self.line(i) - y))

    def gate(self, y: float) -> int:
        """The position whose gate is nearest to y: the one a wire let go at y runs to."""
        return min(self.positions, key=lambda i: abs(self.enter(i) - y))

    def enter(self, position: int) -> float:
        """Where a wire to that position of the stream ends."""
        return self.blocks[max(0, position)].gate if position < len(self.blocks) else self.end

    def leave(self, position: int) -> float:
        """Where a wire from that position leaves: the last sum above it, or below the first pill."""
        if position <= 0 or not self.blocks:
            return self.first_pill + 15
        return self.blocks[min(position, len(self.blocks)) - 1].leaves

    def plus_at(self, x: float, y: float) -> int | None:
        """The position of the stream at the sum (or first pill) under the point; None beside all of them."""
        if self.blocks and abs(x) <= PILL_W / 2 and abs(y - self.first_pill) <= 10:
            return 0
        for position in self.positions[:-1]:
            if (x**2 + (y - self.leave(position)) ** 2) <= (PLUS + 3) ** 2:
                return position
        return None

    def at(self, x: float, y: float) -> str | None:
        """The path of the part under the point; None on the ground."""
        ends = (("embed", self.embed), ("head", self.head))
        heads = ((frame.path, frame.head) for frame in self.groups)
        for path, box in (*ends, *((wire.path, wire.label) for wire in self.wires), *heads):
            if box.holds(x, y):
                return path
        if (index := self.block_at(x, y)) is not None:
            place = self.blocks[index]
            return next((row.path for row in place.rows if row.box.holds(x, y)), place.path)
        for wire in self.wires:
            top, bottom = sorted((wire.leaves, wire.enters))
            along = top <= y <= bottom and abs(x - wire.x) <= 5
            if along or (wire.x <= x <= -PLUS and min(abs(y - wire.leaves), abs(y - wire.enters)) <= 5):
                return wire.path
        return None

    def block_at(self, x: float, y: float) -> int | None:
        """The block whose card is under the point; None beside all of them and on a closed group."""
        found = (i for i, place in enumerate(self.blocks) if place.shown and place.card.holds(x, y))
        return next(found, None)

    def touched(self, box: Box) -> list[str]:
        """What a rectangle drawn over the canvas touches: blocks, closed groups and wires."""
        blocks = [place.path for place in self.blocks if place.shown and place.card.meets(box)]
        groups = [frame.path for frame in self.groups if frame.shut and frame.box.meets(box)]
        return [*blocks, *groups, *(wire.path for wire in self.wires if wire.label.meets(box))]

    def frame_of(self, index: int) -> Frame | None:
        """The group that block `index` is in."""
        return next((frame for frame in self.groups if frame.first <= index <= frame.last), None)

    def area(self, path: str) -> Box | None:
        """Where the part is; of one in a closed group, where the group is. None when it is not drawn."""
        kind, *rest = path.split(".")
        if kind in ("embed", "head"):
            return self.embed if kind == "embed" else self.head
        if kind == "blocks" and rest and int(rest[0]) < len(self.blocks):
            place = self.blocks[int(rest[0])]
            return next((row.box for row in place.rows if row.path == path), place.card)
        if kind == "groups":
            return next((frame.head for frame in self.groups if frame.path == path), None)
        return next((wire.label for wire in self.wires if wire.path == path), None)

    def _above(self, index: int) -> float:
        """The top of block `index`, or of the group that begins with it."""
        frame = self.frame_of(index)
        return frame.box.y if frame and frame.first == index else self.blocks[index].card.y

    def _below(self, index: int) -> float:
        frame = self.frame_of(index)
        return frame.box.bottom if frame and frame.last == index else self.blocks[index].card.bottom
