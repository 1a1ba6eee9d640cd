"""Smoothing of long series, and their bounds."""

from functools import lru_cache
from math import inf

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BLOCK = 128  # values smoothed at once by one small matrix


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


def bounds(y: Floats) -> tuple[float, float]:
    """Least and largest finite value; (inf, -inf) without any."""
    y = y[np.isfinite(y)]
    return (float(y.min()), float(y.max())) if len(y) else (inf, -inf)
