"""Reading what the model said: from scores to the likeliest tokens. Numpy only."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def next_tokens(logits: NDArray[Any], count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The `count` likeliest ids after one position and their probabilities, from its scores (V,); likeliest first."""
    scores = np.asarray(logits, dtype=np.float64)
    weights = np.exp(scores - scores.max())
    order = np.argsort(-scores, kind="stable")[:count]
    return order.astype(np.int64), weights[order] / weights.sum()
