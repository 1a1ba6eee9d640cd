"""The inside of one block as numbers: what `inner.dissect` finds and `arithmetic` explains. Numpy only.

T tokens read, C width, H heads, K key/value heads, D head width, F hidden width, E experts.
"""

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Inside(Struct, frozen=True, kw_only=True, eq=False):
    """Tensors of one part in one forward pass, by name. Which there are depends on the kind of the part.

    All parts: x (T, C) the stream before it, h (T, C) what it reads, out (T, C) what it puts out; gain, shift (C,) of
    the norm before it. Matrices are as they are stored, rows by output.
    conv: kernel (C, size).
    attn: wq (H D, C), wk and wv (K D, C), wo (C, H D), their biases bq bk bv bo; q0 (H, T, D) and k0 (K, T, D) as
    projected; q, k after norm and rotation; v (K, T, D); scores (H, T, T), scaled, bent and sloped, not masked; weights
    (H, T, T); read (H, T, D) = weights v; slopes (H,); cos, sin (T, R); gain_q, gain_k (D,).
    rec: wq, wk, wv, wo, wd (H, C), wg (C, C); q, k, v (H, T, D); keep (H, T) what is left of the memory at each step;
    scores (H, T, T) q k / sqrt(D) times what is left of each; read (H, T, D) = scores v; gate (T, C); memory (H, D, D)
    after the last token.
    mlp: wa, wb (F, C), wd (C, F), biases ba bb bd; a, b (T, F) before the bend; hidden (T, F).
    moe: router (E, C); chances (T, E); mix (T, E), 0 where not used; wa, wb (E, F, C), wd (E, C, F); hidden (E, T, F),
    nan where a token does not go through an expert.
    """

    path: str
    kind: str  # "attn"
    tensors: dict[str, Floats]
    facts: dict[str, float]  # scale softcap window sinks eps; left out where there is none
    words: dict[str, str]  # norm: layer, rms or none; activation
    steps: dict[str, tuple[int, ...]]  # matrices too large to be kept whole: every how many of each axis were kept

    def at(self, name: str, *index: int) -> float:
        return float(self.tensors[name][index])

    @property
    def share(self) -> float:
        """Size of what it puts out against that of the stream it is added to, both as root mean squares."""
        return rms(self.tensors["out"]) / (rms(self.tensors["x"]) or 1.0)


class Anatomy(Struct, frozen=True, kw_only=True, eq=False):
    """One block in one forward pass, in eval mode, float32."""

    block: int
    ids: NDArray[np.int64]  # (T,)
    parts: dict[str, Inside]  # by module name, in their order


def rms(x: NDArray[Any]) -> float:
    """Root mean square of what is a number."""
    found = x[np.isfinite(x)] if not np.isfinite(x).all() else x
    return float(np.sqrt(np.mean(np.square(found, dtype=np.float64)))) if found.size else 0.0


def limit(x: NDArray[Any]) -> float:
    """The end of the scale that numbers like these are drawn on: 1, 2 or 5 times a power of ten, some 2.5 times their
    root mean square, so that it does not change with every step."""
    wanted = 2.5 * rms(x)
    if not wanted or not np.isfinite(wanted):
        return 1.0
    power = 10.0 ** np.floor(np.log10(wanted))
    return float(next(f * power for f in (1, 2, 5, 10) if f * power >= wanted * (1 - 1e-9)))
