"""Two designs differ exactly where an edit changed the network."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from llmstudio.core.model import edits
from llmstudio.core.model.compare import Difference, alignment, differences, gather, same
from llmstudio.core.model.spec import MLP, Attention, Block, Group, Model, Skip, change, insert, move, remove
from tests.core.model.specs import models

PLAIN = Model(position="rope")
MIXED = replace(PLAIN, blocks=(Block(), Block(attention=None), Block(mlp=None), Block(attention=Attention(window=8))))


def paths(a: Model, b: Model) -> list[str]:
    return [found.path for found in differences(a, b)]


@settings(max_examples=25, deadline=None)
@given(models())
def test_a_design_is_the_same_as_itself_under_another_name(model: Model) -> None:
    other = replace(model, name="Another", note="Mine", groups=(Group(first=0, last=0, name="Start"),))
    other = edits.change_all(other, ["blocks.0"], {"note": "Look here"})
    assert same(model, other) and differences(model, other) == []


@settings(max_examples=25, deadline=None)
@given(models(), models())
def test_nothing_differs_exactly_where_they_are_the_same(a: Model, b: Model) -> None:
    assert (differences(a, b) == []) is same(a, b)


def test_one_field() -> None:
    other = change(PLAIN, "blocks.2.mlp", MLP(hidden=96))
    assert differences(PLAIN, other) == [Difference(path="blocks.2.mlp.hidden", before=None, after=96)]


def test_what_counts_for_nothing_is_no_difference() -> None:
    learned = replace(PLAIN, position="learned")
    assert same(learned, replace(learned, rope_base=500.0, rope_share=0.5))
    assert not same(PLAIN, replace(PLAIN, rope_base=500.0))
    assert same(PLAIN, change(PLAIN, "blocks.0.attn", Attention(kv_heads=4, head_width=32, window=64, position="rope")))
    assert same(PLAIN, change(PLAIN, "blocks.0.mlp", MLP(hidden=512, dropout=0.0)))
    lone = change(PLAIN, "blocks.0", Block(mlp=None))
    assert same(lone, change(lone, "blocks.0", Block(mlp=None, parallel=True)))


def test_blocks_that_came_and_went_are_matched() -> None:
    fresh = Block(attention=Attention(heads=8), mlp=None)
    (came,) = differences(MIXED, insert(MIXED, 1, fresh))
    assert (came.path, came.before, came.after) == ("blocks.1", None, fresh)
    (went,) = differences(MIXED, remove(MIXED, 1))
    assert (went.path, went.before, went.after) == ("blocks.1", MIXED.blocks[1], None)
    assert alignment(MIXED.blocks, remove(MIXED, 1).blocks) == [(0, 0), (1, None), (2, 1), (3, 2)]


@given(st.integers(0, 8), st.integers(0, 8))
def test_blocks_that_came_or_went_are_as_many_as_were_put_in_or_taken_out(before: int, after: int) -> None:
    a, b = (replace(PLAIN, blocks=(Block(),) * n) for n in (before, after))
    assert len(differences(a, b)) == abs(before - after)
    assert [i for i, _ in alignment(a.blocks, b.blocks) if i is not None] == [*range(before)]
    assert [j for _, j in alignment(a.blocks, b.blocks) if j is not None] == [*range(after)]


def test_a_part_that_came_belongs_to_its_block() -> None:
    (found,) = differences(MIXED, change(MIXED, "blocks.1.attn", Attention()))
    assert (found.path, found.before, found.after) == ("blocks.1.attn", None, Attention())


def test_wires_go_with_their_blocks() -> None:
    wired = replace(MIXED, skips=(Skip(source=1, target=3), Skip(source=0, target=4)))
    assert paths(wired, insert(wired, 0, MIXED.blocks[3])) == ["blocks.0"]
    assert paths(wired, replace(wired, skips=wired.skips[:1])) == ["skips.1"]
    gated = change(wired, "skips.0", Skip(source=1, target=3, gated=True))
    assert differences(wired, gated) == [Difference(path="skips.0.gated", before=False, after=True)]


def test_the_same_difference_in_several_blocks_is_told_once() -> None:
    other = edits.change_all(PLAIN, ["blocks.1.attn", "blocks.3.attn"], {"heads": 8})
    (found,) = gather(differences(PLAIN, other))
    assert (found.blocks, found.before, found.after) == ([1, 3], 4, 8)
    normed = replace(PLAIN, norm="rms", blocks=tuple(replace(block, norm="rms") for block in PLAIN.blocks))
    assert [each.blocks for each in gather(differences(PLAIN, normed))] == [[], [0, 1, 2, 3]]
    width = gather(differences(PLAIN, replace(other, width=256)))[0]
    assert (width.paths, width.blocks) == (("width",), [])


@given(st.integers(0, 3), st.integers(0, 3))
def test_a_moved_block_is_found_as_one_that_went_and_one_that_came(i: int, to: int) -> None:
    found = differences(MIXED, move(MIXED, i, to))
    assert len(found) <= 4 and bool(found) is (i != to)
