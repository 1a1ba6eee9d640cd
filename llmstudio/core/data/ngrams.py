"""How well counting predicts the text: the losses that a model has to beat before it has learned more than a table.

Interpolated Witten-Bell smoothing (Witten & Bell 1991, method C; Chen & Goodman 1999, section 2.4). With c(h, w) how
often token w follows history h in the training text, c(h) their sum over w, and T(h) how many different w follow h:

    p(w | h) = (c(h, w) + T(h) p(w | h')) / (c(h) + T(h))        h' is h without its oldest token
    p(w)     = (c(w) + T / V) / (N + T)                          T of the V tokens occur, N times in all
"""

from collections.abc import Generator
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ..progress import Progress

SLAB = 1 << 18  # tokens counted at a time
MOST_TRAIN = 1 << 23  # tokens counted at most; memory stays below some 600 MB, for any text and vocabulary
MOST_VALIDATION = 1 << 21  # tokens predicted at most
Tokens = NDArray[Any]  # (N,) unsigned integers
Int = NDArray[np.int64]
Float = NDArray[np.float64]


class Ngrams(Struct, frozen=True, kw_only=True):
    """Losses on the validation text in nats per token, from counts of the training text.

    All four are means over the same tokens: those with two tokens before them.
    """

    uniform: float
    unigram: float
    bigram: float
    trigram: float
    counts: tuple[int, int, int]  # different tokens, pairs and triples that were counted
    train_tokens: int  # that were counted: all, or evenly spread stretches of a longer text
    validation_tokens: int  # that were predicted


def measure(train: Tokens, validation: Tokens, vocab: int) -> Generator[Progress, None, Ngrams | None]:
    """Count tokens, pairs and triples of `train` (N,) and predict `validation` (M,). Exact up to 8.4 million training
    tokens and 2.1 million of validation, beyond that on 32 or 8 evenly spread stretches of each; None where either has
    fewer than three tokens."""
    assert 0 < vocab < 1 << 21, "three tokens have to fit into 63 bits"
    if len(train) < 3 or len(validation) < 3:
        return None
    counting, testing = stretches(len(train), MOST_TRAIN), stretches(len(validation), MOST_VALIDATION)
    total = sum(stop - start for start, stop in counting + testing)
    one, pairs, triples = np.zeros(vocab, np.int64), _Counter(), _Counter()
    done = 0
    for start, stop in counting:
        own = train[start:stop]
        slab = (
            np.asarray(train[max(start - 2, 0) : stop], np.int64) if _joined(counting, start) else own.astype(np.int64)
        )
        one += np.bincount(own, minlength=vocab)
        head = len(slab) - len(own)
        two = slab[:-1] * vocab + slab[1:]
        pairs.add(two[max(head - 1, 0) :])
        triples.add(two[:-1] * vocab + slab[2:])
        done += stop - start
        yield Progress(text="Counting pairs and triples", done=done, total=total, unit="tokens")
    model = _Model(one, pairs.table(), triples.table(), vocab)
    sums, predicted = np.zeros(3), 0
    for start, stop in testing:
        slab = np.asarray(validation[max(start - 2, 0) if _joined(testing, start) else start : stop], np.int64)
        if len(slab) > 2:
            sums += [float(-np.log(p).sum()) for p in model.predict(slab)]
            predicted += len(slab) - 2
        done += stop - start
        yield Progress(text="Predicting by counts", done=done, total=total, unit="tokens")
    means = sums / predicted
    return Ngrams(
        uniform=float(np.log(vocab)),
        unigram=float(means[0]),
        bigram=float(means[1]),
        trigram=float(means[2]),
        counts=(int(np.count_nonzero(one)), len(model.pairs.keys), len(model.triples.keys)),
        train_tokens=sum(stop - start for start, stop in counting),
        validation_tokens=predicted,
    )


def stretches(length: int, most: int) -> list[tuple[int, int]]:
    """(start, stop) of the stretches to read: all of it one behind the other, or `most` tokens evenly spread."""
    if length <= most:
        return [(start, min(start + SLAB, length)) for start in range(0, length, SLAB)]
    starts = np.linspace(0, length - SLAB, most // SLAB).astype(int)
    return [(int(start), int(start) + SLAB) for start in starts]


def _joined(slabs: list[tuple[int, int]], start: int) -> bool:
    """Whether the stretch that begins at `start` goes on from the one before it."""
    return any(stop == start for _, stop in slabs)


class _Table(Struct, frozen=True):
    keys: Int  # (K,) rising
    counts: Int  # (K,)

    def find(self, keys: Int) -> Int:
        """How often each of `keys` was counted."""
        if not len(self.keys):
            return np.zeros(len(keys), np.int64)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[place] == keys, self.counts[place], 0)


class _Counter:
    """Counts keys that come slab by slab, in a few sorted tables, each at most half as long as the one before it."""

    def __init__(self) -> None:
        self._tables: list[_Table] = []

    def add(self, keys: Int) -> None:
        self._tables.append(_Table(*np.unique(keys, return_counts=True)))
        while len(self._tables) > 1 and len(self._tables[-2].keys) < 2 * len(self._tables[-1].keys):
            self._merge()

    def table(self) -> _Table:
        while len(self._tables) > 1:
            self._merge()
        return self._tables[0]

    def _merge(self) -> None:
        b, a = self._tables.pop(), self._tables.pop()
        keys = np.concatenate([a.keys, b.keys])
        order = np.argsort(keys, kind="stable")  # two sorted runs: one pass
        keys, counts = keys[order], np.concatenate([a.counts, b.counts])[order]
        starts = _starts(keys)
        self._tables.append(_Table(keys[starts], np.add.reduceat(counts, starts) if len(keys) else counts))


def _starts(keys: Int) -> Int:
    """Where each run of equal keys begins."""
    return np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)])


class _Model:
    def __init__(self, one: Int, pairs: _Table, triples: _Table, vocab: int) -> None:
        self.pairs, self.triples, self._vocab = pairs, triples, vocab
        types = np.count_nonzero(one)
        self._unigram: Float = (one + types / vocab) / (one.sum() + types)
        self._after_one = _histories(pairs, vocab)
        self._after_two = _histories(triples, vocab)

    def predict(self, tokens: Int) -> tuple[Float, Float, Float]:
        """The probability of each of `tokens` from the third on, by tokens, pairs and triples, each (N - 2,)."""
        u, v, w = tokens[:-2], tokens[1:-1], tokens[2:]
        p1 = self._unigram[w]
        p2 = _witten_bell(self.pairs.find(v * self._vocab + w), self._after_one, v, p1)
        history = u * self._vocab + v
        p3 = _witten_bell(self.triples.find(history * self._vocab + w), self._after_two, history, p2)
        return p1, p2, p3


def _histories(table: _Table, vocab: int) -> tuple[_Table, _Table]:
    """For each history in `table`: c(h), how often something follows it, and T(h), how many different things."""
    prefix = table.keys // vocab
    starts = _starts(prefix)
    if not len(starts):
        return table, table
    keys = prefix[starts]
    return _Table(keys, np.add.reduceat(table.counts, starts)), _Table(keys, np.diff(np.append(starts, len(prefix))))


def _witten_bell(count: Int, after: tuple[_Table, _Table], history: Int, lower: Float) -> Float:
    total, types = after[0].find(history), after[1].find(history)
    # a history never seen has total = types = 0: the shorter one decides alone
    return np.where(total > 0, (count + types * lower) / np.maximum(total + types, 1), lower)
