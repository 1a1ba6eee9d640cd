import numpy as np
import pytest
from scipy.optimize import least_squares

from llmstudio.core.model import cost
from llmstudio.core.model.spec import Model
from llmstudio.core.train import scaling
from llmstudio.core.train.scaling import Fit, Point, fit, line, point, predict, told


def points(sizes: np.ndarray, losses: np.ndarray) -> list[Point]:
    pairs = zip(sizes, losses, strict=True)
    return [Point(name=f"run {n:.0f}", parameters=n, tokens=2 * n, compute=n * n, loss=loss) for n, loss in pairs]


def law(a: float, b: float, c: float, sizes: np.ndarray, noise: float = 0, seed: int = 0) -> Fit:
    chance = np.random.default_rng(seed).normal(0, noise, len(sizes)) if noise else 0
    return fit(points(sizes, a + b * sizes**-c + chance), "parameters")


SIZES = np.geomspace(1e4, 1e6, 7)


def test_an_exact_law_is_found() -> None:
    found = law(1.2, 20, 0.3, SIZES)
    assert found.a.value == pytest.approx(1.2, abs=0.02) and found.c.value == pytest.approx(0.3, abs=0.02)
    assert predict(found, 1e7).value == pytest.approx(1.2 + 20 * 1e7**-0.3, abs=0.01)
    assert found.a.low <= 1.2 <= found.a.high and found.names[0] == "run 10000"


def test_equal_to_scipys_least_squares_on_noisy_runs() -> None:
    for seed in range(5):
        losses = 1.0 + 12 * SIZES**-0.25 + np.random.default_rng(seed).normal(0, 0.02, len(SIZES))
        found = fit(points(SIZES, losses), "parameters")

        def off(p: np.ndarray, losses: np.ndarray = losses) -> np.ndarray:
            return np.asarray(p[0] + p[1] * (SIZES / 1e5) ** -p[2] - losses)

        best = least_squares(off, [1, 0.5, 0.3], bounds=([0, 0, 0.01], [np.inf, np.inf, 2]))
        ours = off(np.array([found.a.value, found.b.value * 1e5**-found.c.value, found.c.value]))
        assert (ours**2).sum() <= (best.fun**2).sum() * 1.05 + 1e-6  # 60 powers are fine enough


@pytest.mark.parametrize("count", [3, 5, 8])
def test_eight_of_ten_predictions_hold(count: int) -> None:
    dice, inside = np.random.default_rng(1), []
    for seed in range(60):
        a, b, c = dice.uniform(0.5, 1.7), dice.uniform(5, 30), dice.uniform(0.1, 0.4)
        found = law(a, b, c, np.geomspace(1e4, 1e6, count), 0.015, seed)
        said = predict(found, 5e6)
        inside.append(said.low <= a + b * 5e6**-c <= said.high)
    assert np.mean(inside) >= 0.75


def test_the_same_runs_give_the_same_interval_and_more_runs_a_narrower_one() -> None:
    few, many = law(1.2, 20, 0.3, SIZES, 0.02), law(1.2, 20, 0.3, np.geomspace(1e4, 1e6, 60), 0.02)
    assert few == law(1.2, 20, 0.3, SIZES, 0.02)
    width = [interval.high - interval.low for interval in (few.c, many.c)]
    assert width[1] < width[0] / 1.5
    assert [i.value for i in line(few, [1e5, 1e6])] == sorted([i.value for i in line(few, [1e5, 1e6])], reverse=True)


def test_each_measure_of_size_has_its_own_law() -> None:
    losses = 1.0 + 30 * SIZES**-0.3
    by_compute = fit(points(SIZES, losses), "compute")
    assert by_compute.c.value == pytest.approx(0.15, abs=0.015)  # compute is the square of the size here


def test_seeds_tell_how_much_is_chance() -> None:
    """Three seeds of each of three sizes: no spare size, yet the seeds show the noise."""
    sizes = np.repeat(np.geomspace(1e4, 1e6, 3), 3)
    assert law(1.0, 20, 0.3, sizes, 0.1).noise > 0.05 > law(1.0, 20, 0.3, sizes, 0.01).noise


def test_what_a_run_counts_for() -> None:
    model = Model()
    found = point("a", model, 1e6, 2.0)
    assert (found.parameters, found.compute) == (cost.total(model), 1e6 * cost.flops_per_token(model))


@pytest.mark.parametrize(
    ("sizes", "losses", "words"),
    [
        ([1e4, 1e5], [2.0, 1.5], "at least 3 sizes, and there are 2"),
        ([1e4, 1e4, 1e5, 1e5], [2.0, 2.0, 1.5, 1.5], "there are 2"),
        ([1e4, 1e5, 1e6], [2.0, float("nan"), 1.5], "there are 2"),
        ([1.0e4, 1.2e4, 1.4e4], [2.0, 1.9, 1.8], "too alike"),
        ([1e4, 1e5, 1e6], [1.5, 1.6, 1.7], "does not fall with more parameters"),
    ],
)
def test_what_is_no_law_is_said(sizes: list[float], losses: list[float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        fit(points(np.array(sizes), np.array(losses)), "parameters")


def test_sentences() -> None:
    found = law(1.2, 20, 0.3, SIZES)
    assert found.sentence.startswith("Twice the parameters take 19% (between ")
    assert "It would end near 1.2" in found.sentence
    assert told(found, 1e7, "a model of 10 M").startswith("A model of 10 M would reach 1.3")
    assert "1,000 times larger than any run here: take that for a guess." in told(found, 1e9)
    steep = fit(points(np.geomspace(1e4, 1e5, 3), np.array([3.0, 2.0, 1.2])), "tokens")
    assert "cannot be told" in steep.sentence and scaling.fall(1.0) == 0.5
