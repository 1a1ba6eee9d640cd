"""What changes the weights: AdamW (Loshchilov & Hutter 2019), with decay on matrices only."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .recipe import Recipe

FUSED = ("cpu", "cuda", "mps")  # devices on which torch has the whole update as one kernel


def adamw(gpt: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """Matrices and embeddings decay towards zero; gains, biases and gates do not, as in nanoGPT."""
    weights = list(gpt.parameters())
    groups = [
        {"params": [p for p in weights if p.dim() >= 2], "weight_decay": recipe.weight_decay},
        {"params": [p for p in weights if p.dim() < 2], "weight_decay": 0.0},
    ]
    fused = weights[0].device.type in FUSED
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(recipe.beta1, recipe.beta2), fused=fused)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def clip(weights: Sequence[Tensor], longest: float) -> float:
    """Shorten all gradients together to the L2 norm `longest`, 0: leave them. Their norm before comes back."""
    norm = nn.utils.get_total_norm([p.grad for p in weights if p.grad is not None])
    if longest and norm > longest:
        nn.utils.clip_grads_with_norm_(weights, longest, norm)
    return float(norm)
