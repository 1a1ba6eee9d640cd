"""The studio without its window: a hall with one room per stage. Panels read it, call its verbs, hear its signals."""

from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ..core.model.presets import PRESETS
from ..core.model.spec import Model
from ..core.train.recipe import Recipe
from . import launch
from . import settings as settings_file
from .alive import Alive
from .build import BuildRoom
from .chat import ChatRoom
from .computer import Computer
from .data import DataRoom
from .estimate import Estimate
from .hall import Hall
from .inside import InsideRoom
from .project import Folder, Project, usable
from .train import TrainRoom
from .weights import Weights

if TYPE_CHECKING:
    from .opened import Opened


class Session(Hall):
    def __init__(self) -> None:
        super().__init__()
        self.loading = self.closed = False
        self.device = ""  # named once it has been probed, "CPU, 2 threads"
        self.weights = Weights()
        self.data = DataRoom(self)
        self.build = BuildRoom(self, self.data)
        self.train = TrainRoom(self, self.data, self.build, self.weights)
        self.build.estimate = Estimate(
            self, self._design, self._validation, self._in_the_way, lambda: self.train.device
        )
        self.inside = InsideRoom(self, self.data, self.train, self.weights)
        self.build.alive = Alive(self, self.build, self.train, self.inside, self.weights)
        self.chat = ChatRoom(self, self.inside, self.weights)
        self.computer = Computer(self, lambda: any(run.live and run.state != "paused" for run in self.train.runs))
        self.computer.changed.connect(self._name_device)
        self.rooms = (self.data, self.build, self.train, self.inside, self.chat)

    @property
    def peak(self) -> float | None:
        """FLOP/s of the fastest matrix product on the device in use; None until it has been measured."""
        return self.computer.peak

    def new(self, path: Path, preset: str = "nano", kit: str = "", name: str = "") -> "Future[Any]":
        """Make a project and open it; a kit also fills it with its text. ValueError where the folder is not empty."""
        from ..core.data import synthetic

        kind = synthetic.KITS[kit] if kit else None
        design = PRESETS[kind.preset if kind else preset]
        recipe = replace(design.recipe, prompt=kind.prompt) if kind else design.recipe
        project = Project(
            name=name or path.name,
            kit=kit,
            data=design.data,
            recipe=recipe,
            probe=kind.prompt.strip() if kind else "",
            template=synthetic.template(kit) if kit else None,
            floor=synthetic.floor(kit, 0) if kit else None,
        )
        path = usable(path)
        Folder(path).create(project, design.model)
        opened = self.open(path)  # tells its own error
        return self.then(opened, lambda _: self.data.fill(kit) if kit else None, lambda _: None)

    def open(self, path: Path, write: bool = True) -> "Future[Any]":
        """Open a project; the one before stays open until this one is read. The future: every room has been entered."""
        path = usable(path)
        if self.opened and self.opened.folder.path == path:
            self.close_project()  # its lock is ours
        self.loading = True
        self.project_changed.emit()
        return self.then(self.files.ask(_read, path, write), self._enter, self._open_failed)

    def close_project(self) -> None:
        """Stop what runs, save and let go of the project."""
        if self.opened is None:
            return
        for room in self.rooms:
            room.leave()
        opened, self.opened = self.opened, None
        self.files.ask(opened.close).result(60)
        self.models.ask(self.weights.clear).result(60)
        self._waiting = [entry for entry in self._waiting if not entry[0].done()]

    def close(self) -> None:
        """End the session: everything is saved, every thread ends. Once more does nothing."""
        if self.closed:
            return
        self.closed = True
        self.close_project()
        self.models.ask(launch.end_compiling).result(60)
        self.computer.close()
        self.end()

    def poll(self) -> None:
        super().poll()
        while self.weights.troubles:
            self.say(self.weights.troubles.pop(0), "error")
        for room in self.rooms:
            room.poll()
        self.computer.poll()

    def _enter(self, opened: "Opened") -> None:
        self.close_project()
        self.opened = opened
        self.loading = False
        self.edit_settings(recent=settings_file.with_recent(self.settings, opened.folder.path).recent)
        for room in self.rooms:
            room.enter(opened)
        for text in opened.warnings:
            self.say(text, "error")
        self.project_changed.emit()

    def _design(self) -> tuple[Model, Recipe]:
        return self.build.model, self.train.recipe

    def _validation(self) -> int:
        return self.data.manifest.validation_tokens if self.data.manifest else 0

    def _in_the_way(self) -> str | None:
        """Of trying the design for a moment."""
        if self.build.problems:
            return "The design has a problem."
        return "A run has the machine." if self.train.busy else None

    def _name_device(self) -> None:
        self.device = self.computer.words
        if chosen := self.computer.device:
            self.train.device, self.train.device_memory = chosen.key, chosen.memory

    def _open_failed(self, error: BaseException) -> None:
        self.loading = False
        self.tell(error)
        self.project_changed.emit()


def _read(path: Path, write: bool) -> "Opened":
    """What reading takes, numpy and tokenizers, is imported on the file thread, behind the painted window."""
    from .opened import read

    return read(path, write)
