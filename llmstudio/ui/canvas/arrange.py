"""Gives everything on the canvas its place, from the model alone: the spec holds no coordinates."""

from bisect import bisect_left, insort
from collections.abc import Collection
from itertools import count

from ...core.model.spec import Block, Group, Model, Skip, parts
from . import layout as L
from . import near
from .layout import Box, Frame, Layout, Place, Row, Wire

POST = (5, 20, 41)  # where a row reads, adds and norms after the sum
PRE = (8, 28)
OUT, OUT_FOOT = 10, 20  # parallel parts: the line on which they go back, and the foot below it
NEAR_GAP = 12
NORMED = 24  # room for the norm of what parallel parts put out together
BEND = 30  # from where a wire leaves to the middle of its label, below the corner
LANES = 6  # that have the full step; more of them move together


def arrange(
    model: Model,
    folded: Collection[int] = (),
    opened: Collection[int] = (),
    opened_near: Collection[int] = (),
    aside: float = 0,
) -> Layout:
    """Places of the whole model.

    folded: blocks that are one card on the stream; opened: groups that show their blocks; opened_near: blocks that
    show their inside; aside: room kept to the right of the blocks.
    """
    embed = Box(-L.END_W / 2, 0, L.END_W, L.END_H)
    column = _Column(model, embed.bottom + 40, folded, opened_near)
    starts = spans(model)
    i = 0
    while i < len(model.blocks):
        if i in starts:
            k = starts[i]
            column.group(k, model.groups[k], k in opened)
            i = model.groups[k].last + 1
        else:
            column.block(i)
            i += 1
    bottom = column.y - L.GAP if column.places else embed.bottom + 20 + L.EMPTY_STREAM
    tail = 24 if any(skip.target >= len(model.blocks) for skip in model.skips) and model.blocks else 0
    head = Box(-L.END_W / 2, bottom + 36 + tail, L.END_W, L.END_H)
    plan = Layout(
        embed=embed,
        first_pill=embed.bottom + 20,
        blocks=tuple(column.places),
        groups=tuple(column.frames),
        end=bottom + 14,
        last_pill=bottom + 14 + tail,
        head=head,
        wires=(),
        bounds=embed,
    )
    wires = _wires(plan, model.skips)
    left = min([-L.END_W / 2, *(min(wire.label.x, wire.x) for wire in wires)]) - 24
    cards = [place.card.right for place in plan.blocks] + [L.CARD_X + L.CARD_W]
    bounds = Box(left, -L.MARGIN, max(cards) + L.ASIDE + aside - left, head.bottom + 2 * L.MARGIN)
    return Layout(**{name: getattr(plan, name) for name in plan.__struct_fields__} | {"wires": wires, "bounds": bounds})


def spans(model: Model) -> dict[int, int]:
    """Groups by the block they begin with. One that reaches past the end or into another is left out."""
    found: dict[int, int] = {}
    taken = 0
    for k in sorted(range(len(model.groups)), key=lambda k: model.groups[k].first):
        group = model.groups[k]
        if taken <= group.first <= group.last < len(model.blocks):
            found[group.first] = k
            taken = group.last + 1
    return found


class _Column:
    """Blocks and groups from top to bottom; `y` is where the next one may begin."""

    def __init__(self, model: Model, y: float, folded: Collection[int], opened: Collection[int]) -> None:
        self.model, self.y = model, y
        self.folded, self.opened = folded, opened
        self.places: list[Place] = []
        self.frames: list[Frame] = []

    def block(self, i: int, shaped: bool = True) -> None:
        """`shaped`: there is room before it for the shape of the stream."""
        shaped = shaped and i > 0 and self.places[-1].kind in ("open", "near")
        if i in self.folded:
            self.places.append(_closed(i, self.y + L.FOLDED_MARGIN))
            self.y = self.places[-1].card.bottom + L.GAP + L.FOLDED_MARGIN
            return
        block = self.model.blocks[i]
        make = _near if i in self.opened and parts(block) else _open
        self.places.append(make(i, self.y, block, self.y - L.GAP / 2 if shaped else None))
        self.y = self.places[-1].card.bottom + L.GAP

    def group(self, k: int, group: Group, opened: bool) -> None:
        path = f"groups.{k}"
        if not opened:
            card = Box(L.FOLDED_X, self.y + L.FOLDED_MARGIN, L.CARD_X + L.CARD_W - L.FOLDED_X, L.SHUT_H)
            whole = Box(card.x, card.y, card.w, card.h + L.STACK)
            for i in range(group.first, group.last + 1):
                gate = card.y - 9 if i == group.first else card.middle
                leaves = whole.bottom + 2 if i == group.last else card.middle
                self.places.append(Place(f"blocks.{i}", card, (), gate, leaves, "hidden"))
            self.frames.append(Frame(path, group.first, group.last, whole, card, True))
            self.y = whole.bottom + L.GAP + L.FOLDED_MARGIN
            return
        top = self.y
        self.y += L.FRAME_HEAD
        for i in range(group.first, group.last + 1):
            self.block(i, i > group.first)
        bottom = self.y - L.GAP + L.FRAME_FOOT
        right = max(place.card.right for place in self.places[group.first :]) + L.FRAME_FOOT
        box = Box(L.FRAME_X, top, right - L.FRAME_X, bottom - top)
        head = Box(L.CARD_X, top + 2, L.CARD_W, L.FRAME_HEAD - 4)
        self.frames.append(Frame(path, group.first, group.last, box, head, False))
        self.y = bottom + L.GAP


def _closed(i: int, y: float) -> Place:
    card = Box(L.FOLDED_X, y, L.CARD_X + L.CARD_W - L.FOLDED_X, L.FOLDED_H)
    return Place(f"blocks.{i}", card, (), y - 9, card.bottom + 2, "folded")


def _open(i: int, y: float, block: Block, shape: float | None) -> Place:
    path, names = f"blocks.{i}", list(parts(block))
    parallel = block.parallel and len(names) > 1
    inset = L.NORM_W + 10 if parallel else 0
    tops = [y + L.HEADER + k * L.ROW_STEP for k in range(len(names))]
    boxes = [
        Box(L.CARD_X + L.PAD + inset, top, L.CARD_W - 2 * L.PAD - inset - (8 if parallel else 0), L.ROW_H)
        for top in tops
    ]
    bottom = (tops[-1] + L.ROW_STEP if tops else y + L.FOLDED_H) + (OUT_FOOT - 10 if parallel else 0)
    post = block.placement == "post" and block.norm != "none"
    if parallel:
        out = boxes[-1].bottom + OUT
        rows = tuple(
            Row(f"{path}.{name}", box, boxes[0].y + PRE[0], out) for name, box in zip(names, boxes, strict=True)
        )
        rows = tuple(Row(r.path, r.box, r.reads, r.adds, out + 21 if post else None) for r in rows)
        bottom += 10 if post else 0
    elif post:
        rows = tuple(Row(f"{path}.{n}", b, *(b.y + d for d in POST)) for n, b in zip(names, boxes, strict=True))
    else:
        rows = tuple(Row(f"{path}.{n}", b, *(b.y + d for d in PRE)) for n, b in zip(names, boxes, strict=True))
    shared = Box(L.CARD_X + L.PAD, boxes[0].y, L.NORM_W, boxes[-1].bottom - boxes[0].y) if parallel else None
    return _standing(path, Box(L.CARD_X, y, L.CARD_W, bottom - y), rows, block, "open", shape, shared)


def _near(i: int, y: float, block: Block, shape: float | None) -> Place:
    path, post = f"blocks.{i}", block.placement == "post" and block.norm != "none"
    rows: list[Row] = []
    top = y + L.HEADER
    for name in parts(block):
        box = Box(L.CARD_X + L.PAD, top, near.WIDTH, near.HEIGHT[name])
        adds = top + near.ADDS[name]
        rows.append(Row(f"{path}.{name}", box, top + near.READS[name], adds, adds + 21 if post else None))
        top = box.bottom + NEAR_GAP
    if block.parallel:
        after = NORMED if block.placement == "sandwich" and block.norm != "none" and len(rows) > 1 else 0
        rows = [Row(r.path, r.box, rows[0].reads, rows[-1].adds + after, rows[-1].norms) for r in rows]
    card = Box(L.CARD_X, y, near.WIDTH + 2 * L.PAD, top - NEAR_GAP + L.PAD - y)
    return _standing(path, card, tuple(rows), block, "near", shape)


def _standing(
    path: str,
    card: Box,
    rows: tuple[Row, ...],
    block: Block,
    kind: L.Kind,
    shape: float | None,
    shared: Box | None = None,
) -> Place:
    """A block beside the stream, its note at its foot."""
    note = Box(card.x + L.PAD, card.bottom - (4 if rows else 0), card.w - 2 * L.PAD, L.NOTE_H) if block.note else None
    if note:
        card = Box(card.x, card.y, card.w, note.bottom - card.y)
    last = rows[-1] if rows else None
    leaves = (last.norms or last.adds) if last else card.bottom + 2
    marked = last is not None and (block.residual or last.norms is not None)
    return Place(path, card, rows, card.y + 14, leaves, kind, marked, shared, note, shape)


def _wires(plan: Layout, skips: tuple[Skip, ...]) -> tuple[Wire, ...]:
    """Short wires run nearest to the stream; wires that overlap get different lanes, and no label covers others."""
    ends = {k: (plan.leave(s.source), plan.enter(s.target)) for k, s in enumerate(skips)} if plan.blocks else {}
    ends = {k: (a, b) for k, (a, b) in ends.items() if abs(b - a) > 2}  # not inside a closed group
    lanes: list[list[tuple[float, float]]] = []
    lane_of: dict[int, int] = {}
    for k in sorted(ends, key=lambda k: (abs(skips[k].target - skips[k].source), skips[k].source)):
        top, bottom = sorted(ends[k])
        lane = next(n for n in count() if n == len(lanes) or all(b < top or bottom < a for a, b in lanes[n]))
        if lane == len(lanes):
            lanes.append([])
        lanes[lane].append((top, bottom))
        lane_of[k] = lane
    step = L.LANE_STEP * min(1.0, LANES / max(1, len(lanes)))
    x, w, h = L.SHAPE
    taken = sorted((Box(x, place.shape - h / 2, w, h) for place in plan.blocks if place.shape is not None), key=_top)
    done: dict[int, Wire] = {}
    for k, lane in lane_of.items():
        x = L.LANE_X + lane * step
        middle = sum(ends[k]) / 2
        crossing = any(a <= middle <= b for inner in lanes[:lane] for a, b in inner)
        y = min(ends[k]) + BEND if crossing else middle  # where it lies on no other wire, if there is such a place
        label = _free(Box(x - L.LABEL_W / 2, y - L.LABEL_H / 2, L.LABEL_W, L.LABEL_H), taken)
        insort(taken, label, key=_top)
        done[k] = Wire(f"skips.{k}", x, *ends[k], label, _unmarked(plan, skips[k].source))
    return tuple(done[k] for k in sorted(done))


def _free(label: Box, taken: list[Box]) -> Box:
    """The label as high as it may be from where it wants to be, downwards, so that it meets none of the others."""
    for box in taken[bisect_left(taken, label.y - L.LABEL_H, key=_top) :]:
        if box.y >= label.bottom:
            break
        if label.meets(box):
            label = Box(label.x, box.bottom, label.w, label.h)
    return label


def _top(box: Box) -> float:
    return box.y


def _unmarked(plan: Layout, source: int) -> bool:
    return source <= 0 or not plan.blocks[min(source, len(plan.blocks)) - 1].marked
