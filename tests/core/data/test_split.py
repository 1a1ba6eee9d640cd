from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmstudio.core.data.source import Source
from llmstudio.core.data.split import Portion, between, by_document, by_share

LENGTHS = st.lists(st.integers(1, 1000), min_size=1, max_size=8)


def sources(lengths: Sequence[int]) -> list[Source]:
    return [
        Source(
            id=str(i), name=f"{i}", path="", bytes=n, characters=n, lines=1, encoding="utf-8", sha256=f"{i * 7 % 5}{i}"
        )
        for i, n in enumerate(lengths)
    ]


def length(portions: list[Portion], part: str) -> int:
    return sum(p.stop - p.start for p in portions if p.part == part)


@given(LENGTHS, st.sampled_from([0.01, 0.1, 0.25, 0.5]))
def test_a_share_is_the_end_of_the_whole_text(lengths: list[int], validation: float) -> None:
    found = by_share(sources(lengths), validation)
    n = sum(lengths)
    assert length(found, "train") == int(n * (1 - validation)) and length(found, "validation") == n - int(
        n * (1 - validation)
    )
    texts = {str(i): "".join(chr(0x4E00 + sum(lengths[:i]) + k) for k in range(m)) for i, m in enumerate(lengths)}
    assert "".join(texts[p.source.id][p.start : p.stop] for p in found) == "".join(texts.values())
    assert [p.part for p in found] == sorted((p.part for p in found), key=["train", "validation"].index)


@given(LENGTHS.filter(lambda lengths: len(lengths) > 1), st.sampled_from([0.01, 0.1, 0.5]))
def test_documents_stay_whole(lengths: list[int], validation: float) -> None:
    found = by_document(sources(lengths), validation)
    assert sorted(p.source.id for p in found) == sorted(map(str, range(len(lengths))))
    assert all(p.start == 0 and p.stop == p.source.characters for p in found)
    kept = [p for p in found if p.part == "validation"]
    assert 0 < len(kept) < len(found)
    assert length(found, "validation") <= sum(lengths) * validation or [p.stop for p in kept] == [min(lengths)]


def test_which_documents_are_kept_does_not_depend_on_their_order() -> None:
    some = sources([10, 20, 30, 40, 50, 60])
    one = {p.source.id for p in by_document(some, 0.3) if p.part == "validation"}
    two = {p.source.id for p in by_document(some[::-1], 0.3) if p.part == "validation"}
    assert one == two


def test_one_document_cannot_be_split_into_documents() -> None:
    with pytest.raises(ValueError, match="at least two texts"):
        by_document(sources([100]), 0.1)


@given(st.lists(st.text(max_size=9)), st.integers(0, 60), st.integers(0, 60))
def test_between(chunks: list[str], start: int, stop: int) -> None:
    assert "".join(between(chunks, start, stop)) == "".join(chunks)[start:stop]
