"""The room of the runs: the recipe, starting and steering a run, and what the runs have told."""

from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ..core.train.events import Step
from ..core.train.recipe import Recipe
from . import launch
from .about import Origin
from .build import BuildRoom
from .data import DataRoom
from .edits import Edits
from .hall import Hall
from .queued import Queued
from .run import Run
from .signal import Signal
from .starting import Starting
from .steering import Steering, differences
from .weights import Weights
from .worker import Job

if TYPE_CHECKING:
    from .opened import Opened


class TrainRoom(Starting):
    def __init__(self, hall: Hall, data: DataRoom, build: BuildRoom, weights: Weights) -> None:
        super().__init__(hall, data, build, weights)
        self.recipe_changed = Signal()
        self._edits: Edits[Recipe] = Edits(Recipe(), self._edited)
        self._steering = Steering(hall)
        self._shown_recipe = self.recipe  # in force when it was last told

    # the recipe

    @property
    def recipe(self) -> Recipe:
        """For the next run."""
        return self._edits.value

    @property
    def in_force(self) -> Recipe:
        """What a form shows and edits: the recipe of the run that goes on as it is now, else that for the next run."""
        return self._steering.in_force(self.live) if self.live else self.recipe

    @property
    def can_undo(self) -> bool:
        return self._edits.can_undo

    @property
    def can_redo(self) -> bool:
        return self._edits.can_redo

    def edit(self, recipe: Recipe, what: str = "") -> None:
        """Take what differs from the recipe in force, for the next run; one that goes on takes its live fields at once."""
        fields = differences(self.in_force, recipe)
        live = self.live
        self._edits.edit(replace(self.recipe, **fields), what)
        if live:
            self._steering.change(live, fields, what)
        self._tell_recipe()

    def undo(self) -> None:
        self._turn(self._edits.undo)

    def redo(self) -> None:
        self._turn(self._edits.redo)

    def _turn(self, turn: Any) -> None:
        """Undo or redo, for a run that goes on too."""
        before = self.recipe
        turn()
        if self.live:
            self._steering.change(self.live, differences(before, self.recipe))
        self._tell_recipe()

    # beginning

    @property
    def why_not(self) -> str | None:
        """Why Train is off, in one sentence."""
        if self._hall.opened is None:
            return "Open or make a project first."
        return "A run is going on." if self.busy else self.why_never

    @property
    def why_never(self) -> str | None:
        """Why the design could not even be enqueued, in one sentence."""
        if not self._data.sources:
            return "There is no text yet. Drop files on the window."
        if self._build.problems:
            return self._build.problems[0].text
        if self._data.ready:
            wrong = self._problems(self._build.model, self.recipe)
            return wrong[0].text if wrong else None
        return None

    def start(self, name: str = "", from_: tuple[Run, int] | None = None) -> "Future[Any]":
        """Train the design from scratch as a new run, or a run's own design from the weights it kept at a step.

        Makes the tokens first where they are missing or old. The future is done when the run has begun: its `job` tells
        the rest. ValueError where it cannot begin.
        """
        if (reason := self.why_not) is not None:
            raise ValueError(reason)
        self._check_name(name)
        return self._start(self.ordered(name, from_))

    def ordered(self, name: str = "", from_: tuple[Run, int] | None = None) -> Queued:
        """The design and recipe as they are now, as an order to `enqueue`."""
        if from_ is None:
            return self.order(self._build.model, self.recipe, name)
        run, step = from_
        return self.order(run.model, self.recipe, name, origin=Origin(run=run.name, step=step))

    def repeat(self, run: Run, name: str = "") -> None:
        """Train a run again exactly: the same design, recipe, seed and changes. It begins now, or waits its turn."""
        told = tuple(event for event in run.changes if event.why == "person")
        old = run.origin or Origin()
        origin = Origin(run=old.run, step=old.step, repeats=run.name, changes=told)
        if self._data.manifest and run.about.text not in ("", self._data.manifest.corpus):
            self._hall.say(f"The text has changed since {run.name}: the repeat learns from the text as it is now.")
        self.enqueue([self.order(run.model, run.recipe, name, origin=origin, device=run.device)])

    def duplicate(self, run: Run) -> None:
        """Bring a run's design and recipe back, to be edited."""
        model, recipe = self._build.model, self.recipe
        self._build.edit(replace(run.model, vocab=model.vocab))
        self._edits.edit(run.recipe_now)

        def back() -> None:
            self._build.edit(model)
            self._edits.edit(recipe)

        self._hall.say(f"Design and recipe are those of {run.name} now", undo=back)

    # going on

    def resume(self, run: Run) -> "Future[Any]":
        """Go on with a run from its newest checkpoint."""
        return self._resume(run, {})

    def extend(self, run: Run, steps: int) -> "Future[Any]":
        """Let a run go on for `steps` more than planned, now or, where it has ended, from its newest checkpoint."""
        longer = self._steering.in_force(run).steps + steps
        if run.live:
            self._steering.change(run, {"steps": longer})
            done: Future[Any] = Future()
            done.set_result(None)
            return done
        return self._resume(run, {"steps": longer})

    def _resume(self, run: Run, fields: dict[str, Any]) -> "Future[Any]":
        if self._busy(run.device):
            raise ValueError("A run is going on. Stop it before going on with another.")
        if not self._data.ready:
            raise ValueError("The text or its tokenizer changed since this run. Undo the change, or start a new run.")
        self.starting = True
        self.show(run)
        newest = self._hall.models.ask(launch.newest, self._hall.folder, self.folder(run))
        return self._hall.then(newest, lambda step: self._go_on(run, step, fields), self._not_made)

    def pause(self, on: bool = True) -> None:
        if (run := self.live) and run.job:
            run.job.pause(on)
            self.changed.emit()

    def step(self) -> None:
        """Change the weights once, then pause."""
        if (run := self.live) and run.job:
            run.job.step_once(lambda news: isinstance(news, Step))
            self.changed.emit()

    def stop(self, run: Run | None = None) -> None:
        """Save and end a run that goes on; it can be resumed."""
        run = run or self.live
        if run and run.live and run.job:
            run.job.stop()
            self.changed.emit()

    def evaluate(self, run: Run, step: int | None = None) -> Job:
        """Measure the loss over all validation text, at a snapshot or (None) as the run is now. Gives (loss, step)."""
        return self._hall.models.start(launch.evaluate(self._weights, run, self._hall.folder, step))

    # the room

    def enter(self, opened: "Opened") -> None:
        super().enter(opened)
        self._edits.reset(opened.project.recipe)
        for run in self.runs:
            if run.state == "interrupted":
                text = f"{run.name} was cut off at step {run.step}. It can go on from its last checkpoint."
                self._hall.say(text, deed=("Go on", partial(self._offered, run)) if opened.lock else None)
        self._tell_recipe()
        self.changed.emit()
        self.queue_changed.emit()

    def leave(self) -> None:
        super().leave()
        self._steering.clear()

    def poll(self) -> None:
        super().poll()
        self._steering.poll()
        self._tell_recipe()

    def _tell_recipe(self) -> None:
        """The recipe in force may change by itself: a run begins or ends, rolls back, or takes what was asked."""
        if (now := self.in_force) != self._shown_recipe:
            self._shown_recipe = now
            self.recipe_changed.emit()

    def _edited(self) -> None:
        if self._hall.project and self.recipe != self._hall.project.recipe:
            self._hall.edit_project(recipe=self.recipe)
        self.recipe_changed.emit()

    def _offered(self, run: Run) -> None:
        """Go on with a run that was cut off, where that is still possible; why not is said."""
        try:
            self.resume(run)
        except ValueError as error:
            self._hall.tell(error)
