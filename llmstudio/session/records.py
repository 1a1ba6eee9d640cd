"""Keeping the runs' records, in the history and in their folders, in step with the runs; on the file thread."""

import time
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ..core.files import write_atomic
from ..core.json_text import encode
from ..core.model import spec
from ..core.train.events import Event
from .about import About
from .database import Row
from .hall import Hall, sentence
from .rebuild import Kept
from .run import Run

if TYPE_CHECKING:
    from .opened import Opened

WRITE_SECONDS = 1.0  # events reach the database at least this often


class Records:
    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._written: dict[str, int] = {}  # events of each run that the database has
        self._at = 0.0
        self._said = ""  # why the last events could not be written, told once

    def enter(self, runs: list[Run]) -> None:
        self._written = {run.name: len(run.log) for run in runs}

    def make(self, run: Run) -> "Future[Any]":
        """The new run's folder, with all that is needed to read its weights later."""
        return self._hall.files.ask(_make, self._opened, run.name, run.number, run.model, run.recipe, run.about)

    def put(self, run: Run) -> None:
        """The run has begun, or goes on."""
        recipe = encode(run.recipe).decode()
        self._save(_put, Row(
            name=run.name, number=run.number, state="training", model=spec.to_json(run.model).decode(), recipe=recipe,
            about=encode(run.about).decode(), created=run.created,
        ))  # fmt: skip

    def cut(self, run: Run) -> None:
        """Forget what the run told after its last step: it goes on from there."""
        self._save(_cut, run.name, run.step)
        self._written[run.name] = len(run.log)

    def end(self, run: Run) -> None:
        self._save(_set_state, run.name, run.state)

    def about(self, run: Run) -> None:
        """Note and tags have changed."""
        self._save(_set_about, run.name, run.number, run.about)

    def remove(self, run: Run, removed: bool = True) -> None:
        """Move the run out of the way, or back."""
        self._save(_set_removed, run.name, removed)

    def write(self, runs: list[Run], now: bool = False) -> None:
        """Send new events to the database, once in a while or `now`."""
        if not now and time.monotonic() - self._at < WRITE_SECONDS:
            return
        if self._hall.opened is None or not self._hall.opened.lock:
            return
        self._at = time.monotonic()
        for run in runs:
            end = len(run.log)
            if (start := self._written.get(run.name, 0)) < end:
                self._written[run.name] = end
                asked = self._hall.files.ask(_append, self._opened, run.name, run.log[start:end])
                self._hall.then(asked, lambda _: self._kept(), self._refused)

    def _kept(self) -> None:
        self._said = ""

    def _refused(self, error: BaseException) -> None:
        """The history keeps what it could not write, and tries again with the next events."""
        if sentence(error) != self._said:
            self._said = sentence(error)
            self._hall.tell(error)

    @property
    def _opened(self) -> "Opened":
        assert self._hall.opened
        return self._hall.opened

    def _save(self, function: Any, *args: Any) -> None:
        if self._hall.opened:
            self._hall.save(function, self._hall.opened, *args)


def _make(opened: "Opened", name: str, number: int, model: spec.Model, recipe: msgspec.Struct, about: About) -> None:
    folder = opened.folder.run(name)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / "tokenizer.json", opened.folder.tokenizer.read_bytes())
    write_atomic(folder / "spec.json", spec.to_json(model))
    write_atomic(folder / "recipe.json", msgspec.json.format(encode(recipe), indent=2))
    _write_about(folder, number, about)


def _write_about(folder: Path, number: int, about: About) -> None:
    """run.json, from which `rebuild` knows the run again without the history."""
    write_atomic(folder / "run.json", msgspec.json.format(encode(Kept(number=number, about=about)), indent=2))


def _set_about(opened: "Opened", name: str, number: int, about: About) -> None:
    opened.history.set_about(name, encode(about).decode())
    _write_about(opened.folder.run(name), number, about)


def _put(opened: "Opened", row: Row) -> None:
    opened.history.put_run(row)


def _set_state(opened: "Opened", name: str, state: str) -> None:
    opened.history.set_state(name, state)


def _set_removed(opened: "Opened", name: str, removed: bool) -> None:
    opened.folder.trash.mkdir(parents=True, exist_ok=True)
    here, away = opened.folder.run(name), opened.folder.trash / name
    source, target = (here, away) if removed else (away, here)
    if source.exists():
        source.rename(target)
    opened.history.set_removed(name, removed)


def _append(opened: "Opened", name: str, news: list[Event]) -> None:
    opened.history.append(name, news)


def _cut(opened: "Opened", name: str, step: int) -> None:
    opened.history.cut(name, step)
