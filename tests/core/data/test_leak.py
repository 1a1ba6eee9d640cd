import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmstudio.core.data import leak
from llmstudio.core.data.leak import Leak, measure


def finished(train: list[int], validation: list[int], vocab: int, stretch: int) -> Leak:
    steps = measure(np.array(train, np.uint16), np.array(validation, np.uint16), vocab, stretch)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            assert isinstance(end.value, Leak)
            return end.value


def naive(train: list[int], validation: list[int], stretch: int) -> tuple[float, int, int]:
    known = {tuple(train[i : i + stretch]) for i in range(len(train) - stretch + 1)}
    inside = [False] * len(validation)
    for i in range(len(validation) - stretch + 1):
        if tuple(validation[i : i + stretch]) in known:
            inside[i : i + stretch] = [True] * stretch
    runs = [(i, next((j for j in range(i, len(inside)) if not inside[j]), len(inside)) - i) for i in range(len(inside))]
    at, length = max((run for run in runs if run[1]), key=lambda run: (run[1], -run[0]), default=(0, 0))
    return sum(inside) / max(1, len(validation)), at, length


@given(
    st.lists(st.integers(0, 2), max_size=80),
    st.lists(st.integers(0, 2), max_size=40),
    st.integers(1, 6),
    st.sampled_from([5, 1 << 18]),
)
def test_equal_to_looking_for_each_stretch(train: list[int], validation: list[int], stretch: int, slab: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leak, "SLAB", slab)
        found = finished(train, validation, 3, stretch)
    assert (found.share, found.at, found.length) == pytest.approx(naive(train, validation, stretch))
    assert found.looked == len(validation)


def test_a_copied_passage_is_found_where_it_is() -> None:
    dice = np.random.default_rng(0)
    train, validation = dice.integers(0, 50, 300_000).tolist(), dice.integers(0, 50, 5000).tolist()
    assert finished(train, validation, 50, 16).share == 0
    validation[1000:1500] = train[262_000:262_500]  # across two slabs
    found = finished(train, validation, 50, 16)
    assert 500 <= found.length <= 502 and found.share == found.length / 5000 and 999 <= found.at <= 1000


def test_a_long_validation_text_is_looked_at_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmstudio.core.data.ngrams.SLAB", 100)
    monkeypatch.setattr(leak, "MOST_VALIDATION", 400)
    text = np.random.default_rng(0).integers(0, 50, 4000).tolist()
    found = finished(text, text, 50, 16)
    assert found.share == 1 and found.looked == 400


def test_a_stretch_is_some_two_hundred_characters() -> None:
    assert leak.stretch(1_000_000, 1_000_000) == 200 and leak.stretch(250_000, 1_000_000) == 50
    assert leak.stretch(1, 1000) == leak.stretch(0, 0) == leak.SHORTEST
