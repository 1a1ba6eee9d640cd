"""What every part of a block is, and the norms and caps that they share."""

from typing import Protocol

from torch import Tensor, nn

from . import spec as S


class Past(Protocol):
    """What a part remembers of the positions before, while a text grows piece by piece."""

    def rewind(self, length: int) -> int:
        """Forget all positions from `length` on. How many it then knows: `length`, or 0 where it cannot go back."""
        ...


class Part(nn.Module):
    """Made from its own value and the whole: `Attention(a, m)`. forward(x (B, T, C), past) -> (B, T, C).

    With a `past` the T positions come after those it remembers, and it remembers them too. `dropout` is the share in
    force while training, `own_dropout` what the design says.
    """

    def __init__(self, m: S.Model, dropout: float | None = None) -> None:
        super().__init__()
        self.dropout = self.own_dropout = m.dropout if dropout is None else dropout

    def start_past(self, batch: int, context: int, like: Tensor) -> Past | None:
        """An empty memory for `batch` texts of up to `context` positions, in the format and place of `like`.

        None: each position is seen by itself.
        """
        return None

    def start(self) -> None:
        """Starting weights that are not those of all others (`GPT.start`); follows no dice."""


def norm(kind: S.Norm, m: S.Model, width: int | None = None) -> nn.Module:
    """Layer norm (Ba et al. 2016), RMS norm (Zhang & Sennrich 2019) or nothing; over the stream, or over `width`."""
    if kind == "layer":
        return nn.LayerNorm(width or m.width, eps=m.norm_eps, elementwise_affine=m.norm_gain, bias=m.norm_bias)
    if kind == "rms":
        return nn.RMSNorm(width or m.width, eps=m.norm_eps, elementwise_affine=m.norm_gain)
    return nn.Identity()


def squash(x: Tensor, cap: float | None) -> Tensor:
    """cap * tanh(x / cap): nearly x where it is small, never beyond the cap (Gemma 2, 2024)."""
    return x if cap is None else cap * (x / cap).tanh()
