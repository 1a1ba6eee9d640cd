"""The room of the runs: the recipe, starting and steering a run, and what the runs have told."""

from collections.abc import Generator
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core import memory
from ..core.data.faults import reason
from ..core.model.check import Problem, data_problems
from ..core.train.events import Event, Step
from ..core.train.recipe import Recipe
from .build import BuildRoom
from .data import DataRoom
from .edits import Edits
from .hall import Hall, sentence
from .project import Folder
from .records import Records
from .run import Run
from .signal import Signal
from .weights import Weights
from .worker import Job

if TYPE_CHECKING:
    from .opened import Opened

LONGEST_NAME = 100  # bytes


class TrainRoom:
    def __init__(self, hall: Hall, data: DataRoom, build: BuildRoom, weights: Weights) -> None:
        self._hall, self._data, self._build, self._weights = hall, data, build, weights
        self.changed, self.recipe_changed = Signal(), Signal()
        self.hovered = Signal()  # the step under the pointer, which all charts share, changed
        self.hover: int | None = None
        self.span: tuple[float, float] | None = None  # the steps that all charts show; None: all of them
        self.span_changed = Signal()
        self.runs: list[Run] = []
        self.run: Run | None = None  # the one shown
        self.starting = False  # Train was pressed, the tokens are being made
        self._edits: Edits[Recipe] = Edits(Recipe(), self._edited)
        self._records = Records(hall)

    # the recipe

    @property
    def recipe(self) -> Recipe:
        return self._edits.value

    @property
    def can_undo(self) -> bool:
        return self._edits.can_undo

    @property
    def can_redo(self) -> bool:
        return self._edits.can_redo

    def edit(self, recipe: Recipe, what: str = "") -> None:
        self._edits.edit(recipe, what)

    def undo(self) -> None:
        self._edits.undo()

    def redo(self) -> None:
        self._edits.redo()

    # the runs

    @property
    def live(self) -> Run | None:
        """The run that goes on, paused or not."""
        return next((run for run in self.runs if run.live), None)

    @property
    def busy(self) -> bool:
        return self.starting or self.live is not None

    @property
    def why_not(self) -> str | None:
        """Why Train is off, in one sentence."""
        if self._hall.opened is None:
            return "Open or make a project first."
        if self.busy:
            return "A run is going on."
        if not self._data.sources:
            return "There is no text yet. Drop files on the window."
        if self._build.problems:
            return self._build.problems[0].text
        if self._data.ready:
            wrong = self._problems()
            return wrong[0].text if wrong else None
        return None

    def start(self, name: str = "") -> "Future[Any]":
        """Train the design from scratch as a new run. Makes the tokens first where they are missing or old.

        The future is done when the run has begun: its `job` tells the rest. ValueError where it cannot begin.
        """
        if (reason := self.why_not) is not None:
            raise ValueError(reason)
        _check_name(name, self.runs)
        self.starting = True
        self.changed.emit()
        ready: Future[Any] = Future()
        if self._data.ready:
            ready.set_result(True)
        else:
            ready = self._data.prepare()
        return self._hall.then(ready, lambda prepared: self._begin(prepared, name), lambda _: self._not_begun())

    def resume(self, run: Run) -> "Future[Any]":
        """Go on with a run from its newest checkpoint."""
        if self.busy:
            raise ValueError("A run is going on. Stop it before going on with another.")
        if not self._data.ready:
            raise ValueError("The text or its tokenizer changed since this run. Undo the change, or start a new run.")
        self.starting = True
        self.show(run)
        newest = self._hall.models.ask(_newest, self._hall.folder, self.folder(run))
        return self._hall.then(newest, lambda step: self._go_on(run, step), self._not_made)

    def pause(self, on: bool = True) -> None:
        if (run := self.live) and run.job:
            run.job.pause(on)
            self.changed.emit()

    def step(self) -> None:
        """Change the weights once, then pause."""
        if (run := self.live) and run.job:
            run.job.step_once(lambda news: isinstance(news, Step))
            self.changed.emit()

    def stop(self) -> None:
        """Save and end the run that goes on; it can be resumed."""
        if (run := self.live) and run.job:
            run.job.stop()
            self.changed.emit()

    def show(self, run: Run | None) -> None:
        self.run = run
        self.changed.emit()

    def hover_at(self, step: int | None) -> None:
        """Put the cross-hair of every chart at a step, or (None) away."""
        if step != self.hover:
            self.hover = step
            self.hovered.emit()

    def look_at(self, span: tuple[float, float] | None) -> None:
        """Let every chart show these steps, or (None) all of them."""
        if span != self.span:
            self.span = span
            self.span_changed.emit()

    def remove(self, run: Run) -> None:
        """Move a run out of the way; the notice's undo brings it back."""
        if run.live:
            raise ValueError(f"{run.name} is still going on. Stop it first.")
        place = self.runs.index(run)
        self.runs.remove(run)
        self._records.remove(run)
        if self.run is run:
            self.run = self.runs[-1] if self.runs else None

        def back() -> None:
            self.runs.insert(min(place, len(self.runs)), run)
            self._records.remove(run, False)
            self.show(run)

        self._hall.say(f"{run.name} removed", undo=back)
        self.changed.emit()

    def evaluate(self, run: Run, step: int | None = None) -> Job:
        """Measure the loss over all validation text, at a snapshot or (None) as the run is now. Gives (loss, step)."""
        return self._hall.models.start(_evaluate(self._weights, run, self._hall.folder, step))

    def named(self, name: str = "") -> Run:
        """The run of that name, or the newest. ValueError where there is none."""
        found = [run for run in self.runs if run.name == name or not name]
        if not found:
            there = ", ".join(run.name for run in self.runs) or "none"
            raise ValueError(
                f"There is no run named {name}; there is: {there}." if name else "There is no run yet. Train one first."
            )
        return found[-1]

    def folder(self, run: Run) -> Path:
        return self._hall.folder.run(run.name)

    # the room

    def enter(self, opened: "Opened") -> None:
        self.runs = [*opened.runs]
        self.run = self.runs[-1] if self.runs else None
        self._records.enter(self.runs)
        self._edits.reset(opened.project.recipe)
        for run in self.runs:
            if run.state == "interrupted":
                self._hall.say(
                    f"{run.name} was cut off at step {run.step}. It can go on from its last checkpoint.", undo=None
                )
        self.changed.emit()

    def leave(self) -> None:
        if (run := self.live) and run.job:
            run.job.stop()
            self._hall.models.ask(lambda: None).result(60)
            run.job.done.exception(60)
            self._ended(run)
        self._records.write(self.runs, now=True)
        self.runs, self.run, self.starting = [], None, False

    def poll(self) -> None:
        for run in self.runs:
            self._refresh(run)
        self._records.write(self.runs)

    def _refresh(self, run: Run) -> None:
        """Take in a run's news and pass its notes on; the same one again only when something else came between."""
        known = len(run.notes)
        run.refresh()
        for note in run.notes[known:]:
            if not self._hall.notices or self._hall.notices[-1].text != note.text:
                self._hall.say(note.text, "error" if note.failed else "info")

    def _edited(self) -> None:
        if self._hall.project and self.recipe != self._hall.project.recipe:
            self._hall.edit_project(recipe=self.recipe)
        self.recipe_changed.emit()

    def _problems(self) -> list[Problem]:
        """What keeps the design from training on this text, on this machine, now."""
        return data_problems(self._build.model, self.recipe, self._data.manifest, memory.available())

    def _not_begun(self) -> None:
        self.starting = False
        self.changed.emit()

    def _not_made(self, error: BaseException) -> None:
        self._hall.tell(error)
        self._not_begun()

    def _begin(self, prepared: Any, name: str) -> "Future[Any] | None":
        project = self._hall.project
        wrong = self._problems()
        if prepared is None or project is None or wrong:  # cancelled, closed, or the text is too short
            if wrong:
                self._hall.say(wrong[0].text, "error")
            self._not_begun()
            return None
        number = project.next_run
        run = Run(name=name or f"run {number}", number=number, model=self._build.model, recipe=self.recipe)
        self._hall.edit_project(next_run=number + 1)
        made = self._records.make(run)

        def launch(_: Any) -> None:
            self.runs.append(run)
            self._launch(run)

        return self._hall.then(made, launch, self._not_made)

    def _go_on(self, run: Run, step: int) -> None:
        run.cut(step)
        self._records.cut(run)
        self._launch(run)

    def _launch(self, run: Run) -> None:
        self.starting = False
        run.error = ""
        run.job = self._hall.models.start(_work(run, self._hall.folder.path, self.folder(run)), run.log)
        self._records.put(run)
        self._hall.then(run.job.done, lambda _: self._ended(run), lambda error: self._ended(run, error))
        self.show(run)

    def _ended(self, run: Run, error: BaseException | None = None) -> None:
        if run not in self.runs:  # its project was closed, which has seen to it
            return
        self._refresh(run)
        if error:
            run.error = sentence(error)
            self._hall.models.ask(self._weights.let_go, run)
            self._hall.tell(error)
        run.end("failed" if error else "finished" if run.step >= run.steps else "stopped")
        self._records.write(self.runs, now=True)
        self._records.end(run)
        self.changed.emit()


def _check_name(name: str, runs: list[Run]) -> None:
    """ValueError where it cannot be the name of a new run."""
    if any(run.name == name for run in runs):
        raise ValueError(f"There is a run named {name} already. Choose another name.")
    if len(name.encode("utf-8", "replace")) > LONGEST_NAME:
        raise ValueError(f"A run's name becomes a folder: take a name of at most {LONGEST_NAME} letters.")
    if name and (
        name != name.strip() or name.startswith(".") or any(c in '/\\:*?"<>|' or not c.isprintable() for c in name)
    ):
        raise ValueError(
            "A run's name becomes a folder: leave out slashes, colons, quotes, and dots or spaces at its ends."
        )


def _work(run: Run, project: Path, folder: Path) -> Generator[Event | None, None, None]:
    from ..core.data.tokenizer import Tokenizer
    from ..core.data.tokens import Tokens
    from ..core.train.trainer import Trainer

    place = Folder(project)
    folder.mkdir(parents=True, exist_ok=True)
    tokens, tokenizer = Tokens(place.tokens), Tokenizer.load(place.tokenizer)
    run.trainer = Trainer(run.model, run.recipe, tokens, tokenizer, folder)
    yield from run.trainer.run()


def _evaluate(weights: Weights, run: Run, project: Folder, step: int | None) -> Generator[Any, None, tuple[float, int]]:
    from ..core.data.tokens import Tokens
    from ..core.train.evaluate import validation_loss

    _same_tokenizer(project, project.run(run.name))
    gpt, at = weights.at(run, project.run(run.name), step)
    loss = yield from validation_loss(gpt, Tokens(project.tokens), run.model.context, run.recipe.batch)
    return loss, at


def _newest(project: Folder, folder: Path) -> int:
    """Step of the newest checkpoint. ValueError where there is none, or the tokens are no longer the run's."""
    from ..core.train.checkpoint import newest_step

    _same_tokenizer(project, folder)
    return newest_step(folder / "resume")


def _same_tokenizer(project: Folder, folder: Path) -> None:
    """ValueError where the tokens on disk are not those that the run knows."""
    try:
        same = project.tokenizer.read_bytes() == (folder / "tokenizer.json").read_bytes()
    except OSError as error:
        raise ValueError(f"{error.filename}: {reason(error)} Start a new run.") from error
    if not same:
        raise ValueError(f"The tokenizer changed since {folder.name} began. Start a new run, or undo the change.")
