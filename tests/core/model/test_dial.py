"""One dial for the size: what it makes is near the target, of the same kind, sound, and as the papers say."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from llmstudio.core.model import cost, dial
from llmstudio.core.model.check import problems
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.model.spec import Attention, Block, Experts, Group, Model, Recurrence, Skip
from llmstudio.core.train.recipe import Recipe

SMALL = {name: preset for name, preset in PRESETS.items() if preset.group == "small" and name != "two-wide"}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("target", [3e6, 2e7, 3e8])
def test_the_size_is_near_the_target_and_the_design_sound(name: str, target: float) -> None:
    preset = SMALL[name]
    model, recipe = dial.sized(preset.model, preset.recipe, target)
    assert cost.total(model) == pytest.approx(target, rel=0.15)
    assert problems(model) == []
    assert [*map(type, (model.blocks[0].attention, model.blocks[0].mlp))] == [
        *map(type, (preset.model.blocks[0].attention, preset.model.blocks[0].mlp))
    ]
    assert (model.vocab, model.context, model.position) == (
        preset.model.vocab,
        preset.model.context,
        preset.model.position,
    )
    assert recipe.batch >= 1 and recipe.steps == preset.recipe.steps


@settings(max_examples=20, deadline=None)
@given(st.floats(2e5, 5e7))
def test_a_larger_target_gives_a_larger_design(target: float) -> None:
    nano = PRESETS["nano"]
    smaller, larger = (dial.sized(nano.model, nano.recipe, t)[0] for t in (target, 1.5 * target))
    assert cost.total(smaller) < cost.total(larger)


def test_the_tuned_presets_are_found_again() -> None:
    nano = PRESETS["nano"]
    model, recipe = dial.sized(nano.model, nano.recipe, cost.total(nano.model))
    assert (len(model.blocks), model.width, model.blocks[0].attention) == (2, 128, nano.model.blocks[0].attention)
    assert (recipe.learning_rate, recipe.matrix_rate, recipe.batch) == (0.01, 0.02, 24)


def test_the_shapes_of_known_models() -> None:
    assert dial.heads_for(768) == 12  # GPT-2 small, Radford et al. 2019
    assert dial.heads_for(1600) == 25  # GPT-2 XL
    assert dial.heads_for(384) == 6  # nanoGPT's Shakespeare model


def test_adams_rate_follows_the_law() -> None:
    gpt2 = PRESETS["gpt2-small"]
    recipe = dial.suited(gpt2.model, gpt2.recipe)
    assert recipe.learning_rate == pytest.approx(6e-4, rel=0.2)  # Brown et al. 2020, table 2.1
    assert recipe.min_learning_rate == pytest.approx(recipe.learning_rate / 10, rel=0.1)
    assert dial.suited(gpt2.model, replace(gpt2.recipe, optimizer="lion", learning_rate=1e-4)).learning_rate == 1e-4


def test_patterns_go_on_and_wires_keep_their_share() -> None:
    near, far = Block(attention=Attention(window=8)), Block()
    model = Model(blocks=(near, far) * 2, skips=(Skip(source=0, target=4),), groups=(Group(first=0, last=1, name="a"),))
    grown = dial.shaped(model, 6, 384)
    assert [block.attention.window for block in grown.blocks if block.attention] == [8, None] * 3
    assert grown.skips == (Skip(source=0, target=6),)
    assert grown.groups == (Group(first=0, last=2, name="a"),)
    assert dial.shaped(model, 1, 64).skips == (Skip(source=0, target=1),)


def test_shared_keys_and_wide_insides_keep_their_share() -> None:
    block = Block(
        attention=Attention(heads=6, kv_heads=2), recurrence=Recurrence(heads=6), experts=Experts(hidden=512), mlp=None
    )
    grown = dial.shaped(Model(width=384, blocks=(block,)), 2, 768).blocks[0]
    assert grown.attention and grown.attention.heads == 3 * (grown.attention.kv_heads or 0) == 12
    assert grown.recurrence and grown.recurrence.heads == 12
    assert grown.experts and grown.experts.hidden == 1024


def test_minutes_become_a_design_and_steps() -> None:
    nano = PRESETS["nano"]
    model, recipe = dial.lasting(nano.model, nano.recipe, 600, 1e11)
    work = recipe.steps * recipe.batch * model.context * cost.flops_per_token(model)
    assert work == pytest.approx(600 * 1e11, rel=0.01)
    assert cost.total(model) == pytest.approx((6e13 / 120) ** 0.5, rel=0.15)  # Hoffmann et al. 2022: 20 tokens a weight
    assert recipe.evaluate_every < recipe.steps


def test_steps_are_stretched_with_what_is_counted_in_them() -> None:
    recipe = dial.stretched(Recipe(steps=1000, warmup=100, evaluate_every=50, sample_every=200), 10)
    assert (recipe.steps, recipe.warmup, recipe.evaluate_every, recipe.sample_every) == (10, 1, 1, 2)
