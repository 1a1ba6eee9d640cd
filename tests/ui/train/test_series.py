"""Curves made short for the screen, against plain loops."""

from array import array

import numpy as np
import pytest

from llmstudio.core.model.spec import Model
from llmstudio.core.train.events import Step
from llmstudio.core.train.recipe import Recipe
from llmstudio.session.run import SMOOTH, Run
from llmstudio.ui.plot.series import average, bounds, decimate, floats, smooth


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.99])
@pytest.mark.parametrize("n", [1, 5, 130, 1000])
def test_smoothing_is_the_mean_that_the_run_keeps(share: float, n: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    expected, last = [], 0.0
    for i, value in enumerate(values):
        weight = min(share, i / (i + 1))
        last = weight * last + (1 - weight) * value
        expected.append(last)
    assert smooth(values, share) == pytest.approx(expected, abs=1e-12)


def test_smoothing_equals_the_runs_own() -> None:
    run = Run(name="run 1", number=1, model=Model(), recipe=Recipe())
    rng = np.random.default_rng(0)
    for step in range(1, 700):
        loss = float(rng.normal())
        run.log.append(Step(step=step, loss=loss, learning_rate=0, gradient=0, seconds=0))
    run.refresh()
    assert smooth(floats(run.loss.values), SMOOTH) == pytest.approx(np.array(run.smooth.values), abs=1e-12)


def test_smoothing_goes_on_from_what_is_done() -> None:
    values = np.random.default_rng(1).normal(size=500)
    for cut in (1, 7, 10, 300, 500):
        before = smooth(values[:cut], 0.9)
        assert smooth(values, 0.9, before) == pytest.approx(smooth(values, 0.9), abs=1e-12)


def test_a_copy_lets_the_series_grow() -> None:
    values = array("d", [1.0, 2.0])
    copied = floats(values)
    values.append(3.0)
    assert copied.tolist() == [1.0, 2.0]


def test_no_spike_is_lost_and_points_are_few() -> None:
    x = np.arange(100_000, dtype=float)
    y = np.random.default_rng(2).normal(size=len(x))
    y[77_777], y[12_345] = 50.0, -40.0
    short_x, short_y = decimate(x, y, 0, 99_999, 700)
    assert len(short_x) <= 2 * 702
    assert short_y.max() == 50.0
    assert short_y.min() == -40.0
    assert (np.diff(short_x) >= 0).all()
    for column in (0, 311, 699):
        low, high = np.linspace(0, 99_999, 701)[column : column + 2]
        inside = (x >= low) & (x < high)
        drawn = (short_x >= low) & (short_x < high)
        assert short_y[drawn].max() == y[inside].max()
        assert short_y[drawn].min() == y[inside].min()


def test_only_what_is_in_view_is_kept_with_a_neighbour_at_each_side() -> None:
    x = np.arange(1000, dtype=float)
    short_x, short_y = decimate(x, x * 2, 100, 110, 700)
    assert short_x.tolist() == list(range(99, 112))
    assert short_y.tolist() == [2 * v for v in range(99, 112)]


def test_bounds_leave_out_what_is_no_number() -> None:
    assert bounds(np.array([3.0, np.nan, 1.0, np.inf])) == (1.0, 3.0)
    assert bounds(np.array([np.nan]))[0] == float("inf")


def test_a_mean_is_thinned_by_columns_and_keeps_its_ends() -> None:
    x = np.arange(10_000, dtype=float)
    y = np.sin(x / 500)
    short_x, short_y = average(x, y, 0, 9_999, 100)
    assert 100 <= len(short_x) <= 103
    assert (short_x[0], short_x[-1], short_y[-1]) == (x[0], x[-1], y[-1])
    edges = np.linspace(0, 9_999, 101)
    inside = (x >= edges[40]) & (x < edges[41])
    column = int(np.argmin(abs(short_x - x[inside].mean())))
    assert short_y[column] == pytest.approx(y[inside].mean())
    assert average(x[:50], y[:50], 0, 9_999, 100)[0].tolist() == x[:50].tolist()
