"""Designs and copied pieces as a hand, a crash or another program may leave them: a sentence or a problem, no fault."""

import ast
import json
import time

import pytest
from msgspec.structs import replace

from llmstudio.core.model import check, code, compare, cost, dial, edits, spec
from llmstudio.core.model.spec import MLP, Attention, Block, Group, Model, Skip
from llmstudio.core.train.recipe import Recipe

GROUPS = [(5, 2), (0, 99), (0, spec.FARTHEST), (1, 1)]


def written(**fields: object) -> bytes:
    return json.dumps({**json.loads(spec.to_json(Model())), **fields}).encode()


@pytest.mark.parametrize(
    "fields",
    [
        {"width": 10**30}, {"width": "128"}, {"width": 12.5}, {"width": True}, {"vocab": None}, {"norm_eps": 0},
        {"blocks": {}}, {"blocks": [None]}, {"blocks": [{"norm": "batch"}]}, {"blocks": [{"attention": {"heads": -1}}]},
        {"skips": [{"source": 1}]}, {"skips": [{"source": -1, "target": 1}]}, {"groups": [{"first": 0, "last": 2**62}]},
        {"colour": "red"}, {"name": 3},
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_named(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(fields))) as refused:
        spec.from_json(written(**fields))
    assert str(refused.value).startswith("The model cannot be read: ") and str(refused.value).endswith(".")
    assert "\n" not in str(refused.value) and "Traceback" not in str(refused.value)


def test_what_an_editor_puts_at_the_start_of_a_file_is_no_damage() -> None:
    assert spec.from_json(b"\xef\xbb\xbf" + spec.to_json(Model())) == Model()


@pytest.mark.parametrize("span", GROUPS)
def test_a_group_that_is_wrong_stops_no_edit(span: tuple[int, int]) -> None:
    model = Model(groups=(Group(first=span[0], last=span[1]),))
    every = range(len(model.blocks))
    assert len(edits.duplicate_all(model, every).blocks) == 8
    assert len(edits.repeat(model, 0, 3, 3).blocks) == 12
    assert not edits.remove_all(model, every).blocks
    assert len(edits.copy(model, every).blocks) == 4
    assert edits.move_all(model, [0], 3).blocks
    assert edits.remove_paths(model, ["blocks.1"]).blocks
    assert compare.differences(model, Model()) == compare.differences(Model(), Model())
    found = check.problems(model)
    assert [p.where for p in found] == ([] if span == (1, 1) else ["groups.0"])
    assert all(not check.problems(fix.model) for p in found for fix in p.fixes)


@pytest.mark.parametrize("width", [10**400, 65_537, 0, -1, True, "8", None, 1.5])
def test_a_piece_of_a_stream_that_cannot_be_is_refused(width: object) -> None:
    fields = json.loads(edits.to_text(edits.copy(Model(), [0])))
    with pytest.raises(ValueError, match="The copied blocks cannot be read"):
        edits.from_text(json.dumps({**fields, "width": width}))


@pytest.mark.parametrize("width", [1, 2, 65_521, 65_536])
def test_a_piece_of_a_much_wider_or_narrower_stream_comes_in(width: int) -> None:
    part = Attention(heads=256, kv_heads=64)
    fragment = edits.Fragment(blocks=(Block(attention=part, mlp=MLP(hidden=1_000_000)),), width=width)
    model = edits.paste(Model(), 0, edits.from_text(edits.to_text(fragment)))
    came = model.blocks[0].attention
    assert came and model.width % came.heads == 0 and came.heads % (came.kv_heads or 1) == 0


def test_no_design_at_all_and_one_of_ten_thousand_blocks() -> None:
    bare = Model(blocks=())
    for model in (bare, Model(blocks=(Block(attention=None, mlp=None),)), Model(blocks=(Block(),) * 10_000)):
        start = time.perf_counter()
        again = spec.from_json(spec.to_json(model))
        assert again == model and cost.cost(model).parameters == cost.parameters(model)[""]
        check.problems(model)
        cost.shapes(model)
        small, _ = dial.sized(model, Recipe(), 1e5)
        assert small.blocks and 5e4 < cost.total(small) < 2e5
        assert time.perf_counter() - start < 10


def test_wires_to_nowhere_are_told_and_taken_off() -> None:
    model = Model(skips=(Skip(source=0, target=99), Skip(source=3, target=1), Skip(source=2, target=2)))
    found = check.problems(model)
    assert [p.where for p in found] == ["skips.0", "skips.1", "skips.2"]
    for _ in range(len(found)):
        model = check.problems(model)[0].fixes[-1].model
    assert model == replace(Model(), skips=()) and not check.problems(model)


@pytest.mark.parametrize(
    "name", ['"""\nraise SystemExit(9)\n"""', "\\", 'x\\"""', "\0", "\ud800", "\u2028", "文" * 10_000, ""]
)
def test_any_name_and_note_gives_code_that_can_be_read(name: str) -> None:
    blocks = tuple(replace(block, note=name) for block in Model().blocks)
    text = code.pytorch(replace(Model(), name=name, note=name, blocks=blocks))
    assert ast.get_docstring(ast.parse(text.encode())) and "\nraise SystemExit(9)" not in text
