"""One run as the window sees it: its log read into growing series. The worker writes the log, this only mirrors it."""

from array import array
from typing import TYPE_CHECKING

from ..core.model.spec import Model
from ..core.train.events import Evaluated, Event, Note, Sampled, Saved, Snapshot, Step
from ..core.train.recipe import Recipe
from .worker import Job

if TYPE_CHECKING:
    from ..core.train.trainer import Trainer

SMOOTH = 0.9  # share of the old value kept at each step, as in TensorBoard
RATE_STEPS = 40  # steps over which the speed is measured


class Series:
    """Numbers against steps, growing. `array` and not numpy: the window opens without it."""

    def __init__(self) -> None:
        self.steps, self.values = array("d"), array("d")

    def __len__(self) -> int:
        return len(self.steps)

    def add(self, step: float, value: float) -> None:
        self.steps.append(step)
        self.values.append(value)

    @property
    def last(self) -> float | None:
        return self.values[-1] if self.values else None


class Run:
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
    ) -> None:
        self.name, self.number, self.model, self.recipe = name, number, model, recipe
        self.log: list[Event] = log or []
        self.job: Job | None = None
        self.trainer: Trainer | None = None  # set by, and used on, the model thread
        self.error = ""
        self._state = state
        self._read = 0  # events of the log taken so far
        self._clear()
        self.refresh()

    @property
    def state(self) -> str:
        """preparing, training, paused, stopped, finished, interrupted (by a crash) or failed."""
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

    @property
    def steps(self) -> int:
        """Steps planned."""
        return self.recipe.steps

    @property
    def smoothed(self) -> float | None:
        return self.smooth.last

    @property
    def tokens_per_second(self) -> float | None:
        """Of the last steps."""
        if len(self.seconds) < 2:
            return None
        n = min(RATE_STEPS, len(self.seconds) - 1)
        spent = self.seconds.values[-1] - self.seconds.values[-1 - n]
        return n * self.recipe.batch * self.model.context / spent if spent > 0 else None

    @property
    def seconds_left(self) -> float | None:
        rate = self.tokens_per_second
        return (self.steps - self.step) * self.recipe.batch * self.model.context / rate if rate else None

    def loss_at(self, step: int) -> float | None:
        """Smoothed training loss at a step, None before the first."""
        from bisect import bisect_right

        i = bisect_right(self.smooth.steps, step) - 1
        return self.smooth.values[i] if i >= 0 else None

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
        """Forget what came after `step`: the run goes on from there."""
        kept = [event for event in self.log if event.step <= step]
        self.log[:] = kept
        self._clear()
        self.refresh()

    def _clear(self) -> None:
        self._read = 0
        self.step = 0
        self.loss, self.smooth, self.rate, self.gradient = Series(), Series(), Series(), Series()
        self.seconds, self.validation = Series(), Series()
        self.whole: float | None = None  # loss over all validation text, once known
        self.samples: list[Sampled] = []
        self.snapshots: list[int] = []
        self.notes: list[Note] = []

    def _take(self, event: Event) -> None:
        if isinstance(event, Step):
            self.step = event.step
            self.loss.add(event.step, event.loss)
            # a plain mean at first, so that the first value does not weigh for ever
            last = self.smooth.last
            weight = min(SMOOTH, len(self.smooth) / (len(self.smooth) + 1))
            self.smooth.add(event.step, event.loss if last is None else weight * last + (1 - weight) * event.loss)
            self.rate.add(event.step, event.learning_rate)
            self.gradient.add(event.step, event.gradient)
            self.seconds.add(event.step, event.seconds)
        elif isinstance(event, Evaluated):
            self.validation.add(event.step, event.loss)
            self.whole = event.loss if event.whole else self.whole
        elif isinstance(event, Sampled):
            self.samples.append(event)
        elif isinstance(event, Snapshot):
            self.step = max(self.step, event.step)  # steps may be unknown: the history was rebuilt from the folders
            if event.step not in self.snapshots:
                self.snapshots.append(event.step)
        elif isinstance(event, Saved):
            self.step = max(self.step, event.step)
        elif isinstance(event, Note):
            self.notes.append(event)
