import math
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from llmstudio.core.data import tokens
from llmstudio.core.data.corpus import Corpus, Settings
from llmstudio.core.data.tokenizer import Tokenizer, train
from llmstudio.core.data.tokens import Tokens, exists, write

Finish = Callable[[Any], Any]
WORDS = "slowly the snail goes round the pond with größere letters 文 and one 🐌 more\n".split(" ")


def prose(seed: int, length: int) -> str:
    dice = random.Random(seed)
    return " ".join(dice.choice(WORDS) for _ in range(length // 3))[:length]


def tokenizer(finish: Finish, corpus: Corpus, kind: str = "character") -> Tokenizer:
    made = finish(train(kind, lambda: (t for s in corpus.sources for t in corpus.chunks(s)), 300, len(corpus.sources)))
    assert isinstance(made, Tokenizer)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "Jörg Müller 文" / "tokens"


@pytest.mark.parametrize("kind", ["character", "byte", "bpe"])
def test_one_text_is_split_as_in_nanogpt(corpus: Corpus, folder: Path, finish: Finish, kind: str) -> None:
    text = prose(0, 20_011)
    source = corpus.add_text(text, "prose")
    made = tokenizer(finish, corpus, kind)
    found = finish(write(corpus, made, Settings(), folder))
    n = len(text)  # nanoGPT, data/shakespeare_char/prepare.py
    train_data, val_data = text[: int(n * 0.9)], text[int(n * 0.9) :]
    assert found.train.tolist() == made.encode(train_data).tolist()
    assert found.validation.tolist() == made.encode(val_data).tolist()
    assert made.decode(found.train) + made.decode(found.validation) == text
    manifest = found.manifest
    assert (manifest.train_characters, manifest.validation_characters) == (18009, 2002)
    assert manifest.validation_bytes == len(val_data.encode())
    assert manifest.source_tokens == {source.id: manifest.train_tokens + manifest.validation_tokens}
    assert (manifest.vocab, manifest.dtype) == (made.vocab_size, "uint16")
    assert (manifest.corpus, manifest.tokenizer) == (corpus.fingerprint, made.fingerprint)
    assert manifest.ngrams and manifest.ngrams.uniform == pytest.approx(math.log(made.vocab_size))
    assert manifest.ngrams.trigram < manifest.ngrams.unigram < manifest.ngrams.uniform
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "train.bin", "val.bin"]
    assert np.fromfile(folder / "val.bin", np.uint16).tolist() == found.validation.tolist()
    assert Tokens(folder).manifest == manifest


@pytest.mark.parametrize("kind", ["character", "byte", "bpe"])
@pytest.mark.parametrize("split", ["share", "document"])
def test_documents_are_kept_apart(corpus: Corpus, folder: Path, finish: Finish, kind: str, split: str) -> None:
    texts = {corpus.add_text(prose(i, 900 + i), f"{i}").id: prose(i, 900 + i) for i in range(6)}
    made = tokenizer(finish, corpus, kind)
    settings = Settings(split=split, validation=0.35)  # type: ignore[arg-type]
    found = finish(write(corpus, made, settings, folder))
    parts = [decoded(made, found.train), decoded(made, found.validation)]
    if split == "share":
        whole = list(texts.values())
        assert len(parts[0]) == 4 and parts[0][:3] == whole[:3] and parts[1][1:] == whole[4:]
        assert parts[0][3] + parts[1][0] == whole[3]
        assert sum(map(len, parts[0])) == int(sum(map(len, whole)) * 0.65)
    else:
        assert sorted(parts[0] + parts[1]) == sorted(texts.values()) and 0 < len(parts[1]) < 6
    assert found.manifest.source_tokens == {id: len(made.encode(text)) for id, text in texts.items()} or (
        kind == "bpe" and split == "share"  # the cut may go through a word
    )
    ends = sum(int((part == made.end).sum()) for part in (found.train, found.validation))
    assert ends + sum(found.manifest.source_tokens.values()) == len(found.train) + len(found.validation)


def decoded(made: Tokenizer, ids: np.ndarray) -> list[str]:
    assert made.end is not None
    return [made.decode(part[part != made.end]) for part in np.split(ids, np.flatnonzero(ids == made.end))]


def test_batches_are_stretches_of_the_text(corpus: Corpus, folder: Path, finish: Finish) -> None:
    corpus.add_text("".join(chr(0x4E00 + i) for i in range(1000)), "rising")
    found = finish(write(corpus, tokenizer(finish, corpus), Settings(), folder))
    seen: set[int] = set()
    dice = np.random.default_rng(0)
    for _ in range(1000):
        x, y = found.batch(dice, 12, 64)
        assert x.shape == y.shape == (12, 64) and x.dtype == y.dtype == np.int64
        assert x.flags.c_contiguous and y.flags.c_contiguous and (y == x + 1).all() and (np.diff(x) == 1).all()
        seen.update(x[:, 0].tolist())
    assert seen == set(range(900 - 64)), "every start there is, nanoGPT's randint(len - context)"
    one, two = (Tokens(folder).batch(np.random.default_rng(7), 3, 5) for _ in range(2))
    assert (one[0] == two[0]).all()


@pytest.mark.parametrize("context", [1, 7, 99, 100, 1000])
@pytest.mark.parametrize("batch", [1, 4])
def test_windows_predict_every_token_once(
    corpus: Corpus, folder: Path, finish: Finish, context: int, batch: int
) -> None:
    corpus.add_text("".join(chr(0x4E00 + i) for i in range(1000)), "rising")
    found = finish(write(corpus, tokenizer(finish, corpus), Settings(), folder))
    windows = list(found.windows(context, batch))
    assert [id for _, y in windows for id in y.flatten()] == found.validation[1:].tolist()
    assert all((y == x + 1).all() and x.shape == y.shape and x.dtype == np.int64 for x, y in windows)
    assert all(x.shape[1] == context and len(x) <= batch for x, _ in windows[:-1])


def test_a_text_shorter_than_the_context(corpus: Corpus, folder: Path, finish: Finish) -> None:
    corpus.add_text("a short text", "short")
    found = finish(write(corpus, tokenizer(finish, corpus), Settings(), folder))
    with pytest.raises(ValueError, match="training text has 10 tokens, and a context of 64 takes at least 65"):
        found.batch(np.random.default_rng(0), 4, 64)
    assert found.batch(np.random.default_rng(0), 4, 9)[0].shape == (4, 9)
    assert found.manifest.ngrams is None and len(list(found.windows(64))) == 1


def test_one_character(corpus: Corpus, folder: Path, finish: Finish) -> None:
    corpus.add_text("a", "short")
    found = finish(write(corpus, tokenizer(finish, corpus), Settings(), folder))
    assert (len(found.train), len(found.validation)) == (0, 1) and list(found.windows(8)) == []


def test_no_text(corpus: Corpus, folder: Path, finish: Finish) -> None:
    with pytest.raises(ValueError, match="There is no text yet"):
        finish(write(corpus, finish(train("byte", lambda: iter([]), 0, 0)), Settings(), folder))


def test_a_large_vocabulary_takes_four_bytes(corpus: Corpus, folder: Path, finish: Finish) -> None:
    codes = [c for c in range(0x20, 0x11000) if not 0xD800 <= c < 0xE000]
    corpus.add_text("".join(map(chr, codes)), "all")
    made = tokenizer(finish, corpus)
    found = finish(write(corpus, made, Settings(), folder))
    assert made.vocab_size > 1 << 16 and found.manifest.dtype == "uint32" and found.train.dtype == np.uint32
    assert made.decode(found.train) == "".join(map(chr, codes))[: len(found.train)]


def test_a_tokenizer_of_another_text_is_refused(corpus: Corpus, folder: Path, finish: Finish) -> None:
    corpus.add_text("abc", "one")
    made = tokenizer(finish, corpus)
    corpus.add_text("abcxyz", "two")
    with pytest.raises(ValueError, match="does not know all characters of two, such as 'x', 'y'"):
        finish(write(corpus, made, Settings(), folder))
    assert not exists(folder)


@pytest.fixture
def written(corpus: Corpus, folder: Path, finish: Finish) -> Tokens:
    corpus.add_text(prose(0, 5000), "one")
    found = finish(write(corpus, tokenizer(finish, corpus), Settings(), folder))
    assert isinstance(found, Tokens)
    return found


@pytest.mark.parametrize("name", ["train.bin", "val.bin"])
@pytest.mark.parametrize("damage", ["missing", "truncated", "longer"])
def test_a_damaged_file_is_said(written: Tokens, folder: Path, name: str, damage: str) -> None:
    path = folder / name
    data = path.read_bytes()
    path.unlink()  # the map of `written` keeps the old one
    if damage != "missing":
        path.write_bytes(data[:-1] if damage == "truncated" else data + b"\0\0")
    with pytest.raises(ValueError, match=rf"{name} (cannot be read|is truncated or damaged).* Tokenize again\."):
        Tokens(folder)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"{}", b'{"version": 99}'])
def test_a_damaged_manifest_is_said(written: Tokens, folder: Path, data: bytes) -> None:
    (folder / "manifest.json").write_bytes(data)
    with pytest.raises(ValueError, match=r"manifest\.json (is damaged.*Tokenize again|was written by a newer)"):
        Tokens(folder)


def test_there_are_none(folder: Path) -> None:
    assert not exists(folder)
    with pytest.raises(ValueError, match=r"There are no tokens in .* Tokenize the text first"):
        Tokens(folder)


def test_closing_anywhere_leaves_the_old(corpus: Corpus, folder: Path, written: Tokens, finish: Finish) -> None:
    corpus.add_text(prose(1, 50_000), "two")
    made = tokenizer(finish, corpus, "byte")
    count = sum(1 for _ in write(corpus, made, Settings(), folder.with_name("counted")))
    for stop in range(1, count + 1):
        steps = write(corpus, made, Settings(), folder)
        for _ in range(stop):
            next(steps)
        steps.close()
        assert Tokens(folder).manifest == written.manifest
        assert sorted(p.name for p in folder.parent.iterdir()) == ["counted", "tokens"]
    assert count > 3


@pytest.mark.parametrize("after", range(7))
def test_a_full_disk_leaves_the_old(
    corpus: Corpus, folder: Path, written: Tokens, finish: Finish, full_disk: Callable[[int], None], after: int
) -> None:
    corpus.add_text(prose(1, 5000), "two")
    made = tokenizer(finish, corpus, "byte")
    full_disk(after)
    with pytest.raises(ValueError, match=r"The tokens cannot be written: the disk is full\. Free some space"):
        finish(write(corpus, made, Settings(), folder))
    assert Tokens(folder).manifest == written.manifest
    assert [p.name for p in folder.parent.iterdir()] == ["tokens"]


@pytest.mark.parametrize("rename", [1, 2])
def test_a_crash_between_the_renames(
    corpus: Corpus, folder: Path, written: Tokens, finish: Finish, monkeypatch: pytest.MonkeyPatch, rename: int
) -> None:
    class PowerCutError(BaseException):
        pass

    calls, real = iter(range(1, 100)), os.replace

    def replace(old: Path, new: Path) -> None:
        if Path(new).suffix == ".json" or next(calls) < rename:
            return real(old, new)
        raise PowerCutError

    corpus.add_text(prose(1, 5000), "two")
    made = tokenizer(finish, corpus, "byte")
    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(PowerCutError):
        finish(write(corpus, made, Settings(), folder))
    monkeypatch.undo()
    assert folder.exists() == (rename == 1)
    assert exists(folder) and Tokens(folder).manifest == written.manifest
    again = finish(write(corpus, made, Settings(), folder))
    assert again.manifest.vocab == 257 and [p.name for p in folder.parent.iterdir()] == ["tokens"]


def test_an_open_map_outlives_a_new_writing(corpus: Corpus, folder: Path, written: Tokens, finish: Finish) -> None:
    before = written.train.tolist()
    corpus.add_text(prose(1, 5000), "two")
    finish(write(corpus, tokenizer(finish, corpus, "byte"), Settings(), folder))
    assert written.train.tolist() == before != Tokens(folder).train.tolist()


LOOP = """
import sys
from pathlib import Path
from llmstudio.core.data.corpus import Corpus, Settings
from llmstudio.core.data.tokenizer import train
from llmstudio.core.data.tokens import write
corpus = Corpus(Path(sys.argv[1]))
steps = [train("byte", lambda: iter([]), 0, n) for n in (1, 2)]
def finish(steps):
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return end.value
made = [finish(step) for step in steps]
print("ready", flush=True)
while True:
    for tokenizer in made:
        finish(write(corpus, tokenizer, Settings(), Path(sys.argv[2])))
"""


@pytest.mark.parametrize("times", [4, pytest.param(50, marks=pytest.mark.soak)])
def test_killed_at_any_moment(corpus: Corpus, folder: Path, written: Tokens, times: int) -> None:
    dice = random.Random(0)
    for _ in range(times):
        child = subprocess.Popen(
            [sys.executable, "-c", LOOP, str(corpus.folder), str(folder)], stdout=subprocess.PIPE, cwd=Path.cwd()
        )
        assert child.stdout
        with child.stdout:
            assert child.stdout.readline() == b"ready\n"
            time.sleep(dice.random() * 0.2)
            child.send_signal(signal.SIGKILL)
        child.wait()
        found = Tokens(folder)
        units = corpus.sources[0].characters if found.manifest.vocab < 256 else corpus.sources[0].bytes
        assert len(found.train) + len(found.validation) == units


def test_a_manifest_of_today_is_read_with_more_in_it(written: Tokens, folder: Path) -> None:
    fields = msgspec.json.decode((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_bytes(msgspec.json.encode({**fields, "later": 1}))
    assert Tokens(folder).manifest == written.manifest and fields["version"] == tokens.VERSION
