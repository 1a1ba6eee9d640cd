"""The model as nn.Module, all of it in this file, read top to bottom.

B batch, T time, S positions looked at (T, and those in the cache), C width, H heads, K key/value heads, D head width,
V vocabulary. Module names are the paths of `spec`: blocks.3.attn, blocks.3.mlp, skips.0, embed, head.
"""

from functools import lru_cache
from math import inf, sqrt

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from . import spec as S


def norm(kind: S.Norm, m: S.Model, width: int | None = None) -> nn.Module:
    """Layer norm (Ba et al. 2016), RMS norm (Zhang & Sennrich 2019) or nothing; over the stream, or over `width`."""
    if kind == "layer":
        return nn.LayerNorm(width or m.width, eps=m.norm_eps, bias=m.norm_bias)
    return nn.RMSNorm(width or m.width, eps=m.norm_eps) if kind == "rms" else nn.Identity()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """RoPE (Su et al. 2021, eq. 34) in Llama's layout: pairs are (d, d + D/2). x (B, H, T, D), cos and sin (T, D).

    The first half of `sin` is negative, so that one roll and two products do what the paper writes as four.
    """
    return torch.addcmul(x * cos, x.roll(x.size(-1) // 2, -1), sin)


def angles(length: int, dim: int, base: float) -> tuple[Tensor, Tensor]:
    """Cosines and sines of position * base^(-2d/D) for `rotate`, each (length, D)."""
    speed = base ** -(torch.arange(0, dim, 2, dtype=torch.float32) / dim)  # (D/2,)
    angle = torch.outer(torch.arange(length, dtype=torch.float32), speed)
    cos, sin = angle.cos(), angle.sin()
    return torch.cat([cos, cos], -1), torch.cat([-sin, sin], -1)


@lru_cache(maxsize=64)
def mask(T: int, S: int, window: int | None, device: torch.device, dtype: torch.dtype) -> Tensor:
    """What is added to scores, (T, S): 0 where a query may look, -inf where not. The queries are the last T of S."""
    with torch.inference_mode(False):  # an ordinary tensor, whoever asks first
        back = torch.arange(S - T, S, device=device)[:, None] - torch.arange(S, device=device)  # steps back to the key
        seen = (back >= 0) & (back < (window or S))
        return torch.zeros(T, S, device=device, dtype=dtype).masked_fill_(~seen, -inf)


class Past:
    """Keys and values of one attention so far, (B, K, context, D) each, the first `length` of them filled."""

    def __init__(self, attention: "Attention", batch: int, context: int, like: Tensor) -> None:
        self.k, self.v = like.new_empty(2, batch, attention.kv_heads, context, attention.dim)
        self.length = 0

    def append(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Add those of the next T positions, (B, K, T, D); all of them come back, (B, K, S, D)."""
        start, self.length = self.length, self.length + k.size(2)
        self.k[:, :, start : self.length] = k
        self.v[:, :, start : self.length] = v
        return self.k[:, :, : self.length], self.v[:, :, : self.length]


class Cache:
    """Keys and values of a whole network, so that each new token costs one position. It holds `context` positions."""

    def __init__(self, gpt: "GPT", batch: int = 1) -> None:
        weight, context = gpt.embed.weight.detach(), gpt.spec.context
        parts = [block.attn for block in gpt.blocks]
        self.past = [Past(attn, batch, context, weight) if isinstance(attn, Attention) else None for attn in parts]
        self.length = 0

    def rewind(self, length: int) -> None:
        """Forget all positions from `length` on."""
        assert 0 <= length <= self.length
        self.length = length
        for past in filter(None, self.past):
            past.length = length


class Attention(nn.Module):
    """Causal attention (Vaswani et al. 2017, eq. 1), grouped (Ainslie et al. 2023) and windowed (Beltagy et al. 2020).

    `fused` chooses between torch's fused attention and the same written out: equal numbers, different speed.
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, a: S.Attention, m: S.Model) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.dim = a.heads, a.kv_heads or a.heads, m.width // a.heads
        self.window, self.rope, self.dropout = a.window, m.position == "rope", m.dropout
        self.qkv = nn.Linear(m.width, (self.heads + 2 * self.kv_heads) * self.dim, bias=a.bias)  # rows: q, k, v
        self.out = nn.Linear(m.width, m.width, bias=a.bias)
        self.q_norm = norm(m.norm, m, self.dim) if a.qk_norm else None  # Henry et al. 2020
        self.k_norm = norm(m.norm, m, self.dim) if a.qk_norm else None
        if self.rope:
            for name, table in zip(("cos", "sin"), angles(m.context, self.dim, m.rope_base), strict=True):
                self.register_buffer(name, table, persistent=False)
        self.fused = True
        self.watched = False
        self.seen: Tensor | None = None  # the last attention map (B, H, T, S), kept only while watched

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:  # (B, T, C) -> (B, T, C)
        B, T, C = x.shape
        qkv = self.qkv(x).view(B, T, -1, self.dim).transpose(1, 2)  # (B, H+2K, T, D)
        qk, v = qkv.split([self.heads + self.kv_heads, self.kv_heads], 1)
        if self.q_norm and self.k_norm:
            qk = torch.cat([self.q_norm(qk[:, : self.heads]), self.k_norm(qk[:, self.heads :])], 1)
        if self.rope:
            here = slice(past.length, past.length + T) if past else slice(T)
            qk = rotate(qk, self.cos[here], self.sin[here])
        q, k = qk.split([self.heads, self.kv_heads], 1)
        if past:
            k, v = past.append(k, v)  # (B, K, S, D)
        if self.heads > self.kv_heads:
            k, v = (t.repeat_interleave(self.heads // self.kv_heads, 1) for t in (k, v))  # (B, H, S, D)
        y = self.gather(q, k, v) if self.fused and not self.watched else self.written(q, k, v)
        return F.dropout(self.out(y.transpose(1, 2).reshape(B, T, C)), self.dropout, self.training)

    def gather(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:  # -> (B, H, T, D)
        T, S = q.size(-2), k.size(-2)
        plain = T == S and (self.window or S) >= S
        hidden = None if plain else mask(T, S, self.window, q.device, q.dtype)
        drop = self.dropout if self.training else 0.0
        return F.scaled_dot_product_attention(q, k, v, hidden, dropout_p=drop, is_causal=plain)

    def written(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:  # -> (B, H, T, D)
        scores = (q * self.dim**-0.5) @ k.transpose(-2, -1)  # (B, H, T, S)
        weights = (scores + mask(q.size(-2), k.size(-2), self.window, q.device, q.dtype)).softmax(-1)
        if self.watched:
            self.seen = weights.detach()
        return F.dropout(weights, self.dropout, self.training) @ v


class MLP(nn.Module):
    """Two matrices with a bend between. Gated kinds (Shazeer 2020) have two upward projections: bend(a) * b."""

    def __init__(self, f: S.MLP, m: S.Model) -> None:
        super().__init__()
        hidden = f.hidden or 4 * m.width
        self.activation, self.gated, self.dropout = f.activation, f.activation in S.GATED, m.dropout
        self.up = nn.Linear(m.width, hidden * (2 if self.gated else 1), bias=f.bias)  # rows: a, then b
        self.down = nn.Linear(hidden, m.width, bias=f.bias)

    def forward(self, x: Tensor) -> Tensor:  # (B, T, C) -> (B, T, C)
        x = self.up(x)
        if self.gated:
            a, b = x.chunk(2, -1)
            x = bend(self.activation, a) * b
        else:
            x = bend(self.activation, x)
        return F.dropout(self.down(x), self.dropout, self.training)


def bend(kind: S.Activation, x: Tensor) -> Tensor:
    match kind:
        case "gelu" | "geglu":
            return F.gelu(x)
        case "gelu_tanh":
            return F.gelu(x, approximate="tanh")
        case "silu" | "swiglu":
            return F.silu(x)
        case "relu":
            return F.relu(x)
        case "relu2":
            return x * F.relu(x)  # = relu(x)^2 (So et al. 2021), cheaper backward


class Block(nn.Module):
    def __init__(self, b: S.Block, m: S.Model) -> None:
        super().__init__()
        self.attn = Attention(b.attention, m) if b.attention else None
        self.mlp = MLP(b.mlp, m) if b.mlp else None
        self.norm_1 = norm(b.norm, m) if b.attention else None
        self.norm_2 = norm(b.norm, m) if b.mlp else None

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:  # (B, T, C) -> (B, T, C)
        if self.attn and self.norm_1:
            x = x + self.attn(self.norm_1(x), past)
        if self.mlp and self.norm_2:
            x = x + self.mlp(self.norm_2(x))
        return x


class Skip(nn.Module):
    def __init__(self, s: S.Skip) -> None:
        super().__init__()
        self.source, self.target = s.source, s.target
        self.gate = nn.Parameter(torch.zeros(1)) if s.gated else None

    def forward(self, x: Tensor, past: Tensor) -> Tensor:  # (B, T, C) each
        return x + (past if self.gate is None else self.gate * past)


class GPT(nn.Module):
    """The whole: embedding, blocks over one residual stream, extra wires, final norm, head.

    `m` must have no `check.problems`. The same `seed` gives the same weights.
    """

    def __init__(self, m: S.Model, seed: int | None = None) -> None:
        super().__init__()
        self.spec = m
        self.embed = nn.Embedding(m.vocab, m.width)
        self.positions = nn.Embedding(m.context, m.width) if m.position == "learned" else None
        self.blocks = nn.ModuleList(Block(b, m) for b in m.blocks)
        skips = [Skip(s) for s in m.skips]
        self.skips = nn.ModuleList(skips)
        self.wires = [[w for w in skips if w.target == i] for i in range(len(m.blocks))]
        self.norm = norm(m.norm, m)
        self.head = nn.Linear(m.width, m.vocab, bias=False)
        self.dropout = m.dropout
        self.recompute = False  # what a block computed on the way is computed again on the way back
        self.start(seed)
        if m.tied:
            self.head.weight = self.embed.weight

    def forward(self, idx: Tensor, cache: Cache | None = None) -> Tensor:  # (B, T) -> (B, T, V)
        start, T = cache.length if cache else 0, idx.size(1)
        assert start + T <= self.spec.context
        x = self.embed(idx)  # (B, T, C)
        if self.positions:
            x = x + self.positions.weight[start : start + T]
        x = F.dropout(x, self.dropout, self.training)
        past: list[Tensor] = []  # the stream before each block
        for i, (block, wires) in enumerate(zip(self.blocks, self.wires, strict=True)):
            past.append(x)
            for wire in wires:
                x = wire(x, past[wire.source])
            part = cache.past[i] if cache else None
            x = checkpoint(block, x, part, use_reentrant=False) if self.recompute and self.training else block(x, part)
        if cache:
            cache.length += T
        return self.head(self.norm(x))  # type: ignore[no-any-return]

    def start(self, seed: int | None) -> None:
        """Starting weights of GPT-2 (Radford et al. 2019): normal, 0.02, less where parts write into the stream.

        With a silent start those that write are zero (Zhang et al. 2019, section 3).
        """
        dice = torch.Generator().manual_seed(seed) if seed is not None else None
        parts = sum((b.attention is not None) + (b.mlp is not None) for b in self.spec.blocks)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                writes = name.endswith(("attn.out.weight", "mlp.down.weight"))
                loud = 0.0 if self.spec.silent else 0.02 / sqrt(parts or 1)
                nn.init.normal_(p, 0.0, loud if writes else 0.02, generator=dice)
            elif name.endswith("bias"):
                nn.init.zeros_(p)
