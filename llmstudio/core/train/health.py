"""How the parts are while they learn: gradients, changes, activations, and histograms of what they hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn

from llmstudio.core.inside.watch import at_rest, dead_units
from llmstudio.core.model import spec as S
from llmstudio.core.model.experts import Experts
from llmstudio.core.model.mlp import MLP
from llmstudio.core.model.network import GPT
from llmstudio.core.model.part import Part

from . import events
from .events import Health, Histogram, Histograms

TEXTS = 8  # of the batch, read once more to see what the parts put out
BINS = 40
COUNTED = 100_000  # numbers of a part in a histogram
SPAN = 4  # root mean squares from zero to the end of a histogram


def parts(gpt: GPT) -> dict[str, list[nn.Parameter]]:
    """The weights by part: "embed", "blocks.0.attn", "blocks.0.mlp", ..., "head" where it has its own. Norms go with
    the part that reads them, those of parallel parts with the first; gates of extra wires are left out."""
    found: dict[str, list[nn.Parameter]] = {}
    for name, p in gpt.named_parameters():
        first, *rest = name.split(".")
        if first == "blocks":
            kind = rest[1].removeprefix("norm_").removeprefix("after_")
            if kind not in S.PARTS:  # the one norm of parts side by side
                kind = next(iter(S.parts(gpt.spec.blocks[int(rest[0])])))
            found.setdefault(f"blocks.{rest[0]}.{kind}", []).append(p)
        elif first in ("embed", "positions", "embed_norm"):
            found.setdefault("embed", []).append(p)
        elif first in ("norm", "head") and not gpt.spec.tied:
            found.setdefault("head", []).append(p)
    return found


class Pulse:
    """One step, looked at from before the weights change until after. The gradients are there already."""

    def __init__(self, gpt: GPT) -> None:
        self._parts = parts(gpt)
        self._gradients = {
            path: _norm([p.grad for p in own if p.grad is not None]) for path, own in self._parts.items()
        }
        self._before = {path: [p.detach().clone() for p in own] for path, own in self._parts.items()}

    def tell(self, step: int, work: GPT, x: Tensor) -> Health:
        """The health after this step. `work` reads the first texts of the batch x (B, T) once more."""
        loud, dead = _activations(work, x[:TEXTS])
        told = {}
        for path, own in self._parts.items():
            before = self._before[path]
            moved = _norm([p.detach() - old for p, old in zip(own, before, strict=True)])
            update = moved / (_norm(before) or 1.0)
            told[path] = events.Part(
                gradient=self._gradients[path], update=update, activation=loud.get(path, 0.0), dead=dead.get(path)
            )
        return Health(step=step, parts=told)


def histograms(gpt: GPT, step: int) -> Histograms:
    """What the weights of each part are, and their gradients of the last step."""
    own = parts(gpt)
    weights = {path: _histogram([p.detach() for p in part]) for path, part in own.items()}
    gradients = {path: _histogram([p.grad for p in part if p.grad is not None]) for path, part in own.items()}
    return Histograms(step=step, weights=weights, gradients=gradients)


def _activations(work: GPT, x: Tensor) -> tuple[dict[str, float], dict[str, float]]:
    """RMS of what each part puts out, and the share of dead units of each MLP or expert in use, by path."""
    loud: dict[str, float] = {}
    dead: dict[str, float] = {}

    def put_out(path: str) -> Any:
        def hook(_: nn.Module, __: Any, out: Tensor) -> None:
            loud[path] = float(out.float().square().mean().sqrt())

        return hook

    def hidden(path: str) -> Any:
        def hook(_: nn.Module, given: tuple[Any, ...]) -> None:
            dead[path] = dead_units(given)

        return hook

    with _hooks() as hooks, at_rest(work):
        hooks.append(work.embed.register_forward_hook(put_out("embed")))
        for i, block in enumerate(work.blocks):
            for name, part in block.named_children():
                if isinstance(part, Part):
                    hooks.append(part.register_forward_hook(put_out(f"blocks.{i}.{name}")))
                if isinstance(part, MLP | Experts):
                    hooks.append(part.down.register_forward_pre_hook(hidden(f"blocks.{i}.{name}")))
        if not work.spec.tied:
            hooks.append(work.head.register_forward_hook(put_out("head")))
        work(x)
    return loud, dead


@contextmanager
def _hooks() -> Iterator[list[Any]]:
    hooks: list[Any] = []
    try:
        yield hooks
    finally:
        for hook in hooks:
            hook.remove()


def _norm(tensors: list[Tensor]) -> float:
    return float(nn.utils.get_total_norm(tensors)) if tensors else 0.0


def _histogram(tensors: list[Tensor]) -> Histogram:
    flat = torch.cat([t.flatten() for t in tensors]).float() if tensors else torch.zeros(1)
    flat = flat[:: -(-len(flat) // COUNTED)]
    end = SPAN * sqrt(float(flat.square().mean())) or 1.0
    if not end < float("inf"):
        return Histogram(low=0.0, high=0.0, counts=())
    counts = torch.histc(flat.clamp(-end, end), BINS, -end, end)
    return Histogram(low=-end, high=end, counts=tuple(int(n) for n in counts))
