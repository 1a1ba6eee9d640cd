"""Runs in words: what was different, how they stand against one another, and what the person wrote about them."""

import re
from bisect import bisect_right
from collections.abc import Sequence

from ...core.train.outcome import setting
from ...session.run import Run
from ..numbers import count
from .changes import changes
from .numbers import fixed, plural

STATES = {"preparing": "preparing", "training": "", "paused": "held", "stopped": "stopped", "finished": "",
          "interrupted": "cut off", "failed": "failed"}  # fmt: skip
LEVEL = 0.005  # losses nearer than this read as the same number
FEW = 3  # others that a sentence names one by one
TAG = re.compile(r"(?:^|(?<=\s))#(\S+)")


def difference(run: Run, base: Run | None) -> str:
    """What sets a run apart from another, in a few words: only the fields that differ, and where it began."""
    start = begun(run)
    if base is None:
        return ", ".join([f"the first, {run.model.name}", *start])
    words = [*changes((base.model, base.recipe), (run.model, run.recipe)), *start]
    return ", ".join(words) or "the same again"


def begun(run: Run) -> list[str]:
    """Where its first weights came from, and whether it was steered on the way."""
    origin, words = run.origin, []
    if origin is not None and origin.repeats:
        words.append(f"{origin.repeats} repeated")
    elif origin is not None and origin.run:
        words.append(f"from {origin.run} at step {count(origin.step)}")
    if any(change.why == "person" for change in run.changes):
        words.append("changed on the way")
    return words


def summary(run: Run) -> str:
    """The main settings of a run, whatever the others have."""
    model, recipe = run.model, run.recipe
    blocks = plural(len(model.blocks), "block")
    size = f"{model.name}, {blocks} of {count(model.width)}, context {count(model.context)}"
    return f"{size}, {recipe.optimizer}, batch {count(recipe.batch)}, seed {recipe.seed}"


def compared(run: Run | None, runs: Sequence[Run]) -> str:
    """Validation losses at the last step where both were tested: "At step 800, run 1 is 0.14 below run 2."

    Of many others only the best is named, and the place among them.
    """
    if run is None:
        return ""
    found = [(other, common) for other in runs if other is not run and (common := _common(run, other))]
    if not found:
        return ""
    return _each(run, found) if len(found) <= FEW else _place(run, found)


def _each(run: Run, found: list[tuple[Run, tuple[int, float, float]]]) -> str:
    words: list[str] = []
    last = first = found[0][1][0]
    for other, (step, here, there) in found:
        said = _against(here, there, other.name)
        words.append(said if step == last else f"at step {count(step)} {said}")
        last = step
    joined = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"At step {count(first)}, {run.name} is {joined} on validation text."


def _place(run: Run, found: list[tuple[Run, tuple[int, float, float]]]) -> str:
    """Among many, each compared where both were tested."""
    below = sum(there < here for _, (_, here, there) in found)
    best, (step, here, there) = min(found, key=lambda each: each[1][2] - each[1][1])
    place = "the best" if not below else f"number {count(below + 1)}"
    said = f"{run.name} is {place} of {count(len(found) + 1)}"
    return f"On validation text, {said}; at step {count(step)} it is {_against(here, there, best.name)}."


def _against(here: float, there: float, name: str) -> str:
    if abs(here - there) < LEVEL:
        return f"level with {name}"
    return f"{fixed(abs(here - there))} {'below' if here < there else 'above'} {name}"


def trust(runs: Sequence[Run]) -> str:
    """How far a difference between these runs may be believed: by what seeds alone changed, where several were run."""
    done = [run for run in runs if run.validation.last is not None]
    spreads = [max(values) - min(values) for values in seeds(done).values() if len(values) > 1]
    if spreads:
        return f"Another seed alone changed it by up to {fixed(max(spreads))}."
    return "One seed each: run it with three seeds before you believe a small difference." if len(done) > 1 else ""


def seeds(runs: Sequence[Run]) -> dict[tuple[bytes, int], list[float]]:
    """Validation losses of the runs that differ in nothing but the seed, by what they share and how far they came."""
    found: dict[tuple[bytes, int], list[float]] = {}
    for run in runs:
        if run.validation.last is not None:
            found.setdefault((setting(run.model, run.recipe), run.step), []).append(run.validation.last)
    return found


def note_line(note: str, tags: Sequence[str]) -> str:
    """A note and its tags in one line: "slower, but steady #keep"."""
    return " ".join([*([note] if note else []), *(f"#{tag}" for tag in tags)])


def note_parts(line: str) -> tuple[str, tuple[str, ...]]:
    """The note and the tags of such a line; a tag is a word that begins with #, and is kept once."""
    tags = tuple(dict.fromkeys(TAG.findall(line)))
    return " ".join(TAG.sub("", line).split()), tags


def _common(a: Run, b: Run) -> tuple[int, float, float] | None:
    """The newest step at which both were tested, and both losses."""
    other = b.validation.steps
    for step in reversed(a.validation.steps):
        i = bisect_right(other, step) - 1
        if step > 0 and i >= 0 and other[i] == step:
            return int(step), _at(a, step), b.validation.values[i]
    return None


def _at(run: Run, step: float) -> float:
    return run.validation.values[bisect_right(run.validation.steps, step) - 1]


def loss_at(run: Run, step: int) -> float | None:
    """Validation loss where the run was tested at that step, else the smoothed training loss."""
    i = bisect_right(run.validation.steps, step) - 1
    if i >= 0 and run.validation.steps[i] == step:
        return run.validation.values[i]
    return run.loss_at(step)
