"""A network that learns, one step at a time: batches, gradients, what changes the weights. Knows nothing of files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Model

from . import checkpoint, compiled, optim
from . import way as ways
from .average import Average
from .engine import Engine, Gradients, goal_of
from .evaluate import Text as Known
from .events import Health
from .health import Pulse
from .recipe import Recipe

ALIKE = 0.02  # nats by which a compiled step may differ from the one before, in bfloat16


class Text(Known, Protocol):
    """What learning asks of the tokens on disk; see `Tokens`."""

    def batch(self, rng: np.random.Generator, batch: int, context: int) -> tuple[NDArray[Any], NDArray[Any]]: ...


class Learner:
    """`gpt` holds the weights. `way`: how to compute, as it was when the run was saved, or None to try."""

    def __init__(self, model: Model, recipe: Recipe, tokens: Text, device: str, way: ways.Way | None) -> None:
        self.spec, self.recipe, self.tokens, self.device = model, recipe, tokens, device
        self.gpt = GPT(model, recipe.seed).to(device).train()
        self.engine = Engine(self.gpt, way or ways.probe(model, recipe, device), recipe.recompute)
        self.optimizers = optim.make(self.gpt, recipe)
        self.average = Average(self.gpt) if recipe.ema else None
        self.change(recipe)
        self._x = torch.empty(0, 0)  # the batch of the last gradients
        self._ahead: tuple[tuple[int, ...], tuple[Tensor, Tensor]] | None = None

    @property
    def shown(self) -> GPT:
        """The network to look at, in float32: that of the averaged weights, where they are averaged."""
        return self.average.gpt if self.average else self.gpt

    @property
    def quick(self) -> GPT:
        """The same to measure the loss with, in the arithmetic it learns in."""
        return self.average.gpt if self.average else self.engine.refresh()

    def change(self, recipe: Recipe) -> None:
        """Go on with this recipe; only fields that may change during a run differ."""
        self.recipe = recipe
        self.engine.set_dropout(recipe.dropout)
        self.optimizers.change(recipe)

    @property
    def averaged(self) -> dict[str, Tensor] | None:
        return self.average.state() if self.average else None

    def restored(self, averaged: dict[str, Tensor]) -> None:
        """The weights and the optimiser's memory were put back from a checkpoint, and these belong to them."""
        self.engine.stale()
        self.optimizers.change(self.recipe)
        if self.average:
            self.average.load(averaged) if averaged else self.average.reset()

    def restart(self) -> None:
        """The weights were replaced: what was remembered of their past does not belong to them."""
        self.optimizers.load({})
        self.engine.stale()
        if self.average:
            self.average.reset()

    def renew(self, start_from: Path | None) -> None:
        """Begin with fresh weights, or with those of a snapshot."""
        if start_from:
            checkpoint.load_snapshot(self.gpt, start_from)
        else:
            with torch.no_grad():
                fresh = GPT(self.spec, self.recipe.seed).to(self.device)
                torch._foreach_copy_(self.engine.weights, [p.detach() for p in fresh.parameters()])
        self.restart()

    def gradients(self, step: int, rolled: int) -> tuple[float, float]:
        """Make the gradients of the batch that belongs to `step`, after so many roll-backs: loss and L2 norm.

        They are clipped already where the recipe says so; the norm is that before.
        """
        recipe = self.recipe
        x, y = self.batch(step, rolled)
        if self.engine.work.drops:
            torch.manual_seed(int(np.random.default_rng((recipe.seed, step, rolled, 1)).integers(2**63)))
        loss = self.engine.gradients(x, y, min(recipe.accumulate, len(x)), goal_of(recipe))
        self._x = x
        if x.is_cuda:
            self._prepare(step + 1, rolled)  # while the GPU computes
        grads = [p.grad for p in self.engine.weights if p.grad is not None]
        value, norm = torch.stack([loss, nn.utils.get_total_norm(grads)]).tolist()  # the one place that waits
        if recipe.clip and norm > recipe.clip:
            torch._foreach_mul_(grads, recipe.clip / norm)
        return value, norm

    def apply(self, share: float, watched: int | None = None) -> Health | None:
        """Change the weights by the gradients, at this share of the peak rates.

        `watched`: the number of the step, where it is to be told how every part took it.
        """
        pulse = Pulse(self.gpt) if watched else None
        self.optimizers.set_share(share)
        self.optimizers.step()
        self.engine.stale()
        if self.average:
            self.average.update(self.recipe.ema)
        return pulse.tell(watched, self.engine.refresh(), self._x) if pulse and watched else None

    # the compiled step

    @property
    def wish(self) -> compiled.Wish | None:
        """What would have to be compiled; None where that is not to be done."""
        return wish_of(self.spec, self.recipe, self.engine.way, self.device)

    def take(self, step: Gradients, rows: int) -> bool:
        """Compute with the compiled step from now on, if it gives the loss that the present one gives."""
        shape = (rows, self.spec.context)
        x = torch.arange(rows * self.spec.context + 1, device=self.device) % self.spec.vocab
        x, y = x[:-1].view(shape), x[1:].view(shape)
        with self._kept():
            known = float(self.engine.gradients(x, y, 1, goal_of(self.recipe)))
            self.engine.compiled, self.engine.shape = step, shape
            try:
                found = float(self.engine.gradients(x, y, 1, goal_of(self.recipe)))
            except RuntimeError:  # it does not run here, or not in the memory there is: the run goes on as it is
                found = float("nan")
        if abs(known - found) <= ALIKE:
            return True
        self.drop()
        return False

    def drop(self) -> None:
        """Compute without the compiled step."""
        self.engine.compiled = self.engine.shape = None

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Gradients that are there stay."""
        before = [p.grad.clone() for p in self.engine.weights if p.grad is not None]
        try:
            yield
        finally:
            for p, grad in zip(self.engine.weights, before, strict=True):
                p.grad.copy_(grad)  # type: ignore[union-attr]

    # batches

    def batch(self, step: int, rolled: int) -> tuple[Tensor, Tensor]:
        """The texts of a step and what comes after each of their tokens, (B, T) each."""
        key = self._key(step, rolled)
        if self._ahead is None or self._ahead[0] != key:
            self._prepare(step, rolled)
        assert self._ahead
        return self._ahead[1]

    def _prepare(self, step: int, rolled: int) -> None:
        """Draw the batch of a step. It follows from the seed, the step and the roll-backs alone."""
        recipe = self.recipe
        dice = np.random.default_rng((recipe.seed, step, rolled) if rolled else (recipe.seed, step))
        ids = [torch.from_numpy(part) for part in self.tokens.batch(dice, recipe.batch, self.spec.context)]
        if self.device.startswith("cuda"):
            ids = [part.pin_memory().to(self.device, non_blocking=True) for part in ids]
        self._ahead = (self._key(step, rolled), (ids[0].to(self.device), ids[1].to(self.device)))

    def _key(self, step: int, rolled: int) -> tuple[int, ...]:
        return (step, rolled, self.recipe.batch, self.recipe.seed)


def wish_of(model: Model, recipe: Recipe, way: ways.Way, device: str) -> compiled.Wish | None:
    """The compiled step that such a run would use; None where it is not to have one."""
    parts = (part for block in model.blocks for part in (block.attention, block.mlp) if part)
    own = max([model.dropout, *(part.dropout or 0.0 for part in parts)])
    dropout = own if recipe.dropout is None else recipe.dropout
    if not recipe.compile or recipe.recompute or dropout or recipe.batch % recipe.accumulate:
        return None
    rows, threads = recipe.batch // recipe.accumulate, torch.get_num_threads()
    return compiled.Wish(model=model, way=way, goal=goal_of(recipe), rows=rows, device=device, threads=threads)
