"""A project is a folder of open formats; this file knows its names and reads and writes its small JSON files."""

import contextlib
import os
import time
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct

from ..core.chat.sampler import Sampler
from ..core.chat.template import Template
from ..core.data.faults import reason
from ..core.data.source import Settings as DataSettings
from ..core.files import write_atomic
from ..core.json_text import decode, encode, fit
from ..core.model import spec
from ..core.train.recipe import Recipe
from .queued import Queued

VERSION = 1
NEWER = (
    "{file} was written by a newer LLM Studio (format {version}); this one reads format {known}. It was left as it is."
)
DAMAGED = "{file} is damaged: {error}. Mend it in a text editor or restore a copy; nothing was changed."
LONGEST = 16 << 20  # bytes of a file that is read as a whole; ours are a few thousand


class Project(Struct, frozen=True, kw_only=True):
    """project.json: what belongs to the project and is not text, model or run."""

    name: str
    version: int = VERSION
    kit: str = ""  # the synthetic text it was made with, if any
    data: DataSettings = DataSettings()
    prepared: DataSettings | None = None  # the settings that the tokens on disk were made with
    recipe: Recipe = Recipe()
    probe: str = ""
    template: Template | None = None
    sampler: Sampler = Sampler()
    floor: float | None = None  # exact entropy of the source, nats per character, where it is known
    next_run: int = 1
    queue: tuple[Queued, ...] = ()  # runs that wait for their turn


class Folder:
    """The paths inside a project's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.project = path / "project.json"
        self.model = path / "model.json"
        self.corpus = path / "corpus"
        self.tokenizer = path / "tokenizer" / "tokenizer.json"
        self.tokens = path / "tokens"
        self.runs = path / "runs"
        self.trash = path / "runs" / ".removed"
        self.history = path / "history.db"
        self.keep_model = False  # model.json could not be read: it is moved aside before another is written

    def run(self, name: str) -> Path:
        return self.runs / name

    def write(self, project: Project) -> None:
        write_atomic(self.project, msgspec.json.format(encode(project), indent=2))

    def write_model(self, model: spec.Model) -> None:
        if self.keep_model:
            os.replace(self.model, unused(self.path / "model.damaged.json"))
            self.keep_model = False
        write_atomic(self.model, spec.to_json(model))

    def read(self) -> Project:
        """ValueError with one sentence where project.json is missing, broken or from a newer version."""
        try:
            fields = decode(_content(self.project), dict[str, Any])
            version = fields.get("version", VERSION)
            if not isinstance(version, int) or version <= VERSION:
                return fit(fields, Project)
        except (FileNotFoundError, NotADirectoryError):
            raise ValueError(
                f"{self.path} is not a project: it has no project.json. Choose the folder that holds it."
            ) from None
        except OSError as error:
            raise ValueError(f"{self.project} cannot be read: {reason(error)}") from error
        except ValueError as error:
            raise ValueError(DAMAGED.format(file=self.project, error=error)) from error
        raise ValueError(NEWER.format(file=self.project, version=version, known=VERSION))

    def read_model(self) -> spec.Model:
        """ValueError with one sentence where model.json is broken; a `spec.NewerError` where it is too new."""
        try:
            return spec.from_json(_content(self.model))
        except FileNotFoundError:
            return spec.Model()
        except OSError as error:
            raise ValueError(f"{self.model} cannot be read: {reason(error)}") from error
        except spec.NewerError as error:
            raise spec.NewerError(f"{self.model}: {error} It was left as it is.") from error
        except ValueError as error:
            raise ValueError(f"{self.model}: {str(error).rstrip('.')}.") from error

    def create(self, project: Project, model: spec.Model) -> None:
        """Make the folder. ValueError where it holds something else already, or cannot be made; then nothing stays."""
        try:
            if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
                raise ValueError(f"{self.path} is not empty. Choose a new folder for the project.")
            before = self.path.exists()
            self.path.mkdir(parents=True, exist_ok=True)
            try:
                self.runs.mkdir()
                self.corpus.mkdir()
                self.write_model(model)
                self.write(project)
            except OSError:
                for made in (self.runs, self.corpus, self.model, self.project, *([] if before else [self.path])):
                    _remove(made)
                raise
        except OSError as error:
            raise ValueError(f"The project cannot be made in {self.path}: {reason(error)}") from error


class Lock:
    """Held while a project is open for writing, so that two programs never write one project."""

    def __init__(self, folder: Path) -> None:
        """ValueError where another program holds it, or the folder cannot be written to."""
        try:
            self._file: IO[bytes] = open(folder / ".lock", "ab")  # noqa: SIM115  (open while the lock is held)
        except OSError as error:
            raise ValueError(f"{folder} cannot be written to: {reason(error)}") from error
        for wait in (0.05, 0.1, 0.0):  # one that only looks holds it for an instant
            try:
                return _lock(self._file.fileno())
            except OSError:
                time.sleep(wait)
        self._file.close()
        raise ValueError(f"{folder.name} is open in another LLM Studio. Close it there first.")

    def release(self) -> None:
        self._file.close()


def held(folder: Path) -> bool:
    """Whether another program has the project open for writing."""
    try:
        with open(folder / ".lock", "rb" if os.name != "nt" else "r+b") as file:
            try:
                _lock(file.fileno())
            except OSError:
                return True
    except OSError:
        return False  # there is no lock, or no permission to look
    return False


def unused(path: Path) -> Path:
    """`path`, or where that is taken the same with a number."""
    n = 2
    free = path
    while free.exists():
        free, n = path.with_name(f"{path.stem}-{n}{path.suffix}"), n + 1
    return free


def usable(path: Path) -> Path:
    """`path`, absolute. ValueError where no file can have that name."""
    if "\0" in str(path):
        raise ValueError("A folder's name cannot hold a NUL character. Choose another name.")
    return path.expanduser().absolute()


def _content(path: Path) -> bytes:
    if (size := path.stat().st_size) > LONGEST:
        raise ValueError(f"it is {size / 1e6:,.0f} MB long, and such a file has a few thousand bytes")
    return path.read_bytes()


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.rmdir() if path.is_dir() else path.unlink()


def _lock(handle: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
