"""Positions from the spec alone: nothing overlaps, everything can be hit, boundaries and gates are where they look."""

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from llmstudio.core.model.spec import MLP, Attention, Block, Convolution, Experts, Group, Model, Recurrence, Skip, parts
from llmstudio.ui.canvas import near
from llmstudio.ui.canvas.arrange import arrange, spans
from llmstudio.ui.canvas.layout import GAP, LANE_X, PLUS, Box, Layout

BLOCKS = st.builds(
    Block,
    convolution=st.sampled_from([None, None, Convolution()]),
    attention=st.sampled_from([None, Attention()]),
    recurrence=st.sampled_from([None, None, Recurrence()]),
    mlp=st.sampled_from([None, MLP()]),
    experts=st.sampled_from([None, None, Experts()]),
    placement=st.sampled_from(["pre", "post", "sandwich"]),
    norm=st.sampled_from(["layer", "none"]),
    parallel=st.booleans(),
    residual=st.booleans(),
    note=st.sampled_from(["", "", "a note"]),
)


@dataclass
class Design:
    model: Model
    folded: set[int] = field(default_factory=set)
    opened: set[int] = field(default_factory=set)
    near: set[int] = field(default_factory=set)

    @property
    def plan(self) -> Layout:
        return arrange(self.model, self.folded, self.opened, self.near)


@st.composite
def designs(draw: st.DrawFn) -> Design:
    blocks = tuple(draw(st.lists(BLOCKS, max_size=12)))
    n = len(blocks)
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n + 1)]
    skips = draw(st.lists(st.sampled_from(pairs), max_size=8, unique=True)) if pairs else []
    some = st.sets(st.integers(0, n - 1)) if n else st.just(set())
    cuts = sorted(draw(some))
    groups = tuple(Group(first=a, last=b - 1) for a, b in zip(cuts[::2], cuts[1::2], strict=False))
    model = Model(blocks=blocks, skips=tuple(Skip(source=a, target=b) for a, b in skips), groups=groups)
    opened = draw(st.sets(st.integers(0, len(groups) - 1))) if groups else set()
    return Design(model, draw(some), opened, draw(some))


def test_an_open_block_is_404_by_124() -> None:
    card = arrange(Model()).blocks[0].card
    assert (card.w, card.h) == (404, 124)


@settings(max_examples=80, deadline=None)
@given(designs())
def test_cards_follow_one_another_without_touching(design: Design) -> None:
    plan = design.plan
    cards = list(dict.fromkeys(place.card for place in plan.blocks))  # those of a closed group are one
    edges = [plan.embed.bottom, *(y for card in cards for y in (card.y, card.bottom)), plan.head.y]
    assert edges == sorted(edges)
    assert all(b.y - a.bottom >= GAP for a, b in pairwise(cards))
    for place in plan.blocks:
        assert all(row.box.y >= place.card.y and row.box.bottom <= place.card.bottom for row in place.rows)
        assert place.note is None or place.note.bottom <= place.card.bottom


@settings(max_examples=80, deadline=None)
@given(designs())
def test_the_stream_is_read_and_added_to_from_top_to_bottom(design: Design) -> None:
    plan = design.plan
    for i, place in enumerate(plan.blocks):
        if not place.shown:
            continue
        below = plan.enter(i + 1)
        ways = list(dict.fromkeys((row.reads, row.adds, row.norms or row.adds) for row in place.rows))
        points = [place.gate, *(y for way in ways for y in way), place.leaves, below]
        assert points == sorted(points), (i, points)
        block = design.model.blocks[i]
        if block.parallel or not place.rows:
            assert len(ways) <= 1
        else:
            assert len(ways) == len(parts(block))


@settings(max_examples=80, deadline=None)
@given(designs())
def test_whatever_is_drawn_can_be_hit(design: Design) -> None:
    plan = design.plan
    labels = [wire.label for wire in plan.wires]
    for place in plan.blocks:
        for path, box in [(row.path, row.box) for row in place.rows] or [(place.path, place.card)]:
            if place.shown:
                assert plan.at(box.right - 4, box.middle) == path
    for frame in plan.groups:
        assert plan.at(frame.head.right - 4, frame.head.middle) == frame.path
    for wire in plan.wires:
        assert plan.at(wire.label.x + 2, wire.label.y + 2) == wire.path
    assert plan.at(min([-1000.0, *(label.x - 1 for label in labels)]), 5) is None


def test_labels_of_wires_around_others_lie_on_their_own() -> None:
    nested = tuple(Skip(source=i, target=6 - i) for i in range(3))
    plan = arrange(Model(blocks=(Block(),) * 6, skips=nested))
    for wire in plan.wires[:2]:  # the innermost has no place of its own
        others = [other for other in plan.wires if other is not wire and other.x > wire.x]
        assert not any(other.leaves <= wire.label.bottom for other in others)


@settings(max_examples=80, deadline=None)
@given(designs())
def test_labels_of_wires_keep_apart_and_lanes_do_not_cross(design: Design) -> None:
    wires = design.plan.wires
    for i, a in enumerate(wires):
        for b in wires[i + 1 :]:
            assert not a.label.meets(b.label)
            apart = a.enters < b.leaves or b.enters < a.leaves
            assert a.x != b.x or apart
        assert a.leaves < a.enters and a.x <= LANE_X


@settings(max_examples=80, deadline=None)
@given(designs())
def test_a_wire_runs_between_the_places_it_names(design: Design) -> None:
    plan = design.plan
    for wire in plan.wires:
        skip = design.model.skips[int(wire.path.split(".")[1])]
        assert (wire.leaves, wire.enters) == (plan.leave(skip.source), plan.enter(skip.target))
        assert plan.bounds.x < wire.x and wire.label.bottom < plan.bounds.bottom
    hidden = set(range(len(design.model.skips))) - {int(wire.path.split(".")[1]) for wire in plan.wires}
    for k in hidden:  # only what stays inside a closed group is not drawn
        skip = design.model.skips[k]
        assert any(f.shut and f.first < skip.source and skip.target <= f.last for f in plan.groups)


def test_a_block_dropped_on_a_boundary_lands_there() -> None:
    plan = arrange(Model())
    for i, place in enumerate(plan.blocks):
        assert plan.drop(place.card.y - 2) == i
        assert plan.drop(place.card.bottom + 2) == i + 1
    assert plan.drop(-1e6) == 0 and plan.drop(1e6) == 4
    assert arrange(Model(blocks=())).drop(123) == 0


def test_a_wire_leaves_at_the_sum_it_is_drawn_from() -> None:
    plan = arrange(Model())
    for source in (1, 2, 3):
        y = plan.blocks[source - 1].rows[-1].adds
        assert plan.leave(source) == y
        assert plan.plus_at(0, y) == source
        assert plan.plus_at(2 * PLUS, y) is None
    assert plan.plus_at(0, plan.first_pill) == 0


def test_a_wire_is_let_go_at_the_nearest_gate_or_at_the_end() -> None:
    plan = arrange(Model())
    assert [plan.gate(place.gate + 20) for place in plan.blocks] == [0, 1, 2, 3]
    assert plan.gate(plan.last_pill) == 4 and plan.enter(4) > plan.blocks[-1].card.bottom


def test_a_wire_to_the_end_has_room_before_the_last_shape() -> None:
    plain, wired = arrange(Model()), arrange(Model(skips=(Skip(source=0, target=4),)))
    assert wired.wires[0].enters == wired.end < wired.last_pill - 20
    assert wired.head.y > plain.head.y


def test_folding_makes_room() -> None:
    tall, short = arrange(Model()), arrange(Model(), {0, 1, 2, 3})
    assert short.head.y < tall.head.y - 250
    assert all(place.folded and not place.rows for place in short.blocks)
    assert short.blocks[0].card.x < 0 < short.blocks[0].card.right  # it sits on the stream


def test_a_post_norm_stands_on_the_stream_after_its_sum() -> None:
    plan = arrange(Model(blocks=(Block(placement="post"), Block())))
    for row in plan.blocks[0].rows:
        assert row.norms is not None and row.norms > row.adds + PLUS
    assert plan.leave(1) == plan.blocks[0].rows[-1].norms  # position 1 is what the norm gave
    assert all(row.norms is None for row in plan.blocks[1].rows)


def test_parallel_parts_share_a_norm_and_a_sum() -> None:
    place = arrange(Model(blocks=(Block(parallel=True),))).blocks[0]
    assert len({(row.reads, row.adds) for row in place.rows}) == 1
    assert place.shared and place.shared.right < place.rows[0].box.x
    alone = arrange(Model(blocks=(Block(parallel=True, mlp=None),))).blocks[0]
    assert alone.shared is None and alone.rows[0].reads < alone.rows[0].adds


GROUPED = Model(blocks=tuple(Block() for _ in range(6)), groups=(Group(first=1, last=3),))


def test_a_closed_group_is_one_card() -> None:
    plan = arrange(GROUPED)
    assert [place.shown for place in plan.blocks] == [True, False, False, False, True, True]
    assert plan.positions == [0, 1, 4, 5, 6]
    frame = plan.groups[0]
    assert plan.at(frame.box.x + 40, frame.box.middle) == "groups.0"
    assert plan.block_at(frame.box.x + 40, frame.box.middle) is None
    assert plan.area("blocks.2") == frame.head
    assert plan.drop(frame.box.y - 3) == 1 and plan.drop(frame.box.bottom + 3) == 4


def test_an_open_group_is_a_frame_around_its_blocks() -> None:
    plan = arrange(GROUPED, opened={0})
    frame = plan.groups[0]
    for i, place in enumerate(plan.blocks):
        inside = frame.box.y <= place.card.y and place.card.bottom <= frame.box.bottom
        assert inside == (1 <= i <= 3) and place.shown
    assert plan.positions == list(range(7))


def test_groups_that_cannot_be_drawn_are_left_out() -> None:
    groups = (Group(first=2, last=4), Group(first=4, last=5), Group(first=0, last=1), Group(first=5, last=9))
    assert spans(Model(blocks=GROUPED.blocks, groups=groups)) == {0: 2, 2: 0}


def test_a_rectangle_touches_what_lies_under_it() -> None:
    model = Model(blocks=GROUPED.blocks, groups=GROUPED.groups, skips=(Skip(source=0, target=5),))
    plan = arrange(model)
    cards = plan.blocks
    assert plan.touched(Box(100, cards[4].card.y + 5, 10, cards[5].card.y - cards[4].card.y)) == [
        "blocks.4",
        "blocks.5",
    ]
    assert plan.touched(Box(-500, -50, 1500, plan.head.bottom)) == [
        "blocks.0", "blocks.4", "blocks.5", "groups.0", "skips.0",
    ]  # fmt: skip
    assert plan.touched(Box(-900, 0, 10, 10)) == []


def test_the_inside_of_a_block_has_the_room_it_asks_for() -> None:
    place = arrange(Model(), opened_near={1}).blocks[1]
    assert place.near and [row.box.h for row in place.rows] == [near.HEIGHT["attn"], near.HEIGHT["mlp"]]
    assert all(row.box.w == near.WIDTH for row in place.rows)
    assert place.rows[0].reads == place.rows[0].box.y + near.READS["attn"]
    assert not arrange(Model(blocks=(Block(attention=None, mlp=None),)), opened_near={0}).blocks[0].near
    together = arrange(Model(blocks=(Block(parallel=True),)), opened_near={0}).blocks[0]
    assert len({(row.reads, row.adds) for row in together.rows}) == 1


def test_room_is_kept_to_the_right() -> None:
    assert arrange(Model(), aside=200).bounds.right == arrange(Model()).bounds.right + 200


def test_two_hundred_blocks_with_nested_wires_keep_their_labels_apart() -> None:
    model = Model(blocks=(Block(),) * 200, skips=tuple(Skip(source=i, target=200 - i) for i in range(60)))
    plan = arrange(model)
    labels = [wire.label for wire in plan.wires]
    assert len(labels) == 60
    assert not any(a.meets(b) for i, a in enumerate(labels) for b in labels[i + 1 :])
    assert plan.bounds.w < 1200  # many lanes move together
