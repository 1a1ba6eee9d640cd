"""The part that lets every position gather from the positions before it, with all its options.

B batch, T time, S positions looked at (T, and those remembered), C width, H heads, K key/value heads, D head width.
"""

from functools import lru_cache
from math import inf

import torch
import torch.nn.functional as F
from msgspec import Struct
from torch import Tensor, nn

from . import spec as S
from .part import Part, Past, norm, squash
from .rope import angles, rotate, slopes

LARGE = 1 << 18  # numbers of a mask


class Sight(Struct, frozen=True, kw_only=True):
    """Which keys a query may look at, and how scores fall with distance. Without options: itself and all before."""

    window: int | None = None  # positions back, itself included (Beltagy et al. 2020)
    sinks: int = 0  # first positions that are seen from everywhere (Xiao et al. 2023)
    slopes: tuple[float, ...] = ()  # of each head (Press et al. 2021)

    def plain(self, length: int) -> bool:
        """Whether nothing but the future is hidden, and all else counts alike."""
        return not self.slopes and (self.window or length) >= length


def mask(T: int, S: int, sight: Sight, device: torch.device, dtype: torch.dtype) -> Tensor:
    """What hides the rest, as `_mask` makes it. Blocks alike share it; of large ones only a few are kept, or texts of
    many lengths would take gigabytes."""
    kept = _few if T * S * max(1, len(sight.slopes)) > LARGE else _many
    return kept(T, S, sight, device, dtype)


def _mask(T: int, S: int, sight: Sight, device: torch.device, dtype: torch.dtype) -> Tensor:
    """What is added to scores, (T, S) or with slopes (1, H, T, S): -inf where a query may not look, else -slope times
    the distance. The queries are the last T of S."""
    with torch.inference_mode(False):  # an ordinary tensor, whoever asks first
        key = torch.arange(S, device=device)
        back = torch.arange(S - T, S, device=device)[:, None] - key  # steps back to the key
        seen = (back >= 0) & ((back < (sight.window or S)) | (key < sight.sinks))
        added = torch.zeros(T, S, device=device)
        if sight.slopes:
            added = -torch.tensor(sight.slopes, device=device)[None, :, None, None] * back
        return added.masked_fill(~seen, -inf).to(dtype)


_many, _few = lru_cache(maxsize=64)(_mask), lru_cache(maxsize=8)(_mask)


class KeysValues:
    """Keys and values of one attention so far, (B, K, context, D) each, the first `length` of them filled."""

    def __init__(self, k: Tensor, v: Tensor) -> None:
        self.k, self.v = k, v
        self.length = 0

    def append(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Add those of the next T positions, (B, K, T, D); all of them come back, (B, K, S, D)."""
        start, self.length = self.length, self.length + k.size(2)
        self.k[:, :, start : self.length] = k
        self.v[:, :, start : self.length] = v
        return self.k[:, :, : self.length], self.v[:, :, : self.length]

    def rewind(self, length: int) -> int:
        self.length = length
        return length


class Attention(Part):
    """Causal attention (Vaswani et al. 2017, eq. 1), grouped (Ainslie et al. 2023).

    `fused` chooses between torch's fused attention and the same written out: equal numbers, different speed. Only the
    written one can bend scores (`softcap`).
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, a: S.Attention, m: S.Model) -> None:
        super().__init__(m, a.dropout)
        position = a.position or m.position
        self.heads, self.kv_heads, self.dim = a.heads, a.kv_heads or a.heads, a.head_width or m.width // a.heads
        slope = tuple(slopes(a.heads)) if position == "alibi" else ()
        self.sight = Sight(window=a.window, sinks=a.sinks or 0, slopes=slope)
        self.rope, self.softcap = position == "rope", a.softcap
        self.qkv = nn.Linear(m.width, (self.heads + 2 * self.kv_heads) * self.dim, bias=a.bias)  # rows: q, k, v
        self.out = nn.Linear(self.heads * self.dim, m.width, bias=a.bias)
        self.q_norm = norm(m.norm, m, self.dim) if a.qk_norm else None  # Henry et al. 2020
        self.k_norm = norm(m.norm, m, self.dim) if a.qk_norm else None
        if self.rope:
            for name, table in zip(("cos", "sin"), angles(m, self.dim, a.rope_base or m.rope_base), strict=True):
                self.register_buffer(name, table, persistent=False)
        self.fused = True
        self.watched = False
        self.seen: Tensor | None = None  # the last attention map (B, H, T, S), kept only while watched

    def start_past(self, batch: int, context: int, like: Tensor) -> KeysValues:
        return KeysValues(*like.new_empty(2, batch, self.kv_heads, context, self.dim))

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:  # (B, T, C) -> (B, T, C)
        assert past is None or isinstance(past, KeysValues)
        B, T, _ = x.shape
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
        y = self.gather(q, k, v) if self.fused and not (self.watched or self.softcap) else self.written(q, k, v)
        return F.dropout(self.out(y.transpose(1, 2).reshape(B, T, -1)), self.dropout, self.training)

    def gather(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:  # -> (B, H, T, D)
        T, S = q.size(-2), k.size(-2)
        plain = T == S and self.sight.plain(S)
        hidden = None if plain else mask(T, S, self.sight, q.device, q.dtype)
        drop = self.dropout if self.training else 0.0
        return F.scaled_dot_product_attention(q, k, v, hidden, dropout_p=drop, is_causal=plain)

    def written(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:  # -> (B, H, T, D)
        scores = squash((q * self.dim**-0.5) @ k.transpose(-2, -1), self.softcap)  # (B, H, T, S)
        weights = (scores + mask(q.size(-2), k.size(-2), self.sight, q.device, q.dtype)).softmax(-1)
        if self.watched:
            self.seen = weights.detach()
        return F.dropout(weights, self.dropout, self.training) @ v
