"""New blocks fit at once; what became of which block is told right after every edit."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from llmstudio.core.model import spec
from llmstudio.core.model.check import problems
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.model.spec import MLP, Attention, Block, Model
from llmstudio.ui.canvas.blocks import fresh, inside, origins, placed, wired
from llmstudio.ui.canvas.palette import INNER


@given(st.sampled_from(["block", *INNER]), st.sampled_from(sorted(PRESETS)), st.integers(0, 12))
def test_a_new_block_makes_no_problem(kind: str, preset: str, at: int) -> None:
    model = PRESETS[preset].model
    at = min(at, len(model.blocks))
    assert problems(spec.insert(model, at, fresh(model, kind, at))) == []


@given(st.sampled_from(["rope", "learned"]), st.integers(1, 300).map(lambda n: 2 * n))
def test_the_first_block_fits_any_even_width(position: str, width: int) -> None:
    model = Model(width=width, position=position, blocks=())
    assert problems(spec.insert(model, 0, fresh(model, "block"))) == []


def test_a_new_block_takes_after_its_neighbour() -> None:
    model = Model(blocks=(Block(attention=Attention(heads=2)), Block(mlp=MLP(hidden=7), attention=None, norm="rms")))
    near = fresh(model, "block", 1)
    assert near.mlp == MLP(hidden=7) and near.attention == Attention(heads=2) and near.norm == "rms"
    assert fresh(model, "attention", 0).mlp is None
    assert fresh(model, "mlp", 0).attention is None


def different(n: int) -> Model:
    return Model(blocks=tuple(Block(mlp=MLP(hidden=i + 1)) for i in range(n)))


@given(st.integers(0, 6), st.integers(0, 5), st.integers(0, 5))
def test_origins_of_insert_remove_and_move(at: int, i: int, to: int) -> None:
    model = different(6)
    old = model.blocks
    inserted = spec.insert(model, at, Block())
    assert origins(old, inserted.blocks) == [*range(at), None, *range(at, 6)]
    assert origins(old, spec.remove(model, i).blocks) == [k for k in range(6) if k != i]
    order = [*range(6)]
    order.insert(to, order.pop(i))
    assert origins(old, spec.move(model, i, to).blocks) == order


def test_an_edited_block_is_still_itself() -> None:
    model = different(3)
    edited = spec.change(model, "blocks.1.mlp", MLP(hidden=99))
    assert origins(model.blocks, edited.blocks) == [0, 1, 2]
    assert origins(model.blocks, replace(model, width=4).blocks) == [0, 1, 2]


def test_wires_go_down_and_only_once() -> None:
    model = different(3)
    once = wired(model, 0, 2)
    assert [(skip.source, skip.target) for skip in once.skips] == [(0, 2)]
    assert wired(once, 0, 2) is once
    assert wired(model, 2, 2) is model and wired(model, 2, 1) is model and wired(model, 0, 4) is model
    assert wired(model, 2, 3, gated=True).skips[0].gated  # the last place is after all blocks


@given(st.sampled_from(INNER), st.sampled_from(sorted(PRESETS)))
def test_a_part_goes_into_a_block_that_has_others(kind: str, preset: str) -> None:
    model = PRESETS[preset].model
    more, path = inside(model, kind, 1)
    assert spec.part(more, path) is not None and problems(more) == []
    assert [*spec.parts(more.blocks[1])] == sorted(
        {*spec.parts(model.blocks[1]), path.split(".")[2]}, key=[*spec.PARTS].index
    )


def test_a_part_may_take_the_place_of_another() -> None:
    model, path = inside(Model(blocks=(Block(mlp=MLP(hidden=24, activation="swiglu")),)), "experts", 0, instead="mlp")
    assert path == "blocks.0.moe" and model.blocks[0].mlp is None
    assert model.blocks[0].experts.hidden == 24 and model.blocks[0].experts.activation == "swiglu"


def test_a_wire_put_in_goes_to_the_next_place_without_one() -> None:
    model, path = placed(different(3), "wire", 1)
    assert path == "skips.0" and (model.skips[0].source, model.skips[0].target) == (1, 2)
    model, path = placed(model, "wire", 1)
    assert path == "skips.1" and (model.skips[1].source, model.skips[1].target) == (1, 3)
    assert placed(model, "wire", 1) == (model, "")
    assert placed(different(0), "wire", 0)[1] == ""
