"""Places as rotations (RoPE), as slopes (ALiBi) and as waves: tables that attention and the network read."""

from functools import lru_cache
from math import log2, pi

import torch
from torch import Tensor

from . import spec as S

SLOW, FAST = 1.0, 4.0  # turns within the first context: below is stretched, above is left alone (Llama 3.1, 2024)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """RoPE (Su et al. 2021, eq. 34) in Llama's layout: pairs are (d, d + R/2). x (B, H, T, D), cos and sin (T, R).

    The first half of `sin` is negative, so that one roll and two products do what the paper writes as four. Only the
    first R numbers of each head are rotated (GPT-J: 64 of 256).
    """
    if cos.size(-1) == x.size(-1):
        return torch.addcmul(x * cos, x.roll(x.size(-1) // 2, -1), sin)
    size = cos.size(-1)
    return torch.cat([rotate(x[..., :size], cos, sin), x[..., size:]], -1)


def angles(m: S.Model, dim: int, base: float) -> tuple[Tensor, Tensor]:
    """Cosines and sines of position * speed for `rotate`, each (context, R), for heads `dim` wide.

    Blocks alike share them: at a context of 100,000 they take as much room as the weights.
    """
    table = S.Model(
        context=m.context, rope_scaling=m.rope_scaling, rope_factor=m.rope_factor, rope_original=m.rope_original
    )
    return _angles(table, rotated(dim, m.rope_share), base, torch.get_default_device())


@lru_cache(maxsize=8)
def _angles(m: S.Model, size: int, base: float, device: torch.device) -> tuple[Tensor, Tensor]:
    with torch.inference_mode(False):  # ordinary tensors, whoever asks first
        angle = torch.outer(torch.arange(m.context, dtype=torch.float32, device=device), speeds(m, size, base))
        cos, sin = angle.cos(), angle.sin()
        return torch.cat([cos, cos], -1), torch.cat([-sin, sin], -1)


def rotated(dim: int, share: float) -> int:
    """How many numbers of a head `dim` wide are rotated: an even number, at least one pair."""
    return 2 * max(1, round(dim * share / 2))


def speeds(m: S.Model, size: int, base: float) -> Tensor:
    """Radians per position of each pair, (size / 2,): base^(-2d / size), slower where the rotations are stretched.

    "linear" divides all by the factor (Chen et al. 2023). "llama3" divides only those that turn less than SLOW times
    within the first context, leaves those that turn more than FAST times, and goes smoothly from one to the other.
    """
    speed = base ** -(torch.arange(0, size, 2, dtype=torch.float32) / size)
    if m.rope_scaling == "linear":
        return speed / m.rope_factor
    if m.rope_scaling == "llama3":
        turns = m.rope_original * speed / (2 * pi)
        kept = ((turns - SLOW) / (FAST - SLOW)).clamp(0, 1)
        return speed * (kept + (1 - kept) / m.rope_factor)
    return speed


def slopes(heads: int) -> list[float]:
    """ALiBi's slope of each head (Press et al. 2021, section 3): 2^(-8/H), 2^(-16/H), ... where H is a power of two.

    Otherwise those of the power below, then every second one of the power above, as in the authors' code.
    """
    power = 1 << int(log2(heads))
    steep = [2.0 ** (-8 * (i + 1) / power) for i in range(power)]
    between = [2.0 ** (-4 * (i + 1) / power) for i in range(0, 2 * power, 2)]
    return (steep + between)[:heads]


def waves(context: int, width: int) -> Tensor:
    """What is added at each position, (context, width): sine and cosine of position / 10000^(2i/C), in turn (Vaswani
    et al. 2017, section 3.5)."""
    place = torch.arange(context, dtype=torch.float32)[:, None]
    angle = place * 10_000.0 ** -(torch.arange(0, width, 2, dtype=torch.float32) / width)  # (context, ceil(C / 2))
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)[:, :width].contiguous()
