"""Edits of many blocks: blocks, wires and groups end where a naive model of labelled blocks and places says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from llmstudio.core.model import edits
from llmstudio.core.model.check import problems
from llmstudio.core.model.spec import (
    MLP,
    Attention,
    Block,
    Convolution,
    Group,
    Model,
    NewerError,
    Recurrence,
    Skip,
    parts,
)
from tests.core.model.specs import models


def named(names: str, **more) -> Model:
    """A model whose blocks can be told apart by their notes."""
    return Model(blocks=tuple(Block(note=name) for name in names), **more)


def spelled(model: Model) -> str:
    """Its blocks in a row; groups in brackets."""
    opens, shuts = [g.first for g in model.groups], [g.last for g in model.groups]
    return "".join("[" * opens.count(i) + b.note + "]" * shuts.count(i) for i, b in enumerate(model.blocks))


def grouped(spelling: str) -> Model:
    """The model that is spelled so."""
    names = spelling.replace("[", "").replace("]", "")
    groups, first, place = [], 0, 0
    for letter in spelling:
        if letter == "[":
            first = place
        elif letter == "]":
            groups.append(Group(first=first, last=place - 1))
        else:
            place += 1
    return named(names, groups=tuple(groups))


@pytest.mark.parametrize(
    ("before", "chosen", "gap", "after"),
    [
        ("abcd", [0], 4, "bcda"),
        ("abcd", [3], 0, "dabc"),
        ("abcd", [1], 1, "abcd"),
        ("abcd", [1], 2, "abcd"),
        ("abcd", [0, 2], 4, "bdac"),
        ("abcd", [0, 2], 1, "acbd"),
        ("a[bc]d", [1, 2], 4, "ad[bc]"),
        ("a[bc]d", [1, 2, 3], 0, "[bc]da"),
        ("a[bc]d", [0], 2, "[bac]d"),
        ("a[bc]d", [1], 0, "ba[c]d"),
        ("a[bc]d", [2], 4, "a[b]dc"),
        ("a[bc]d", [1], 3, "a[c]bd"),
        ("[ab][cd]", [0, 1], 3, "[cabd]"),
        ("[ab][cd]", [0, 1], 4, "[cd][ab]"),
        ("[abc]d", [1], 1, "[abc]d"),
    ],
)
def test_blocks_move_together_with_their_group(before: str, chosen: list[int], gap: int, after: str) -> None:
    model = edits.move_all(grouped(before), chosen, gap)
    assert spelled(model) in (after, spelled(grouped(after)))
    moved = [grouped(before).blocks[i].note for i in chosen]
    assert [model.blocks[i].note for i in edits.landing(chosen, gap)] == moved or model == grouped(before)


@pytest.mark.parametrize(
    ("before", "chosen", "after"),
    [
        ("abc", [0], "aabc"),
        ("abc", [0, 2], "abcac"),
        ("a[bc]d", [1], "a[bbc]d"),
        ("a[bc]d", [2], "a[bcc]d"),
        ("a[bc]d", [1, 2], "a[bc][bc]d"),
        ("[ab][cd]", [0, 1, 3], "[ab][cdabd]"),
        ("a", [], "a"),
    ],
)
def test_copies_stand_after_the_last(before: str, chosen: list[int], after: str) -> None:
    assert spelled(edits.duplicate_all(grouped(before), chosen)) == after


@pytest.mark.parametrize(
    ("before", "span", "times", "after"),
    [
        ("abc", (0, 0), 3, "[aaa]bc"),
        ("abc", (1, 2), 2, "a[bcbc]"),
        ("[ab]c", (0, 1), 2, "[abab]c"),
        ("[abc]", (1, 1), 3, "[abbbc]"),
        ("[abc]", (2, 2), 2, "[abcc]"),
        ("a[b]c", (0, 1), 2, "a[b]a[b]c"),
        ("abc", (0, 1), 1, "abc"),
    ],
)
def test_repeated_blocks_are_a_group(before: str, span: tuple[int, int], times: int, after: str) -> None:
    assert spelled(edits.repeat(grouped(before), *span, times)) == after


def test_repeating_repeats_the_wires_inside() -> None:
    model = named("abcd", skips=(Skip(source=1, target=3), Skip(source=0, target=4)))
    model = edits.repeat(model, 1, 2, 2)
    assert [(s.source, s.target) for s in model.skips] == [(1, 3), (0, 6), (3, 5)]


def test_a_group_takes_the_place_of_those_it_touches() -> None:
    assert spelled(edits.group(grouped("[ab]cd[e]"), 1, 2, "Middle")) == "a[bc]d[e]"
    assert spelled(edits.ungroup(grouped("[ab]c[d]"), 0)) == "abc[d]"


def test_removing_takes_groups_with_their_blocks_and_wires_slide() -> None:
    model = replace(
        grouped("a[bc]d"), skips=(Skip(source=0, target=2), Skip(source=1, target=3), Skip(source=2, target=4))
    )
    model = edits.remove_paths(model, ["groups.0", "blocks.3.mlp", "skips.0", "", "embed"])
    assert spelled(model) == "ad" and model.blocks[1].mlp is None
    assert [(s.source, s.target) for s in model.skips] == [(1, 2)]
    assert edits.remove_paths(model, ["skips.0"]).skips == ()
    assert edits.remove_all(model, [0, 1]).blocks == ()


def test_splitting_gives_what_mixes_and_what_thinks() -> None:
    model = replace(grouped("[ab]"), skips=(Skip(source=1, target=2),))
    model = edits.split(model, 0)
    assert [[*parts(block)] for block in model.blocks] == [["attn"], ["mlp"], ["attn", "mlp"]]
    assert [(s.source, s.target) for s in model.skips] == [(2, 3)] and spelled(model) == "[ab]"
    assert [block.note for block in model.blocks] == ["a", "", "b"]
    both = Model(blocks=(Block(convolution=Convolution(), mlp=None),))
    assert [[*parts(block)] for block in edits.split(both, 0).blocks] == [["conv"], ["attn"]]
    assert not edits.can_split(Block(mlp=None)) and edits.can_split(Block())


@settings(max_examples=30, deadline=None)
@given(models(), st.data())
def test_a_split_block_computes_the_same(model: Model, data) -> None:
    import torch

    from llmstudio.core.model.network import GPT

    able = [i for i, block in enumerate(model.blocks) if edits.can_split(block) and not block.parallel]
    if not able:
        return
    model = replace(model, skips=())
    i = data.draw(st.sampled_from(able))
    other = edits.split(model, i)
    whole, apart = GPT(model, seed=1).eval(), GPT(other, seed=2).eval()
    there = dict(apart.named_parameters())
    upper = [*parts(other.blocks[i])]
    with torch.no_grad():
        for name, old in whole.named_parameters():
            kind, number, *rest = name.split(".") if name.startswith("blocks.") else (name, "-1")
            below = int(number) > i or (int(number) == i and rest[0].split("_")[-1] not in upper)
            there[".".join([kind, str(int(number) + below), *rest]) if rest else name].copy_(old)
        idx = torch.arange(model.context)[None] % model.vocab
        assert torch.equal(whole(idx), apart(idx))


@settings(max_examples=50, deadline=None)
@given(models(), st.data())
def test_what_is_copied_comes_through_the_clipboard(model: Model, data) -> None:
    chosen = data.draw(st.sets(st.integers(0, len(model.blocks) - 1), min_size=1))
    fragment = edits.copy(model, chosen)
    assert edits.from_text(edits.to_text(fragment)) == fragment
    gap = data.draw(st.integers(0, len(model.blocks)))
    pasted = edits.paste(model, gap, fragment)
    assert edits.copy(pasted, range(gap, gap + len(chosen))).blocks == fragment.blocks
    back = edits.remove_all(pasted, range(gap, gap + len(chosen)))
    assert (back.blocks, back.groups) == (model.blocks, model.groups)
    assert {(s.source, s.target) for s in model.skips} == {(s.source, s.target) for s in back.skips}


def test_the_wires_and_groups_among_copied_blocks_come_along() -> None:
    model = replace(grouped("a[bc]d"), skips=(Skip(source=1, target=3), Skip(source=0, target=4)))
    fragment = edits.copy(model, [1, 2])
    assert fragment.skips == (Skip(source=0, target=2),) and fragment.groups == (Group(first=0, last=1),)
    assert spelled(edits.paste(model, 4, fragment)) == "a[bc]d[bc]"
    assert spelled(edits.paste(model, 2, fragment)) == "a[bbcc]d"
    apart = edits.copy(model, [0, 3])
    assert apart.skips == (Skip(source=0, target=2),) and apart.groups == ()  # around both of them


def test_a_lone_part_goes_into_a_block() -> None:
    model = Model(blocks=(Block(mlp=MLP(hidden=99)), Block(attention=None)))
    fragment = edits.from_text(edits.to_text(edits.copy_part(model, "blocks.0.mlp")))
    assert edits.paste_part(model, 1, fragment).blocks[1] == Block(attention=None, mlp=MLP(hidden=99))


@pytest.mark.parametrize("width", [16, 24, 31, 64, 96, 192, 384, 1000])
@pytest.mark.parametrize("position", ["learned", "rope"])
def test_pasted_blocks_fit_another_width(width: int, position: str) -> None:
    block = Block(attention=Attention(heads=6, kv_heads=2), recurrence=Recurrence(heads=3), mlp=MLP(hidden=512))
    there = Model(width=width, position=position, blocks=())
    pasted = edits.paste(there, 0, edits.Fragment(blocks=(block,), width=192))
    odd = width % 2 and position == "rope"
    assert bool(problems(pasted)) is bool(odd)
    attention, mlp = pasted.blocks[0].attention, pasted.blocks[0].mlp
    assert attention and mlp and mlp.hidden == max(1, round(512 * width / 192))
    if width == 384:
        assert (attention.heads, attention.kv_heads) == (12, 4)
    if width == 192:
        assert pasted.blocks == (block,)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a piece of a design"),
        ("hello", "not a piece of a design"),
        ('{"a": 1}', "not a piece of a design"),
        ("[" * 5000, "not a piece of a design"),
        ('{"kind": "blocks of LLM Studio", "blocks": 3}', "blocks"),
        ('{"kind": "blocks of LLM Studio", "blocks": []}', "do not fit"),
        ('{"kind": "blocks of LLM Studio", "blocks": [{}], "skips": [{"source": 0, "target": 7}]}', "do not fit"),
        ('{"kind": "blocks of LLM Studio", "blocks": [{}], "groups": [{"first": 0, "last": 3}]}', "do not fit"),
        ('{"kind": "blocks of LLM Studio", "blocks": [{}], "part": "mlp"}', "do not fit"),
        ('{"kind": "blocks of LLM Studio", "blocks": [{"attention": {"heads": "x"}}]}', "heads"),
    ],
)
def test_other_text_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        edits.from_text(text)


def test_a_newer_piece_is_refused_as_such() -> None:
    with pytest.raises(NewerError):
        edits.from_text('{"kind": "blocks of LLM Studio", "version": 99, "blocks": []}')
