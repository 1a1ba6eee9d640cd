"""One run as the window sees it: its log read into growing series. The worker writes the log, this only mirrors it."""

from typing import TYPE_CHECKING, Any

from ..core.model.spec import Model
from ..core.train.events import Changed, Event, RolledBack
from ..core.train.recipe import Recipe
from .about import About, Origin
from .curves import SMOOTH, Curves
from .series import PartSeries, Series
from .worker import Job, Worker

if TYPE_CHECKING:
    from ..core.train.trainer import Trainer

__all__ = ["SMOOTH", "About", "Origin", "PartSeries", "Run", "Series"]


class Run(Curves):
    """`log` is append-only: read from where you left off. Everything else follows from it in `refresh`."""

    def __init__(
        self,
        *,
        name: str,
        number: int,
        model: Model,
        recipe: Recipe,
        state: str = "preparing",
        log: list[Event] | None = None,
        about: About | None = None,
    ) -> None:
        super().__init__(model, recipe)
        self.name, self.number = name, number
        self.log: list[Event] = log or []
        self.about = about or About()
        self.job: Job | None = None
        self.trainer: Trainer | None = None  # set by, and used on, the thread of `worker`
        self.early: dict[str, Any] | None = None  # asked to change before there is a trainer to hear it; None: there is
        self.worker: Worker | None = None  # the one it trains on, or did last
        self.error = ""
        self._state = state
        self._read = 0  # events of the log taken so far
        self.refresh()

    @property
    def note(self) -> str:
        return self.about.note

    @property
    def tags(self) -> tuple[str, ...]:
        return self.about.tags

    @property
    def group(self) -> str:
        return self.about.group

    @property
    def label(self) -> str:
        """What sets it apart in its group."""
        return self.about.label

    @property
    def created(self) -> float:
        """Seconds since 1970; 0 where it is not known."""
        return self.about.created

    @property
    def device(self) -> str:
        return self.about.device

    @property
    def origin(self) -> Origin | None:
        return self.about.origin

    @property
    def state(self) -> str:
        """preparing, training, paused, stopped, finished, interrupted (by a crash) or failed.

        Without a job, `training` says that another program trains it.
        """
        if self.job and self.job.running:
            if self.job.paused:
                return "paused"
            return "training" if self.step or self.validation else "preparing"
        return self._state

    def end(self, state: str) -> None:
        self._state = state

    @property
    def live(self) -> bool:
        return self.job is not None and self.job.running

    def refresh(self) -> bool:
        """Read the new part of the log. True if there was any."""
        end = len(self.log)
        if end == self._read:
            return False
        for event in self.log[self._read : end]:
            self._take(event)
        self._read = end
        return True

    def cut(self, step: int) -> None:
        """Forget what came after `step`: the run goes on from there. What was changed before a roll-back did happen."""
        back = max((i for i, e in enumerate(self.log) if isinstance(e, RolledBack) and e.step <= step), default=0)
        self.log[:] = [
            event for i, event in enumerate(self.log) if event.step <= step or (i < back and isinstance(event, Changed))
        ]
        self.cuts += 1
        self._clear()
        self._read = 0
        self.refresh()
