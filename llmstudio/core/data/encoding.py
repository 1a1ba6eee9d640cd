"""Which encoding a file is written in, and its text, without ever having all of it in memory."""

import codecs
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from charset_normalizer import from_bytes
from msgspec import Struct

from .faults import reason

CHUNK = 1 << 20  # bytes read at a time; memory stays below some 16 of them however large the file
SAMPLE = 1 << 15  # bytes looked at in each of a few places
MARKS = {  # byte order marks; UTF-32 before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
COMMON = (  # what text that is not UTF-8 is mostly in; of those that fit equally well, the first
    "cp1252 cp1251 cp932 gb18030 cp949 big5 euc_jp cp1250 cp1253 cp1254 cp1255 cp1256 koi8_r koi8_u cp1257 cp1258 "
    "cp874 iso8859_2 iso8859_15 big5hkscs cp866 cp850 cp437 cp852 mac_roman mac_cyrillic"
).split()
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
    if wide := _wide(samples[0], cut=len(samples) > 1):
        return Detected(encoding=wide, confident=False)
    if _binary(b"".join(samples)):
        raise NotText(path, "it is not text but a binary file.")
    if any(escape in samples[0] for escape in (b"\x1b$B", b"\x1b$@")) and _fits(samples[0], "iso2022_jp"):
        return Detected(encoding="iso2022_jp", confident=True)
    if near is None and all(_fits(sample, "utf-8") for sample in samples):
        return Detected(encoding="utf-8", confident=True)
    return _guess(path, samples)


def read(path: Path, encoding: str) -> Iterator[str]:
    """The text of `path` in pieces of about a million characters, every line end as a single newline.

    Memory stays below 16 MB whatever the size. NotText (a ValueError) with the position where a byte is not of
    this encoding, where the text holds a NUL, and where the file cannot be read.
    """
    try:
        b"".decode(encoding)
        decoder = codecs.getincrementaldecoder(encoding)()
    except (LookupError, TypeError):
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


def _wide(data: bytes, cut: bool) -> str | None:
    """UTF-16 or UTF-32 without its mark. Read the right way round, text keeps to few of Unicode's blocks of 256."""
    if b"\0" not in data:
        return None
    fitting = []
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        width = 4 if "32" in encoding else 2
        if (cut or len(data) % width == 0) and _fits(data, encoding):
            text = data.decode(encoding, "ignore")
            if text and sum(c.isprintable() or c in "\t\r\n\f\ufeff" for c in text) >= 0.98 * len(text):
                fitting.append((len({ord(c) >> 8 for c in text}), encoding))
    return min(fitting)[1] if fitting else None


def _fits(data: bytes, encoding: str) -> bool:
    """Whether `data` is of this encoding, but for a character cut short at its end."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeError:
        return False
    return True


def _guess(path: Path, samples: list[bytes]) -> Detected:
    data = b"".join(samples)
    matches = list(from_bytes(data, cp_isolation=COMMON))
    if matches:
        best = matches[0]
        equal = [m for m in matches if m.chaos <= best.chaos + 0.02 and m.coherence >= best.coherence - 0.1]
        chosen = min(equal, key=lambda m: COMMON.index(m.encoding))
        sure = all(str(m) == str(chosen) for m in equal) and chosen.chaos < 0.05 and chosen.coherence > 0.2
        return Detected(encoding=chosen.encoding, confident=sure)
    if _fits(data, "cp1252"):
        return Detected(encoding="cp1252", confident=False)
    raise NotText(path, "its encoding is not known. Choose one, or save the file as UTF-8.")
