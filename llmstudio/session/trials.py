"""Runs that come from others: repeated exactly, from a snapshot, or many at once to compare."""

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from ..core.model.check import Problem
from . import rate
from .about import Origin
from .build import BuildRoom
from .data import DataRoom
from .hall import Hall
from .queued import Queued
from .recipes import Recipes
from .run import Run
from .signal import Signal
from .starting import READ_ONLY
from .weights import Weights
from .worker import Job

if TYPE_CHECKING:
    from ..core.train.finder import Found
    from ..core.train.sweep import Sweep


class Trials(Recipes):
    def __init__(self, hall: Hall, data: DataRoom, build: BuildRoom, weights: Weights) -> None:
        super().__init__(hall, data, build, weights)
        self.finder: Job | None = None  # the learning-rate finder, at work or done; its log holds what was tried
        self.found_changed = Signal()
        self._found: tuple[Any, Found] | None = None  # and what it was found for

    @property
    def why_not(self) -> str | None:
        """Why Train is off, in one sentence."""
        if self._hall.opened is None:
            return "Open or make a project first."
        if not self._hall.opened.lock:
            return READ_ONLY
        return "A run is going on." if self.busy else self.why_never

    @property
    def why_never(self) -> str | None:
        """Why the design could not even be enqueued, in one sentence."""
        if not self._data.sources:
            return "There is no text yet. Drop files on the window."
        wrong = self._build.problems or self.problems
        return wrong[0].text if wrong else None

    @property
    def problems(self) -> list[Problem]:
        """What keeps a sound design from training with this recipe, on this text and machine; with ways to mend it."""
        if self._build.problems or self._hall.opened is None:
            return []
        return self._problems(self._build.model, self.recipe)

    def ordered(self, name: str = "", from_: tuple[Run, int] | None = None) -> Queued:
        """The design and recipe as they are now, as an order to `enqueue`; or a run's design, from a step's weights."""
        if from_ is None:
            return self.order(self._build.model, self.recipe, name)
        run, step = from_
        return self.order(run.model, self.recipe, name, origin=Origin(run=run.name, step=step))

    def repeated(self, run: Run, name: str = "") -> Queued:
        """A run again, exactly, as an order: the same design, recipe, seed, first weights and changes on the way."""
        old = run.origin or Origin()
        origin = Origin(run=old.run, step=old.step, repeats=run.name, changes=tuple(run.changes))
        if self._data.manifest and run.about.text not in ("", self._data.manifest.corpus):
            self._hall.say(f"The text has changed since {run.name}: the repeat learns from the text as it is now.")
        return self.order(run.model, run.recipe, name, origin=origin, device=run.device)

    def repeat(self, run: Run) -> None:
        """Train a run again exactly. It begins now, or waits for its turn."""
        self.enqueue([self.repeated(run)])

    def sweep(self, plan: "Sweep", group: str = "") -> str:
        """Enqueue all runs of a sweep over the design and the recipe. Gives the name of their group.

        ValueError, with nothing enqueued, where one of them could not be trained.
        """
        from ..core.train.sweep import variants

        made = variants(plan, self._build.model, self.recipe)
        group = group or self._free_group()
        self.enqueue([self.order(each.model, each.recipe, group=group, label=each.label) for each in made])
        return group

    def _free_group(self) -> str:
        taken = {run.group for run in self.runs} | {each.group for each in self.queue}
        number = 1
        while f"sweep {number}" in taken:
            number += 1
        return f"sweep {number}"

    # the learning-rate finder

    @property
    def found(self) -> "Found | None":
        """What the finder found, as long as design and recipe are those that it was found for."""
        return self._found[1] if self._found and self._found[0] == self._rate_key() else None

    def find_rate(self) -> "Future[Any]":
        """Start the finder, once there are tokens. The future is done when it has begun: `finder` is its job.

        ValueError where it cannot begin.
        """
        if (reason := self.why_not) is not None:
            raise ValueError(reason)
        return self._once_prepared(self._look)

    def _look(self, prepared: Any) -> None:
        self.starting = False
        if prepared is not None and self._hall.opened is not None:
            key = self._rate_key()
            work = rate.find(self._build.model, self.recipe, self._hall.folder, self.device)
            self.finder = self._hall.worker(self.device).start(work)
            self._hall.then(self.finder.done, lambda found: self._rate_found(key, found))
        self.changed.emit()

    def _rate_found(self, key: Any, found: "Found | None") -> None:
        if found is not None:
            self._found = key, found
        self.found_changed.emit()
        self.changed.emit()

    def _rate_key(self) -> Any:
        return rate.key(self._build.model, self.recipe)

    def leave(self) -> None:
        if self.finder and self.finder.running:
            self.finder.stop()
            self._hall.worker(self.device).ask(lambda: None).result(60)
        super().leave()
        self.finder = self._found = None
