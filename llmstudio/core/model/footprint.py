"""What the forward pass keeps in memory for the backward pass."""

from msgspec import Struct

from . import spec as S
from .widths import hidden_width, qkv_width

BYTES = 4  # float32


def activation_bytes(model: S.Model, recompute: bool = False) -> int:
    """About how many bytes the forward pass keeps for the backward pass, for each text, in float32.

    Numbers per token, counted over what autograd keeps in the network with attention written out: for attention 6 C
    and its weights H T (3 H T and 1 C more with dropout), for an MLP 3 C and its hidden layer before and after the
    bend (twice that if gated), at the end 2 C + 4 V. The idea is that of Korthikanti et al. 2022, section 4.1. With
    `recompute` a block keeps what goes into it, C, and what it computes is there for one block at a time.
    """
    C, T = model.width, model.context
    blocks = [sum(_numbers(part, model) for part in S.parts(block).values()) for block in model.blocks]
    inside = len(blocks) * C + max(blocks, default=0) if recompute else sum(blocks)
    return BYTES * T * (4 * model.vocab + 2 * C + inside)


def _numbers(part: Struct, m: S.Model) -> int:
    C, dropped = m.width, m.dropout > 0
    match part:
        case S.Convolution():
            return 4 * C
        case S.Attention():
            return (3 + dropped) * C + qkv_width(part, m) + (1 + 2 * dropped) * part.heads * m.context
        case S.Recurrence():
            return 8 * C
        case S.MLP():
            return (3 + dropped) * C + hidden_width(part, m) * (4 if part.activation in S.GATED else 2)
        case S.Experts():
            return 3 * C + part.top_k * hidden_width(part, m) * (4 if part.activation in S.GATED else 2)
    raise AssertionError(part)
