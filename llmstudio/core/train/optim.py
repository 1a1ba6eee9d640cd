"""What changes the weights: the optimiser that a recipe names, torch's where torch has it. Formulas: `explained`."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from llmstudio.core.model.attention import Attention
from llmstudio.core.model.experts import Experts, Stack
from llmstudio.core.model.mixers import Recurrence
from llmstudio.core.model.mlp import MLP

from .lion import Lion
from .muon import Muon
from .recipe import Recipe

FUSED = ("cpu", "cuda", "mps")  # devices on which torch has the whole update as one kernel
MEMORY: dict[type[torch.optim.Optimizer], tuple[str, ...]] = {  # of each weight, by the names that torch gives it
    torch.optim.AdamW: ("step", "exp_avg", "exp_avg_sq"),
    torch.optim.Adam: ("step", "exp_avg", "exp_avg_sq"),
    torch.optim.Adafactor: ("step", "row_var", "col_var", "variance"),
    torch.optim.RMSprop: ("step", "square_avg"),
    torch.optim.SGD: ("momentum_buffer",),
    Lion: ("exp_avg",),
    Muon: ("momentum_buffer",),
}
SMALLER = ("step", "row_var", "col_var")  # all else is as large as the weight
Group = dict[str, Any]


class Optimizers:
    """All that moves the weights of one network: one optimiser, or two where Muon takes the matrices.

    Every group of weights has a `peak`, its learning rate where the schedule's share is 1, and a `pull`: decay towards
    zero apart from the gradient (Loshchilov & Hutter 2019) for the optimisers that have none of their own.
    """

    def __init__(self, gpt: nn.Module, recipe: Recipe, parts: Sequence[torch.optim.Optimizer]) -> None:
        self.kind, self.parts = recipe.optimizer, tuple(parts)
        self.names: dict[Tensor, str] = {p: name for name, p in gpt.named_parameters()}
        assert set(self.names) == {p for group in self.groups for p in group["params"]}
        self.share = 1.0
        self.change(recipe)

    @property
    def groups(self) -> list[Group]:
        return [group for part in self.parts for group in part.param_groups]

    def step(self) -> None:
        """Change the weights once by their gradients."""
        for group in self.groups:
            if group["pull"] and (moved := [p for p in group["params"] if p.grad is not None]):
                with torch.no_grad():
                    torch._foreach_mul_(moved, 1 - group["lr"] * group["pull"])
        for part in self.parts:
            part.step()

    def set_share(self, share: float) -> None:
        """From now on every group learns at this share of its peak."""
        self.share = share
        for group in self.groups:
            group["lr"] = group["peak"] * share

    def change(self, recipe: Recipe) -> None:
        """Take the peaks and the decay of `recipe`; the memory of past gradients stays."""
        assert recipe.optimizer == self.kind, "another optimiser has another memory: make a new one"
        for group in self.groups:
            group["peak"] = recipe.matrix_rate if group["turned"] else recipe.learning_rate
            group["weight_decay" if group["own_decay"] else "pull"] = recipe.weight_decay if group["decays"] else 0.0
        self.set_share(self.share)

    def state(self) -> dict[str, Tensor]:
        """All that it remembers, as "exp_avg.blocks.0.attn.qkv.weight": no copies; nothing before the first step."""
        memory = (memory for part in self.parts for memory in part.state.items())
        return {f"{key}.{self.names[p]}": t for p, kept in memory for key, t in kept.items() if t is not None}

    def load(self, state: dict[str, Tensor]) -> None:
        """Take over what `state` told, and forget all else. ValueError: not ours; nothing has changed."""
        found: list[tuple[torch.optim.Optimizer, Tensor, str, Tensor]] = []
        owners = {self.names[p]: (part, p) for part in self.parts for g in part.param_groups for p in g["params"]}
        for key, tensor in state.items():
            what, _, name = key.partition(".")
            if name not in owners:
                raise ValueError(f"The optimiser's memory of {name or key} belongs to another model: start a new run.")
            part, p = owners[name]
            if what not in MEMORY[type(part)]:
                raise ValueError(f"The memory of {name} is of another kind of optimiser: start a new run.")
            if what not in SMALLER and tensor.shape != p.shape:
                raise ValueError(f"The optimiser's memory of {name} has another size: start a new run.")
            beside = what != "step" or part.defaults.get("fused")  # only fused steps are counted where the weights are
            found.append((part, p, what, tensor.to(p.device if beside else "cpu", copy=True)))
        for part in self.parts:
            part.state.clear()
        for part, p, what, tensor in found:
            part.state[p][what] = tensor


def make(gpt: nn.Module, recipe: Recipe) -> Optimizers:
    """The optimiser of `recipe` for all weights of `gpt`, with nothing remembered yet, at the peak of every rate."""
    if recipe.optimizer != "muon":
        return Optimizers(gpt, recipe, [_one(recipe, _groups(gpt.named_parameters(), recipe))])
    stacked = matrices(gpt)
    turned = {name: p for name, p in gpt.named_parameters() if name in stacked}
    parts: list[torch.optim.Optimizer] = []
    if turned:
        rows = [stacked[name] for name in turned]
        parts.append(Muon(list(turned.values()), rows, recipe.matrix_rate, recipe.momentum))
        parts[0].param_groups[0].update(turned=True, decays=True, own_decay=True, pull=0.0)
    rest = [(name, p) for name, p in gpt.named_parameters() if name not in stacked]
    return Optimizers(gpt, recipe, [*parts, _one(recipe, _groups(rest, recipe))])


def matrices(gpt: nn.Module) -> dict[str, tuple[int, ...]]:
    """Names of the matrices inside the blocks, and how many rows belong to each of those stacked in one.

    Queries, keys and values are one weight of three matrices, the upward projections of a gated MLP one of two, those
    of experts one of as many as there are. A short convolution is no matrix: nothing is summed over the width.
    """
    found: dict[str, tuple[int, ...]] = {}
    for path, module in gpt.named_modules():
        match module:
            case nn.Linear() if path.startswith("blocks."):
                found[f"{path}.weight"] = (module.out_features,)
            case Stack():
                found[f"{path}.weight"] = (module.weight.size(1),) * len(module.weight)
    for path, module in gpt.named_modules():
        match module:
            case Attention():
                found[f"{path}.qkv.weight"] = (module.heads * module.dim, *[module.kv_heads * module.dim] * 2)
            case Recurrence():
                found[f"{path}.qkv.weight"] = (module.heads * module.dim,) * 3
            case MLP() | Experts() if module.gated:
                found[f"{path}.up.weight"] = tuple(half // 2 for half in found[f"{path}.up.weight"] for _ in range(2))
    return found


def _groups(weights: Iterable[tuple[str, nn.Parameter]], recipe: Recipe) -> list[Group]:
    """Matrices and embeddings decay towards zero; gains, biases and gates do not, as in nanoGPT."""
    listed = [(p, p.dim() >= 2 and not name.endswith("bias")) for name, p in weights]
    own = recipe.optimizer in ("muon", "adamw", "adam", "lion", "adafactor")
    split = [(kind, [p for p, decays in listed if decays == kind]) for kind in (True, False)]
    like = {"turned": False, "own_decay": own, "pull": 0.0, "weight_decay": 0.0}
    return [{"params": params, "decays": decays, **like} for decays, params in split if params]


def _one(recipe: Recipe, groups: list[Group]) -> torch.optim.Optimizer:
    rate, betas = recipe.learning_rate, (recipe.beta1, recipe.beta2)
    fused = groups[0]["params"][0].device.type in FUSED
    match recipe.optimizer:
        case "adamw" | "muon":  # beside Muon: embeddings, the head and all vectors
            return torch.optim.AdamW(groups, lr=rate, betas=betas, fused=fused)
        case "adam":
            return torch.optim.Adam(groups, lr=rate, betas=betas, fused=fused)
        case "lion":
            return Lion(groups, rate, betas)
        case "adafactor":
            return torch.optim.Adafactor(groups, lr=rate)
        case "rmsprop":
            return torch.optim.RMSprop(groups, lr=rate, alpha=recipe.beta2)
        case "nesterov":
            nesterov = recipe.momentum > 0  # without any momentum there is nothing to look ahead by
            return torch.optim.SGD(groups, lr=rate, momentum=recipe.momentum, nesterov=nesterov, fused=fused)
        case "momentum":
            return torch.optim.SGD(groups, lr=rate, momentum=recipe.momentum, fused=fused)
        case "sgd":
            return torch.optim.SGD(groups, lr=rate, fused=fused)
