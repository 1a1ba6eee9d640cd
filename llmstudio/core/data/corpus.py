"""The text of a project: a folder with sources.json and one UTF-8 file per source, copied, never moved."""

import codecs
import contextlib
import hashlib
import re
import time
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ..files import sync_folder, write_atomic
from ..json_text import decode, fit
from ..progress import Progress
from .copying import Staged, pasted, stage
from .documents import Found, NotText, Refused, find
from .faults import reason
from .lines import Lines
from .source import Settings as Settings
from .source import Source as Source

VERSION = 1
CHUNK = 1 << 19  # bytes; what is done with one is done within a second, so that work can be stopped
OURS = re.compile(r"[0-9a-f]{12}\.txt|\.[0-9a-f]+\.part")
SPARED = 3600.0  # seconds: a text younger than this may be half-way into another program's corpus, or out of it


class Added(Struct, frozen=True, kw_only=True):
    """What became of a batch of files."""

    sources: list[Source]
    refused: list[Refused]


class _Listing(Struct, frozen=True, kw_only=True):
    version: int = VERSION
    sources: tuple[Source, ...] = ()


class Corpus:
    """The sources in `folder`, in the order they came. One thread changes it; `sources` may be read from any."""

    def __init__(self, folder: Path) -> None:
        """ValueError where sources.json is damaged or newer; nothing is changed then."""
        self.folder = folder
        self.sources: tuple[Source, ...] = _read(folder / "sources.json")
        self._removed: dict[str, tuple[int, Source]] = {}
        self._lines: dict[str, Lines] = {}
        self._sweep()

    @property
    def fingerprint(self) -> str:
        """Changes whenever the text does: a hash of all texts in their order."""
        return hashlib.sha256("".join(source.sha256 for source in self.sources).encode()).hexdigest()[:16]

    def add(self, paths: Iterable[Path], encoding: str | None = None) -> Generator[Progress, None, Added]:
        """Copy the text of files and folders. `encoding`: take it for this one instead of finding out.

        All of the batch comes in together at its end; closing the generator before leaves nothing of it. What cannot
        be used is left out with its reason. ValueError where the list itself cannot be saved.
        """
        yield Progress(text="Looking for text", done=0, unit="bytes")
        found, refused = find(paths)
        total, done = sum(_size(f) for f in found), 0
        staged: list[Staged] = []
        try:
            for file in found:
                try:
                    one = yield from stage(self.folder, file, encoding, done, total)
                    if same := self._same(one.source.sha256, staged):
                        one.part.unlink(missing_ok=True)
                        raise NotText(file.path, f"the same text is here already, as {same}.")
                    staged.append(one)
                except NotText as error:
                    refused.append(Refused(path=file.path, reason=error.reason))
                done += _size(file)
            sources = self._take_in(staged)
        finally:
            for one in staged:
                one.part.unlink(missing_ok=True)
        return Added(sources=sources, refused=refused)

    def add_text(self, text: str, name: str) -> Source:
        """Add text that comes from no file. ValueError where it is blank, here already, or cannot be saved."""
        one = pasted(self.folder, text, name)
        try:
            if same := self._same(one.source.sha256, []):
                raise ValueError(f"{name} was not added: the same text is here already, as {same}.")
            return self._take_in([one])[0]
        finally:
            one.part.unlink(missing_ok=True)

    def remove(self, id: str) -> None:
        """Take a source out. Its text stays in the folder until the corpus is next opened, for `restore`."""
        index = next(i for i, source in enumerate(self.sources) if source.id == id)
        source = self.sources[index]
        self._removed[id] = (index, source)
        self._save((*self.sources[:index], *self.sources[index + 1 :]))
        with contextlib.suppress(OSError):  # without it the sweep of another program may take the text: restore says so
            self.path(source).touch()

    def restore(self, id: str) -> None:
        """Put a removed source back in its place. ValueError where its text is gone."""
        if any(source.id == id for source in self.sources):
            return
        index, source = self._removed[id]
        if not self.path(source).is_file():
            raise ValueError(f"The text of {source.name} is gone. Add the file again.")
        self._save((*self.sources[:index], source, *self.sources[index:]))
        del self._removed[id]

    def path(self, source: Source) -> Path:
        """The UTF-8 file that holds the text of `source`."""
        return self.folder / f"{source.id}.txt"

    def chunks(self, source: Source) -> Iterator[str]:
        """The text of `source` in pieces of at most 512 KB. ValueError where it is missing or damaged."""
        lost = f"The text of {source.name} is missing or damaged in the project. Remove it and add the file again."
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            with open(self.path(source), "rb") as file:
                if file.seek(0, 2) != source.bytes:
                    raise ValueError(lost)
                file.seek(0)
                while data := file.read(CHUNK):
                    if text := decoder.decode(data):
                        yield text
                decoder.decode(b"", final=True)
        except (FileNotFoundError, UnicodeDecodeError) as error:
            raise ValueError(lost) from error
        except OSError as error:
            raise ValueError(f"The text of {source.name} cannot be read: {reason(error)}") from error

    def preview(self, id: str, first_line: int, count: int) -> list[str]:
        """Lines of a source from `first_line` (0-based), fewer at its end; what is beyond 4096 bytes of a line is cut,
        with " …" in its place. ValueError where the text cannot be read."""
        source = next((s for s in self.sources if s.id == id), None)
        if source is None:
            return []
        try:
            return self._lines.setdefault(id, Lines(self.path(source))).read(first_line, count)
        except OSError as error:
            raise ValueError(f"The text of {source.name} cannot be read: {reason(error)}") from error

    def _same(self, sha256: str, staged: list[Staged]) -> str | None:
        """The name of the text with this hash that is here or on its way."""
        there = (*self.sources, *(one.source for one in staged))
        return next((source.name for source in there if source.sha256 == sha256), None)

    def _take_in(self, staged: list[Staged]) -> list[Source]:
        sources = [one.source for one in staged]
        try:
            for one in staged:
                one.part.replace(self.path(one.source))
            if staged:
                sync_folder(self.folder)
                self._save((*self.sources, *sources))
        except (OSError, ValueError) as error:
            for source in sources:
                if source not in self.sources and source.id not in self._removed:
                    self.path(source).unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise ValueError(f"The text cannot be copied into the project: {reason(error)}") from error
            raise
        return sources

    def _save(self, sources: tuple[Source, ...]) -> None:
        listing = msgspec.json.encode(_Listing(sources=sources))
        path = self.folder / "sources.json"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomic(path, msgspec.json.format(listing, indent=2))
        except OSError as error:
            self.sources = _read(path)  # the new list may be in place, with only its folder not flushed
            raise ValueError(f"The list of texts cannot be saved: {reason(error)}") from error
        self.sources = sources

    def _sweep(self) -> None:
        """Delete what was removed, and what a killed program left half-copied."""
        if not (self.folder / "sources.json").exists():
            return
        kept = {self.path(source).name for source in self.sources}
        for path in self.folder.iterdir():
            with contextlib.suppress(OSError):  # what cannot be deleted now is, at the next opening
                if OURS.fullmatch(path.name) and path.name not in kept and time.time() - path.stat().st_mtime > SPARED:
                    path.unlink()


def _size(file: Found) -> int:
    try:
        return file.path.stat().st_size
    except OSError:  # gone since it was found: copying says so
        return 0


def _read(path: Path) -> tuple[Source, ...]:
    try:
        fields = decode(path.read_bytes(), dict[str, Any])
        version = fields.get("version", VERSION)
        if not isinstance(version, int) or version <= VERSION:
            return fit(fields, _Listing).sources
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {reason(error)}") from error
    except ValueError as error:
        raise ValueError(
            f"{path} is damaged: {error}. Restore a copy, or move it away and add the files again; nothing was changed."
        ) from error
    raise ValueError(
        f"{path} was written by a newer LLM Studio (format {version}); this one reads format {VERSION}. "
        "It was left as it is."
    )
