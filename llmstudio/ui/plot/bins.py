"""A long curve made short for the screen, so that neither growing, nor hovering, nor moving along it costs much.

Points are taken together in bins of 1, 2, 4, 8 ... that begin at whole multiples: a bin that is full never changes, so
while a run grows only its last bin is computed again, and the drawn line never trembles.
"""

from collections.abc import Callable
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

from .series import Floats

Table = NDArray[np.float64]  # (columns, bins): places, then one row for each number that is kept
FEW = 16  # batches at least in a bin of which percentiles are told
MARGIN = 1.0  # screens to each side that are computed with what is in view


def means(x: Floats, y: Floats) -> Table:
    """x, y: (bins, width). The mean of each bin."""
    return np.stack([x.mean(1), _mean(y)])


def spread(x: Floats, y: Floats) -> Table:
    """The 10th and 90th percentile of each bin: of ten batches, eight are between them."""
    width = y.shape[1]
    low, high = int(0.1 * (width - 1)), ceil(0.9 * (width - 1))
    ordered = np.partition(y, (low, high), axis=1)
    ends = np.stack([x.mean(1), ordered[:, low], ordered[:, high]])
    ends[1:, ~np.isfinite(y).all(1)] = np.nan
    return ends


def extremes(x: Floats, y: Floats) -> Table:
    """The least and the largest of each bin."""
    return np.stack([x.mean(1), y.min(1), y.max(1)])


class Bins:
    """One curve's, of one kind, at the width that was last asked for."""

    def __init__(self, kind: Callable[[Floats, Floats], Table] = means) -> None:
        self._kind = kind
        self._width = 0
        self._first = 0  # number of the first bin that is kept
        self._kept: list[Table] = []  # full bins, in pieces as they came
        self._end = 0  # number of the bin after the last that is kept

    def clear(self) -> None:
        self._width = 0

    def of(self, x: Floats, y: Floats, low: int, high: int, width: int) -> Table:
        """The points low ... high - 1 in bins of `width` (a power of two), and a neighbour at each side.

        `x`, `y` may have grown since the last call, but what they began with is the same; else `clear` first.
        """
        first, last = max(0, low // width - 1), min(ceil(high / width) + 1, ceil(len(y) / width))
        if width == 1:
            part = slice(first, last)
            return np.stack([x[part], *[y[part]] * (1 if self._kind is means else 2)])
        full = min(last, len(y) // width)
        if width != self._width or first < self._first or first > self._end:
            room = ceil(MARGIN * (last - first))
            self._width, self._kept = width, []
            self._first = self._end = max(0, first - room)
        if full > self._end:
            self._kept.append(self._made(x, y, self._end, full))
            self._end = full
            if len(self._kept) > 32:
                self._kept = [np.concatenate(self._kept, axis=1)]
        pieces = list(self._kept)
        if last > full and len(y) > full * width:  # the bin that is not full yet
            rest = slice(full * width, len(y))
            pieces.append(self._kind(x[None, rest], y[None, rest]))
        if not pieces:
            return np.empty((2 if self._kind is means else 3, 0))
        whole = pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)
        return whole[:, first - self._first : last - self._first]

    def _made(self, x: Floats, y: Floats, first: int, last: int) -> Table:
        part, shape = slice(first * self._width, last * self._width), (last - first, self._width)
        return self._kind(x[part].reshape(shape), y[part].reshape(shape))


def width_for(points: float, columns: int, least: int = 1) -> int:
    """The power of two that makes at most `columns` bins of so many points."""
    wanted = max(points / max(columns, 1), least, 1)
    return int(2 ** ceil(log2(wanted) - 1e-9))


def _mean(y: Floats) -> Floats:
    with np.errstate(invalid="ignore", over="ignore"):
        found: Floats = y.mean(1)
    bad = ~np.isfinite(found)
    if bad.any():  # the mean of those that are numbers
        rows = y[bad]
        ok = np.isfinite(rows)
        count = ok.sum(1)
        found[bad] = np.where(count > 0, np.where(ok, rows, 0.0).sum(1) / np.maximum(count, 1), np.nan)
    return found
