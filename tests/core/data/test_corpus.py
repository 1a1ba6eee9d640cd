import errno
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from llmstudio.core.data import copying
from llmstudio.core.data.corpus import Added, Corpus

Finish = Callable[[Any], Any]


@pytest.fixture
def dropped(tmp_path: Path) -> Path:
    folder = tmp_path / "Jörg Müller 文"
    folder.mkdir()
    (folder / "a.txt").write_bytes("Grüße\r\nan alle\rhier".encode("utf-16"))
    (folder / "b.md").write_text("second\n" * 1000)
    return folder


def text(corpus: Corpus) -> list[str]:
    return ["".join(corpus.chunks(source)) for source in corpus.sources]


def left(corpus: Corpus) -> list[str]:
    return sorted(path.name for path in corpus.folder.iterdir()) if corpus.folder.exists() else []


def test_files_are_copied_and_measured(corpus: Corpus, dropped: Path, finish: Finish) -> None:
    before = {path.name: path.read_bytes() for path in dropped.iterdir()}
    added: Added = finish(corpus.add([dropped]))
    assert text(corpus) == ["Grüße\nan alle\nhier", "second\n" * 1000]
    first, second = corpus.sources
    assert list(corpus.sources) == added.sources
    assert (first.name, first.characters, first.lines, first.bytes, first.encoding, first.confident) == (
        "Jörg Müller 文/a.txt", 18, 3, 20, "utf-16", True)  # fmt: skip
    assert (second.lines, second.bytes, second.path) == (1000, 7000, str(dropped / "b.md"))
    assert {path.name: path.read_bytes() for path in dropped.iterdir()} == before
    assert left(corpus) == sorted([f"{first.id}.txt", f"{second.id}.txt", "sources.json"])
    again = Corpus(corpus.folder)
    assert again.sources == corpus.sources and again.fingerprint == corpus.fingerprint


def test_progress_is_in_bytes_and_ends_at_the_total(corpus: Corpus, dropped: Path) -> None:
    news = list(corpus.add([dropped]))
    sizes = sum(path.stat().st_size for path in dropped.iterdir())
    assert {n.total for n in news[1:]} == {sizes} and news[-1].done == sizes
    assert [n.done for n in news] == sorted(n.done for n in news)


def test_every_bad_file_gets_its_line_and_the_others_come_in(corpus: Corpus, dropped: Path, finish: Finish) -> None:
    (dropped / "empty.txt").write_bytes(b"")
    (dropped / "blank.txt").write_text(" \n\n ")
    (dropped / "binary.txt").write_bytes(b"\0\1\2\3" * 1000)
    (dropped / "late.txt").write_bytes(b"plain\n" * 100_000 + b"\0" + b"plain\n" * 200_000)
    (dropped / "scan.pdf").write_bytes(b"%PDF")
    added: Added = finish(corpus.add([dropped, dropped / "gone.txt"]))
    assert [source.name for source in added.sources] == [f"{dropped.name}/a.txt", f"{dropped.name}/b.md"]
    words = {"empty.txt": "empty", "blank.txt": "no text", "binary.txt": "binary", "late.txt": "NUL",
             "scan.pdf": ".pdf", "gone.txt": "not there"}  # fmt: skip
    reasons = {refused.path.name: refused.reason for refused in added.refused}
    assert reasons.keys() == words.keys()
    assert all(words[name] in reason and reason.endswith(".") for name, reason in reasons.items())
    assert len(left(corpus)) == 3


def test_the_same_text_is_refused_wherever_it_comes_from(corpus: Corpus, dropped: Path, finish: Finish) -> None:
    (dropped / "copy.txt").write_bytes("Grüße\nan alle\nhier".encode())
    added: Added = finish(corpus.add([dropped]))
    assert len(added.sources) == 2 and "already, as" in added.refused[0].reason
    assert "already, as" in finish(corpus.add([dropped / "b.md"])).refused[0].reason
    with pytest.raises(ValueError, match="same text is here already"):
        corpus.add_text("second\r\n" * 1000, "pasted")
    assert len(left(corpus)) == 3


def test_an_encoding_that_turns_out_wrong_is_looked_at_again(corpus: Corpus, tmp_path: Path, finish: Finish) -> None:
    plain, german = b"all of this is plain\n" * 60_000, "Über den Dächern hängt früh der Nebel.\n"
    (tmp_path / "late.txt").write_bytes(plain + german.encode("cp1252") + 3 * plain)
    finish(corpus.add([tmp_path / "late.txt"]))
    assert text(corpus) == [plain.decode() + german + 3 * plain.decode()]
    assert corpus.sources[0].encoding == "cp1252"


def test_a_chosen_encoding_is_taken(corpus: Corpus, tmp_path: Path, finish: Finish) -> None:
    (tmp_path / "k.txt").write_bytes("Übung".encode("cp437"))
    finish(corpus.add([tmp_path / "k.txt"], encoding="cp437"))
    assert text(corpus) == ["Übung"] and corpus.sources[0].confident
    refused = finish(corpus.add([tmp_path / "k.txt"], encoding="utf-8")).refused
    assert "byte 0 (0x9A) is not utf-8" in refused[0].reason


def test_closing_leaves_nothing(corpus: Corpus, dropped: Path) -> None:
    (dropped / "big.txt").write_text("line\n" * 1_000_000)
    seen = 0
    while True:
        steps = corpus.add([dropped])
        if sum(1 for _ in zip(range(seen), steps, strict=False)) < seen:
            break  # came to its end: every place before was tried
        steps.close()
        assert corpus.sources == () and left(corpus) == []
        seen += 1
    assert seen > 6


def test_pasted_text(corpus: Corpus) -> None:
    source = corpus.add_text("one\r\ntwo \ud83d\ude00 \ud800", "Pasted text")
    assert text(corpus) == ["one\ntwo 😀 �"] and source.path == "" and source.lines == 2
    with pytest.raises(ValueError, match="no text"):
        corpus.add_text(" \n", "Pasted text")


def test_remove_and_restore(corpus: Corpus) -> None:
    ids = [corpus.add_text(word, word).id for word in ("one", "two", "three")]
    before = corpus.fingerprint
    corpus.remove(ids[1])
    assert [s.name for s in Corpus(corpus.folder).sources] == ["one", "three"] and corpus.fingerprint != before
    corpus.restore(ids[1])
    corpus.restore(ids[1])
    assert [s.name for s in Corpus(corpus.folder).sources] == ["one", "two", "three"]
    assert text(corpus) == ["one", "two", "three"] and corpus.fingerprint == before


def test_removed_text_goes_at_a_later_opening(corpus: Corpus) -> None:
    source, kept = corpus.add_text("one", "one"), corpus.add_text("two", "two")
    (corpus.folder / "notes.txt").write_text("not ours")
    half = corpus.folder / ".0123abcd.part"
    half.write_text("half")
    corpus.remove(source.id)
    old = time.time() - 7200
    for path in corpus.folder.iterdir():
        os.utime(path, (old, old))
    Corpus(corpus.folder)
    assert left(corpus) == sorted([f"{kept.id}.txt", "notes.txt", "sources.json"])
    with pytest.raises(ValueError, match="The text of one is gone"):
        corpus.restore(source.id)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"sources": [{"id": 3}]}',
        b'{"version": "x"}',
        b'{"version": 99, "sources": []}',
    ],
)
def test_a_broken_list_is_said_and_left_alone(corpus: Corpus, data: bytes) -> None:
    source = corpus.add_text("one", "one")
    listing = corpus.folder / "sources.json"
    listing.write_bytes(data)
    old = time.time() - 7200
    os.utime(corpus.path(source), (old, old))
    with pytest.raises(ValueError, match=r"sources\.json (is damaged|was written by a newer)"):
        Corpus(corpus.folder)
    assert listing.read_bytes() == data and corpus.path(source).exists()


def test_an_older_list_is_read(corpus: Corpus) -> None:
    corpus.add_text("one", "one")
    fields = msgspec.json.decode((corpus.folder / "sources.json").read_bytes())
    del fields["version"], fields["sources"][0]["confident"]
    (corpus.folder / "sources.json").write_bytes(msgspec.json.encode(fields))
    assert Corpus(corpus.folder).sources == corpus.sources


@pytest.mark.parametrize("damage", ["missing", "truncated", "changed"])
def test_a_lost_text_is_said(corpus: Corpus, damage: str) -> None:
    path = corpus.path(corpus.add_text("Grüße", "greeting"))
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + (b"\xff" if damage == "changed" else b""))
    with pytest.raises(ValueError, match="text of greeting is missing or damaged"):
        text(corpus)


@pytest.mark.parametrize("after", [0, 1, 2, 3, 4])
def test_a_full_disk_keeps_what_was_there(
    corpus: Corpus, dropped: Path, finish: Finish, full_disk: Callable[[int], None], after: int
) -> None:
    corpus.add_text("old", "old")
    full_disk(after)
    try:
        added = finish(corpus.add([dropped]))
        assert [r for r in added.refused if "disk is full" in r.reason]
    except ValueError as error:
        assert "the disk is full" in str(error)
    for kept in (corpus, Corpus(corpus.folder)):
        assert text(kept)[0] == "old"
        assert kept.sources == corpus.sources
    assert len(left(corpus)) == len(corpus.sources) + 1


def test_pasting_and_removing_on_a_full_disk(corpus: Corpus, full_disk: Callable[[int], None]) -> None:
    source = corpus.add_text("old", "old")
    full_disk(0)
    with pytest.raises(ValueError, match="the disk is full"):
        corpus.add_text("new", "new")
    with pytest.raises(ValueError, match="the disk is full"):
        corpus.remove(source.id)
    assert text(corpus) == ["old"] and len(left(corpus)) == 2


def test_a_rename_that_is_not_allowed(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "replace", denied)
    with pytest.raises(ValueError, match="permission"):
        corpus.add_text("new", "new")
    assert left(corpus) == []


def test_room_on_the_disk_is_asked_for_first(
    corpus: Corpus, dropped: Path, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(dropped)._replace(free=copying.SPARE + 100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    added: Added = finish(corpus.add([dropped]))
    assert [source.name for source in added.sources] == [f"{dropped.name}/a.txt"]
    assert "MB are free" in added.refused[0].reason
