"""What a head does, in numbers: where its attention goes on average."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..numbers import percent

SINK = 0.5  # share on the first token from which it is said that this may mean nothing


def habits(weights: NDArray[Any]) -> tuple[float, float, float]:
    """Mean share of attention (T, T) on the token before, on itself and on the first token, over all queries but it."""
    if len(weights) < 2:
        return 0.0, 1.0, 1.0
    before = float(np.diagonal(weights, -1).mean())
    itself = float(np.diagonal(weights)[1:].mean())
    first = float(weights[1:, 0].mean())
    return before, itself, first


def sentence(weights: NDArray[Any]) -> str:
    """The same in words; a head that rests on the first token often has found nothing to look at."""
    before, itself, first = habits(weights)
    near = f"{percent(before, 0)} on the token before, {percent(itself, 0)} on itself"
    text = f"{near}, {percent(first, 0)} on the first."
    return text + (" Much on the first token is often a sign of no cue." if first > SINK else "")
