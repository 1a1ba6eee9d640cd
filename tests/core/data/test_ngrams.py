import math
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmstudio.core.data import ngrams
from llmstudio.core.data.ngrams import Ngrams, measure

Finish = Callable[[Any], Any]


def naive(train: list[int], validation: list[int], vocab: int) -> list[float]:
    """The same by dictionaries, word for word from the formula."""
    counts: Counter[tuple[int, ...]] = Counter()
    for order in (1, 2, 3):
        counts.update(tuple(train[i : i + order]) for i in range(len(train) - order + 1))

    def p(w: int, history: tuple[int, ...], lower: float) -> float:
        following = {k: n for k, n in counts.items() if len(k) == len(history) + 1 and k[:-1] == history}
        total, types = sum(following.values()), len(following)
        return (counts[(*history, w)] + types * lower) / (total + types) if total else lower

    sums = [0.0, 0.0, 0.0]
    for i in range(2, len(validation)):
        u, v, w = validation[i - 2 : i + 1]
        one = p(w, (), 1 / vocab)
        two = p(w, (v,), one)
        sums = [s - math.log(q) for s, q in zip(sums, (one, two, p(w, (u, v), two)), strict=True)]
    return [s / (len(validation) - 2) for s in sums]


def finished(train: list[int], validation: list[int], vocab: int) -> Ngrams:
    steps = measure(np.array(train, np.uint16), np.array(validation, np.uint16), vocab)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            assert isinstance(end.value, Ngrams)
            return end.value


@given(
    st.lists(st.integers(0, 5), min_size=3, max_size=60),
    st.lists(st.integers(0, 6), min_size=3, max_size=30),
    st.sampled_from([2, 7, 1 << 18]),
)
def test_equal_to_counting_with_dictionaries(train: list[int], validation: list[int], slab: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngrams, "SLAB", slab)
        found = finished(train, validation, 7)
    assert [found.unigram, found.bigram, found.trigram] == pytest.approx(naive(train, validation, 7), rel=1e-9)
    assert found.uniform == pytest.approx(math.log(7))
    kinds = [len({tuple(train[i : i + n]) for i in range(len(train) - n + 1)}) for n in (1, 2, 3)]
    assert list(found.counts) == kinds
    assert (found.train_tokens, found.validation_tokens) == (len(train), len(validation) - 2)


def test_probabilities_sum_to_one() -> None:
    dice = np.random.default_rng(0)
    train = dice.integers(0, 9, 300)
    one, pairs, triples = np.bincount(train, minlength=10), ngrams._Counter(), ngrams._Counter()
    pairs.add(train[:-1] * 10 + train[1:])
    triples.add((train[:-2] * 10 + train[1:-1]) * 10 + train[2:])
    model = ngrams._Model(one, pairs.table(), triples.table(), 10)
    for history in ([0, 1], [9, 1], [1, 9], [9, 9]):
        sums = [
            sum(float(p[0]) for p in ps)
            for ps in zip(*(model.predict(np.array([*history, w])) for w in range(10)), strict=True)
        ]
        assert sums == pytest.approx([1, 1, 1])


def test_a_known_source_is_recognised() -> None:
    """Tokens from a first-order Markov chain: pairs reach its entropy, single tokens that of its marginals."""
    dice = np.random.default_rng(1)
    rows = np.array([[0.9, 0.1], [0.5, 0.5]])
    tokens = [0]
    for x in dice.random(60_000):
        tokens.append(int(x < rows[tokens[-1], 1]))
    found = finished(tokens[:50_000], tokens[50_000:], 2)
    stationary = np.array([5 / 6, 1 / 6])
    entropy = -float((stationary[:, None] * rows * np.log(rows)).sum())
    assert found.bigram == pytest.approx(entropy, rel=0.02)
    assert found.unigram == pytest.approx(-float((stationary * np.log(stationary)).sum()), rel=0.02)


def test_a_long_text_is_sampled_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngrams, "SLAB", 100)
    monkeypatch.setattr(ngrams, "MOST_TRAIN", 1000)
    monkeypatch.setattr(ngrams, "MOST_VALIDATION", 500)
    dice = np.random.default_rng(2)
    train, validation = dice.integers(0, 4, 5000).tolist(), dice.integers(0, 4, 3000).tolist()
    found = finished(train, validation, 4)
    assert (found.train_tokens, found.validation_tokens) == (1000, 500 - 5 * 2)
    assert found.unigram == pytest.approx(math.log(4), rel=0.02)


@pytest.mark.parametrize(("train", "validation"), [([], [1, 2, 3]), ([1, 2, 3], [1, 2])])
def test_too_little_to_count_on(train: list[int], validation: list[int], finish: Finish) -> None:
    assert finish(measure(np.array(train, np.uint16), np.array(validation, np.uint16), 4)) is None


@pytest.mark.skipif("LLMSTUDIO_CORPUS" not in os.environ, reason="LLMSTUDIO_CORPUS does not name a text")
def test_on_a_real_text(finish: Finish) -> None:
    text = Path(os.environ["LLMSTUDIO_CORPUS"]).read_text(encoding="utf-8")
    letters = {c: i for i, c in enumerate(sorted(set(text)))}
    ids = np.array([letters[c] for c in text], np.uint16)
    cut = int(len(ids) * 0.9)
    found = finish(measure(ids[:cut], ids[cut:], len(letters)))
    assert found.uniform > found.unigram > found.bigram > found.trigram > 1
