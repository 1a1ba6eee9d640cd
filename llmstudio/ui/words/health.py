"""How a part is, in words and numbers to draw: made from what training measured of it."""

from bisect import bisect_right
from collections.abc import Sequence
from math import isfinite

from ...core.train.events import Histogram
from ...core.train.finding import HEALTHY
from ...session.series import PartSeries, Series
from ..numbers import count, percent
from .numbers import rate

POINTS, LATELY = 40, 20  # points of a small curve; measurements that count as lately


def curve(series: Series, step: float | None = None) -> list[float]:
    """At most about `POINTS` means of equal stretches, up to a step."""
    return series.thinned(POINTS, step)


def at(series: Series, step: float | None) -> float | None:
    """The newest value, up to a step where one is given."""
    return series.last if step is None else series.at(step)


def lately(series: Series, step: float | None = None) -> tuple[float, float] | None:
    """Least and most of the last measurements."""
    end = len(series) if step is None else bisect_right(series.steps, step)
    found = [value for value in series.values[max(0, end - LATELY) : end] if isfinite(value) and value > 0]
    return (min(found), max(found)) if found else None


def facts(path: str, part: PartSeries, step: float | None) -> list[str]:
    """What is known of a part at a step, line by line, its name first."""
    lines = [path]
    if (gradient := at(part.gradient, step)) is not None:
        lines.append(f"gradient norm {_number(gradient)}")
    if (ratio := at(part.update, step)) is not None:
        lines.append(f"update / weight {_number(ratio)}, {judged(ratio)}")
    if (activation := at(part.activation, step)) is not None:
        lines.append(f"activations {_number(activation)} RMS")
    if (dead := at(part.dead, step)) is not None:
        lines.append(f"dead units {percent(dead)}" if dead else "no dead units")
    return [*lines, "Click for its weights and gradients"]


def judged(ratio: float) -> str:
    """How a step's change compares with the weights it changes."""
    low, high = HEALTHY
    if not isfinite(ratio) or ratio > high:
        return "large"
    return "small" if ratio < low else "healthy"


def spread(histogram: Histogram, step: int, noun: str) -> str:
    """Such as "At step 800 nine in ten weights lie between -0.12 and 0.13.", to the nearest bin."""
    total = sum(histogram.counts)
    if not total:
        return ""
    wide = (histogram.high - histogram.low) / len(histogram.counts)
    low = histogram.low + wide * _place(histogram.counts, 0.05 * total)
    high = histogram.low + wide * _place(histogram.counts, 0.95 * total)
    return f"At step {count(step)} nine in ten {noun} lie between {_number(low)} and {_number(high)}."


def _place(counts: Sequence[int], wanted: float) -> float:
    """How many bins hold `wanted` of the values, the last one in part."""
    seen = 0.0
    for n, each in enumerate(counts):
        if seen + each >= wanted:
            return n + ((wanted - seen) / each if each else 0.0)
        seen += each
    return float(len(counts))


def _number(value: float) -> str:
    return rate(value) if isfinite(value) else "not a number"
