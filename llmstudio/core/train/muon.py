"""Muon (Jordan et al. 2024): a matrix moves by its momentum made orthogonal, so that all directions move alike."""

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn

from .means import mean_of

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # Jordan et al. 2024: steepest at 0, so that small directions rise soonest
SMALLEST = 1e-7  # a shorter matrix counts as zero
LARGEST = 1 << 24  # numbers turned at once: bounds the memory it needs beside the weights
Piece = tuple[Tensor, Tensor]  # a matrix (m, n), and what its momentum says, (m, n)


def orthogonal(x: Tensor) -> Tensor:
    """Nearly the orthogonal factor of each matrix in x (N, m, n): singular values from 0.02 to 1 come to 0.7 - 1.2.

    After division by the Frobenius norm, five Newton-Schulz iterations x <- a x + (b A + c A^2) x with A = x x^T. Where
    one side is twice the other or more, up to three of them are done on the small A alone and x is turned once. All
    five at once would be too many for the few digits of bfloat16.
    """
    if x.size(1) > x.size(2):
        return orthogonal(x.mT).mT
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=SMALLEST)
    if x.size(2) >= 2 * x.size(1):
        for count in (3, 2):
            x = _turn(x @ x.mT, count) @ x
    else:
        for _ in range(5):
            x = _times(_bend(x @ x.mT), x)
    return x


def _bend(A: Tensor) -> Tensor:
    return torch.baddbmm(A, A, A, beta=COEFFICIENTS[1], alpha=COEFFICIENTS[2])  # b A + c A^2


def _times(Z: Tensor, x: Tensor) -> Tensor:
    return torch.baddbmm(x, Z, x, beta=COEFFICIENTS[0])  # a x + Z x, with more digits than (a + Z) x


def _turn(A: Tensor, count: int) -> Tensor:
    """What `count` iterations multiply x by, (N, m, m). A = x x^T (N, m, m); after one iteration it is Z A Z."""
    Z = _bend(A)
    whole = Z.clone()
    whole.diagonal(dim1=1, dim2=2).add_(COEFFICIENTS[0])
    for _ in range(count - 1):
        A = _times(Z, _times(Z, A))  # all of these are polynomials of one matrix: their order does not matter
        Z = _bend(A)
        whole = _times(Z, whole)
    return whole


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

    `rows[i]`: how many rows belong to each of the matrices stacked in `weights[i]`, which are turned one by one; where
    it has three dimensions, the first two are one stack. Matrices of one shape are turned together. `dtype` is that of
    the turning; momentum and weights keep their own.
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
        assert all(p.dim() in (2, 3) and sum(r) * p.size(-1) == p.numel() for p, r in zip(weights, rows, strict=True))
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
            means = [mean_of(self, p, "momentum_buffer") for p in weights]
            torch._foreach_lerp_(means, gradients, 1 - group["momentum"])
            ahead = torch._foreach_lerp(gradients, means, group["momentum"])
            torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
            for pieces in self._alike(weights, ahead):
                self._move(pieces, group["lr"])

    def _alike(self, weights: Sequence[nn.Parameter], updates: Sequence[Tensor]) -> Iterator[list[Piece]]:
        """The single matrices, in portions of one shape."""
        shapes: dict[torch.Size, list[Piece]] = {}
        for p, update in zip(weights, updates, strict=True):
            rows = list(self.rows[p])
            stacks = (torch.split(t.flatten(0, -2), rows) for t in (p, update))
            for piece in zip(*stacks, strict=True):
                shapes.setdefault(piece[0].shape, []).append(piece)
        for shape, pieces in shapes.items():
            many = max(1, LARGEST // shape.numel())
            yield from (pieces[i : i + many] for i in range(0, len(pieces), many))

    def _move(self, pieces: list[Piece], rate: float) -> None:
        weights, updates = zip(*pieces, strict=True)
        x = torch.stack(updates).to(self.dtype)  # (N, m, n)
        _, m, n = x.shape
        turned = orthogonal(x).to(weights[0].dtype).unbind()
        torch._foreach_add_(weights, turned, alpha=-rate * sqrt(max(1, m / n)))
