"""How often each token comes in a text."""

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from .ngrams import stretches

MOST = 1 << 25  # tokens counted at most: a quarter of a second


class Frequencies(Struct, frozen=True, kw_only=True, eq=False):
    counts: NDArray[np.int64]  # (V,)
    counted: int  # tokens looked at: all, or evenly spread stretches of a longer text
    total: int  # tokens in the text

    def commonest(self, most: int) -> list[int]:
        """Ids of the tokens that come most often, falling; those that never come are left out. Ties: the lower id."""
        order = np.argsort(-self.counts, kind="stable")[:most]
        return [int(id) for id in order if self.counts[id]]

    @property
    def rarest(self) -> int | None:
        """The id of a token that comes, but least often; None where nothing was counted."""
        there = np.flatnonzero(self.counts)
        return int(there[np.argmin(self.counts[there])]) if len(there) else None

    @property
    def different(self) -> int:
        """How many tokens of the vocabulary come at all."""
        return int(np.count_nonzero(self.counts))

    def share(self, id: int) -> float:
        return float(self.counts[id]) / max(self.counted, 1)


def frequencies(tokens: NDArray[Any], vocab: int, most: int = MOST) -> Frequencies:
    """Count `tokens` (N,), exactly up to `most` of them, beyond that on spread stretches. Memory: one stretch."""
    counts, counted = np.zeros(vocab, np.int64), 0
    for start, stop in stretches(len(tokens), most):
        counts += np.bincount(tokens[start:stop], minlength=vocab)
        counted += stop - start
    return Frequencies(counts=counts, counted=counted, total=len(tokens))
