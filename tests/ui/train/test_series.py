"""Smoothing and bounds, against plain loops."""

import numpy as np
import pytest

from llmstudio.core.model.spec import Model
from llmstudio.core.train.events import Step
from llmstudio.core.train.recipe import Recipe
from llmstudio.session.run import SMOOTH, Run
from llmstudio.ui.plot.series import bounds, smooth


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
    assert smooth(np.array(run.loss.values), SMOOTH) == pytest.approx(np.array(run.smooth.values), abs=1e-12)


def test_smoothing_goes_on_from_what_is_done() -> None:
    values = np.random.default_rng(1).normal(size=500)
    for cut in (1, 7, 10, 300, 500):
        before = smooth(values[:cut], 0.9)
        assert smooth(values, 0.9, before) == pytest.approx(smooth(values, 0.9), abs=1e-12)


def test_bounds_leave_out_what_is_no_number() -> None:
    assert bounds(np.array([3.0, np.nan, 1.0, np.inf])) == (1.0, 3.0)
    assert bounds(np.array([np.nan]))[0] == float("inf")
