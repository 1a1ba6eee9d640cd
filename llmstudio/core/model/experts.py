"""Mixture of experts: several MLPs of which each token goes through a few, chosen by a router.

B batch, T time, N = B T tokens, C width, E experts, k used at once, F hidden width.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import spec as S
from .bend import bend
from .part import Part, Past


class Stack(nn.Module):
    """One matrix for each expert: weight (E, out, in), bias (E, out)."""

    def __init__(self, experts: int, inside: int, outside: int, bias: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(experts, outside, inside))
        self.bias = nn.Parameter(torch.zeros(experts, outside)) if bias else None

    def forward(self, x: Tensor, counts: list[int]) -> Tensor:  # (M, in) -> (M, out)
        """Rows x in the order of the experts, so many for each."""
        biases = [None] * len(counts) if self.bias is None else self.bias.unbind()
        matrices = self.weight.unbind()  # their gradients meet in one stack; picked one by one, each would be padded
        return torch.cat([F.linear(*one) for one in zip(torch.split(x, counts), matrices, biases, strict=True)])


class Experts(Part):
    """y = sum of w_i expert_i(x) over the k likeliest experts, p = softmax(router(x)) (Shazeer et al. 2017, eq. 2).

    The weights w are the p of those experts divided by their sum; a single expert is weighed by its p, or the router
    would not learn (Fedus et al. 2021, eq. 2). No token is dropped. While it trains, `balance_loss` is kept:
    E sum_i f_i p_i with the share f_i of choices that went to expert i and its mean probability p_i (Fedus et al. 2021,
    eq. 4), which is 1 where the tokens are spread evenly.
    """

    def __init__(self, e: S.Experts, m: S.Model) -> None:
        super().__init__(m)
        hidden = e.hidden or 4 * m.width
        self.experts, self.top_k, self.balance = e.experts, e.top_k, e.balance
        self.activation, self.gated = e.activation, e.activation in S.GATED
        self.router = nn.Linear(m.width, e.experts, bias=False)
        self.up = Stack(e.experts, m.width, hidden * (2 if self.gated else 1), e.bias)  # rows: a, then b
        self.down = Stack(e.experts, hidden, m.width, e.bias)
        self.watched = False
        self.load: Tensor | None = None  # (E,) share of the last choices that went to each, kept only while watched
        self.chosen: Tensor | None = None  # (B, T, k) the experts of each token, the likeliest first; likewise
        self.balance_loss: Tensor | None = None

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:  # (B, T, C) -> (B, T, C)
        flat = x.flatten(0, 1)  # (N, C)
        p = self.router(flat).softmax(-1, dtype=torch.float32)  # (N, E)
        w, chosen = p.topk(self.top_k, -1)  # (N, k)
        if self.top_k > 1:
            w = w / w.sum(-1, keepdim=True)
        counts = chosen.flatten().bincount(minlength=self.experts)  # (E,)
        self._tell(p, counts, chosen.view(*x.shape[:2], -1))
        order = chosen.flatten().argsort(stable=True)  # all choices, by expert
        token = order // self.top_k
        y = self.think(flat[token], counts.tolist()) * w.flatten()[order, None].to(x.dtype)  # (N k, C)
        y = torch.zeros_like(flat).index_add_(0, token, y).view_as(x)
        return F.dropout(y, self.dropout, self.training)

    def think(self, x: Tensor, counts: list[int]) -> Tensor:  # (M, C) -> (M, C)
        x = self.up(x, counts)
        if self.gated:
            a, b = x.chunk(2, -1)
            x = bend(self.activation, a) * b
        else:
            x = bend(self.activation, x)
        return self.down(x, counts)  # type: ignore[no-any-return]

    def _tell(self, p: Tensor, counts: Tensor, chosen: Tensor) -> None:
        share = counts / counts.sum()
        if self.watched:
            self.load, self.chosen = share, chosen
        learns = self.training and torch.is_grad_enabled()
        self.balance_loss = self.experts * (share * p.mean(0)).sum() if learns else None


def balance(network: nn.Module) -> Tensor | None:
    """What the last forward pass adds to the loss: `balance` times `balance_loss` of each mixture. None without any.

    It is given out once, so that no graph stays with the network.
    """
    total: Tensor | None = None
    for part in network.modules():
        if isinstance(part, Experts) and part.balance_loss is not None:
            loss, part.balance_loss = part.balance * part.balance_loss, None
            total = loss if total is None else total + loss
    return total
