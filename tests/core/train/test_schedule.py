"""Every schedule, step by step, against torch's own, transformers' or the paper's formula."""

import warnings
from collections.abc import Callable
from math import cos, pi
from typing import get_args

import pytest
import torch
from msgspec.structs import replace
from torch.optim import lr_scheduler as L

from llmstudio.core.train.recipe import Recipe, Schedule
from llmstudio.core.train.schedule import learning_rate, share

PEAK, FINAL = 3e-3, 2e-4
RECIPE = Recipe(steps=50, warmup=7, learning_rate=PEAK, min_learning_rate=FINAL, decay=0.3)
Make = Callable[[torch.optim.Optimizer], L.LRScheduler]


def rates(make: Make, steps: int) -> list[float]:
    """What torch's scheduler has the optimiser learn at, in each of the steps."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SequentialLR warns of its own inner workings
        scheduler = make(optimizer)
        found = []
        for _ in range(steps):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
    return found


def warmed(after: Make, recipe: Recipe) -> Make:
    def make(optimizer: torch.optim.Optimizer) -> L.LRScheduler:
        warm = L.LinearLR(optimizer, 1 / (recipe.warmup + 1), 1.0, total_iters=recipe.warmup)
        return L.SequentialLR(optimizer, [warm, after(optimizer)], [recipe.warmup])

    return make


def ours(recipe: Recipe, steps: int) -> list[float]:
    return [learning_rate(recipe, n) for n in range(steps)]


def test_cosine() -> None:
    recipe = replace(RECIPE, schedule="cosine")
    reference = warmed(lambda o: L.CosineAnnealingLR(o, 50 - 7, FINAL), recipe)
    assert ours(recipe, 50) == pytest.approx(rates(reference, 50), rel=1e-9)
    for n in range(7, 50):  # nanoGPT's own
        assert learning_rate(recipe, n) == pytest.approx(FINAL + 0.5 * (1 + cos(pi * (n - 7) / 43)) * (PEAK - FINAL))


def test_linear() -> None:
    recipe = replace(RECIPE, schedule="linear")
    reference = warmed(lambda o: L.LinearLR(o, 1.0, FINAL / PEAK, total_iters=50 - 7), recipe)
    assert ours(recipe, 60) == pytest.approx(rates(reference, 60), rel=1e-9)


def test_constant() -> None:
    recipe = replace(RECIPE, schedule="constant")
    assert ours(recipe, 60) == pytest.approx(rates(warmed(lambda o: L.ConstantLR(o, 1.0), recipe), 60), rel=1e-9)


def test_warm_up_hold_decay() -> None:
    transformers = pytest.importorskip("transformers.optimization")
    recipe = replace(RECIPE, schedule="wsd")
    reference = rates(
        lambda o: transformers.get_wsd_schedule(
            o, 7, 15, num_training_steps=50, min_lr_ratio=FINAL / PEAK, warmup_type="linear", decay_type="linear"
        ),
        60,
    )
    assert ours(recipe, 60)[7:] == pytest.approx(reference[7:], rel=1e-9)
    assert ours(recipe, 7) == pytest.approx([PEAK * (n + 1) / 8 for n in range(7)])  # transformers begins at 0


def test_decay_waits_for_a_long_warm_up() -> None:
    recipe = replace(RECIPE, schedule="wsd", warmup=45)
    found = ours(recipe, 51)
    assert found[45] == PEAK and found[50] == pytest.approx(FINAL)
    assert found[:46] == sorted(found[:46]) and found[45:] == sorted(found[45:], reverse=True)


def test_one_cycle() -> None:
    recipe = replace(RECIPE, schedule="one_cycle")
    reference = rates(
        lambda o: L.OneCycleLR(
            o, PEAK, total_steps=51, pct_start=8 / 51, div_factor=25, final_div_factor=PEAK / 25 / FINAL
        ),
        50,
    )
    assert ours(replace(recipe, steps=51), 50) == pytest.approx(reference, rel=1e-9)
    assert learning_rate(recipe, 49) == pytest.approx(FINAL)  # at the last step, not after it


def test_inverse_square_root() -> None:
    recipe = replace(RECIPE, schedule="inverse_sqrt", min_learning_rate=0)
    vaswani = [min((n + 1) ** -0.5, (n + 1) * 7**-1.5) for n in range(200)]  # section 5.3, but for the width
    assert ours(recipe, 200) == pytest.approx([PEAK * r / vaswani[6] for r in vaswani], rel=1e-9)
    assert ours(replace(RECIPE, schedule="inverse_sqrt"), 5000)[-1] == pytest.approx(FINAL)


@pytest.mark.parametrize("schedule", get_args(Schedule))
@pytest.mark.parametrize("steps, warmup", [(1, 0), (2, 0), (2, 1), (3, 5), (100, 0), (100, 100), (40, 10)])
def test_shares_are_shares(schedule: Schedule, steps: int, warmup: int) -> None:
    recipe = replace(RECIPE, schedule=schedule, steps=steps, warmup=warmup)
    found = [share(recipe, n) for n in range(steps + 20)]
    assert all(0 < s <= 1 for s in found)
    top = found.index(max(found))
    rise, fall = found[: top + 1], found[top:]
    assert top in (warmup, max(0, warmup - 1)) and (found[top] == 1 or steps < warmup)
    assert rise == sorted(rise) and fall == sorted(fall, reverse=True)
    if schedule not in ("constant", "inverse_sqrt") and warmup < steps:
        assert found[-1] == pytest.approx(FINAL / PEAK)
