"""What a run has told so far, as growing series: each event of its log is taken in once."""

from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from ..core.json_text import fit
from ..core.model.spec import Model
from ..core.train.events import (
    Changed,
    Evaluated,
    Event,
    Health,
    Histograms,
    Note,
    RolledBack,
    Sampled,
    Saved,
    Snapshot,
    Step,
)
from ..core.train.recipe import Recipe
from .series import PartSeries, Series

SMOOTH = 0.9  # share of the old value kept at each step, as in TensorBoard
RATE_STEPS = 40  # steps over which the speed is measured
LOOKS = 8  # measurements of health that are kept whole


class Curves:
    """`recipe` is the one the run began with, `recipe_now` the one in force after all that was changed.

    A roll-back, or going on from an earlier checkpoint, makes every series shorter again and raises `cuts`: whoever
    keeps something made from a part of a series makes it anew when `cuts` is another.
    """

    def __init__(self, model: Model, recipe: Recipe) -> None:
        self.model, self.recipe = model, recipe
        self.cuts = 0
        self._clear()

    def _clear(self) -> None:
        self.step = 0
        self.recipe_now = self.recipe
        self.loss, self.smooth, self.rate = Series(), Series(), Series()
        self.gradient, self.clipped = Series(), Series()  # norm of all gradients, before and after clipping
        self.seconds, self.tokens, self.speed = Series(), Series(), Series()  # tokens read; tokens per second
        self.validation = Series()
        self.whole: float | None = None  # loss over all validation text, once known
        self.best: float | None = None  # lowest validation loss
        self.samples: list[Sampled] = []
        self.snapshots: list[int] = []
        self.health: dict[str, PartSeries] = {}  # by path of the part
        self.looks: list[Health] = []  # the last few, whole
        self.histograms: list[Histograms] = []
        self.changes: list[Changed] = []
        self.rolled_back: list[RolledBack] = []
        self.notes: list[Note] = []
        self.flags: list[tuple[int, str]] = []  # (step, a word or two) for marks on a chart
        self._timed_from = 0  # place in `seconds` from where on the time between steps is training alone

    @property
    def smoothed(self) -> float | None:
        return self.smooth.last

    @property
    def steps(self) -> int:
        """Steps planned."""
        return self.recipe_now.steps

    @property
    def tokens_per_second(self) -> float | None:
        """Of the last steps."""
        return self.speed.last

    @property
    def seconds_left(self) -> float | None:
        rate = self.tokens_per_second
        return (self.steps - self.step) * self._step_tokens / rate if rate else None

    def loss_at(self, step: int) -> float | None:
        """Smoothed training loss at a step, None before the first."""
        return self.smooth.at(step)

    @property
    def _step_tokens(self) -> int:
        return self.recipe_now.batch * self.model.context

    def _take(self, event: Event) -> None:
        if isinstance(event, Step):
            self._take_step(event)
        elif isinstance(event, Evaluated):
            self.validation.add(event.step, event.loss)
            self.whole = event.loss if event.whole else self.whole
            self.best = event.loss if self.best is None else min(self.best, event.loss)
        elif isinstance(event, Sampled):
            self.samples.append(event)
        elif isinstance(event, Snapshot):
            self.step = max(self.step, event.step)  # steps may be unknown: the history was rebuilt from the folders
            if event.step not in self.snapshots:
                self.snapshots.append(event.step)
        elif isinstance(event, Saved):
            self.step = max(self.step, event.step)
        elif isinstance(event, Health):
            for path, part in event.parts.items():
                self.health.setdefault(path, PartSeries()).add(event.step, part)
            self.looks = [*self.looks[1 - LOOKS :], event]
        elif isinstance(event, Histograms):
            self.histograms.append(event)
        else:
            self._take_mark(event)

    def _take_step(self, event: Step) -> None:
        self.step = event.step
        self.loss.add(event.step, event.loss)
        # a plain mean at first, so that the first value does not weigh for ever
        last = self.smooth.last
        weight = min(SMOOTH, len(self.smooth) / (len(self.smooth) + 1))
        self.smooth.add(event.step, event.loss if last is None else weight * last + (1 - weight) * event.loss)
        self.rate.add(event.step, event.learning_rate)
        self.gradient.add(event.step, event.gradient)
        longest = self.recipe_now.clip
        self.clipped.add(event.step, min(event.gradient, longest) if longest else event.gradient)
        self.seconds.add(event.step, event.seconds)
        self.tokens.add(event.step, (self.tokens.last or 0.0) + self._step_tokens)
        first = max(self._timed_from, len(self.seconds) - 1 - RATE_STEPS)
        spent = event.seconds - self.seconds.values[first]
        if spent > 0:
            self.speed.add(event.step, (self.tokens.values[-1] - self.tokens.values[first]) / spent)

    def _take_mark(self, event: Event) -> None:
        if isinstance(event, Changed):
            self.changes.append(event)
            self.recipe_now = changed(self.recipe_now, event.fields)
            if words := said(event):
                self.flags.append((event.step, words))
        elif isinstance(event, RolledBack):
            self._cut(event.step)
            self.rolled_back.append(event)
            self.notes.append(Note(step=event.step, text=event.text, flag="rolled back"))
            self.flags.append((event.step, "rolled back"))
        elif isinstance(event, Note):
            self.notes.append(event)
            if event.flag:
                self.flags.append((event.step, event.flag))

    def _cut(self, step: int) -> None:
        """The weights are again those of `step`. What was changed and noted meanwhile stays."""
        self.cuts += 1
        for series in (self.loss, self.smooth, self.rate, self.gradient, self.clipped, self.seconds, self.tokens,
                       self.speed, self.validation):  # fmt: skip
            series.cut(step)
        for part in self.health.values():
            part.cut(step)
        self.samples = [each for each in self.samples if each.step <= step]
        self.snapshots = [each for each in self.snapshots if each <= step]
        self.looks = [each for each in self.looks if each.step <= step]
        self.histograms = [each for each in self.histograms if each.step <= step]
        self.whole = None
        self.best = min(self.validation.values, default=None)
        self.step = step
        self._timed_from = len(self.seconds)


def changed(recipe: Recipe, fields: dict[str, Any]) -> Recipe:
    """The recipe with these values, as an event holds them; what is no field of it ("compiled") is passed over.

    ValueError where a value does not fit.
    """
    known = {name: value for name, value in fields.items() if name in recipe.__struct_fields__}
    return fit(to_builtins(replace(recipe, **known)), Recipe)


def said(event: Changed) -> str:
    """The change in a few words, for a mark: "learning rate 0.0003"; nothing where a note says it."""
    if event.why == "early_stop":
        return ""
    return ", ".join(_words(name, value) for name, value in event.fields.items())


def _words(name: str, value: Any) -> str:
    if name == "compiled":
        return "compiled"
    short = f"{value:.4g}" if isinstance(value, float) else "as designed" if value is None else str(value)[:20]
    return f"{name.replace('_', ' ')} {short}"
