"""What the design will take to train, before it does: measured for a moment on the model thread, and carried over.

A probe begins when the design has not been edited for a moment, and is given up at the next edit. Until the new one is
in, the last one is carried over to the new design by its arithmetic.
"""

import sys
import time
from collections.abc import Callable, Generator
from typing import Any, Literal

from msgspec import Struct

from ..core import memory
from ..core.model import cards, cost
from ..core.model.footprint import Footprint
from ..core.model.spec import Model, bare
from ..core.train import shortage
from ..core.train import speed as speeds
from ..core.train.recipe import Recipe
from ..core.train.speed import Speed
from .hall import Hall
from .signal import Signal
from .worker import Job

PAUSE = 0.6  # seconds without an edit before a probe begins
PROBE_MOST = 4e9  # bytes: a large design is tried with its first blocks alone
SPARE = 0.8  # share of the free memory that a probe may take
COUNTS = (  # what a recipe says about the time of a step
    "batch", "accumulate", "optimizer", "ema", "dropout", "label_smoothing", "z_loss", "precision", "compile",
    "recompute",
)  # fmt: skip
State = Literal["unknown", "measuring", "measured", "carried"]


class OnCard(Struct, frozen=True, kw_only=True):
    """The run on a graphics card, by its data sheet."""

    name: str
    seconds: float
    memory: float  # bytes that it has
    fits: bool
    waits: bool  # launching its kernels is what takes the time


class Estimate:
    """`follow` is called by what shows it, while it is seen: nothing is measured for nobody.

    `design`: the model and the recipe as they are now; `validation`: tokens of validation text; `in_the_way`: why
    nothing can be tried now, in one sentence; `device`: the one that a run would be on.
    """

    def __init__(
        self,
        hall: Hall,
        design: Callable[[], tuple[Model, Recipe]],
        validation: Callable[[], int],
        in_the_way: Callable[[], str | None],
        device: Callable[[], str],
    ) -> None:
        self._hall, self._design, self._validation, self._in_the_way = hall, design, validation, in_the_way
        self._device = device
        self.changed = Signal()
        self.trouble = ""  # why the last probe found nothing
        self._speed: Speed | None = None
        self._of: tuple[Model, Recipe] | None = None  # what `_speed` was measured on
        self._on = ""  # ... and where
        self._wanted: tuple[Any, ...] | None = None  # what is there now
        self._tried: tuple[Any, ...] | None = None  # what the last probe was, or is, about
        self._since = 0.0
        self._job: Job | None = None
        self._opened: object = None

    # what is known

    @property
    def state(self) -> State:
        """`carried`: worked out from the probe of another design."""
        if self._job is not None:
            return "measuring"
        if self._speed is None or self._of is None:
            return "unknown"
        return "measured" if self._fresh else "carried"

    @property
    def speed(self) -> Speed | None:
        """Of the design and recipe as they are now; None before the first probe."""
        if self._speed is None or self._of is None:
            return None
        return self._speed if self._fresh else speeds.carried(self._speed, self._of, self._now)

    def fits(self, model: Model, recipe: Recipe) -> bool | None:
        """Whether there is memory for a step of this design, here. None: it was not tried as it is."""
        key = (self._device(), *_key(model, recipe))
        if self._speed and self._speed.whole and self._measured == key:
            return True
        return False if self.trouble == shortage.UNTRIED and self._tried == key else None

    @property
    def seconds(self) -> float | None:
        """A forecast of the whole run on this machine."""
        speed = self.speed
        return self.seconds_of(*self._now, speed) if speed else None

    def seconds_of(self, model: Model, recipe: Recipe, speed: Speed) -> float:
        return speeds.forecast(recipe, model, self._validation(), speed)

    @property
    def tokens_per_second(self) -> float | None:
        return speeds.tokens_per_second(*self._now, self.speed) if self.speed else None

    @property
    def flops_per_second(self) -> float | None:
        """Arithmetic of training that this machine does in a second, with this design."""
        return speeds.flops_per_second(*self._now, self.speed) if self.speed else None

    @property
    def memory(self) -> Footprint:
        """Bytes that a run takes on this machine, by what they are for."""
        return self.memory_of(*self._now)

    def memory_of(self, model: Model, recipe: Recipe) -> Footprint:
        if self._speed is None:
            return cost.footprint(model, recipe)
        fused = self._speed.fused
        return cost.footprint(model, recipe, self._speed.dtype, fused=bool(fused) and all(fused))

    @property
    def cards(self) -> tuple[OnCard, ...]:
        """The same run on graphics cards, by their data sheets."""
        work = cards.work(*self._now)
        steps = self._now[1].steps
        return tuple(
            OnCard(
                name=card.name,
                seconds=steps * work.seconds(card),
                memory=card.memory,
                fits=work.fits(card),
                waits=work.waits(card),
            )
            for card in cards.CARDS
        )

    # measuring

    def follow(self) -> None:
        """Take in what is new, and measure again what has been left alone for a moment. Cheap; call it often."""
        if self._hall.opened is not self._opened:
            self.stop()
            self._opened, self._speed, self._of, self._tried = self._hall.opened, None, None, None
        wanted = self._key
        if wanted != self._wanted:
            self._wanted, self._since = wanted, time.monotonic()
            if self._job is not None and self._tried != wanted:
                self.stop()
            self.changed.emit()
        if self._job is not None and self._in_the_way():
            self.stop()
            self.changed.emit()
        if wanted != self._tried and time.monotonic() - self._since >= PAUSE and self.why_not is None:
            self.start()

    @property
    def why_not(self) -> str | None:
        """Why nothing can be measured now, in one sentence."""
        if reason := self._in_the_way():
            return reason
        if "torch" not in sys.modules:  # it comes behind the painted window
            return "The studio is still loading."
        free = memory.available()
        if free is not None and min(self.memory.total, PROBE_MOST) > SPARE * free:
            return "There is not enough free memory to try it."
        return None

    def start(self) -> None:
        """Measure now, for about 2 seconds."""
        self.stop()
        self._tried, self.trouble = self._key, ""
        model, recipe = self._now
        on = self._device()
        job = self._job = self._hall.worker(on).start(_probe(model, recipe, on))
        self._hall.then(job.done, lambda speed: self._found(job, speed, on), lambda error: self._failed(job, error))
        self.changed.emit()

    def stop(self) -> None:
        """Give up what is being measured: the thread is needed, or the design is another one."""
        if self._job is not None:
            self._job.stop()
            self._job = self._tried = None

    def _found(self, job: Job, speed: Speed | None, on: str) -> None:
        if job is not self._job:
            return
        self._job = None
        if speed is not None and self._tried == self._key:
            self._speed, self._of, self._on = speed, self._now, on
        self.changed.emit()

    def _failed(self, job: Job, error: BaseException) -> None:
        """A design that cannot be tried has no figure; a run would tell why."""
        if job is self._job:
            self._job = None
            self.trouble = str(error) if isinstance(error, ValueError) else "It could not be tried here."
            self.changed.emit()

    @property
    def _now(self) -> tuple[Model, Recipe]:
        return self._design()

    @property
    def _fresh(self) -> bool:
        return self._measured == self._key

    @property
    def _measured(self) -> tuple[Any, ...] | None:
        """What `_speed` is of, in the form of `_key`."""
        return (self._on, *_key(*self._of)) if self._of else None

    @property
    def _key(self) -> tuple[Any, ...]:
        return self._device(), *_key(*self._now)


def _key(model: Model, recipe: Recipe) -> tuple[Any, ...]:
    """All that the time of a step depends on."""
    return bare(model), *(getattr(recipe, name) for name in COUNTS)


def _probe(model: Model, recipe: Recipe, device: str) -> Generator[None, None, Speed]:
    from ..core.train.preview import measure
    from .launch import compiler

    return (yield from measure(model, recipe, device, compiler()))
