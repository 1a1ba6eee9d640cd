"""The range of values that shows curves well: all of them, but not for the sake of a single peak."""

from collections.abc import Sequence
from math import floor

import numpy as np

from . import ticks
from .series import Floats, bounds

USUAL = 98  # percent of a curve that counts
BEYOND = 0.35  # of the usual range: what rises further is a peak


def around(lines: Sequence[Floats], always: Sequence[Floats], outliers: bool) -> tuple[float, float]:
    """Range for `lines`, as drawn, and for `always`. `outliers`: the peaks of the lines may lie outside."""
    shown = [y[np.isfinite(y)] for y in lines]
    kept = [bounds(y) for y in always]
    low = min([*(float(y.min()) for y in shown if len(y)), *(least for least, _ in kept)], default=0.0)
    high = max([*(_highest(y, outliers) for y in shown if len(y)), *(most for _, most in kept)], default=1.0)
    if not np.isfinite(low) or not np.isfinite(high):
        return 0.0, 1.0
    if high - low < 1e-9 * max(1.0, abs(high)):
        room = max(abs(high) * 0.1, 1e-9) if high else 0.5
        low, high = low - room, high + room
    step = ticks.spacing(low, high, 6) / 5  # the range moves in small jumps, not at every point
    return floor((low - step / 4) / step) * step, -floor(-(high + step / 4) / step) * step


def _highest(y: Floats, outliers: bool) -> float:
    most = float(y.max())
    if not outliers or len(y) < 20:
        return most
    place = len(y) * USUAL // 100
    usual = float(np.partition(y, place)[place])
    return min(most, usual + BEYOND * (usual - float(y.min())))
