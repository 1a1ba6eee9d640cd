"""Long series made short for the screen: smoothing, and the least and largest value of every pixel column."""

from array import array
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
    done = np.empty(0) if before is None else before
    if share <= 0:
        return values.copy()
    plain = int(np.ceil(share / (1 - share)))  # up to here n / (n + 1) < share
    if len(done) < min(plain, len(values)):
        head = values[:plain]
        done = np.cumsum(head) / np.arange(1, len(head) + 1)
    if len(done) >= len(values):
        return done[: len(values)]
    return np.concatenate([done, _decay(values[len(done) :], share, float(done[-1]))])


def _decay(values: Floats, share: float, last: float) -> Floats:
    """y[n] = share y[n-1] + (1 - share) x[n], by blocks: inside one a matrix, from one to the next a number."""
    blocks = -(-len(values) // BLOCK)
    padded = np.zeros(blocks * BLOCK)
    padded[: len(values)] = values
    n = np.arange(BLOCK)
    lag = n[:, None] - n[None, :]
    weights = np.where(lag >= 0, (1 - share) * share ** np.maximum(lag, 0), 0.0)
    inside = padded.reshape(blocks, BLOCK) @ weights.T
    fade = share**BLOCK
    starts = np.empty(blocks)
    for i, end in enumerate(inside[:, -1].tolist()):
        starts[i] = last
        last = fade * last + end
    return (inside + starts[:, None] * share ** (n + 1)).reshape(-1)[: len(values)]


def decimate(x: Floats, y: Floats, low: float, high: float, pixels: int) -> tuple[Floats, Floats]:
    """The part of a curve between x = low and high, with at most two points for each of `pixels` columns: its least and
    its largest value there, so that no spike is lost. `x` rises. One point beyond each end keeps the line going."""
    first = max(0, int(np.searchsorted(x, low, "left")) - 1)
    last = min(len(x), int(np.searchsorted(x, high, "right")) + 1)
    x, y = x[first:last], y[first:last]
    if len(x) <= 2 * pixels or high <= low:
        return x, y
    edges = np.searchsorted(x, np.linspace(low, high, pixels + 1))
    starts = np.unique(np.concatenate([[0], edges[edges < len(x)]]))
    least, most = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
    ends = np.append(starts[1:], len(x)) - 1
    falling = y[starts] > y[ends]
    columns = np.empty(2 * len(starts))
    columns[0::2], columns[1::2] = np.where(falling, most, least), np.where(falling, least, most)
    places = np.empty_like(columns)
    places[0::2], places[1::2] = x[starts], x[ends]
    return places, columns


def bounds(y: Floats) -> tuple[float, float]:
    """Least and largest finite value; (inf, -inf) without any."""
    y = y[np.isfinite(y)]
    return (float(y.min()), float(y.max())) if len(y) else (inf, -inf)
