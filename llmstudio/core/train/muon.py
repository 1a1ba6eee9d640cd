"""Muon (Jordan et al. 2024): a matrix moves by its momentum made orthogonal, so that all directions move alike."""

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # Jordan et al. 2024: steepest at 0, so that small directions rise soonest
ITERATIONS = 5
SMALLEST = 1e-7  # a shorter matrix counts as zero
LARGEST = 1 << 24  # numbers turned at once: bounds the memory it needs beside the weights
Piece = tuple[Tensor, Tensor]  # a matrix (m, n), and what its momentum says, (m, n)


def orthogonal(x: Tensor) -> Tensor:
    """Nearly the orthogonal factor of each matrix in x (N, m, n), m <= n: singular values come to 0.7 - 1.2.

    Five Newton-Schulz iterations x <- a x + (b A + c A^2) x, A = x x^T, after division by the Frobenius norm.
    """
    a, b, c = COEFFICIENTS
    for _ in range(ITERATIONS):
        A = x @ x.mT  # (N, m, m)
        x = torch.baddbmm(x, torch.baddbmm(A, A, A, beta=b, alpha=c), x, beta=a)
    return x


def arithmetic(device: torch.device) -> torch.dtype:
    """bfloat16 where the machine multiplies it in hardware, which is enough for `orthogonal`; else float32."""
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        able = torch.cpu.get_capabilities()
        fast = device.type == "cpu" and any(able.get(name) for name in ("avx512_bf16", "amx_bf16"))
    return torch.bfloat16 if fast else torch.float32


class Muon(torch.optim.Optimizer):
    """Moves matrices only. Step by step: B <- lerp(B, G, 1 - momentum); U = lerp(G, B, momentum) (Nesterov);
    W <- (1 - lr decay) W - lr sqrt(max(1, rows / columns)) orthogonal(U).

    `rows[i]`: how many rows belong to each of the matrices stacked in `weights[i]`, which are turned one by one.
    Matrices of one shape are turned together. `dtype` is that of the turning; momentum and weights keep their own.
    """

    def __init__(
        self,
        weights: Sequence[nn.Parameter],
        rows: Sequence[tuple[int, ...]],
        lr: float,
        momentum: float,
        weight_decay: float = 0.0,
        dtype: torch.dtype | None = None,
    ) -> None:
        assert all(p.dim() == 2 and sum(r) == p.size(0) for p, r in zip(weights, rows, strict=True))
        self.rows = dict(zip(weights, rows, strict=True))
        self.dtype = dtype or arithmetic(weights[0].device)
        super().__init__(weights, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        assert closure is None
        for group in self.param_groups:
            weights = [p for p in group["params"] if p.grad is not None]
            if not weights:
                continue
            gradients = [p.grad for p in weights]
            means = [self._mean(p) for p in weights]
            torch._foreach_lerp_(means, gradients, 1 - group["momentum"])
            ahead = torch._foreach_lerp(gradients, means, group["momentum"])
            torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
            for pieces in self._alike(weights, ahead):
                self._move(pieces, group["lr"])

    def _mean(self, p: Tensor) -> Tensor:
        state = self.state[p]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(p)
        return state["momentum_buffer"]  # type: ignore[no-any-return]

    def _alike(self, weights: Sequence[nn.Parameter], updates: Sequence[Tensor]) -> Iterator[list[Piece]]:
        """The single matrices in portions of one shape, lying or standing."""
        shapes: dict[tuple[int, int], list[Piece]] = {}
        for p, update in zip(weights, updates, strict=True):
            rows = list(self.rows[p])
            for piece in zip(torch.split(p, rows), torch.split(update, rows), strict=True):
                shapes.setdefault((min(piece[0].shape), max(piece[0].shape)), []).append(piece)
        for (m, n), pieces in shapes.items():
            many = max(1, LARGEST // (m * n))
            yield from (pieces[i : i + many] for i in range(0, len(pieces), many))

    def _move(self, pieces: list[Piece], rate: float) -> None:
        x = torch.stack([u.T if u.size(0) > u.size(1) else u for _, u in pieces])  # (N, m, n)
        x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=SMALLEST)
        scales = x.new_tensor([sqrt(max(1, w.size(0) / w.size(1))) for w, _ in pieces]).view(-1, 1, 1)
        turned = (orthogonal(x.to(self.dtype)).to(x.dtype) * scales).unbind()
        weights = [w for w, _ in pieces]
        torch._foreach_add_(
            weights, [t.T if w.size(0) > w.size(1) else t for w, t in zip(weights, turned, strict=True)], alpha=-rate
        )
