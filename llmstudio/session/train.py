"""The room of the runs: the recipe, starting and steering a run, and what the runs have told."""

from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ..core import memory
from ..core.train.events import Snapshot, Step
from ..core.train.finding import Finding, Plan, Rates
from ..core.train.recipe import LIVE
from . import launch
from .build import BuildRoom
from .checkup import Checkup, Question, course
from .curves import changed
from .data import DataRoom
from .hall import Hall
from .queued import Queued
from .run import Run
from .starting import READ_ONLY
from .trials import Trials
from .weights import Weights
from .worker import Job

if TYPE_CHECKING:
    from ..core.train.finder import Found
    from .opened import Opened


class TrainRoom(Trials):
    def __init__(self, hall: Hall, data: DataRoom, build: BuildRoom, weights: Weights) -> None:
        super().__init__(hall, data, build, weights)
        self._checkup = Checkup(hall, self._what, self._question)
        self.findings_changed = self._checkup.changed

    # beginning

    def start(self, name: str = "", from_: tuple[Run, int] | None = None) -> "Future[Any]":
        """Train the design from scratch as a new run, or a run's own design from the weights it kept at a step.

        Makes the tokens first where they are missing or old. The future is done when the run has begun: its `job` tells
        the rest. ValueError where it cannot begin.
        """
        if (reason := self.why_not) is not None:
            raise ValueError(reason)
        return self.begin(self.ordered(name, from_))

    def begin(self, order: Queued) -> "Future[Any]":
        """Start an order now, without a turn in the queue. As `start`."""
        if self._busy(order.device):
            raise ValueError("A run is going on. Stop it, or let this one wait for its turn.")
        self._check_name(order.name)
        return self._start(order)

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

    def resume(self, run: Run, **fields: Any) -> "Future[Any]":
        """Go on with a run from its newest checkpoint, with these live fields of its recipe changed from there on."""
        if fixed := [name for name in fields if name not in LIVE]:
            raise ValueError(f"{fixed[0].replace('_', ' ')} is fixed once a run has begun. Start a new run with it.")
        if not (self._hall.opened and self._hall.opened.lock):
            raise ValueError(READ_ONLY)
        if run not in self.runs:
            raise ValueError(f"{run.name} was removed. Bring it back first.")
        changed(run.recipe_now, fields)
        if fields.get("steps", run.step) < run.step:
            raise ValueError(f"{run.name} is at step {run.step:,} already. Take more steps than that.")
        if self._busy(run.device):
            raise ValueError("A run is going on. Stop it before going on with another.")
        if not self._data.ready:
            raise ValueError("The text or its tokenizer changed since this run. Undo the change, or start a new run.")
        self.starting = True
        self.show(run)
        newest = self._hall.models.ask(launch.newest, self._hall.folder, self.folder(run))
        return self._hall.then(newest, lambda step: self._go_on(run, step, fields), self._not_made)

    def extend(self, run: Run, steps: int) -> "Future[Any]":
        """Let a run go on for `steps` more than planned, now or, where it has ended, from its newest checkpoint."""
        if steps < 1:
            raise ValueError("Take at least one step more.")
        longer = max(self._steering.in_force(run).steps, run.step) + steps
        if run.live:
            self._steering.change(run, {"steps": longer})
            done: Future[Any] = Future()
            done.set_result(None)
            return done
        return self.resume(run, steps=longer)

    def _ended(self, run: Run, error: BaseException | None = None) -> None:
        super()._ended(run, error)
        wanted = self._steering.missed(run).get("steps", 0)  # more than planned, asked for in its last moment
        if run.state == "finished" and wanted > run.steps:
            self.resume(run, steps=wanted)

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

    def use_best(self, run: Run) -> None:
        """Put the weights with the lowest validation loss on the time bar; a run that goes on ends first."""
        if run.live and run.job:
            run.job.stop()
            self._hall.then(run.job.done, lambda _: self._keep_best(run))
        else:
            self._keep_best(run)

    def _keep_best(self, run: Run) -> None:
        def kept(step: int) -> None:
            if step not in run.snapshots:
                run.log.append(Snapshot(step=step))
            self._hall.say(f"The best weights of {run.name} are those of step {step}: choose it on the time bar.")
            self.changed.emit()

        self._hall.then(self._hall.files.ask(launch.keep_best, self.folder(run)), kept)

    # the doctor

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the run doctor finds: of the run that goes on, or of the one looked at and the next. The worst first."""
        return self._checkup.findings

    def cure(self, finding: Finding) -> None:
        """Do what the button beside a finding says. ValueError where that cannot be now."""
        cure = finding.cure
        assert cure
        if cure.action == "change":
            self.edit(changed(self.in_force, cure.fields))
        elif cure.action == "model":
            assert cure.model
            self._build.edit(cure.model)
        elif cure.action == "stop":
            self.stop()
        elif cure.action == "best" and self.run:
            self.use_best(self.run)
        elif cure.action == "find_rate":
            self.find_rate()
        elif cure.action == "go_on" and self.run:
            longer = cure.fields.get("steps", self.run.steps) - self.run.steps
            self.extend(self.run, longer) if longer > 0 else self.resume(self.run)

    def _what(self) -> tuple[bool, Any]:
        """Whether a run goes on, and what the doctor's findings depend on beside how far it has come."""
        run, manifest = self._patient, self._data.manifest
        key = (
            run and run.name, run and run.state, self._build.model, self.in_force, self.found,
            self._fits, manifest and manifest.corpus, manifest and manifest.tokenizer,
        )  # fmt: skip
        return self.live is not None, key

    @property
    def _fits(self) -> bool | None:
        return self._build.estimate.fits(self._build.model, self.recipe)

    @property
    def _patient(self) -> Run | None:
        return self.live or (self.run if self.run and self.run.step else None)

    def _question(self) -> Question:
        """What the doctor is to look at now."""
        live, run, found = self.live, self._patient, self.found
        manifest, project = self._data.manifest, self._hall.project
        plan = None if live else Plan(
            model=self._build.model,
            recipe=self.recipe,
            train_tokens=manifest.train_tokens if manifest else None,
            memory=memory.available(),
            card=self.device_memory,
            rates=_rates(found),
            fits=self._fits,
        )  # fmt: skip
        floor = project.floor if project else None
        return Question(plan=plan, course=course(run, manifest, floor) if run else None, live=live is not None)

    # the room

    def enter(self, opened: "Opened") -> None:
        super().enter(opened)
        self._checkup.reset()
        for run in self.runs:
            if run.state == "interrupted":
                text = f"{run.name} was cut off at step {run.step}. It can go on from its last checkpoint."
                self._hall.say(text, deed=("Go on", partial(self._offered, run)) if opened.lock else None)
        self.changed.emit()
        self.queue_changed.emit()

    def leave(self) -> None:
        super().leave()
        self._checkup.reset()

    def poll(self) -> None:
        super().poll()
        self._checkup.poll()

    def _offered(self, run: Run) -> None:
        """Go on with a run that was cut off, where that is still possible; why not is said."""
        try:
            self.resume(run)
        except ValueError as error:
            self._hall.tell(error)


def _rates(found: "Found | None") -> Rates | None:
    if found is None or found.suggestion is None or found.highest is None:
        return None
    return Rates(suggestion=found.suggestion, highest=found.highest)
