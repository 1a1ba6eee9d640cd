"""One text on its way into the corpus: decoded, measured and written beside it, not yet part of it."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from ..progress import Progress
from .documents import Found, shown
from .encoding import CHUNK, Detected, NotText, detect, read
from .faults import reason
from .source import Source

SPARE = 16 << 20  # bytes that stay free on the disk


class Staged(Struct, frozen=True, kw_only=True):
    """A text in its temporary file `part`, flushed to the disk, and what is known about it."""

    part: Path
    source: Source


def stage(folder: Path, file: Found, encoding: str | None, done: int, total: int) -> Generator[Progress, None, Staged]:
    """Copy one file to a temporary one in `folder`; `done` of `total` bytes of its batch came before.

    A file that looked like one encoding and further on turns out not to be is looked at again, once, around the place.
    NotText where it cannot be used. Closing the generator deletes the temporary file.
    """
    size = _room(folder, file)
    detected = Detected(encoding=encoding, confident=True) if encoding else detect(file.path)
    try:
        return (yield from _copy(folder, file, detected, size, done, total))
    except NotText as error:
        if encoding or error.position is None:
            raise
        detected = detect(file.path, near=error.position)
    return (yield from _copy(folder, file, detected, size, done, total))


def pasted(folder: Path, text: str, name: str) -> Staged:
    """Write text that comes from no file. Halves of surrogate pairs, which no file can hold, become U+FFFD."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
    if not text.strip():
        raise ValueError(f"{name} was not added: there is no text in it.")
    chunks = (text[i : i + CHUNK] for i in range(0, len(text), CHUNK))
    writing = _write(folder, chunks, name, "", Detected(encoding="utf-8", confident=True))
    try:
        while True:
            next(writing)
    except StopIteration as end:
        staged: Staged = end.value
        return staged
    except OSError as error:
        raise ValueError(f"{name} was not added: {reason(error)}") from error


def _room(folder: Path, file: Found) -> int:
    """The size of `file`. NotText where the disk has no room for its copy."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        size = file.path.stat().st_size
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise NotText(file.path, reason(error)) from error
    if free < size + SPARE:
        raise NotText(
            file.path,
            f"its copy takes {size / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free. Make room and add it again.",
        )
    return size


def _copy(
    folder: Path, file: Found, detected: Detected, size: int, done: int, total: int
) -> Generator[Progress, None, Staged]:
    blank, passed = True, 0
    writing = _write(folder, read(file.path, detected.encoding), file.name, shown(str(file.path)), detected)
    try:
        while True:
            yield Progress(text=f"Copying {file.name}", done=done + min(passed, size), total=total, unit="bytes")
            blank = next(writing) and blank
            passed += CHUNK
    except StopIteration as end:
        staged: Staged = end.value
        if blank:
            staged.part.unlink()
            raise NotText(file.path, "there is no text in it.") from None
        return staged
    except OSError as error:
        raise NotText(file.path, reason(error)) from error
    finally:
        writing.close()


def _write(
    folder: Path, chunks: Iterable[str], name: str, path: str, detected: Detected
) -> Generator[bool, None, Staged]:
    """Write `chunks` to a temporary file, yielding after each whether it is nothing but white space. OSError, and what
    reading the chunks raises; nothing stays on the disk then, nor when closed."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{uuid.uuid4().hex}.part"
    try:
        with open(part, "xb") as file:
            source = yield from _pour(file, chunks, name, path, detected)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return Staged(part=part, source=source)


def _pour(
    file: BinaryIO, chunks: Iterable[str], name: str, path: str, detected: Detected
) -> Generator[bool, None, Source]:
    sha, size, characters, newlines, last = hashlib.sha256(), 0, 0, 0, "\n"
    for text in chunks:
        data = text.encode()
        file.write(data)
        sha.update(data)
        size += len(data)
        characters += len(text)
        newlines += text.count("\n")
        last = text[-1]
        yield text.isspace()
    digest = sha.hexdigest()
    return Source(
        id=digest[:12],
        name=name,
        path=path,
        bytes=size,
        characters=characters,
        lines=newlines + (last != "\n"),
        encoding=detected.encoding,
        confident=detected.confident,
        sha256=digest,
    )
