"""Problems are named in words at their place, and every fix mends; without problems a model builds and trains."""

from math import ceil

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from llmstudio.core.model import check
from llmstudio.core.model.cost import least
from llmstudio.core.model.network import GPT
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.model.spec import (
    MLP,
    Attention,
    Block,
    Convolution,
    Experts,
    Group,
    Model,
    Recurrence,
    Skip,
)
from llmstudio.core.train.recipe import Recipe
from tests.core.model.specs import models, wild


class Amounts(Struct):
    vocab: int = 65
    train_tokens: int = 1000
    validation_tokens: int = 100


def train_a_step(model: Model) -> None:
    gpt = GPT(model, seed=1)
    optimizer = torch.optim.AdamW(gpt.parameters(), 1e-3)
    before = gpt.embed.weight.clone()
    idx = torch.randint(model.vocab, (2, model.context + 1))
    loss = torch.nn.functional.cross_entropy(gpt(idx[:, :-1]).flatten(0, 1), idx[:, 1:].flatten())
    loss.backward()
    optimizer.step()
    assert loss.isfinite()
    assert not torch.equal(before, gpt.embed.weight)


@settings(max_examples=25, deadline=None)
@given(models())
def test_no_problems_builds_and_trains(model: Model) -> None:
    assert check.problems(model) == []
    train_a_step(model)


@settings(max_examples=25, deadline=None)
@given(wild(), st.randoms())
def test_fixes_lead_from_any_model_to_one_that_trains(model: Model, dice) -> None:
    for _ in range(60):
        if not (found := check.problems(model)):
            return train_a_step(model)
        assert all(problem.text.endswith(".") for problem in found)
        fixes = [fix for problem in found for fix in problem.fixes]
        assert fixes, found
        model = dice.choice(fixes).model
    raise AssertionError(f"still wrong after 60 fixes: {found}")


@settings(max_examples=50, deadline=None)
@given(wild())
def test_the_first_fix_of_each_leads_to_none(model: Model) -> None:
    assert check.problems(check.mended(model)) == []


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_no_problems(name: str) -> None:
    preset = PRESETS[name]
    assert check.problems(preset.model) == []
    assert check.data_problems(preset.model, preset.recipe, None) == []


A = Attention


@pytest.mark.parametrize(
    ("model", "where", "text", "labels"),
    [
        (Model(blocks=()), "", "no blocks", ["Add a block"]),
        (
            Model(width=128, blocks=(Block(), Block(attention=A(heads=6)))),
            "blocks.1.attn",
            "6 heads do not divide 128",
            ["Use 4 heads", "Use 8 heads"],
        ),
        (
            Model(width=60, blocks=(Block(attention=A(heads=7)),)),
            "blocks.0.attn",
            "7 heads",
            ["Use 6 heads", "Use 10 heads", "Make the model 63 wide"],
        ),
        (
            Model(blocks=(Block(attention=A(heads=4, kv_heads=3)),)),
            "blocks.0.attn",
            "4 heads cannot share 3",
            ["Use 2 key/value heads", "Use 4 key/value heads", "One for each head"],
        ),
        (
            Model(width=36, position="rope", blocks=(Block(attention=A(heads=4)),)),
            "blocks.0.attn",
            "not 9",
            ["Use 3 heads", "Use 6 heads", "Make the model 40 wide", "Use learned positions"],
        ),
        (
            Model(context=64, blocks=(Block(attention=A(window=65)),)),
            "blocks.0.attn",
            "wider than the context",
            ["See the whole context"],
        ),
        (
            Model(blocks=(Block(), Block(attention=None, mlp=None))),
            "blocks.1",
            "empty",
            ["Give it an MLP", "Remove it"],
        ),
        (Model(blocks=(Block(attention=None, mlp=None),)), "blocks.0", "empty", ["Give it an MLP"]),
        (Model(skips=(Skip(source=2, target=1),)), "skips.0", "before it begins", ["Turn it round", "Remove the wire"]),
        (Model(skips=(Skip(source=1, target=1),)), "skips.0", "where it begins", ["Remove the wire"]),
        (Model(skips=(Skip(source=0, target=5),)), "skips.0", "not there", ["Remove the wire"]),
        (
            Model(context=64, blocks=(Block(attention=A(sinks=2)),)),
            "blocks.0.attn",
            "Sinks count only beside a window",
            ["Use a window of 16", "No sinks"],
        ),
        (
            Model(blocks=(Block(attention=A(position="rope", heads=3, head_width=9)),)),
            "blocks.0.attn",
            "not 9",
            ["Make heads 8 wide", "Make heads 10 wide", "No rotation here"],
        ),
        (
            Model(width=100, blocks=(Block(attention=None, recurrence=Recurrence(heads=6)),)),
            "blocks.0.rec",
            "6 heads do not divide 100",
            ["Use 5 heads", "Use 10 heads", "Make the model 102 wide"],
        ),
        (
            Model(context=8, blocks=(Block(convolution=Convolution(size=9)),)),
            "blocks.0.conv",
            "A reach of 9 is wider",
            ["Reach 8 tokens"],
        ),
        (
            Model(context=1, blocks=(Block(convolution=Convolution()),)),
            "blocks.0.conv",
            "A reach of 4",
            ["Remove the convolution"],
        ),
        (
            Model(blocks=(Block(experts=Experts(experts=2, top_k=3)),)),
            "blocks.0.moe",
            "cannot go through 3 experts",
            ["Use all 2 at once", "Have 3 experts"],
        ),
        (Model(groups=(Group(first=1, last=4),)), "groups.0", "not there", ["Undo the group"]),
        (Model(groups=(Group(first=2, last=1),)), "groups.0", "not there", ["Undo the group"]),
        (
            Model(groups=(Group(first=0, last=1), Group(first=1, last=2))),
            "groups.1",
            "Block 2 is in two groups",
            ["Undo the group"],
        ),
        (Model(context=0), "", "Context must be at least 1", ["Use 1"]),
        (Model(dropout=1.0), "", "Dropout must be at most 0.999", ["Use 0.999"]),
        (Model(blocks=(Block(mlp=MLP(hidden=0)),)), "blocks.0.mlp", "Hidden width must be at least 1", ["Use 1"]),
    ],
)
def test_each_problem_is_named_at_its_place(model: Model, where: str, text: str, labels: list[str]) -> None:
    (problem,) = check.problems(model)
    assert problem.where == where
    assert text in problem.text
    assert [fix.label for fix in problem.fixes][: len(labels)] == labels
    for fix in problem.fixes:
        assert check.problems(fix.model) == []


def test_a_silent_start_needs_the_residual() -> None:
    """What writes zeros in place of the stream leaves the parts after it without input, and those before it without a
    gradient: nothing would ever learn."""
    off = replace(Block(), residual=False)
    (problem,) = check.problems(Model(silent=True, blocks=(Block(), off)))
    assert problem.where == "blocks.1" and "residual" in problem.text
    assert all(check.problems(fix.model) == [] for fix in problem.fixes)
    model = Model(vocab=9, context=8, width=24, silent=True, tied=False, norm_gain=False, blocks=(off,))
    gpt = GPT(model, seed=1)
    loss = torch.nn.functional.cross_entropy(gpt(torch.arange(8)[None]).flatten(0, 1), torch.arange(1, 9))
    loss.backward()
    assert all(p.grad is None or not p.grad.any() for p in gpt.parameters())


def test_a_wire_may_end_after_all_blocks() -> None:
    assert check.problems(Model(skips=(Skip(source=0, target=4, gated=True),))) == []


def test_positions_of_one_block_count_for_it_alone() -> None:
    odd = Model(width=36, position="rope", blocks=(Block(attention=A(heads=4, position="alibi")),))
    assert check.problems(odd) == []
    (problem,) = check.problems(replace(odd, position="learned", blocks=(Block(attention=A(position="rope")),)))
    assert "not 9" in problem.text and problem.fixes[-1].label == "No rotation here"


def test_a_window_as_wide_as_the_context_is_fine() -> None:
    assert check.problems(Model(context=64, blocks=(Block(attention=A(window=64)),))) == []


def test_vocabulary_follows_the_tokenizer() -> None:
    (problem,) = check.data_problems(Model(vocab=256), Recipe(), Amounts(vocab=65))
    assert "256" in problem.text and "65" in problem.text
    assert problem.fixes[0].model.vocab == 65


def test_text_shorter_than_the_context() -> None:
    model = Model(vocab=65, context=128, blocks=(Block(attention=A(window=100)),))
    short = Amounts(train_tokens=100)
    (problem,) = check.data_problems(model, Recipe(), short)
    assert "training text has 100 tokens" in problem.text
    (fix,) = problem.fixes
    assert fix.model.context == 64
    assert check.problems(fix.model) == check.data_problems(fix.model, Recipe(), short) == []
    assert check.data_problems(replace(model, context=99), Recipe(), short) == []  # 99 and one to predict
    (empty,) = check.data_problems(model, Recipe(), Amounts(train_tokens=1))
    assert empty.fixes == ()


def test_too_little_validation_text() -> None:
    (problem,) = check.data_problems(Model(vocab=65), Recipe(), Amounts(validation_tokens=1))
    assert "validation" in problem.text
    assert check.data_problems(Model(vocab=65), Recipe(), Amounts(validation_tokens=2)) == []


def test_memory_beyond_the_machine_is_mended_by_portions_or_a_smaller_batch() -> None:
    model, recipe = Model(vocab=65), Recipe(batch=64)
    need = least(model, recipe).needed
    assert check.data_problems(model, recipe, Amounts(), memory=need) == []
    (problem,) = check.data_problems(model, recipe, Amounts(), memory=need - 1)
    portions, smaller = problem.fixes
    assert portions.recipe == replace(recipe, accumulate=2) and smaller.recipe == replace(recipe, batch=32)
    for fix in problem.fixes:
        assert fix.recipe and check.data_problems(fix.model, fix.recipe, Amounts(), memory=need - 1) == []
    (problem,) = check.data_problems(model, recipe, Amounts(), memory=1000)
    assert problem.fixes == ()


def test_a_graphics_card_has_memory_of_its_own() -> None:
    model, recipe = Model(vocab=65), Recipe(batch=64)
    found = least(model, recipe)
    card = ceil(found.on_device / 0.9) + 1
    assert check.data_problems(model, recipe, Amounts(), memory=found.kept, card=card) == []
    assert check.data_problems(model, recipe, Amounts(), memory=None, card=card) == []
    assert "of memory" in check.data_problems(model, recipe, Amounts(), memory=found.kept, card=card - 10)[0].text
    assert check.data_problems(model, recipe, Amounts(), memory=found.kept - 1, card=card) != []


def test_portions_and_recomputing_take_less_memory() -> None:
    model, memory = Model(vocab=65), least(Model(vocab=65), Recipe(batch=10)).needed
    for recipe, fine in (
        (Recipe(batch=40), False),
        (Recipe(batch=40, accumulate=4), True),
        (Recipe(batch=41, accumulate=4), False),
        (Recipe(batch=20, recompute=True), True),
    ):
        assert (check.data_problems(model, recipe, Amounts(), memory=memory) == []) == fine, recipe


def test_recipe_beyond_its_limits() -> None:
    (problem,) = check.data_problems(Model(vocab=65), Recipe(batch=0), Amounts())
    assert problem.text == "Batch must be at least 1."
