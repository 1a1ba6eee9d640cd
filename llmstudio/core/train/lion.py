"""Lion (Chen et al. 2023, algorithm 2): every weight moves equally far, along its mean gradient."""

from collections.abc import Iterable
from typing import Any

import torch

from .means import mean_of


class Lion(torch.optim.Optimizer):
    """W <- W - lr (sign(beta1 M + (1 - beta1) G) + decay W), then M <- beta2 M + (1 - beta2) G."""

    def __init__(
        self, weights: Iterable[dict[str, Any]], lr: float, betas: tuple[float, float], weight_decay: float = 0.0
    ) -> None:
        super().__init__(weights, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        assert closure is None
        for group in self.param_groups:
            weights = [p for p in group["params"] if p.grad is not None]
            if not weights:
                continue
            gradients = [p.grad for p in weights]
            means = [mean_of(self, p, "exp_avg") for p in weights]
            beta1, beta2 = group["betas"]
            moves = torch._foreach_lerp(means, gradients, 1 - beta1)
            torch._foreach_sign_(moves)
            torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(weights, moves, alpha=-group["lr"])
            torch._foreach_lerp_(means, gradients, 1 - beta2)
