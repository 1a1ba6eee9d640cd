"""Curves in bins that are kept while they grow, against counting it all anew."""

import numpy as np
import pytest
from PySide6.QtGui import QColor

from llmstudio.ui.plot.bins import Bins, extremes, means, spread, width_for
from llmstudio.ui.plot.curve import Curve, Short, View
from llmstudio.ui.plot.growing import Growing, Smoothed
from llmstudio.ui.plot.series import smooth

RNG = np.random.default_rng(3)
X = np.arange(1, 5001, dtype=float)
Y = RNG.normal(size=5000)


def parts(values: np.ndarray, width: int) -> list[np.ndarray]:
    return [values[i : i + width] for i in range(0, len(values), width)]


@pytest.mark.parametrize("width", [1, 4, 64, 1024])
def test_means_are_those_of_each_bin(width: int) -> None:
    found = Bins(means).of(X, Y, 0, 5000, width)
    assert found[0] == pytest.approx([part.mean() for part in parts(X, width)])
    assert found[1] == pytest.approx([part.mean() for part in parts(Y, width)])


def test_percentiles_leave_a_tenth_on_each_side() -> None:
    found = Bins(spread).of(X, Y, 0, 4992, 32)[:, :156]
    for (_, low, high), part in zip(found.T, parts(Y[:4992], 32), strict=True):
        assert (part < low).sum() == 3
        assert (part > high).sum() == 3


def test_no_peak_is_lost() -> None:
    y = Y.copy()
    y[1234], y[4321] = 50.0, -40.0
    found = Bins(extremes).of(X, y, 0, 5000, 128)
    assert found[2].max() == 50.0
    assert found[1].min() == -40.0


@pytest.mark.parametrize("kind", [means, spread, extremes])
def test_growing_a_little_at_a_time_ends_at_the_same(kind) -> None:
    bins = Bins(kind)
    for end in (1, 7, 64, 65, 700, 701, 2500, 5000):
        grown = bins.of(X[:end], Y[:end], 0, end, 16)
        assert grown == pytest.approx(Bins(kind).of(X[:end], Y[:end], 0, end, 16))


def test_full_bins_are_not_computed_again() -> None:
    seen: list[int] = []

    def counted(x, y):
        seen.append(y.size)
        return means(x, y)

    bins = Bins(counted)
    bins._kind = counted
    bins.of(X[:4096], Y[:4096], 0, 4096, 64)
    seen.clear()
    bins.of(X[:4100], Y[:4100], 0, 4100, 64)
    assert sum(seen) <= 4  # only the bin that has just begun


def test_moving_along_stays_within_what_is_there() -> None:
    bins = Bins(means)
    for low in (0, 900, 2000, 100, 4000, 4400):
        found = bins.of(X, Y, low, low + 600, 8)
        assert found == pytest.approx(Bins(means).of(X, Y, low, low + 600, 8))
        assert found[0, 0] <= X[low] + 8
        assert found[0, -1] >= min(X[min(low + 599, 4999)], X[-1]) - 8


def test_what_is_no_number_makes_no_mean_wrong() -> None:
    y = np.array([1.0, -np.inf, 3.0, np.inf, np.nan, np.nan, np.nan, np.nan])
    found = Bins(means).of(np.arange(8.0), y, 0, 8, 4)[1]
    assert found[0] == 2.0
    assert np.isnan(found[1])


def test_bins_are_as_wide_as_needed() -> None:
    assert width_for(1000, 1000) == 1
    assert width_for(1001, 1000) == 2
    assert width_for(100_000, 400) == 256
    assert width_for(10, 400, least=16) == 16


def test_an_array_may_grow_on_while_it_is_followed() -> None:
    from array import array

    values, grown = array("d", [1.0, 2.0]), Growing()
    assert grown.follow(values).tolist() == [1.0, 2.0]
    values.extend(range(1000))
    assert grown.follow(values).tolist() == values.tolist()
    del values[3:]
    assert grown.follow(values).tolist() == values.tolist()


def test_the_mean_grows_with_its_values_and_skips_what_is_none() -> None:
    grown = Smoothed()
    for end in (3, 4, 40, 41, 600, 5000):
        assert grown.smooth(Y[:end], 0.9) == pytest.approx(smooth(Y[:end], 0.9), abs=1e-12)
    assert grown.smooth(Y, 0.5) == pytest.approx(smooth(Y, 0.5), abs=1e-12)
    broken = Y[:200].copy()
    broken[50], broken[120:] = np.nan, np.inf
    found = Smoothed().smooth(broken, 0.9)
    assert np.isnan(found[50]) and np.isnan(found[120:]).all()
    whole = np.delete(broken[:120], 50)
    assert found[119] == pytest.approx(smooth(whole, 0.9)[-1])


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(("low", "high"), [(0.0, 5000.0), (700.0, 1900.0), (3.0, 40.0)])
def test_a_line_of_any_part_has_few_points_that_rise_and_lie_on_the_curve(log: bool, low: float, high: float) -> None:
    y = np.sin(X / 300) + X / 5000
    curve = Curve(key="a", name="a", x=X, y=y, color=QColor(), mean=True)
    view = View(low=low, high=high, pixels=300, log=log)
    places, values = Short().line(curve, view)
    assert 10 < len(places) < 700
    assert (np.diff(places) >= 0).all()
    steps = 10**places - 1 if log else places
    assert np.interp(steps, X, y) == pytest.approx(values, abs=0.04)
    assert steps[-1] >= min(high, X[-1]) - 1
    assert steps[0] <= max(low, X[0]) + 1


def test_points_that_are_far_apart_are_drawn_one_by_one() -> None:
    curve = Curve(key="a", name="a", x=X, y=Y, color=QColor(), band=True)
    near, far = View(low=100, high=200, pixels=300, log=False), View(low=0, high=5000, pixels=300, log=False)
    assert Short().single(curve, near)[1].tolist() == Y[98:201].tolist()
    assert Short().band(curve, near).shape[1] == 0
    assert Short().single(curve, far).shape[1] == 0
    assert 50 <= Short().band(curve, far).shape[1] <= 102
