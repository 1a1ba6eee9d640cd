"""The part that thinks about each position by itself."""

import torch.nn.functional as F
from torch import Tensor, nn

from . import spec as S
from .bend import bend
from .part import Part, Past


class MLP(Part):
    """Two matrices with a bend between. Gated kinds (Shazeer 2020) have two upward projections: bend(a) * b."""

    def __init__(self, f: S.MLP, m: S.Model) -> None:
        super().__init__(m, f.dropout)
        hidden = f.hidden or 4 * m.width
        self.activation, self.gated = f.activation, f.activation in S.GATED
        self.up = nn.Linear(m.width, hidden * (2 if self.gated else 1), bias=f.bias)  # rows: a, then b
        self.down = nn.Linear(hidden, m.width, bias=f.bias)

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:  # (B, T, C) -> (B, T, C)
        x = self.up(x)
        if self.gated:
            a, b = x.chunk(2, -1)
            x = bend(self.activation, a) * b
        else:
            x = bend(self.activation, x)
        return F.dropout(self.down(x), self.dropout, self.training)
