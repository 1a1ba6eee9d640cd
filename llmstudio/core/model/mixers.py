"""Parts that mix positions without attention: a short causal convolution, and a memory that fades as it goes.

B batch, T time, C width, H heads, D head width, N chunks of c positions. Both read only what came before, train on all
positions at once, and go on position by position from a state of fixed size.
"""

from math import log2

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import spec as S
from .part import Part, Past

CHUNK = 64  # positions whose scores with one another are written out; the memory carries what is older
CALM = 16.0  # forgetting is the 16th root of a sigmoid: small changes of a score do not wipe out a memory
SHORTEST, LONGEST = 16.0, 512.0  # positions after which the heads have forgotten all but 1/e, before they learn


class State:
    """All that a part remembers, of the same size however much it has read. It cannot be taken back step by step."""

    def __init__(self, empty: Tensor) -> None:
        self.now = empty

    def rewind(self, length: int) -> int:
        """Everything is forgotten: the text has to be read again."""
        self.now = torch.zeros_like(self.now)
        return 0


class Convolution(Part):
    """Each number is mixed with its own last `size` - 1 values: y_t = sum_j w_j x_(t - size + 1 + j) + b.

    Depthwise and causal (Allen-Zhu 2025, Canon layers). The weight is (C, size), the present position last.
    """

    def __init__(self, c: S.Convolution, m: S.Model) -> None:
        super().__init__(m)
        self.size = c.size
        self.weight = nn.Parameter(torch.zeros(m.width, c.size))
        self.bias = nn.Parameter(torch.zeros(m.width)) if c.bias else None

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:  # (B, T, C) -> (B, T, C)
        assert past is None or isinstance(past, State)
        seen = torch.cat([past.now, x], 1) if past else F.pad(x, (0, 0, self.size - 1, 0))  # (B, size-1+T, C)
        if past:
            past.now = seen[:, 1 - self.size :]
        y = F.conv1d(seen.mT, self.weight[:, None], self.bias, groups=x.size(-1)).mT
        return F.dropout(y, self.dropout, self.training)

    def start_past(self, batch: int, context: int, like: Tensor) -> State:
        return State(like.new_zeros(batch, self.size - 1, len(self.weight)))  # its last inputs


class Recurrence(Part):
    """Gated linear attention with one gate a head (Yang et al. 2023, eq. 3; Dao & Gu 2024, section 3).

    Each head keeps a square M_t = a_t M_(t-1) + k_t v_t^T, with a_t = sigmoid(.)^(1/16) between 0 and 1, and reads
    y_t = q_t M_t / sqrt(D). What it read is normed per head, gated by silu(.), and projected back.
    """

    def __init__(self, r: S.Recurrence, m: S.Model) -> None:
        super().__init__(m)
        self.heads, self.dim = r.heads, m.width // r.heads
        self.qkv = nn.Linear(m.width, 3 * m.width, bias=r.bias)  # rows: q, k, v
        self.decay = nn.Linear(m.width, r.heads)
        self.gate = nn.Linear(m.width, m.width, bias=r.bias) if r.gate else None
        self.norm = nn.RMSNorm(self.dim, eps=m.norm_eps)
        self.out = nn.Linear(m.width, m.width, bias=r.bias)

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:  # (B, T, C) -> (B, T, C)
        assert past is None or isinstance(past, State)
        B, T, C = x.shape
        q, k, v = self.qkv(x).view(B, T, 3, self.heads, self.dim).permute(2, 0, 3, 1, 4)  # (B, H, T, D) each
        forget = F.logsigmoid(self.decay(x).float()).mT / CALM  # (B, H, T): ln a
        y, state = scan(q * self.dim**-0.5, k, v, forget, past.now if past else None)
        if past:
            past.now = state
        y = self.norm(y.transpose(1, 2)).reshape(B, T, C)
        if self.gate:
            y = y * F.silu(self.gate(x))
        return F.dropout(self.out(y), self.dropout, self.training)

    def start_past(self, batch: int, context: int, like: Tensor) -> State:
        return State(torch.zeros(batch, self.heads, self.dim, self.dim, device=like.device))  # by key, by value

    def start(self) -> None:
        """The heads begin with memories that last from `SHORTEST` to `LONGEST` positions."""
        with torch.no_grad():
            lasting = torch.logspace(log2(SHORTEST), log2(LONGEST), self.heads, base=2.0)
            self.decay.bias.copy_(-(CALM / lasting).expm1().log())  # where ln a = -1 / lasting


def scan(q: Tensor, k: Tensor, v: Tensor, forget: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Run M_t = exp(forget_t) M_(t-1) + k_t v_t^T and y_t = q_t M_t over all positions at once, chunk by chunk.

    q, k, v (B, H, T, D), forget (B, H, T) <= 0, state (B, H, D, D): M before the first position, zero if None. Gives y
    (B, H, T, D) and the last M. Within a chunk as attention whose scores fade, between chunks by their memories (Dao &
    Gu 2024, section 6, listing 1). Memories have the format of `forget`.
    """
    B, H, T, D = q.shape
    c = min(T, CHUNK)
    q, k, v = (F.pad(t, (0, 0, 0, -T % c)).view(B, H, -1, c, D) for t in (q, k, v))
    faded = F.pad(forget, (0, -T % c)).view(B, H, -1, c).cumsum(-1)  # (B, H, N, c): ln of what is left, since
    left = faded[..., -1:]  # ... the chunk began; of all of it (B, H, N, 1)
    y = ((q @ k.mT) * _spans(faded).to(q.dtype)) @ v
    own = (k * (left - faded).exp()[..., None].to(k.dtype)).mT @ v  # what each chunk adds, (B, H, N, D, D)
    first = torch.zeros_like(own[:, :, :1]) if state is None else state[:, :, None]
    memories = torch.cat([first, own], 2).to(forget.dtype)  # (B, H, N+1, D, D)
    between = _spans(F.pad(left[..., 0].cumsum(-1), (1, 0)))  # (B, H, N+1, N+1)
    memories = torch.einsum("bhnm,bhmij->bhnij", between, memories)  # before each chunk, and after the last
    y = y + (q * faded.exp()[..., None].to(q.dtype)) @ memories[:, :, :-1].to(q.dtype)
    return y.flatten(2, 3)[:, :, :T], memories[:, :, -1]


def _spans(faded: Tensor) -> Tensor:
    """exp(faded_t - faded_s) for s <= t, else 0: (..., n) -> (..., n, n)."""
    apart = faded[..., :, None] - faded[..., None, :]
    return apart.tril().exp().tril()
