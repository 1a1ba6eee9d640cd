"""Positions from the spec alone: nothing overlaps, everything can be hit, boundaries and gates are where they look."""

from hypothesis import given, settings
from hypothesis import strategies as st

from llmstudio.core.model.spec import MLP, Attention, Block, Model, Skip
from llmstudio.ui.canvas.layout import GAP, LANE_X, PLUS, arrange

BLOCKS = st.builds(Block, attention=st.sampled_from([None, Attention()]), mlp=st.sampled_from([None, MLP()]))


@st.composite
def designs(draw: st.DrawFn) -> tuple[Model, set[int]]:
    blocks = tuple(draw(st.lists(BLOCKS, max_size=12)))
    n = len(blocks)
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n)]
    skips = draw(st.lists(st.sampled_from(pairs), max_size=8, unique=True)) if pairs else []
    folded = draw(st.sets(st.integers(0, n - 1))) if n else set()
    return Model(blocks=blocks, skips=tuple(Skip(source=a, target=b) for a, b in skips)), folded


def test_an_open_block_is_404_by_124() -> None:
    card = arrange(Model()).blocks[0].card
    assert (card.w, card.h) == (404, 124)


@settings(max_examples=80, deadline=None)
@given(designs())
def test_cards_follow_one_another_without_touching(design: tuple[Model, set[int]]) -> None:
    model, folded = design
    plan = arrange(model, folded)
    edges = [plan.embed.bottom, *(y for p in plan.blocks for y in (p.card.y, p.card.bottom)), plan.head.y]
    assert edges == sorted(edges)
    assert all(b.card.y - a.card.bottom >= GAP for a, b in zip(plan.blocks, plan.blocks[1:], strict=False))
    for place in plan.blocks:
        assert all(row.box.y >= place.card.y and row.box.bottom <= place.card.bottom for row in place.rows)


@settings(max_examples=80, deadline=None)
@given(designs())
def test_whatever_is_drawn_can_be_hit(design: tuple[Model, set[int]]) -> None:
    model, folded = design
    plan = arrange(model, folded)
    for place in plan.blocks:
        for path, box in [(row.path, row.box) for row in place.rows] or [(place.path, place.card)]:
            assert plan.at(box.x + box.w / 2, box.y + box.h / 2) == path
    for wire in plan.wires:
        assert plan.at(wire.label.x + 2, wire.label.y + 2) == wire.path
    assert plan.at(-1000, 5) is None


@settings(max_examples=80, deadline=None)
@given(designs())
def test_labels_of_wires_keep_apart_and_lanes_do_not_cross(design: tuple[Model, set[int]]) -> None:
    wires = arrange(*design).wires
    for i, a in enumerate(wires):
        for b in wires[i + 1 :]:
            assert not a.label.meets(b.label)
            apart = a.enters < b.leaves or b.enters < a.leaves
            assert a.x != b.x or apart
        assert a.leaves < a.enters and a.x <= LANE_X


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


def test_a_wire_is_let_go_at_the_nearest_gate() -> None:
    plan = arrange(Model())
    assert [plan.gate(place.gate + 20) for place in plan.blocks] == [0, 1, 2, 3]


def test_folding_makes_room() -> None:
    tall, short = arrange(Model()), arrange(Model(), {0, 1, 2, 3})
    assert short.head.y < tall.head.y - 250
    assert all(place.folded and not place.rows for place in short.blocks)
    assert short.blocks[0].card.x < 0 < short.blocks[0].card.right  # it sits on the stream
