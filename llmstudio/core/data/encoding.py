"""Which encoding a file is written in, and its text, without ever having all of it in memory."""

import codecs
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from msgspec import Struct

from .faults import reason
from .guess import fits, guess, wide

CHUNK = 1 << 20  # bytes read at a time; memory stays below some 16 of them however large the file
SAMPLE = 1 << 15  # bytes looked at in each of a few places
MARKS = {  # byte order marks; UTF-32 before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
CONTROL = np.array([(b < 32 and b not in b"\t\n\v\f\r\x1b") or b == 127 for b in range(256)])
MOST_CONTROL = 0.05


class Detected(Struct, frozen=True, kw_only=True):
    encoding: str  # Python's name of it
    confident: bool  # False: a guess that the person should look at


class NotText(ValueError):  # noqa: N818  (it is the answer to a question, told as a line in a list)
    """A file that gives no text. `reason` is the message without the file's name; `position` the byte, where one is to
    blame."""

    def __init__(self, path: Path, reason: str, position: int | None = None) -> None:
        super().__init__(f"{path.name} cannot be used: {reason}")
        self.reason, self.position = reason, position


def detect(path: Path, near: int | None = None) -> Detected:
    """The encoding of `path`, from its byte order mark, else UTF-8 where that fits, else the likeliest by its letters.

    Looks at 32 KB in each of three places, and around byte `near` where a first reading came to a halt.
    NotText (a ValueError) where the file is empty, binary, unreadable, or in no encoding that is known.
    """
    try:
        with open(path, "rb") as file:
            samples = _samples(file, near)
    except OSError as error:
        raise NotText(path, reason(error)) from error
    if not samples[0]:
        raise NotText(path, "it is empty.")
    for mark, encoding in MARKS.items():
        if samples[0].startswith(mark):
            return Detected(encoding=encoding, confident=True)
    if unmarked := wide(samples[0], cut=len(samples) > 1):
        return Detected(encoding=unmarked, confident=False)
    if _binary(b"".join(samples)):
        raise NotText(path, "it is not text but a binary file.")
    if any(escape in samples[0] for escape in (b"\x1b$B", b"\x1b$@")) and fits(samples[0], "iso2022_jp"):
        return Detected(encoding="iso2022_jp", confident=True)
    if near is None and all(fits(sample, "utf-8") for sample in samples):
        return Detected(encoding="utf-8", confident=True)
    return _guess(path, samples)


def read(path: Path, encoding: str) -> Iterator[str]:
    """The text of `path` in pieces of about a million characters, every line end as a single newline.

    Memory stays below 16 MB whatever the size. NotText (a ValueError) with the position where a byte is not of
    this encoding, where the text holds a NUL, and where the file cannot be read.
    """
    try:
        b" ".decode(encoding, "ignore")
        decoder = codecs.getincrementaldecoder(encoding)()
    except (LookupError, UnicodeError):
        raise NotText(path, f"there is no encoding named {encoding}. Choose another one.") from None
    lines = io.IncrementalNewlineDecoder(decoder, translate=True)
    passed, first = 0, True
    try:
        with open(path, "rb") as file:
            while True:
                data = file.read(CHUNK)
                passed += len(data)
                text = lines.decode(data, final=not data)
                if "\0" in text:
                    raise NotText(
                        path, f"as {encoding} it has NUL characters: it is binary, damaged or in another encoding."
                    )
                if text and first:
                    text, first = text.removeprefix("\ufeff"), False
                if text:
                    yield text
                if not data:
                    return
    except UnicodeError as error:
        position = passed - len(error.object) + error.start if isinstance(error, UnicodeDecodeError) else None
        raise NotText(path, _misfit(encoding, error, position), position) from error
    except OSError as error:
        raise NotText(path, reason(error)) from error


def _misfit(encoding: str, error: UnicodeError, position: int | None) -> str:
    if not isinstance(error, UnicodeDecodeError):
        return f"it cannot be read as {encoding}. Choose another encoding."
    byte = error.object[error.start]
    return f"byte {position:,} (0x{byte:02X}) is not {encoding}. Choose another encoding, or mend the file there."


def _samples(file: BinaryIO, near: int | None) -> list[bytes]:
    """Parts of the file, each but the first from behind a line end up to a line end, so that no character is cut."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    first = file.read(SAMPLE)
    starts = [] if size <= SAMPLE else [size // 2 - SAMPLE // 2, size - SAMPLE]
    if near is not None:
        starts.append(near - SAMPLE // 2)
    samples = [first if size <= SAMPLE else _upto_line(first)]
    for start in starts:
        start = max(SAMPLE, start)
        file.seek(start)
        part = file.read(SAMPLE)
        part = part[part.find(b"\n") + 1 :]
        samples.append(part if start + SAMPLE >= size else _upto_line(part))
    return samples


def _upto_line(part: bytes) -> bytes:
    return part[: part.rfind(b"\n") + 1] or part


def _binary(data: bytes) -> bool:
    if b"\0" in data:
        return True
    return bool(data) and CONTROL[np.frombuffer(data, np.uint8)].mean() > MOST_CONTROL


def _guess(path: Path, samples: list[bytes]) -> Detected:
    if found := guess(b"".join(samples)):
        return Detected(encoding=found.encoding, confident=found.confident)
    raise NotText(path, "its encoding is not known. Choose one, or save the file as UTF-8.")
