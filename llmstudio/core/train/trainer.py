"""Training: one generator. The caller owns the loop, so it can pause, stop, and ask about the weights in between."""

import time
from collections.abc import Generator, Iterable
from math import isfinite
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from llmstudio.core.chat.generate import Vocabulary, generate
from llmstudio.core.chat.sampler import Sampler
from llmstudio.core.data.faults import reason
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Model

from . import attention, checkpoint, evaluate, optim
from .events import Evaluated, Event, Note, Sampled, Saved, Snapshot, Step
from .recipe import Recipe, snapshot_steps
from .schedule import learning_rate

AWAY = 0.5  # seconds: a longer absence between two steps is a pause and not counted
News = Generator[Event | None, None, None]


class Text(evaluate.Text, Protocol):
    """What training asks of the tokens on disk."""

    def batch(self, rng: np.random.Generator, batch: int, context: int) -> tuple[NDArray[Any], NDArray[Any]]: ...


class Trainer:
    """Trains `model` by `recipe` and keeps all it makes in `folder`: snapshots/<step>.safetensors and resume/.

    A folder with a checkpoint is gone on with. Batches and dropout of a step follow from the seed and its number alone,
    so a run that was stopped continues exactly as if it had not been, with the same number of threads.
    """

    def __init__(
        self, model: Model, recipe: Recipe, tokens: Text, tokenizer: Vocabulary, folder: Path, device: str = "cpu"
    ) -> None:
        self.spec, self.recipe, self.tokens, self.tokenizer = model, recipe, tokens, tokenizer
        self.folder, self.device = folder, device
        self.model: GPT | None = None  # from the first news on
        self.step = 0  # how often the weights were changed
        self._told = False  # the evaluation, sample and snapshot of this step are out
        self._saved: tuple[int, bool] | None = None  # what the newest checkpoint knows: (step, told)
        self._save_at = 0.0
        self._before = self._began = self._away = 0.0  # seconds: earlier sessions; this one's start; its pauses

    @property
    def seconds(self) -> float:
        """Wall time spent on the run so far, pauses left out."""
        return self._before + time.perf_counter() - self._began - self._away

    def run(self) -> News:
        """Yields what happened, one Step for each change of the weights; None where it can be stopped without news.

        Closing the generator saves. ValueError with one sentence where the folder holds a checkpoint that cannot be
        used, where the loss is no longer a number, or where the last state could not be saved.
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
            while self.step < self.recipe.steps:
                yield self._learn()
                yield from self._tell()
                if time.monotonic() >= self._save_at:
                    yield self._checkpoint()
            if self._saved != (self.step, self._told):
                yield self._checkpoint()
        finally:
            self._save_last()

    def _build(self) -> News:
        """The network and its optimiser: new ones, or those of the checkpoint."""
        for kept in ("resume", "snapshots"):
            checkpoint.tidy(self.folder / kept)
        found = checkpoint.load_resume(self.folder / "resume")
        gpt = GPT(self.spec, self.recipe.seed).to(self.device)
        optimizer = optim.adamw(gpt, self.recipe)
        if found:
            header, tensors, path = found
            checkpoint.restore(path, header, tensors, gpt, _Moments(gpt, optimizer))
            self.step, self._told, self._before = header.step, header.told, header.seconds
            self._saved = (self.step, self._told)
            self._save_at = time.monotonic() + self.recipe.checkpoint_seconds
            attention.choose(gpt, header.fused)
        else:
            attention.choose(gpt, attention.probe(self.spec, self.recipe.batch, self.device))
        self._weights = list(gpt.parameters())
        self._marks = set(snapshot_steps(self.recipe.steps))
        self._optimizer = optimizer
        self.model = gpt.train()
        if found:
            damaged = checkpoint.newer(self.folder / "resume", self.step)
            yield Note(step=self.step, text=_continued(found[0], path.name, damaged), failed=bool(damaged))

    def _learn(self) -> Step:
        """Change the weights once."""
        assert self.model
        dice = np.random.default_rng((self.recipe.seed, self.step))
        if self.spec.dropout:
            torch.manual_seed(int(dice.integers(2**63)))
        ids = self.tokens.batch(dice, self.recipe.batch, self.spec.context)
        x, y = (torch.from_numpy(part).to(self.device) for part in ids)  # (B, T) each
        loss = F.cross_entropy(self.model(x).flatten(0, 1), y.flatten())
        loss.backward()  # type: ignore[no-untyped-call]
        norm, value = optim.clip(self._weights, self.recipe.clip), loss.item()
        if not (isfinite(value) and isfinite(norm)):
            self._optimizer.zero_grad()
            raise ValueError(f"The loss is no longer a number at step {self.step + 1}: take a lower learning rate.")
        rate = learning_rate(self.recipe, self.step)
        optim.set_rate(self._optimizer, rate)
        self._optimizer.step()
        self._optimizer.zero_grad()
        self.step, self._told = self.step + 1, False
        return Step(step=self.step, loss=value, learning_rate=rate, gradient=norm, seconds=self.seconds)

    def _tell(self) -> News:
        """What is due after this step: snapshot, evaluation, sample."""
        step, recipe = self.step, self.recipe
        last = step >= recipe.steps
        if last or step in self._marks:
            yield self._snapshot()
        if last or step % recipe.evaluate_every == 0:
            yield (yield from self._evaluate(last))
        if last or step % recipe.sample_every == 0:
            yield (yield from self._sample())
        self._told = True

    def _snapshot(self) -> Event:
        assert self.model
        self._check()
        try:
            checkpoint.save_snapshot(self.model, self.folder / "snapshots" / f"{self.step}.safetensors", self.step)
        except OSError as error:
            text = f"The weights of step {self.step} could not be kept: {reason(error)}"
            return Note(step=self.step, text=text, failed=True)
        return Snapshot(step=self.step)

    def _evaluate(self, whole: bool) -> Generator[None, None, Evaluated]:
        assert self.model
        size = (self.spec.context, self.recipe.batch)
        if whole:
            loss = yield from _silent(evaluate.validation_loss(self.model, self.tokens, *size))
        else:
            few = evaluate.sampled_loss(self.model, self.tokens, *size, self.recipe.evaluate_batches)
            loss, whole = yield from _silent(few)
        if not isfinite(loss):
            raise ValueError(f"The validation loss is no number at step {self.step}: take a lower learning rate.")
        return Evaluated(step=self.step, loss=loss, whole=whole)

    def _sample(self) -> Generator[None, None, Sampled]:
        assert self.model
        sampler = Sampler(seed=self.recipe.seed, max_tokens=self.recipe.sample_tokens)
        ids = self.tokenizer.encode(self.recipe.prompt)
        text = ""
        for said in generate(self.model, ids, sampler, self.tokenizer):
            text += said.text
            yield None
        return Sampled(step=self.step, prompt=self.recipe.prompt, text=text, seed=sampler.seed)

    def _checkpoint(self) -> Event:
        """Save now; where the disk refuses, say so and try again when the next one is due."""
        self._check()
        try:
            self._save()
        except OSError as error:
            self._save_at = time.monotonic() + self.recipe.checkpoint_seconds
            text = f"{self.folder.name} could not be saved: {reason(error)} Training goes on; saving is tried again."
            return Note(step=self.step, text=text, failed=True)
        return Saved(step=self.step)

    def _check(self) -> None:
        """ValueError where weights are no longer numbers: they never get to the disk."""
        if not _finite(self._weights):
            raise ValueError(f"The weights are no longer numbers at step {self.step}: take a lower learning rate.")

    def _save(self) -> None:
        assert self.model
        header = checkpoint.Header(
            step=self.step,
            spec=self.spec,
            seconds=self.seconds,
            told=self._told,
            fused=attention.chosen(self.model),
            threads=torch.get_num_threads(),
        )
        tensors = checkpoint.whole(self.model, _Moments(self.model, self._optimizer))
        checkpoint.save_resume(self.folder / "resume", tensors, header)
        self._saved = (self.step, self._told)
        self._save_at = time.monotonic() + self.recipe.checkpoint_seconds

    def _save_last(self) -> None:
        """Save what is not on disk yet. Weights that are no longer numbers never replace good ones."""
        assert self.model
        if self._saved == (self.step, self._told) or not _finite(self._weights):
            return
        try:
            self._save()
        except OSError as error:
            text = f"The end of {self.folder.name} could not be saved: {reason(error)}"
            raise ValueError(text) from error


class _Moments:
    """The state of a torch optimiser by the names of the parameters."""

    def __init__(self, gpt: GPT, optimizer: torch.optim.Optimizer) -> None:
        self._named, self._of = dict(gpt.named_parameters()), optimizer.state

    def state(self) -> checkpoint.Tensors:
        return {f"{key}.{name}": t for name, p in self._named.items() for key, t in self._of.get(p, {}).items()}

    def load(self, state: checkpoint.Tensors) -> None:
        for full, tensor in state.items():
            key, _, name = full.partition(".")
            p = self._named[name]
            self._of[p][key] = tensor.to(p.device, copy=True)


def _continued(header: checkpoint.Header, name: str, damaged: list[str]) -> str:
    threads = torch.get_num_threads()
    text = f"Continued from step {header.step} ({name})."
    if damaged:
        text = f"{' and '.join(damaged)} could not be read. {text}"
    if threads != header.threads:
        text += f" Threads: {threads}, before {header.threads}, so the last digits may differ."
    return text


def _finite(weights: Iterable[torch.Tensor]) -> bool:
    return all(bool(torch.isfinite(p).all()) for p in weights)


def _silent(work: "Generator[Any, None, Any]") -> Generator[None, None, Any]:
    """Run `work` to its result, its progress turned into places to be stopped at."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
        yield None
