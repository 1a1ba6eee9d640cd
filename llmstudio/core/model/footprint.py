"""How much memory training takes, part by part, counted over what the engine really keeps.

The idea is that of Korthikanti et al. 2022, section 4.1; the numbers are those of our own network, as `tests` measure
them. B texts at a time, T time, C width, V vocabulary, N parameters; a number in bfloat16 takes 2 bytes, else 4.
"""

from collections.abc import Mapping

from msgspec import Struct

from llmstudio.core.train.recipe import Recipe

from . import spec as S
from .widths import CHUNK, heads_width, hidden_width, memory_width, qkv_width, up_projections

BYTES = 4  # float32
REMEMBERED = {  # numbers that the optimiser keeps for each weight
    "muon": 2, "adamw": 2, "adam": 2, "lion": 1, "adafactor": 0, "rmsprop": 1, "nesterov": 1, "momentum": 1, "sgd": 0,
}  # fmt: skip


class Footprint(Struct, frozen=True, kw_only=True):
    """Bytes at the peak, by what they are for; beside the program itself."""

    weights: int
    gradients: int
    optimizer: int
    copies: int  # in bfloat16, to compute with, and the average of the weights
    activations: int  # what a portion of the batch leaves for the backward pass, or the gradients that it makes
    kept: int  # states of the run to go back to, and those that are being saved; in the computer's own memory

    @property
    def total(self) -> int:
        return self.weights + self.gradients + self.optimizer + self.copies + self.activations + self.kept

    @property
    def on_device(self) -> int:
        """What a graphics card has to hold."""
        return self.total - self.kept


def footprint(
    model: S.Model, recipe: Recipe, counts: Mapping[str, int], texts: int, dtype: str, fused: bool, held: bool
) -> Footprint:
    """`counts`: parameters by path. `held`: there is memory enough to keep two states to go back to."""
    N, size = counts[""], 2 if dtype == "bfloat16" else 4
    optimizer = BYTES * REMEMBERED[recipe.optimizer] * N
    if recipe.optimizer == "muon":  # one number for each of the matrices, two for all else
        optimizer -= BYTES * sum(n for path, n in counts.items() if path.endswith((".attn", ".mlp", ".rec", ".conv")))
    average = BYTES * N * (recipe.ema > 0)
    state = BYTES * N + optimizer + average  # of one checkpoint
    looks = BYTES * N * 3  # the best weights, and two snapshots for the time bar
    return Footprint(
        weights=BYTES * N,
        gradients=BYTES * N,
        optimizer=optimizer,
        copies=average + (size * N if size < BYTES else 0),
        activations=max(texts * activation_bytes(model, recipe.recompute, dtype, fused), size * N),
        kept=state + looks + (2 * state if held else 0),
    )


def activation_bytes(model: S.Model, recompute: bool = False, dtype: str = "float32", fused: bool = False) -> int:
    """About how many bytes there are for each text when the loss is known and nothing has been given back yet.

    The scores over the vocabulary are there twice in the format of the arithmetic and twice in float32. With
    `recompute` a block keeps what goes into it, C, and what it computes is there for one block at a time.
    """
    C, T, size = model.width, model.context, 2 if dtype == "bfloat16" else 4
    blocks = [sum(_numbers(part, model, fused) for part in S.parts(block).values()) for block in model.blocks]
    inside = len(blocks) * C + max(blocks, default=0) if recompute else sum(blocks)
    return T * (size * (2 * model.vocab + 2 * C + inside) + 2 * BYTES * model.vocab)


def _numbers(part: Struct, m: S.Model, fused: bool) -> int:
    """What one part keeps of each token, the stream before it and its norm included."""
    C = m.width
    match part:
        case S.Convolution():
            return 4 * C
        case S.Attention():
            return _attention(part, m, fused)
        case S.Recurrence():
            D = memory_width(part, m)
            return 10 * C + part.heads * min(CHUNK, m.context) * 3 + C * D // CHUNK * 4
        case S.MLP():
            return 2 * C + _bend(part, m)
        case S.Experts():
            return 4 * C + part.top_k * (C + _bend(part, m))
    raise AssertionError(part)


def _attention(a: S.Attention, m: S.Model, fused: bool) -> int:
    dropped = (m.dropout if a.dropout is None else a.dropout) > 0
    wide = heads_width(a, m)
    numbers = 2 * m.width + qkv_width(a, m) + 2 * wide
    if a.kv_heads and a.kv_heads < a.heads:
        numbers += 2 * wide
    if a.qk_norm:
        numbers += qkv_width(a, m)
    if not fused:
        numbers += (1 + 2 * dropped + 2 * (a.softcap is not None)) * a.heads * m.context
    return numbers + dropped * m.width


def _bend(f: S.MLP | S.Experts, m: S.Model) -> int:
    return hidden_width(f, m) * (4 if up_projections(f) == 2 else 2)
