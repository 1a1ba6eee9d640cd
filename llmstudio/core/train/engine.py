"""One training step at the limit of the machine: gradients in the fastest arithmetic, weights in float32.

The network that is looked at keeps its weights in float32. Where bfloat16 is faster, a working copy in that format does
the forward and backward pass; its gradients come back as float32. A compiled step (see `compiled`) does the same.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from msgspec import Struct
from torch import Tensor

from llmstudio.core.model.experts import balance
from llmstudio.core.model.network import GPT

from . import way as ways
from .recipe import Recipe

SMALLEST = torch.finfo(torch.float32).tiny  # a probability below is taken for this one: 87 nats
Gradients = Callable[..., Sequence[Tensor]]  # (x, y, *weights) -> loss in nats, then a gradient for each weight


class Goal(Struct, frozen=True, kw_only=True):
    """What is minimised beside the loss itself; see the fields of `Recipe`."""

    label_smoothing: float = 0.0
    z_loss: float = 0.0


def goal_of(recipe: Recipe) -> Goal:
    return Goal(label_smoothing=recipe.label_smoothing, z_loss=recipe.z_loss)


PLAIN = Goal()


class Surprise(torch.autograd.Function):
    """Cross-entropy in one pass over the scores forward and one back: torch's own takes three times as long on a CPU.

    Scores (N, V) of any format, right tokens (N,) -> mean of -ln p in float32. Its gradient is (p - 1[right]) / N.
    """

    @staticmethod
    def forward(ctx: Any, scores: Tensor, right: Tensor) -> Tensor:
        p = scores.softmax(-1, dtype=torch.float32)  # (N, V)
        found = p.gather(1, right[:, None])
        p.scatter_(1, right[:, None], found - 1)
        ctx.save_for_backward((p * (1 / len(p))).to(scores.dtype))
        return -found.clamp_min(SMALLEST).log().mean()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return ctx.saved_tensors[0] * grad, None


def losses(logits: Tensor, y: Tensor, goal: Goal, compiling: bool = False) -> tuple[Tensor, Tensor]:
    """What to minimise, and the plain loss, mean nats per token. Logits (B, T, V), y (B, T).

    A compiler makes more of torch's own cross-entropy than of ours.
    """
    flat, right = logits.flatten(0, 1), y.flatten()
    if goal == PLAIN and not compiling:
        aim: Tensor = Surprise.apply(flat, right)  # type: ignore[no-untyped-call]
        return aim, aim.detach()
    flat = flat.float()
    aim = plain = F.cross_entropy(flat, right)
    if goal.label_smoothing:
        aim = F.cross_entropy(flat, right, label_smoothing=goal.label_smoothing)
    if goal.z_loss:
        aim = aim + goal.z_loss * flat.logsumexp(-1).square().mean()
    return aim, plain.detach()


class Engine:
    """Makes the gradients of one network. `gpt` holds the weights; `work` is what runs: a copy, or `gpt` itself."""

    def __init__(self, gpt: GPT, way: ways.Way, recompute: bool = False) -> None:
        self.gpt, self.way = gpt, way
        ways.choose(gpt, way.fused)
        self.work = gpt if way.dtype == "float32" else copy.deepcopy(gpt).to(way.torch_dtype)
        self.work.recompute = recompute
        self.weights: list[Tensor] = list(gpt.parameters())
        self._copies: list[Tensor] = list(self.work.parameters()) if self.work is not gpt else []
        for p in self.weights:
            p.grad = torch.zeros_like(p)
        self._gradients: list[Tensor] = [p.grad for p in self.weights if p.grad is not None]
        self._fresh = False  # the working copy has the newest weights
        self.compiled: Gradients | None = None
        self.shape: tuple[int, int] | None = None  # of the portions that `compiled` takes

    def gradients(self, x: Tensor, y: Tensor, portions: int, goal: Goal) -> Tensor:
        """Put the gradients of this batch into the weights' `.grad`; the loss comes back, mean nats per token.

        x, y (B, T). The batch goes through in `portions` pieces as equal as they can be, weighted by their tokens.
        """
        total = torch.zeros((), device=x.device)
        for n, (part, right) in enumerate(zip(x.chunk(portions), y.chunk(portions), strict=True)):
            share = len(part) / len(x)
            total += share * self._portion(part, right, share, n == 0, goal)
        return total

    def stale(self) -> None:
        """The weights were changed."""
        self._fresh = False

    def refresh(self) -> GPT:
        """The network that runs, with the newest weights in it."""
        if self._copies and not self._fresh:
            with torch.no_grad():
                torch._foreach_copy_(self._copies, self.weights)
            self._fresh = True
        return self.work

    def set_dropout(self, share: float | None) -> None:
        """Switch off this share everywhere; None: what the design says, part by part."""
        for gpt in {self.gpt, self.work}:
            gpt.set_dropout(share)

    def _portion(self, x: Tensor, y: Tensor, share: float, first: bool, goal: Goal) -> Tensor:
        if self.compiled and self.shape == tuple(x.shape):
            loss, *found = self.compiled(x, y, *self.weights)
        else:
            loss, *found = self._eager(x, y, goal)
        with torch.no_grad():
            if first:
                torch._foreach_copy_(self._gradients, found)
                if share != 1:
                    torch._foreach_mul_(self._gradients, share)
            else:
                torch._foreach_add_(self._gradients, [g.float() for g in found], alpha=share)
        return loss

    def _eager(self, x: Tensor, y: Tensor, goal: Goal) -> Sequence[Tensor]:
        work = self.refresh()
        aim, plain = losses(work(x), y, goal)
        if (uneven := balance(work)) is not None:
            aim = aim + uneven
        return [plain, *torch.autograd.grad(aim, list(work.parameters()), materialize_grads=True)]


def pure(gpt: GPT, dtype: torch.dtype, goal: Goal) -> Gradients:
    """`gradients` of one portion as a function of the weights, to be compiled."""
    work = copy.deepcopy(gpt).to(dtype)
    names = [name for name, _ in gpt.named_parameters()]

    def gradients(x: Tensor, y: Tensor, *weights: Tensor) -> Sequence[Tensor]:
        used = [w.detach().to(dtype).requires_grad_() for w in weights]
        logits: Any = torch.func.functional_call(work, dict(zip(names, used, strict=True)), (x,))
        aim, plain = losses(logits, y, goal, compiling=True)
        return [plain, *(g.float() for g in torch.autograd.grad(aim, used))]

    return gradients
