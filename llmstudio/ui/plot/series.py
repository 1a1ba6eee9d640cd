"""Long series made short for the screen: smoothing, and the least and largest value of every pixel column."""

from array import array
from functools import lru_cache
from math import inf

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BLOCK = 128  # values smoothed at once by one small matrix


def floats(values: "array[float]") -> Floats:
    """A copy: an array that is looked at directly could not grow."""
    return np.frombuffer(values, dtype=np.float64).copy() if values else np.empty(0)


def smooth(values: Floats, share: float, before: Floats | None = None) -> Floats:
    """Exponential mean keeping `share` of the old value at each step, as `Run.smooth` does: a plain mean at first.

    `before`: what an earlier call gave for the first len(before) values; only the rest is computed.
    """
    done = np.empty(0) if before is None else before[: len(values)]
    return np.concatenate([done, smooth_on(values, share, done)])


def smooth_on(values: Floats, share: float, done: Floats) -> Floats:
    """What follows on `done`, the means of the first len(done) values. Not finite where the value is not; the mean
    goes on behind such a place with what it was before."""
    new = values[len(done) :]
    ok = np.isfinite(new)
    if share <= 0 or not len(new):
        return np.where(ok, new, np.nan)
    if not ok.all() or (len(done) and not np.isfinite(done[-1])):
        kept = done[np.isfinite(done)]
        finite = np.concatenate([values[: len(done)][np.isfinite(done)], new[ok]])
        found = np.full(len(new), np.nan)
        found[ok] = smooth_on(finite, share, kept)
        return found
    plain = max(0, int(np.ceil(share / (1 - share))) - len(done))  # so many more are n / (n + 1) < share
    head = new[:plain]
    n = len(done)
    before = float(done[-1]) * n if n else 0.0
    means = (before + np.cumsum(head)) / np.arange(n + 1, n + len(head) + 1)
    if len(new) <= plain:
        return means
    last = float(means[-1]) if len(means) else float(done[-1])
    return np.concatenate([means, _decay(new[plain:], share, last)])


def _decay(values: Floats, share: float, last: float) -> Floats:
    """y[n] = share y[n-1] + (1 - share) x[n], by blocks: inside one a matrix, from one to the next a number."""
    blocks = -(-len(values) // BLOCK)
    padded = np.zeros(blocks * BLOCK)
    padded[: len(values)] = values
    weights, powers = _weights(share)
    inside = padded.reshape(blocks, BLOCK) @ weights.T
    fade = share**BLOCK
    starts = np.empty(blocks)
    for i, end in enumerate(inside[:, -1].tolist()):
        starts[i] = last
        last = fade * last + end
    return (inside + starts[:, None] * powers).reshape(-1)[: len(values)]


@lru_cache(maxsize=4)
def _weights(share: float) -> tuple[Floats, Floats]:
    """What each value of a block adds to each mean after it, and what is left of the mean before the block."""
    n = np.arange(BLOCK)
    lag = n[:, None] - n[None, :]
    return np.where(lag >= 0, (1 - share) * share ** np.maximum(lag, 0), 0.0), share ** (n + 1)


def decimate(x: Floats, y: Floats, low: float, high: float, pixels: int) -> tuple[Floats, Floats]:
    """The part of a curve between x = low and high, with at most two points for each of `pixels` columns: its least and
    its largest value there, so that no spike is lost. `x` rises. One point beyond each end keeps the line going."""
    x, y = _within(x, y, low, high)
    if len(x) <= 2 * pixels or high <= low:
        return x, y
    starts = _columns(x, low, high, pixels)
    least, most = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
    ends = np.append(starts[1:], len(x)) - 1
    falling = y[starts] > y[ends]
    short, places = np.empty(2 * len(starts)), np.empty(2 * len(starts))
    short[0::2], short[1::2] = np.where(falling, most, least), np.where(falling, least, most)
    places[0::2], places[1::2] = x[starts], x[ends]
    return places, short


def average(x: Floats, y: Floats, low: float, high: float, columns: int) -> tuple[Floats, Floats]:
    """The same with the mean of each column, and the first and last point: for what is a mean already and drawn thick,
    where a jagged line costs 15 ms."""
    x, y = _within(x, y, low, high)
    if len(x) <= columns or high <= low:
        return x, y
    starts = _columns(x, low, high, columns)
    n = np.diff(np.append(starts, len(x)))
    places, means = np.add.reduceat(x, starts) / n, np.add.reduceat(y, starts) / n
    return np.concatenate([x[:1], places, x[-1:]]), np.concatenate([y[:1], means, y[-1:]])


def _within(x: Floats, y: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    first = max(0, int(np.searchsorted(x, low, "left")) - 1)
    last = min(len(x), int(np.searchsorted(x, high, "right")) + 1)
    return x[first:last], y[first:last]


def _columns(x: Floats, low: float, high: float, columns: int) -> NDArray[np.intp]:
    """Where each column that holds a point begins."""
    edges = np.searchsorted(x, np.linspace(low, high, columns + 1))
    return np.unique(np.concatenate([[0], edges[edges < len(x)]]))


def bounds(y: Floats) -> tuple[float, float]:
    """Least and largest finite value; (inf, -inf) without any."""
    y = y[np.isfinite(y)]
    return (float(y.min()), float(y.max())) if len(y) else (inf, -inf)
