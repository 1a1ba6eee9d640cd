import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

from llmstudio.core.data import boundaries, tokenizer
from llmstudio.core.data.tokenizer import END, Tokenizer, train

TEXT = 'The snail said: "I\'ll be there by Tuesday", and it was. Größe, 文字, 🐌!\n\n\tOne   two\r\n' * 30
KINDS = ("character", "byte", "bpe")
Finish = Callable[[Any], Any]


def make(kind: tokenizer.Kind, documents: int = 1, text: str = TEXT) -> Tokenizer:
    steps = train(kind, lambda: iter([text[:1000], text[1000:]]), 400, documents)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            assert isinstance(end.value, Tokenizer)
            return end.value


@pytest.fixture(scope="module")
def made() -> dict[tuple[str, int], Tokenizer]:
    return {(kind, documents): make(kind, documents) for kind in KINDS for documents in (1, 2)}


@pytest.fixture(scope="module")
def bpe(made: dict[tuple[str, int], Tokenizer]) -> Tokenizer:
    return made["bpe", 1]


def reference(tokens: Tokenizer, path: Path) -> tokenizers.Tokenizer:
    """The same file, read by Hugging Face's own library."""
    tokens.save(path)
    found = tokenizers.Tokenizer.from_file(str(path))
    found.encode_special_tokens = True
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("documents", [1, 2])
def test_ids_and_text_are_hugging_faces(
    made: dict[tuple[str, int], Tokenizer], tmp_path: Path, kind: str, documents: int
) -> None:
    ours = made[kind, documents]
    theirs = reference(ours, tmp_path / "tokenizer.json")
    letters = sorted(set(TEXT))

    @given(st.text(st.sampled_from(letters)) | st.text() | st.just(TEXT) | st.just(f"a{END}b"))
    def check(text: str) -> None:
        ids = ours.encode(text)
        assert ids.dtype == "int32" and ids.tolist() == theirs.encode(text, add_special_tokens=False).ids
        assert ours.decode(ids) == theirs.decode(ids.tolist())

    check()


@pytest.mark.parametrize("kind", KINDS)
def test_every_text_comes_back(made: dict[tuple[str, int], Tokenizer], kind: str) -> None:
    ours = made[kind, 2]
    known = st.text(st.sampled_from(sorted(set(TEXT))))

    @given(known if kind == "character" else st.text() | known)
    def check(text: str) -> None:
        ids = ours.encode(text)
        assert ours.decode(ids) == text
        assert ours.end not in ids
        decoder = ours.decoder()
        assert "".join(decoder.push(int(id)) for id in ids) + decoder.end() == text
        assert [p.id for p in ours.pieces(text)] == ids.tolist() and not ours.unknown(text)

    check()


@given(ids=st.lists(st.integers(0, 256)))
def test_streamed_text_is_the_whole_text(ids: list[int]) -> None:
    ours = make("byte", 2)
    decoder = ours.decoder()
    assert "".join(decoder.push(id) for id in ids) + decoder.end() == ours.decode(ids)


def test_a_character_comes_out_with_its_last_token(made: dict[tuple[str, int], Tokenizer]) -> None:
    decoder = made["byte", 1].decoder()
    assert [decoder.push(id) for id in "a文b".encode()] == ["a", "", "", "文", "b"]
    assert decoder.push(0xE6) + decoder.push(ord("c")) == "\N{REPLACEMENT CHARACTER}c"


def test_characters_are_the_texts_own_sorted() -> None:
    one, two = make("character"), make("character", 2)
    assert [one.token(i) for i in range(one.vocab_size)] == sorted(set(TEXT)) and one.end is None
    assert two.vocab_size == one.vocab_size + 1 and two.end == one.vocab_size and two.token(two.end) == END


def test_bytes_are_their_own_ids(made: dict[tuple[str, int], Tokenizer]) -> None:
    one, two = made["byte", 1], made["byte", 2]
    assert (one.vocab_size, one.end, two.vocab_size, two.end) == (256, None, 257, 256)
    assert one.encode("é").tolist() == list("é".encode())
    assert [one.token(i) for i in (10, 65, 0xC3)] == ["\n", "A", "\\xC3"]


def test_bpe_says_how_many_tokens_it_found(made: dict[tuple[str, int], Tokenizer]) -> None:
    assert 256 < made["bpe", 1].vocab_size < 400, "the text has no more pairs to merge"
    assert made["bpe", 2].end == made["bpe", 2].vocab_size - 1
    assert make("bpe", 2, "ab " * 9).vocab_size == 256 + 3, "ab, Ġab, <|end|>"


def test_unknown_characters_are_left_out_and_named() -> None:
    ours = make("character")
    assert ours.decode(ours.encode("Thé snaïl\ud800")) == "Th snal"
    assert ours.unknown("Thé snaïl\U0010ffff") == {"é", "ï", "\U0010ffff"}
    pieces = ours.pieces("Té")
    assert [(p.text, p.known) for p in pieces] == [("T", True), ("é", False)] and pieces[1].id == -1


def test_text_that_spells_the_end_is_text(made: dict[tuple[str, int], Tokenizer]) -> None:
    for kind in ("byte", "bpe"):
        ours = made[kind, 2]
        assert ours.end not in ours.encode(f"a{END}b") and ours.decode(ours.encode(f"a{END}b")) == f"a{END}b"
        assert ours.decode([*ours.encode("a"), ours.end or 0, *ours.encode("b")]) == "ab"


@pytest.mark.parametrize("kind", KINDS)
def test_saved_and_loaded(made: dict[tuple[str, int], Tokenizer], tmp_path: Path, kind: str) -> None:
    path = tmp_path / "Jörg Müller 文" / "tokenizer.json"
    for documents in (1, 2):
        ours = made[kind, documents]
        ours.save(path)
        again = Tokenizer.load(path)
        assert (again.kind, again.end, again.vocab_size) == (kind, ours.end, ours.vocab_size)
        assert again.fingerprint == ours.fingerprint
        assert again.encode(TEXT + END).tolist() == ours.encode(TEXT + END).tolist()
    assert len({made[k, d].fingerprint for k in KINDS for d in (1, 2)}) == 6


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b"\xff", b'{"model": 3}'])
def test_a_damaged_file_is_said(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "tokenizer.json"
    with pytest.raises(ValueError, match=r"tokenizer\.json cannot be read: .* Tokenize again"):
        Tokenizer.load(path)
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"tokenizer\.json is damaged\. Tokenize again"):
        Tokenizer.load(path)


def test_another_kind_of_tokenizer_is_refused(tmp_path: Path, bpe: Tokenizer) -> None:
    path = tmp_path / "tokenizer.json"
    tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0}, unk_token="a")).save(str(path))
    with pytest.raises(ValueError, match="kind of tokenizer that is not known"):
        Tokenizer.load(path)
    bpe.save(path)
    fields = json.loads(path.read_text(encoding="utf-8"))
    fields["pre_tokenizer"]["add_prefix_space"] = True
    path.write_text(json.dumps(fields), encoding="utf-8")
    with pytest.raises(ValueError, match="kind of tokenizer that is not known"):
        Tokenizer.load(path)


def test_a_full_disk_keeps_the_old_tokenizer(
    tmp_path: Path, made: dict[tuple[str, int], Tokenizer], full_disk: Callable[[int], None]
) -> None:
    path = tmp_path / "tokenizer.json"
    made["byte", 1].save(path)
    full_disk(0)
    with pytest.raises(ValueError, match="the disk is full"):
        made["bpe", 1].save(path)
    assert Tokenizer.load(path).kind == "byte"
    assert list(tmp_path.iterdir()) == [path]


TRICKY = st.text(st.sampled_from(" \n\t\r\u3000\x85\x1c\u200b\u2028a1'sé文.-🐌"), max_size=60)


@given(text=TRICKY)
def test_cutting_text_does_not_change_its_tokens(bpe: Tokenizer, text: str) -> None:
    whole = bpe.encode(text).tolist()
    for size in (1, 3, 10):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(boundaries, "PART", size)
            patch.setattr(tokenizer, "PART", 0)
            patch.setattr(tokenizer, "BATCH", 2)
            if text:
                assert bpe.encode(text).tolist() == whole
            chunks = [text[i : i + size] for i in range(0, len(text), size)]
            pieces = list(boundaries.aligned(chunks))
        assert "".join(pieces) == text
        assert [id for piece in pieces for id in bpe.encode(piece).tolist()] == whole


def test_text_without_a_safe_cut_is_not_held_for_ever() -> None:
    def endless() -> Iterator[str]:
        for _ in range(40):
            yield "文" * (1 << 20)

    longest = max(len(piece) for piece in boundaries.aligned(endless()))
    assert longest == boundaries.LONGEST
