"""How much of the validation text the model reads while it learns: long stretches that are in the training text too.

A stretch is as long as Lee et al. 2022 ("Deduplicating training data makes language models better") take: 50 tokens of
a large vocabulary, some 200 characters. Shorter repeats are the language itself. Stretches are compared by a rolling
hash of 64 bits (Karp & Rabin 1987); two that differ are practically never taken for equal.
"""

from collections.abc import Generator
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ..progress import Progress
from .ngrams import MOST_VALIDATION, SLAB, stretches

CHARACTERS = 200
SHORTEST = 16  # tokens
BITS = 24  # of a hash, for the table that lets most of the training text pass quickly
MULTIPLIER = 0x9E3779B97F4A7C15  # odd, so that it can be divided by: 2^64 / the golden ratio (Knuth, volume 3, 6.4)
Tokens = NDArray[Any]  # (N,) unsigned integers
Hashes = NDArray[np.uint64]


class Leak(Struct, frozen=True, kw_only=True):
    """`share`: of the validation tokens that were looked at, those within stretches that the training text has too.

    The longest such passage begins at `at` in the validation text and is `length` tokens long.
    """

    share: float
    stretch: int  # tokens
    looked: int  # validation tokens: all, or evenly spread pieces of a longer text
    at: int = 0
    length: int = 0


def stretch(tokens: int, characters: int) -> int:
    """How many tokens a telling stretch has, in a text of this many of both."""
    return max(SHORTEST, round(CHARACTERS * tokens / max(1, characters)))


def measure(train: Tokens, validation: Tokens, vocab: int, stretch: int) -> Generator[Progress, None, Leak]:
    """Look for every stretch of `validation` (M,) in all of `train` (N,). Memory stays below some 200 MB.

    Exact up to 2.1 million validation tokens, beyond that on 8 evenly spread pieces of them.
    """
    pieces = _joined(stretches(len(validation), MOST_VALIDATION))
    rolling = _Rolling(vocab, stretch)
    hashes = [rolling(validation[start:stop]) for start, stop in pieces]
    known = np.unique(np.concatenate(hashes)) if hashes else np.zeros(0, np.uint64)
    seen = np.zeros(len(known), bool)
    maybe = np.zeros(1 << BITS, bool)
    maybe[known >> np.uint64(64 - BITS)] = True
    for start in range(0, len(train) if len(known) else 0, SLAB):
        own = rolling(train[start : start + SLAB + stretch - 1])
        own = own[maybe[own >> np.uint64(64 - BITS)]]
        place = np.minimum(np.searchsorted(known, own), len(known) - 1)
        seen[place[known[place] == own]] = True
        done = min(start + SLAB, len(train))
        yield Progress(text="Looking for repeated text", done=done, total=len(train), unit="tokens")
    return _sum_up(pieces, hashes, known[seen], stretch)


def _sum_up(pieces: list[tuple[int, int]], hashes: list[Hashes], found: Hashes, stretch: int) -> Leak:
    covered = looked = at = length = 0
    for (start, stop), own in zip(pieces, hashes, strict=True):
        edges = np.zeros(stop - start + 1, np.int64)
        begins = np.flatnonzero(np.isin(own, found))
        edges[begins] += 1
        edges[begins + stretch] -= 1
        inside = np.concatenate([[0], np.cumsum(edges)[:-1] > 0, [0]]).astype(np.int8)
        firsts, ends = np.flatnonzero(np.diff(inside) == 1), np.flatnonzero(np.diff(inside) == -1)
        lengths = ends - firsts
        looked, covered = looked + stop - start, covered + int(lengths.sum())
        if len(lengths) and lengths.max() > length:
            at, length = start + int(firsts[lengths.argmax()]), int(lengths.max())
    return Leak(share=covered / max(1, looked), stretch=stretch, looked=looked, at=at, length=length)


def _joined(pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pieces that go on from one another as one."""
    found: list[tuple[int, int]] = []
    for start, stop in pieces:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], stop)
        else:
            found.append((start, stop))
    return found


class _Rolling:
    """Hash of every stretch: sum over its tokens of r(token) m^-i, times m^start so that its place does not count.

    r gives each token a random number; all is modulo 2^64.
    """

    def __init__(self, vocab: int, stretch: int) -> None:
        self._stretch = stretch
        self._random = np.random.default_rng(1).integers(1 << 64, size=vocab, dtype=np.uint64)
        self._powers, self._inverse = _powers(MULTIPLIER, 0), _powers(pow(MULTIPLIER, -1, 1 << 64), 0)

    def __call__(self, tokens: Tokens) -> Hashes:
        """(N,) to (N - stretch + 1,), none where the text is shorter."""
        count = len(tokens) - self._stretch + 1
        if count < 1:
            return np.zeros(0, np.uint64)
        if len(self._powers) < len(tokens):
            self._powers = _powers(MULTIPLIER, len(tokens))
            self._inverse = _powers(pow(MULTIPLIER, -1, 1 << 64), len(tokens))
        sums = np.zeros(len(tokens) + 1, np.uint64)
        np.cumsum(self._random[tokens] * self._inverse[: len(tokens)], out=sums[1:])
        found: Hashes = (sums[self._stretch :] - sums[:count]) * self._powers[:count]
        return found


def _powers(factor: int, count: int) -> Hashes:
    """1, factor, factor^2, ..., modulo 2^64."""
    found = np.full(count, factor, np.uint64)
    found[:1] = 1
    return np.cumprod(found, dtype=np.uint64)
