"""Watching over the loss: when it jumps or is no number any more, back to where it was good. Pure; no torch.

Normal are losses around the median of the last ones, with a spread taken from how they differ from one to the next, so
that a loss which falls steeply is not taken for a noisy one. Both by medians: a few wild batches change neither.
"""

from collections import deque
from collections.abc import Iterable
from itertools import pairwise
from math import isfinite, sqrt
from statistics import median
from typing import Literal

from msgspec import Struct

Verdict = Literal["ok", "spike", "broken"]

MEMORY = 100  # losses remembered
LEVEL = 20  # of them: what is normal now; before so many nothing is judged but numbers that are none
PATIENCE = 3  # losses in a row beyond the limit make a spike: one alone is a hard batch
WIDE = 6.0  # spreads from the level to the limit
LEAST = 0.2  # nats, and share of the level: the limit is at least as far as this
DRIFT = 0.4  # nats: a level that has risen this far above the lowest is a spike that came slowly, if it is also
RISEN = 0.3  # ... this share of the lowest level
BEYOND = 3.0  # ... and this many spreads: the highest of many medians lies that far above the lowest by chance
MARGIN = 10  # steps before the first bad loss that are not trusted either
GENTLE = 30  # steps beyond the bad one that are taken with half the rate
TRIES = 3  # from the same step in vain; then a higher loss is taken for the new normal, and a broken one for hopeless
MOST = 10  # roll-backs that brought the run on by fewer than MOST * GENTLE steps: as hopeless, wherever they led to
MAD = 1.4826  # from the median absolute deviation to the standard deviation of a normal distribution


class Trouble(Struct, frozen=True, kw_only=True):
    """The run went back from step `bad` to step `to`."""

    to: int
    bad: int


class Doubt(Struct, frozen=True, kw_only=True):
    """What a guard knows beside the losses themselves."""

    steps: tuple[int, ...] = ()  # of the losses; empty in older checkpoints, which took them to be without a gap
    bad: tuple[int, ...] = ()  # the steps of the losses just now that are beyond the limit
    lowest: tuple[float, int] | None = None  # level, and its step


class Guard:
    """Judges every step's loss. What it knows goes into the checkpoint: `losses`, `troubles`, `doubt`."""

    def __init__(
        self,
        step: int = 0,
        losses: Iterable[float] = (),
        troubles: Iterable[Trouble] = (),
        doubt: Doubt = Doubt(),  # noqa: B008  (frozen)
    ) -> None:
        """`losses` are the last good ones, up to that of `step`."""
        known = [*losses]
        steps = doubt.steps or range(step - len(known) + 1, step + 1)
        self._seen: deque[tuple[int, float]] = deque(zip(steps, known, strict=True), MEMORY)
        self._bad = [*doubt.bad]
        self._lowest = doubt.lowest
        self.broken = False  # the last loss was no number
        self.troubles = [*troubles]

    @property
    def losses(self) -> tuple[float, ...]:
        return tuple(loss for _, loss in self._seen)

    @property
    def doubt(self) -> Doubt:
        return Doubt(steps=tuple(step for step, _ in self._seen), bad=tuple(self._bad), lowest=self._lowest)

    @property
    def calm(self) -> bool:
        """Nothing is unusual now: a state that is worth keeping."""
        return not self._bad

    def look(self, step: int, loss: float, norm: float) -> Verdict:
        """Judge the loss and the gradient's norm that were met on the way to `step`."""
        self.broken = not (isfinite(loss) and isfinite(norm))
        if self.broken:
            self._bad = self._bad or [step]
            return "broken"
        if loss > self.limit:
            self._bad.append(step)
            if len(self._bad) < PATIENCE:
                return "ok"
            return self._spike()
        self._bad = []
        self._seen.append((step, loss))
        return self._drift(step)

    @property
    def limit(self) -> float:
        """A loss above this is unusual; infinite as long as too little is known."""
        if len(self._seen) < LEVEL:
            return float("inf")
        level = median(self.losses[-LEVEL:])
        return level + max(WIDE * self._spread(), LEAST, LEAST * abs(level))

    def good(self) -> int:
        """The newest step whose weights are to be trusted: it is some steps before the first bad loss."""
        first = self._bad[0] if self._bad else self._seen[-1][0] + 1 if self._seen else 1
        if self._lowest and not self._bad:  # it came slowly
            first = self._lowest[1]
        return max(0, first - MARGIN)

    def went_back(self, to: int, bad: int) -> None:
        """The run is at step `to` again, after trouble at step `bad`."""
        self.troubles.append(Trouble(to=to, bad=bad))
        self._bad, self._lowest, self.broken = [], None, False
        while self._seen and self._seen[-1][0] > to:
            self._seen.pop()

    def forget(self) -> None:
        """What is normal is no longer known: the loss is computed in another way, or on other batches."""
        self._seen.clear()
        self._bad, self._lowest = [], None

    def share(self, step: int) -> float:
        """What share of its rate the step after `step` takes: half after a trouble that it has not left behind yet.

        Half of that again for each time it came back to the same place.
        """
        near = [trouble.to for trouble in self.troubles if trouble.to <= step < trouble.bad + GENTLE]
        return 0.5 ** near.count(near[-1]) if near else 1.0

    @property
    def hopeless(self) -> bool:
        """It went back again and again, to the same place or without getting on, and got into trouble each time."""
        last = self.troubles[-TRIES:]
        if len(last) == TRIES and len({trouble.to for trouble in last}) == 1:
            return True
        many = self.troubles[-MOST:]
        return len(many) == MOST and many[-1].bad - many[0].bad < MOST * GENTLE

    def _spike(self) -> Verdict:
        if self.hopeless:
            self.forget()
            return "ok"
        return "spike"

    def _drift(self, step: int) -> Verdict:
        """A level that has risen far above its lowest, without any jump."""
        if len(self._seen) < LEVEL:
            return "ok"
        level = median(self.losses[-LEVEL:])
        if self._lowest is None or level <= self._lowest[0]:
            self._lowest = (level, step)
        rise, low = level - self._lowest[0], abs(self._lowest[0])
        risen = rise > max(DRIFT, RISEN * low) and rise > BEYOND * self._spread()
        return self._spike() if risen else "ok"

    def _spread(self) -> float:
        """Of one loss around the level, as a standard deviation: from the differences between neighbours."""
        losses = self.losses
        steps = [b - a for a, b in pairwise(losses)]
        middle = median(steps)
        return MAD * median(abs(d - middle) for d in steps) / sqrt(2)
