"""How much of the validation text the model has read already: long stretches that stand in the training text too.

A stretch is as long as Lee et al. 2022 ("Deduplicating Training Data Makes Language Models Better") take: 50 tokens of
a large BPE, some 200 characters. Shorter repeats are the language itself.
"""

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

CHARACTERS = 200
SHORTEST = 16  # tokens
MOST_TRAIN, MOST_VALIDATION = 1 << 24, 1 << 21  # tokens looked at: memory stays below some 300 MB
SLAB = 1 << 18
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # odd: no bit is lost; the golden ratio's, Knuth's choice for hashing
Tokens = NDArray[Any]  # (N,) unsigned integers
Hashes = NDArray[np.uint64]


class Leak(Struct, frozen=True, kw_only=True):
    """`share`: of the validation tokens looked at, those in a stretch of `stretch` tokens that the training text has.

    `at`: where in the validation text the longest such run begins, and `length` how many tokens it is long.
    """

    share: float
    stretch: int
    at: int = 0
    length: int = 0


def stretch(tokens: int, characters: int) -> int:
    """How many tokens a telling stretch has, in a text of this many of both."""
    return max(SHORTEST, round(CHARACTERS * tokens / max(1, characters)))
