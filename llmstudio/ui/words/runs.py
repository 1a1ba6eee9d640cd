"""Runs in words: how they stand against one another, and how far one is."""

from bisect import bisect_right
from collections.abc import Sequence

from ...session.run import Run
from ..numbers import count
from .numbers import fixed

STATES = {"preparing": "preparing", "training": "", "paused": "held", "stopped": "stopped", "finished": "",
          "interrupted": "cut off", "failed": "failed"}  # fmt: skip


def compared(run: Run | None, runs: Sequence[Run]) -> str:
    """"At step 800, run 1 is 0.14 below run 2.": validation losses at the last step where both were tested."""
    if run is None:
        return ""
    words = []
    last = None
    for other in runs:
        found = _common(run, other) if other is not run else None
        if found is None:
            continue
        step, here, there = found
        if abs(here - there) < 0.005:
            said = f"level with {other.name}"
        else:
            said = f"{fixed(abs(here - there))} {'below' if here < there else 'above'} {other.name}"
        words.append(said if last in (None, step) else f"at step {count(step)} {said}")
        if last is None:
            first = step
        last = step
    if not words:
        return ""
    joined = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"At step {count(first)}, {run.name} is {joined} on validation text."


def _common(a: Run, b: Run) -> tuple[int, float, float] | None:
    """The newest step at which both were tested, and both losses."""
    steps = sorted(set(a.validation.steps) & set(b.validation.steps))
    if not steps or steps[-1] == 0:
        return None
    return int(steps[-1]), _at(a, steps[-1]), _at(b, steps[-1])


def _at(run: Run, step: float) -> float:
    return run.validation.values[bisect_right(run.validation.steps, step) - 1]


def loss_at(run: Run, step: int) -> float | None:
    """Validation loss where the run was tested at that step, else the smoothed training loss."""
    i = bisect_right(run.validation.steps, step) - 1
    if i >= 0 and run.validation.steps[i] == step:
        return run.validation.values[i]
    return run.loss_at(step)
