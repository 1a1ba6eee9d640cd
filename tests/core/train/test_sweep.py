from itertools import product

import pytest
from msgspec.structs import replace

from llmstudio.core.model import spec as S
from llmstudio.core.model.check import problems
from llmstudio.core.train import fields, sweep
from llmstudio.core.train.fields import Range
from llmstudio.core.train.recipe import Recipe
from llmstudio.core.train.sweep import Sweep, variants

MODEL, RECIPE = S.Model(), Recipe(seed=7)


def test_a_grid_is_every_combination_with_every_seed() -> None:
    rates, widths = (1e-3, 3e-3), (64, 128, 256)
    plan = Sweep(fields={"recipe.learning_rate": rates, "model.width": widths}, seeds=2)
    made = variants(plan, MODEL, RECIPE)
    found = [(v.recipe.learning_rate, v.model.width, v.recipe.seed) for v in made]
    assert found == [(r, w, s) for r, w in product(rates, widths) for s in (7, 8)]
    assert made[0].label == "learning rate 0.001, width 64, seed 7" and made[0].setting == made[1].setting
    assert len({v.label for v in made}) == len(made) == sweep.count(plan) == 12
    assert all(replace(v.model, width=128) == MODEL for v in made)  # nothing else was changed


def test_all_blocks_or_one() -> None:
    every = variants(Sweep(fields={"blocks.*.mlp.hidden": (32,)}), MODEL, RECIPE)[0].model
    one = variants(Sweep(fields={"blocks.2.mlp.hidden": (32,)}), MODEL, RECIPE)[0].model
    assert [b.mlp.hidden for b in every.blocks if b.mlp] == [32] * 4
    assert [b.mlp.hidden for b in one.blocks if b.mlp] == [None, None, 32, None]


def test_seeds_alone() -> None:
    made = variants(Sweep(fields={}, seeds=3), MODEL, RECIPE)
    assert [v.recipe.seed for v in made] == [7, 8, 9] and made[0].label == "seed 7" and made[0].setting == ""


def test_a_random_sweep_is_the_same_again_has_no_setting_twice_and_stays_in_its_range() -> None:
    tried = {"learning_rate": Range(low=1e-5, high=1e-1), "batch": (4, 8)}
    plan = Sweep(fields=tried, kind="random", draws=60)
    made = variants(plan, MODEL, RECIPE)
    assert made == variants(plan, MODEL, RECIPE) != variants(plan, MODEL, replace(RECIPE, seed=8))
    rates = [v.recipe.learning_rate for v in made]
    assert len({v.setting for v in made}) == 60 and all(1e-5 <= rate <= 1e-1 for rate in rates)
    assert 15 <= sum(rate < 1e-3 for rate in rates) <= 45  # half of them, on a logarithmic scale
    assert all(v.recipe.min_learning_rate <= v.recipe.learning_rate for v in made)


@pytest.mark.parametrize("path", ["seed", "recipe.seed"])
def test_seeds_that_are_tried_are_not_counted_up_too(path: str) -> None:
    assert [v.recipe.seed for v in variants(Sweep(fields={path: (1, 2)}), MODEL, RECIPE)] == [1, 2]
    with pytest.raises(ValueError, match="The seed is one of the fields: leave it out"):
        variants(Sweep(fields={path: (1, 2), "batch": (4, 8)}, seeds=2), MODEL, RECIPE)


def test_random_draws_from_lists_stop_when_all_are_drawn() -> None:
    made = variants(Sweep(fields={"batch": (4, 8), "tied": (True, False)}, kind="random", draws=50), MODEL, RECIPE)
    assert len(made) == 4


def test_random_widths_that_heads_cannot_share_are_passed_over() -> None:
    tried = {"width": Range(low=60.0, high=100.0, even="linear")}
    made = variants(Sweep(fields=tried, kind="random", draws=6), MODEL, RECIPE)
    assert len(made) == 6 and not any(problems(v.model) for v in made)
    with pytest.raises(ValueError, match="4 heads do not divide"):
        variants(Sweep(fields={"width": Range(low=61.0, high=63.0, even="linear")}, kind="random"), MODEL, RECIPE)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("learning_rate", "1e-3, 3e-3,", (1e-3, 3e-3)),
        ("model.width", "64,128, 64", (64, 128)),
        ("optimizer", "adamw, muon", ("adamw", "muon")),
        ("tied", "on, off", (True, False)),
        ("blocks.*.attention.window", "off, 16", (None, 16)),
        ("blocks.*.norm", "none, rms", ("none", "rms")),
        ("dropout", "off,0.1", (None, 0.1)),
        ("learning_rate", "1e-4 .. 1e-2", Range(low=1e-4, high=1e-2)),
        ("beta1", "0.8..0.95", Range(low=0.8, high=0.95, even="linear")),
    ],
)
def test_what_was_typed(path: str, text: str, expected: object) -> None:
    assert fields.parse(MODEL, path, text) == expected


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (Sweep(fields={"lerning_rate": (1,)}), "no field lerning_rate"),
        (Sweep(fields={"blocks.9.mlp.hidden": (1,)}), "no field blocks.9"),
        (Sweep(fields={"learning_rate": (-1.0,)}), "Peak must be at least"),
        (Sweep(fields={"width": (130,)}), "With width 130: 4 heads do not divide 130"),
        (Sweep(fields={"optimizer": ("frog",)}), "Optimizer cannot be frog"),
        (Sweep(fields={"batch": tuple(range(1, 200))}), "199 runs, and at most 100"),
        (Sweep(fields={"learning_rate": Range(low=1e-4, high=1e-3)}), "a range suits a random sweep"),
        (Sweep(fields={"learning_rate": Range(low=0.0, high=1.0)}, kind="random"), "begin above 0"),
        (Sweep(fields={}), "Choose a field"),
        (Sweep(fields={"batch": ()}), "at least one value"),
        (Sweep(fields={"batch": (1,)}, kind="random", draws=0), "at least one draw"),
    ],
)
def test_what_cannot_be_is_said(plan: Sweep, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        variants(plan, MODEL, RECIPE)


def test_every_field_that_is_offered_can_be_read_and_set() -> None:
    offered = fields.paths(MODEL)
    assert {"recipe.matrix_rate", "model.width", "blocks.*.attn.heads", "blocks.*.mlp.activation"} <= set(offered)
    for path in offered:
        value = fields.get(MODEL, RECIPE, path)
        assert fields.put(MODEL, RECIPE, path, value) == (MODEL, RECIPE)
        shown = fields.parse(MODEL, path, fields.written(value))
        assert not isinstance(shown, Range) and shown[0] == value
    assert fields.numeric("recipe.batch") and fields.numeric("blocks.*.mlp.hidden")
    assert not fields.numeric("recipe.optimizer") and not fields.numeric("model.tied")


def test_kept_as_json() -> None:
    plan = Sweep(fields={"learning_rate": Range(low=1e-4, high=1e-2), "batch": (4, 8)}, kind="random", seeds=3)
    assert sweep.from_json(sweep.to_json(plan)) == plan
    with pytest.raises(ValueError, match="a whole number"):
        sweep.from_json('{"fields": {}, "seeds": "two"}')
