"""A project is a folder of open formats; this file knows its names and reads and writes its small JSON files."""

import os
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct

from ..core.chat.sampler import Sampler
from ..core.chat.template import Template
from ..core.data.source import Settings as DataSettings
from ..core.files import write_atomic
from ..core.model import spec
from ..core.train.recipe import Recipe

VERSION = 1
NEWER = (
    "{file} was written by a newer LLM Studio (format {version}); this one reads format {known}. It was left as it is."
)


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

    def run(self, name: str) -> Path:
        return self.runs / name

    def write(self, project: Project) -> None:
        write_atomic(self.project, msgspec.json.format(msgspec.json.encode(project), indent=2))

    def write_model(self, model: spec.Model) -> None:
        write_atomic(self.model, spec.to_json(model))

    def read(self) -> Project:
        """ValueError with one sentence where project.json is missing, broken or from a newer version."""
        try:
            fields: Any = msgspec.json.decode(self.project.read_bytes())
        except FileNotFoundError:
            raise ValueError(
                f"{self.path} is not a project: it has no project.json. Choose the folder that holds it."
            ) from None
        except OSError as error:
            raise ValueError(f"{self.project} cannot be read: {error.strerror}.") from error
        except msgspec.MsgspecError as error:
            raise ValueError(
                f"{self.project} is damaged: {error}. Mend it in a text editor or restore a copy; nothing was changed."
            ) from error
        version = fields.get("version", 1) if isinstance(fields, dict) else None
        if isinstance(version, int) and version > VERSION:
            raise ValueError(NEWER.format(file=self.project, version=version, known=VERSION))
        try:
            return msgspec.convert(fields, Project)
        except msgspec.MsgspecError as error:
            raise ValueError(
                f"{self.project} is damaged: {error}. Mend it in a text editor or restore a copy; nothing was changed."
            ) from error

    def read_model(self) -> spec.Model:
        try:
            return spec.from_json(self.model.read_bytes())
        except FileNotFoundError:
            return spec.Model()
        except OSError as error:
            raise ValueError(f"{self.model} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise ValueError(f"{self.model}: {error}") from error

    def create(self, project: Project, model: spec.Model) -> None:
        """Make the folder. ValueError where it holds something else already, or cannot be made."""
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise ValueError(f"{self.path} is not empty. Choose a new folder for the project.")
        try:
            self.runs.mkdir(parents=True)
            self.corpus.mkdir()
            self.write_model(model)
            self.write(project)
        except OSError as error:
            raise ValueError(f"The project cannot be made in {self.path}: {error.strerror}.") from error


class Lock:
    """Held while a project is open for writing, so that two programs never write one project."""

    def __init__(self, folder: Path) -> None:
        """ValueError where another program holds it."""
        self._file: IO[bytes] = open(folder / ".lock", "ab")  # noqa: SIM115  (open while the lock is held)
        try:
            _lock(self._file.fileno())
        except OSError:
            self._file.close()
            raise ValueError(f"{folder.name} is open in another LLM Studio. Close it there first.") from None

    def release(self) -> None:
        self._file.close()


def _lock(handle: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
