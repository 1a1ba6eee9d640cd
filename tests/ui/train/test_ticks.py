"""Marks of axes are round, few and written alike."""

from itertools import pairwise
from math import log10

import pytest

from llmstudio.ui.plot import ticks
from llmstudio.ui.plot.marks import apart, spaced


@pytest.mark.parametrize(("low", "high"), [(0, 2000), (1.5, 4.2), (0.001, 0.0031), (-3, 9), (0, 1e7)])
def test_marks_are_round_and_few(low: float, high: float) -> None:
    found = ticks.marks(low, high, 6)
    assert 3 <= len(found) <= 8
    assert all(low - 1e-9 <= mark <= high + 1e-9 for mark in found)
    step = found[1] - found[0]
    assert any(abs(step / 10 ** round(log10(step / m)) - m) < 1e-6 for m in (1, 2, 2.5, 5))


def test_no_marks_without_a_range() -> None:
    assert ticks.marks(1, 1, 6) == []
    assert ticks.marks(0, float("nan"), 6) == []


def test_steps_are_whole() -> None:
    assert ticks.steps(0, 3, 10) == [0, 1, 2, 3]


def test_decades_of_a_logarithmic_axis() -> None:
    assert [round(ticks.unlog(place)) for place in ticks.decades(0, log10(2001))] == [0, 1, 10, 100, 1000]
    assert [round(ticks.unlog(place)) for place in ticks.decades(0, log10(51))] == [0, 1, 2, 5, 10, 20, 50]


def test_marks_are_written_with_the_decimals_they_need() -> None:
    assert ticks.words([1.5, 2.0, 2.5]) == ["1.5", "2.0", "2.5"]
    assert ticks.words([0.0, 0.25, 0.5]) == ["0.00", "0.25", "0.50"]
    assert ticks.words([0.0, 1000.0, 2000.0]) == ["0", "1\u2009000", "2\u2009000"]


def test_names_at_the_edge_do_not_touch() -> None:
    assert apart([10, 12, 100], 15, 0, 200) == [10, 25, 100]
    assert apart([195, 198, 199], 15, 0, 200) == [170, 185, 200]
    assert apart([], 15, 0, 200) == []


def test_marks_on_a_curve_do_not_touch_and_the_last_is_there() -> None:
    found = spaced([float(x) for x in range(100)])
    assert found[-1] == 99
    assert {b - a for a, b in pairwise(found)} == {12}
    assert spaced([0.0, 50.0, 55.0]) == [0, 2]
    assert spaced([]) == []
