"""The corpus as tokens on disk: train.bin and val.bin, read through memory maps, so that any size fits."""

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from ..files import sync_folder, write_atomic
from ..json_text import decode, fit
from ..progress import Progress
from .boundaries import aligned
from .corpus import Corpus, Settings
from .faults import reason
from .ngrams import Ngrams, measure
from .split import Part, Portion, between, by_document, by_share
from .tokenizer import Tokenizer

VERSION = 1
FILES: dict[Part, str] = {"train": "train.bin", "validation": "val.bin"}
Batch = tuple[NDArray[np.int64], NDArray[np.int64]]


class Manifest(Struct, frozen=True, kw_only=True):
    """What the tokens are and what they were made from."""

    version: int = VERSION
    vocab: int
    dtype: Literal["uint16", "uint32"]
    train_tokens: int
    validation_tokens: int
    train_characters: int
    validation_characters: int
    validation_bytes: int  # as UTF-8; loss * validation_tokens / validation_bytes / ln 2 = bits per byte
    corpus: str  # fingerprint
    tokenizer: str  # fingerprint
    source_tokens: dict[str, int]  # of each source, by its id
    ngrams: Ngrams | None  # None: too little text to count on


class Tokens:
    """The tokens in `folder`. A text that is written again leaves the maps of an opened one as they were."""

    def __init__(self, folder: Path) -> None:
        """ValueError where there are none, or files are missing, truncated or from a newer version."""
        folder = _place(folder)
        self.folder = folder
        self.manifest = _read(folder / "manifest.json")
        self.train = self._map("train", self.manifest.train_tokens)
        self.validation = self._map("validation", self.manifest.validation_tokens)

    def batch(self, rng: np.random.Generator, batch: int, context: int) -> Batch:
        """`batch` random stretches of the training text and the same one token later: x, y (B, T) int64, contiguous.

        ValueError where the text is shorter than the context and one token.
        """
        if len(self.train) <= context:
            raise ValueError(
                f"The training text has {len(self.train):,} tokens, and a context of {context:,} takes at least "
                f"{context + 1:,}. Add text or choose a shorter context."
            )
        starts = rng.integers(0, len(self.train) - context, size=batch)
        found = self.known("train", self.train[starts[:, None] + np.arange(context + 1)])
        return found[:, :-1].astype(np.int64, order="C"), found[:, 1:].astype(np.int64, order="C")

    def windows(self, context: int, batch: int = 1) -> Iterator[Batch]:
        """All of the validation text in windows that do not overlap, in order, `batch` at a time: x, y (B, T) int64.

        Every token but the first is predicted once. Fewer than `batch` windows, then one shorter than `context`, come
        last where it does not come out even.
        """
        count = max(0, len(self.validation) - 1)
        whole = count // context * context
        for start in range(0, whole, batch * context):
            stop = min(start + batch * context, whole)
            yield self._window(start, stop, context)
        if whole < count:
            yield self._window(whole, count, count - whole)

    def _window(self, start: int, stop: int, width: int) -> Batch:
        found = self.known("validation", self.validation[start : stop + 1]).astype(np.int64)
        return found[:-1].reshape(-1, width), found[1:].reshape(-1, width).copy()

    def known(self, part: Part, ids: NDArray[Any]) -> NDArray[Any]:
        """`ids` themselves. ValueError where one is none of the vocabulary's: the file was changed on the disk."""
        if len(ids) and ids.max() >= self.manifest.vocab:
            path = self.folder / FILES[part]
            raise ValueError(f"{path} is damaged: it holds tokens that are not known. Tokenize again.")
        return ids

    def _map(self, part: Part, count: int) -> NDArray[Any]:
        path, dtype = self.folder / FILES[part], np.dtype(self.manifest.dtype)
        try:
            size = path.stat().st_size
            if size == count * dtype.itemsize:
                return np.memmap(path, dtype, "r").view(np.ndarray) if count else np.zeros(0, dtype)
        except OSError as error:
            raise ValueError(f"{path} cannot be read: {reason(error)} Tokenize again.") from error
        raise ValueError(f"{path} is truncated or damaged. Tokenize again.")


def exists(folder: Path) -> bool:
    """Whether tokens were ever written to `folder`."""
    return _place(folder).exists()


def write(corpus: Corpus, tokenizer: Tokenizer, settings: Settings, folder: Path) -> Generator[Progress, None, Tokens]:
    """Write all tokens of `corpus` to `folder`, split by `settings`, with the n-gram losses in the manifest.

    Between two documents of a part stands `tokenizer.end`, where there is one. What was in `folder` is replaced at the
    very end, in one go; closing the generator or an error before leaves it as it was. Memory: one piece of text and
    the n-gram tables. ValueError where there is no text, the tokenizer is of another text, or the disk is full.
    """
    if not corpus.sources:
        raise ValueError("There is no text yet. Drop files on the window or paste some text.")
    split = by_share if settings.split == "share" else by_document
    portions = split(corpus.sources, settings.validation)
    part = folder.with_name(folder.name + ".part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        manifest = yield from _fill(corpus, tokenizer, portions, part)
        _write_manifest(part, manifest)
        manifest = replace(manifest, ngrams=(yield from _ngrams(part)))
        _write_manifest(part, manifest)
        _swap(part, folder)
    except OSError as error:
        raise ValueError(f"The tokens cannot be written: {reason(error)}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Tokens(folder)


class _Filling:
    """One of the two files while it is written."""

    def __init__(self, file: BinaryIO, dtype: str) -> None:
        self._file, self._dtype = file, dtype
        self.tokens = self.characters = self.bytes = 0

    def append(self, ids: NDArray[np.int32]) -> None:
        self._file.write(ids.astype(self._dtype).tobytes())
        self.tokens += len(ids)

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def _fill(
    corpus: Corpus, tokenizer: Tokenizer, portions: list[Portion], folder: Path
) -> Generator[Progress, None, Manifest]:
    dtype: Literal["uint16", "uint32"] = "uint16" if tokenizer.vocab_size <= 1 << 16 else "uint32"
    source_tokens = {source.id: 0 for source in corpus.sources}
    total, done = sum(source.bytes for source in corpus.sources), 0
    with open(folder / FILES["train"], "xb") as train, open(folder / FILES["validation"], "xb") as validation:
        filling = {"train": _Filling(train, dtype), "validation": _Filling(validation, dtype)}
        for portion in portions:
            source, file = portion.source, filling[portion.part]
            if file.tokens and tokenizer.end is not None:
                file.append(np.array([tokenizer.end], np.int32))
            for text in aligned(between(corpus.chunks(source), portion.start, portion.stop)):
                yield Progress(text=f"Tokenizing {source.name}", done=done, total=total, unit="bytes")
                ids = _encode(tokenizer, text, source.name)
                file.append(ids)
                source_tokens[source.id] += len(ids)
                size = len(text.encode())
                file.characters += len(text)
                file.bytes += size
                done += size
        for file in filling.values():
            file.close()
    learned, kept = filling["train"], filling["validation"]
    return Manifest(
        vocab=tokenizer.vocab_size,
        dtype=dtype,
        train_tokens=learned.tokens,
        validation_tokens=kept.tokens,
        train_characters=learned.characters,
        validation_characters=kept.characters,
        validation_bytes=kept.bytes,
        corpus=corpus.fingerprint,
        tokenizer=tokenizer.fingerprint,
        source_tokens=source_tokens,
        ngrams=None,
    )


def _encode(tokenizer: Tokenizer, text: str, name: str) -> NDArray[np.int32]:
    ids = tokenizer.encode(text)
    if tokenizer.kind == "character" and len(ids) != len(text):
        missing = ", ".join(repr(character) for character in sorted(tokenizer.unknown(text))[:5])
        raise ValueError(f"The tokenizer does not know all characters of {name}, such as {missing}. Tokenize again.")
    return ids


def _ngrams(folder: Path) -> Generator[Progress, None, Ngrams | None]:
    tokens = Tokens(folder)
    return (yield from measure(tokens.train, tokens.validation, tokens.manifest.vocab))


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    write_atomic(folder / "manifest.json", msgspec.json.format(msgspec.json.encode(manifest), indent=2))


def _swap(part: Path, folder: Path) -> None:
    """Put `part` in the place of `folder`. Between the two renames `_place` finds the old one under its other name."""
    old = _old(folder)
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        os.replace(folder, old)
    try:
        os.replace(part, folder)
        sync_folder(folder.parent)
    except OSError:
        if folder.exists():
            os.replace(folder, part)
        if old.exists():
            os.replace(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _old(folder: Path) -> Path:
    return folder.with_name(folder.name + ".old")


def _place(folder: Path) -> Path:
    return _old(folder) if not folder.exists() and _old(folder).exists() else folder


def _read(path: Path) -> Manifest:
    try:
        fields = decode(path.read_bytes(), dict[str, Any])
        version = fields.get("version", VERSION)
        if not isinstance(version, int) or version <= VERSION:
            return fit(fields, Manifest)
    except FileNotFoundError:
        raise ValueError(f"There are no tokens in {path.parent}. Tokenize the text first.") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {reason(error)} Tokenize again.") from error
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}. Tokenize again.") from error
    raise ValueError(
        f"{path} was written by a newer LLM Studio (format {version}); this one reads format {VERSION}. "
        "It was left as it is."
    )
