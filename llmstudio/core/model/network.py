"""The model as nn.Module: blocks over one residual stream, and the whole. The kinds of part have a file each beside it.

B batch, T time, C width, V vocabulary, L blocks. Module names are the paths of `spec`: blocks.3.attn, blocks.3.mlp,
skips.0, embed, head.
"""

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from . import spec as S
from .attention import Attention
from .experts import Experts
from .mixers import Convolution, Recurrence
from .mlp import MLP
from .part import Part, Past, norm, squash
from .rope import waves

KINDS: dict[str, Callable[[Any, S.Model], Part]] = {
    "conv": Convolution, "attn": Attention, "rec": Recurrence, "mlp": MLP, "moe": Experts,
}  # fmt: skip
WRITES = (".conv.weight", ".attn.out.weight", ".rec.out.weight", ".mlp.down.weight", ".moe.down.weight")
"""What parts write into the stream."""


class Block(nn.Module):
    """The parts of a block, in turn or side by side, and the norms around them; see `spec.Block`."""

    conv: Convolution | None
    attn: Attention | None
    rec: Recurrence | None
    mlp: MLP | None
    moe: Experts | None

    def __init__(self, b: S.Block, m: S.Model) -> None:
        super().__init__()
        found = S.parts(b)
        for name in S.PARTS:
            setattr(self, name, KINDS[name](found[name], m) if name in found else None)
        self.placement, self.residual = b.placement, b.residual
        self.steps = [("", [*found])] if b.parallel else [(f"_{name}", [name]) for name in found]
        for end, _ in self.steps:
            setattr(self, f"norm{end}", norm(b.norm, m))
        for end, _ in self.steps if b.placement == "sandwich" else []:
            setattr(self, f"after{end}", norm(b.norm, m))

    def forward(self, x: Tensor, past: Mapping[str, Past | None] | None = None) -> Tensor:  # (B, T, C) -> (B, T, C)
        for end, names in self.steps:
            around = getattr(self, f"norm{end}")
            h = x if self.placement == "post" else around(x)
            y = self.part(names[0], h, past)
            for name in names[1:]:
                y = y + self.part(name, h, past)
            if self.placement == "sandwich":
                y = getattr(self, f"after{end}")(y)
            x = x + y if self.residual else y
            if self.placement == "post":
                x = around(x)
        return x

    def part(self, name: str, h: Tensor, past: Mapping[str, Past | None] | None) -> Tensor:  # (B, T, C) -> (B, T, C)
        return cast(Tensor, getattr(self, name)(h, past[name] if past else None))


class Skip(nn.Module):
    def __init__(self, s: S.Skip) -> None:
        super().__init__()
        self.source, self.target = s.source, s.target
        self.gate = nn.Parameter(torch.zeros(1)) if s.gated else None

    def forward(self, x: Tensor, past: Tensor) -> Tensor:  # (B, T, C) each
        return x + (past if self.gate is None else self.gate * past)


class Cache:
    """What the parts of a whole network remember, so that each new token costs one position. It holds `context`."""

    def __init__(self, gpt: "GPT", batch: int = 1) -> None:
        weight, context = gpt.embed.weight.detach(), gpt.spec.context
        self.past: list[dict[str, Past | None]] = [
            {name: p.start_past(batch, context, weight) for name, p in block.named_children() if isinstance(p, Part)}
            for block in gpt.blocks
        ]
        self.length = 0

    def rewind(self, length: int) -> int:
        """Forget all positions from `length` on. How many are still known: `length`, or 0 where some part cannot go
        back, and the text has to be read again from its beginning."""
        assert 0 <= length <= self.length
        if length == self.length:
            return length
        memories = [past for block in self.past for past in block.values() if past]
        kept = [past.rewind(length) for past in memories]
        self.length = min(kept, default=length)
        if self.length < length:
            self.length = max((past.rewind(0) for past in memories), default=0)
        return self.length


class GPT(nn.Module):
    """The whole: embedding, blocks over one residual stream, extra wires, final norm, head.

    `m` must have no `check.problems`. The same `seed` gives the same weights.
    """

    waves: Tensor

    def __init__(self, m: S.Model, seed: int | None = None) -> None:
        super().__init__()
        self.spec = m
        self.embed = nn.Embedding(m.vocab, m.width)
        self.positions = nn.Embedding(m.context, m.width) if m.position == "learned" else None
        if m.position == "sinusoidal":
            self.register_buffer("waves", waves(m.context, m.width), persistent=False)
        self.embed_norm = norm(m.norm, m) if m.embed_norm else None
        self.blocks = nn.ModuleList(Block(b, m) for b in m.blocks)
        skips = [Skip(s) for s in m.skips]
        self.skips = nn.ModuleList(skips)
        self.wires = [[w for w in skips if w.target == i] for i in range(len(m.blocks) + 1)]
        self.norm = norm(m.norm, m)
        self.head = nn.Linear(m.width, m.vocab, bias=m.head_bias)
        self.dropout = self.own_dropout = m.dropout
        self.recompute = False  # what a block computed on the way is computed again on the way back
        self.start(seed)
        if m.tied:
            self.head.weight = self.embed.weight

    def forward(self, idx: Tensor, cache: Cache | None = None) -> Tensor:  # (B, T) -> (B, T, V)
        start, T = cache.length if cache else 0, idx.size(1)
        assert start + T <= self.spec.context
        x = F.dropout(self.entered(idx, start), self.dropout, self.training)  # (B, T, C)
        past: list[Tensor] = []  # the stream at each position
        for i, block in enumerate(self.blocks):
            x = self.wired(x, past)
            part = cache.past[i] if cache else None
            x = checkpoint(block, x, part, use_reentrant=False) if self.recompute and self.training else block(x, part)
        x = self.wired(x, past)
        if cache:
            cache.length += T
        return squash(self.head(self.norm(x)), self.spec.softcap)

    def entered(self, idx: Tensor, start: int) -> Tensor:  # (B, T) -> (B, T, C)
        x: Tensor = self.embed(idx)
        here = slice(start, start + idx.size(1))
        if self.spec.embed_scale:
            x = x * sqrt(self.spec.width)
        if self.spec.position == "sinusoidal":
            x = x + self.waves[here]
        if self.positions:
            x = x + self.positions.weight[here]
        return self.embed_norm(x) if self.embed_norm else x

    def wired(self, x: Tensor, past: list[Tensor]) -> Tensor:  # (B, T, C) -> (B, T, C)
        """The next position of the stream: it is kept in `past`, and what its extra wires bring is added."""
        past.append(x)
        for wire in self.wires[len(past) - 1]:
            x = wire(x, past[wire.source])
        return x

    def set_dropout(self, share: float | None) -> None:
        """Switch off this share everywhere while training; None: what the design says, part by part."""
        for module in self.modules():
            if isinstance(module, GPT | Part):
                module.dropout = module.own_dropout if share is None else share

    @property
    def drops(self) -> bool:
        """Whether anything is switched off at random while training."""
        return any(module.dropout > 0 for module in self.modules() if isinstance(module, GPT | Part))

    def start(self, seed: int | None) -> None:
        """Starting weights of GPT-2 (Radford et al. 2019): normal, 0.02, less where parts write into the stream.

        With a silent start those that write are zero (Zhang et al. 2019, section 3).
        """
        dice = torch.Generator().manual_seed(seed) if seed is not None else None
        parts = sum(len(S.parts(b)) for b in self.spec.blocks)
        for name, p in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(p)
            elif p.dim() >= 2:
                loud = 0.0 if self.spec.silent else 0.02 / sqrt(parts or 1)
                nn.init.normal_(p, 0.0, loud if name.endswith(WRITES) else 0.02, generator=dice)
        for module in self.modules():
            if isinstance(module, Part):
                module.start()
