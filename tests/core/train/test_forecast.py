import numpy as np
import pytest
from msgspec.structs import replace

from llmstudio.core.train import schedule
from llmstudio.core.train.forecast import forecast
from llmstudio.core.train.recipe import Recipe, Schedule

RECIPE = Recipe(steps=2000, warmup=50, learning_rate=1e-3, min_learning_rate=1e-4)


def curve(recipe: Recipe, a: float, b: float, c: float, d: float, noise: float, seed: int) -> np.ndarray:
    """True losses and seen ones, each step, (2, steps)."""
    share = np.array([schedule.share(recipe, step) for step in range(recipe.steps)])
    true = a + b * np.cumsum(share) ** -c + d * share
    return np.stack([true, true + np.random.default_rng(seed).normal(0, noise, recipe.steps)])


def steps(count: int) -> range:
    return range(1, count + 1)


def test_eight_of_ten_ends_are_in_the_band() -> None:
    """Over laws of many shapes; also no wider than it has to be."""
    dice, inside, wide = np.random.default_rng(3), [], []
    kinds: list[Schedule] = ["cosine", "linear", "wsd", "constant"]
    for seed in range(60):
        recipe = replace(RECIPE, schedule=kinds[seed % 4])
        a, b, c, d = dice.uniform(0.5, 2), dice.uniform(1, 4), dice.uniform(0.1, 0.6), dice.uniform(0.02, 0.2)
        true, seen = curve(recipe, a, b, c, d, 0.06, seed)
        now = int(dice.uniform(0.3, 0.8) * recipe.steps)
        said = forecast(steps(now), seen[:now], recipe)
        assert said is not None
        inside.append(said.low[-1] <= true[-1] <= said.high[-1])
        wide.append(said.high[-1] - said.low[-1])
    assert np.mean(inside) >= 0.75, np.mean(inside)
    assert np.median(wide) < 0.3, np.median(wide)


def test_it_knows_the_schedule() -> None:
    """The fall at the end of a run that warms up, holds and decays is seen coming, though the curve is flat now."""
    recipe = Recipe(steps=2000, warmup=50, learning_rate=1e-3, min_learning_rate=0, schedule="wsd", decay=0.3)
    true, seen = curve(recipe, 1.5, 2.0, 0.4, 0.1, 0.05, 0)
    said = forecast(steps(1300), seen[:1300], recipe)
    assert said is not None and true[1300] - true[-1] > 0.1
    assert said.end == pytest.approx(true[-1], abs=0.05)
    gone = np.interp(1600, said.steps, said.values)
    assert said.values[0] - gone < gone - said.end  # most of it in the last 400 steps


def test_the_line_goes_on_from_the_curve_to_the_last_step_and_the_band_opens() -> None:
    true, seen = curve(RECIPE, 1.5, 3.0, 0.3, 0.05, 0.08, 1)
    said = forecast(steps(900), seen[:900], RECIPE)
    assert said is not None
    assert said.steps[0] == 900 and said.steps[-1] == 2000 and len(said.steps) == len(said.low) == len(said.high)
    assert said.values[0] == pytest.approx(true[899], abs=0.03)
    bands = np.array(said.high) - np.array(said.low)
    assert bands[-1] > 2 * bands[0] and (np.diff(said.values) < 0).all()
    later = forecast(steps(1700), seen[:1700], RECIPE)
    assert later is not None and later.high[-1] - later.low[-1] < bands[-1] / 2


@pytest.mark.parametrize("count", [0, 10, 199, 340, 2000])
def test_nothing_is_said_too_early_or_at_the_end(count: int) -> None:
    assert forecast(steps(count), curve(RECIPE, 1.5, 3.0, 0.3, 0, 0.05, 1)[1][:count], RECIPE) is None


def test_nothing_is_said_of_a_loss_that_does_not_fall() -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, 1000)
    assert forecast(steps(1000), 2 + np.linspace(0, 1.5, 1000) + noise, RECIPE) is None
    assert forecast(steps(1000), np.full(1000, np.nan), RECIPE) is None


def test_a_few_losses_that_are_no_numbers_are_left_out() -> None:
    seen = curve(RECIPE, 1.5, 3.0, 0.3, 0.05, 0.05, 1)[1][:1000]
    with_gaps = seen.copy()
    with_gaps[[100, 500]] = np.nan, np.inf
    clean, gaps = forecast(steps(1000), seen, RECIPE), forecast(steps(1000), with_gaps, RECIPE)
    assert clean and gaps and gaps.end == pytest.approx(clean.end, abs=0.02)
