"""Training: one generator. The caller owns the loop, so it can pause, stop, change, and ask about the weights between.

What a step is, is in `learner`; when a loss is bad, in `guard`; how the run gets to the disk, in `keeper`.
"""

import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import torch
from msgspec.structs import replace

from llmstudio.core.chat.generate import Vocabulary
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Model

from . import checkpoint, shortage
from .checkpoint import Header, Tensors
from .compiled import Compiler
from .events import Changed, Evaluated, Event, Note, RolledBack, Step
from .guard import Guard
from .health import histograms
from .keeper import Keeper
from .learner import Learner, Text
from .looks import Looks
from .recipe import LIVE, Recipe, snapshot_steps
from .schedule import share
from .translation import Translation
from .way import Way

AWAY = 0.5  # seconds: a longer absence between two steps is a pause and not counted
RATES = ("learning_rate", "matrix_rate", "min_learning_rate", "weight_decay", "clip", "batch")  # what may have been it
REPEATS = ("roll_back", "early_stop")  # changes that a repeated run comes to by itself
UNTRANSLATED = (
    "From here on, the run that is repeated computed with a translated step. There is none here now, so the last "
    "digits may differ."
)
T = TypeVar("T")
News = Generator[Event | None, None, None]


class Trainer:
    """Trains `model` by `recipe` and keeps all it makes in `folder`: resume/, snapshots/<step>.safetensors, the best.

    A folder with a checkpoint is gone on with. Batches and dropout of a step follow from the seed and its number, so a
    run that was stopped continues exactly as if it had not been, with the same number of threads. `changes`: those of
    a run that is to be repeated exactly; a list, even an empty one, also keeps the step from being compiled but where
    it says so. `start_from`: a snapshot whose weights a new run begins with. `compiler`: None never compiles.
    """

    def __init__(
        self,
        model: Model,
        recipe: Recipe,
        tokens: Text,
        tokenizer: Vocabulary,
        folder: Path,
        device: str = "cpu",
        *,
        changes: Sequence[Changed] | None = None,
        start_from: Path | None = None,
        compiler: Compiler | None = None,
    ) -> None:
        self.spec, self.recipe, self.tokens, self.tokenizer = model, recipe, tokens, tokenizer
        self.folder, self.device = folder, device
        self.model: GPT | None = None  # to look at, from the first news on
        self.step = 0  # how often the weights were changed
        self.changes: list[Changed] = []  # that led from the recipe at the start to the one now
        self._wanted = deque(change for change in changes or () if change.why not in REPEATS)
        self._start_from = start_from
        self._translation = Translation(compiler, planned=changes is not None)
        self._told = False  # the evaluation, sample and snapshot of this step are out
        self._before = self._began = self._away = 0.0  # seconds: earlier sessions; this one's start; its pauses

    @property
    def seconds(self) -> float:
        """Wall time spent on the run so far, pauses left out."""
        return self._before + time.perf_counter() - self._began - self._away

    def change(self, **fields: Any) -> None:
        """Change fields of the recipe (see `LIVE`) before the next step. ValueError: such a value is not allowed."""
        if wrong := [name for name in fields if name not in LIVE]:
            raise ValueError(f"{wrong[0].replace('_', ' ')} is fixed once a run has begun. Start a new run with it.")
        _changed(self.recipe, fields)
        self._wanted.append(Changed(step=-1, fields=fields))

    def run(self) -> News:
        """Yields what happened, one Step for each change of the weights; None where it can be stopped without news.

        Closing the generator saves. ValueError with one sentence where the folder holds a checkpoint that cannot be
        used, where the run cannot go on, or where the last state could not be saved.
        """
        self._began, self._away = time.perf_counter(), 0.0
        work = self._work()
        try:
            for news in work:
                left = time.perf_counter()
                yield news
                gone = time.perf_counter() - left
                self._away += gone if gone > AWAY else 0.0
        finally:
            work.close()

    def _work(self) -> News:
        yield from self._build()
        try:
            if not self._told:
                yield from self._tell()
            yield from self._take_changes()
            while self.step < self.recipe.steps:
                yield from self._learn()
                if self._guard.calm:  # else this is no state to go back to
                    yield from self._keeper.turn(self.step, self.recipe)
                if self._keeper.unsound:
                    self._guard.broken = True
                    yield from self._go_back(True, self.step)
                yield from self._take_changes()
            yield from self._keeper.flush()
            if not self._keeper.up_to_date:
                self._keeper.save()
                yield from self._keeper.flush()
        finally:
            self._keeper.close(save=not self._guard.broken)

    def _build(self) -> News:
        """The network and what moves it: new ones, or those of the checkpoint."""
        for kept in ("resume", "snapshots"):
            checkpoint.tidy(self.folder / kept)
        found = checkpoint.load_resume(self.folder / "resume")
        header = found[0] if found else Header(step=0, spec=self.spec, told=False)
        self.recipe, self.changes = header.recipe or self.recipe, [*header.changes]
        self._wanted = deque(change for change in self._wanted if change not in self.changes)
        way = Way(dtype=header.precision, fused=header.fused) if found else None
        self._learner = Learner(self.spec, self.recipe, self.tokens, self.device, way)
        self._looks = Looks(self._learner, self.tokenizer, header.best, header.waited)
        self._guard = Guard(header.step, header.losses, header.troubles, header.doubt)
        self._begun, self._before, self._told = self.recipe.accumulate, header.seconds, header.told
        if found:
            self._restore(*found)
        elif self._start_from:
            self._learner.renew(self._start_from)
        self._keeper = Keeper(self.folder, self._learner, lambda: _header(self), header if found else None)
        self._marks = set(snapshot_steps(self.recipe.steps))
        self.model = self._learner.shown
        if found:
            compiled = header.compiled and self._translation.go_on(self._learner)
            damaged = checkpoint.newer(self.folder / "resume", self.step)
            text = _continued(header, found[2].name, damaged, compiled)
            yield Note(step=self.step, text=text, failed=bool(damaged))

    def _learn(self) -> News:
        """Change the weights once; or go back, or take the batch in more portions, where that cannot be done."""
        recipe, learner = self.recipe, self._learner
        short = False
        try:
            loss, norm = learner.gradients(self.step, len(self._guard.troubles))
        except (RuntimeError, MemoryError) as error:
            if not shortage.of_memory(error):
                raise
            short = True  # what the error holds on to is let go before the next try
        if short:
            yield self._portion()
            return
        verdict = self._guard.look(self.step + 1, loss, norm)
        if verdict == "broken" or (verdict == "spike" and recipe.roll_back):
            yield from self._go_back(verdict == "broken", self._guard.good())
            return
        if verdict == "spike":  # as it is not to go back, this is the new normal: it would never be saved again
            self._guard.forget()
        part = share(recipe, self.step) * self._guard.share(self.step)  # of the peak rates
        watched = recipe.watch_every and (self.step + 1) % recipe.watch_every == 0
        health = learner.apply(part, self.step + 1 if watched else None)
        self.step, self._told = self.step + 1, False
        yield Step(
            step=self.step, loss=loss, learning_rate=recipe.learning_rate * part, gradient=norm, seconds=self.seconds
        )
        if health:
            yield health
        yield from self._tell()

    def _tell(self) -> News:
        """What is due after this step: evaluation, histograms, snapshot, sample."""
        step, recipe = self.step, self.recipe
        last = step >= recipe.steps
        if last or step % recipe.evaluate_every == 0:
            yield (look := (yield from self._look(last)))
            if recipe.watch_every and step:
                yield histograms(self._learner.gpt, step)
            if self._looks.judge(look):
                self._keeper.best(look.loss)
            elif self._looks.waited >= recipe.early_stop > 0 and not last:
                yield from self._stop_early()
                last = True
        if last or step in self._marks:
            self._keeper.snapshot()
        if last or step % recipe.sample_every == 0:
            yield (yield from self._looks.sample(step, recipe))
        self._told = True

    def _look(self, whole: bool) -> Generator[Event | None, None, Evaluated]:
        """Look at validation text, in more portions where it does not fit into the memory."""
        while True:
            try:
                return (yield from self._looks.evaluate(self.step, self.recipe, whole))
            except (RuntimeError, MemoryError) as error:
                if not shortage.of_memory(error):
                    raise
            yield self._portion()

    def _stop_early(self) -> News:
        """Go back to the best weights, where they are there, and end the run here."""
        yield from self._keeper.flush()
        yield self._looks.back_to_best(self.step, self._keeper.back_to_best())
        yield self._apply(Changed(step=self.step, fields={"steps": self.step}, why="early_stop"))
        yield (yield from self._look(True))

    # what changes on the way

    def _take_changes(self) -> News:
        """Changes that are due, and the compiled step where it is ready."""
        planned = self.recipe.steps
        while self._wanted and _due(self._wanted[0], self.step, len(self._guard.troubles)):
            change = self._wanted.popleft()
            yield self._apply(change if change.step >= 0 else replace(change, step=self.step))
            if change.fields.get("compiled") and self._learner.engine.compiled is None:
                yield Note(step=self.step, text=UNTRANSLATED)
        for news in self._translation.turn(self._learner, self.step, self.recipe.steps):
            yield self._noted(news) if isinstance(news, Changed) else news
        if planned > self.step >= self.recipe.steps:  # this step has become the last one
            self._told = False
            yield from self._tell()

    def _apply(self, change: Changed) -> Changed:
        if change.fields.get("steps", self.step) < self.step:  # it ends here: what was learnt stays learnt
            change = replace(change, fields={**change.fields, "steps": self.step})
        if "compiled" in change.fields:
            self._translation.go_on(self._learner)
        before, self.recipe = self.recipe, _changed(self.recipe, change.fields)
        self._learner.change(self.recipe)
        self._marks = set(snapshot_steps(self.recipe.steps))
        if before.batch != self.recipe.batch or before.dropout != self.recipe.dropout:
            self._guard.forget()
        return self._noted(change)

    def _noted(self, change: Changed) -> Changed:
        self.changes.append(replace(change, rolled=len(self._guard.troubles)))
        return self.changes[-1]

    def _portion(self) -> Changed:
        """Take the batch in more portions: it did not fit into the memory."""
        shortage.release()
        finer = shortage.finer(self.recipe.batch, self.recipe.accumulate, self._begun)
        return self._apply(Changed(step=self.step, fields={"accumulate": finer}, why="memory"))

    def _go_back(self, broken: bool, to: int) -> News:
        """To the last good state up to step `to`, and from there at half the rate until the bad step is left behind."""
        bad = self.step + 1
        what = "was no number any more" if broken else "jumped"
        if self._guard.hopeless or not self.recipe.roll_back:
            raise ValueError(f"The loss {what} at step {bad}: take a lower learning rate.")
        found = self._keeper.back(to)
        if found:
            self._restore(*found)
        else:
            self.step = 0
            self._learner.renew(self._start_from)
        self._told = True
        self._guard.went_back(self.step, bad)
        self._looks.went_back(found[0] if found else None, self._keeper.best_before(self.step))
        calmer = _calmer((found[0].recipe if found else None) or self.recipe, self.recipe)
        change = self._apply(Changed(step=self.step, fields=calmer, why="roll_back")) if calmer else None
        yield from self._keeper.forget(self.step)
        text = (
            f"The loss {what} at step {bad}. Back to step {self.step}, from where it takes smaller steps for a while."
        )
        yield RolledBack(step=self.step, bad=bad, text=text)
        yield change

    def _restore(self, header: Header, tensors: Tensors, path: Path) -> None:
        learner = self._learner
        learner.restored(checkpoint.restore(path, header, tensors, learner.gpt, learner.optimizers))
        self.step, self._told = header.step, header.told


def by_hand(trainer: Trainer, change: Callable[[GPT], T]) -> T:
    """Change the weights of a run between two of its steps, also those that are averaged; what the shown ones gave.

    A loss that jumps after it is no trouble to go back from.
    """
    learner = trainer._learner
    if learner.shown is not learner.gpt:
        change(learner.gpt)
    found = change(learner.shown)
    learner.engine.stale()
    trainer._guard.forget()
    return found


def _header(run: Trainer) -> Header:
    """What the run is at this moment."""
    engine, guard, looks = run._learner.engine, run._guard, run._looks
    return Header(
        step=run.step, spec=run.spec, seconds=run.seconds, told=run._told,
        recipe=run.recipe, changes=tuple(run.changes), best=looks.best, waited=looks.waited,
        losses=guard.losses, troubles=tuple(guard.troubles), doubt=guard.doubt,
        fused=engine.way.fused, precision=engine.way.dtype, compiled=engine.compiled is not None,
        device=run.device, threads=torch.get_num_threads(), torch_version=str(torch.__version__),
    )  # fmt: skip


def _due(change: Changed, step: int, rolled: int) -> bool:
    """Whether a run has come to it: at a step it may be twice, before a roll-back and after."""
    return (change.rolled, change.step) <= (rolled, step)


def _calmer(good: Recipe, recipe: Recipe) -> dict[str, Any]:
    """What made the trouble, it may be, as it was in the `good` recipe."""
    return {name: getattr(good, name) for name in RATES if getattr(good, name) != getattr(recipe, name)}


def _changed(recipe: Recipe, fields: dict[str, Any]) -> Recipe:
    """`recipe` with these fields. ValueError with a sentence where one cannot have such a value."""
    known = {name: value for name, value in fields.items() if name in recipe.__struct_fields__}
    try:
        return msgspec.convert({**msgspec.to_builtins(recipe), **known}, Recipe)
    except msgspec.ValidationError as error:
        raise ValueError(f"The recipe cannot have that: {error}.") from error


def _continued(header: Header, name: str, damaged: list[str], compiled: bool) -> str:
    threads = torch.get_num_threads()
    text = f"Continued from step {header.step} ({name})."
    if damaged:
        text = f"{' and '.join(damaged)} could not be read. {text}"
    if header.threads and threads != header.threads:
        text += f" Threads: {threads}, before {header.threads}, so the last digits may differ."
    if header.compiled and not compiled:
        text += " The translated step is not there any more, so the last digits may differ."
    return text
