"""How much memory training takes, part by part, counted over what the engine really keeps.

The idea is that of Korthikanti et al. 2022, section 4.1; the numbers are those of our own network, as `tests` measure
them. B texts at a time, T time, C width, V vocabulary, N parameters; a number in bfloat16 takes 2 bytes, else 4.
"""

from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from llmstudio.core.train.recipe import Recipe

from . import spec as S
from .widths import CHUNK, cached_width, heads_width, hidden_width, qkv_width, up_projections

BYTES = 4  # float32
REMEMBERED = {  # numbers that the optimiser keeps for each weight
    "muon": 2, "adamw": 2, "adam": 2, "lion": 1, "adafactor": 0, "rmsprop": 1, "nesterov": 1, "momentum": 1, "sgd": 0,
}  # fmt: skip
TURNED = (".attn", ".rec", ".mlp", ".moe")  # parts whose matrices Muon turns; see `optim.matrices`
SPARE = 0.9  # share of a graphics card's memory that is to be had
HOLD = 25  # steps between two states of a run to go back to; see `keeper`
# The C library takes small pieces from one heap, and what lies between them is not given back. Measured with glibc on
# eight designs, in both formats.
LOOSE, LEAST_LOOSE = 0.3, 30e6  # of what a batch leaves, and bytes
WHOLE = 32 << 20  # bytes: larger pieces are given back whole (M_MMAP_THRESHOLD's highest value)


class Footprint(Struct, frozen=True, kw_only=True):
    """Bytes at the peak, by what they are for; beside the program itself."""

    weights: int
    gradients: int
    optimizer: int
    copies: int  # in bfloat16, to compute with, and the average of the weights
    activations: int  # what a portion of the batch leaves for the backward pass, or the gradients that it makes
    kept: int  # states of the run to go back to, and those that are being saved; in the computer's own memory
    loose: int  # given back, but in pieces that the system cannot use; on a processor

    @property
    def total(self) -> int:
        return self.on_device + self.kept + self.loose

    @property
    def needed(self) -> int:
        """What it cannot do without."""
        return self.on_device + self.kept

    @property
    def on_device(self) -> int:
        """What a graphics card has to hold."""
        return self.weights + self.gradients + self.optimizer + self.copies + self.activations


def footprint(
    model: S.Model, recipe: Recipe, counts: Mapping[str, int], texts: int, dtype: str, fused: bool, held: bool
) -> Footprint:
    """`counts`: parameters by path. `held`: there is memory enough to keep two states to go back to."""
    N, size = counts[""], 2 if dtype == "bfloat16" else 4
    optimizer = BYTES * REMEMBERED[recipe.optimizer] * N
    if recipe.optimizer == "muon":  # one number for each of the matrices, two for all else
        optimizer -= BYTES * sum(n for path, n in counts.items() if path.endswith(TURNED))
    average = BYTES * N * (recipe.ema > 0)
    twice = 2 * model.vocab * model.width * model.tied  # as embedding and as head: two gradients, and their sum
    state = BYTES * N + optimizer + average  # of one checkpoint
    looks = BYTES * N * 3  # the best weights, and two snapshots for the time bar
    back = BYTES * N + average  # to go back to: the weights of the start, and then whole states
    if held and recipe.steps >= HOLD:
        back = 2 * state if recipe.steps >= 2 * HOLD else back + state
    made = texts * activation_bytes(model, recipe.recompute, dtype, fused)
    scores = texts * model.context * model.vocab * BYTES
    return Footprint(
        weights=BYTES * N,
        gradients=BYTES * N,
        optimizer=optimizer,
        copies=average + (size * N if size < BYTES else 0),
        activations=max(made, size * (N + twice)),
        kept=state + looks + back,
        loose=round(LEAST_LOOSE + LOOSE * (made - (3 * scores if scores > WHOLE else 0))),
    )


@lru_cache(maxsize=64)
def activation_bytes(model: S.Model, recompute: bool = False, dtype: str = "float32", fused: bool = False) -> int:
    """About how many bytes there are for each text at the peak: when the loss is known, or soon after.

    The scores over the vocabulary take 12 bytes each, in either format: themselves, their probabilities, and what goes
    back. They go before the way back through the last block, where scores and hidden layers are there twice more. With
    `recompute` a block keeps what goes into it, C, and what it computes is there for one block at a time.
    """
    C, T, short = model.width, model.context, dtype == "bfloat16"
    blocks = [_block(block, model, short, fused) for block in model.blocks]
    inside = len(blocks) * C + max(blocks, default=0) if recompute else sum(blocks)
    ends = 2 * C + _norm(model.norm, C, short)
    size = 2 if short else 4
    back = max((_back(block, model, fused) for block in model.blocks), default=0)
    return T * round(size * (ends + inside) + max(3 * BYTES * model.vocab, size * back))


def _back(block: S.Block, m: S.Model, fused: bool) -> int:
    """Numbers for each token that are there for a moment on the way back through a block, and are the most of it."""
    found = [0]
    if (a := block.attention) and not (fused and not a.softcap):
        found.append(2 * a.heads * m.context)
    for f in (block.mlp, block.experts):
        if f:
            found.append(2 * hidden_width(f, m))
    return max(found)


def _block(block: S.Block, m: S.Model, short: bool, fused: bool) -> float:
    """Numbers kept of each token: those of the parts, the stream between them, and the norms."""
    parts = [_part(part, m, short, fused) for part in S.parts(block).values()]
    around = 1 if block.parallel else len(parts)
    both = 2 if block.placement == "sandwich" else 1
    return sum(parts) + around * (m.width + both * _norm(block.norm, m.width, short))


def _norm(kind: S.Norm, width: int, short: bool) -> float:
    """Beside its result: torch composes an RMS norm of several steps, in float32."""
    return width * {"layer": 1.0, "rms": 4.4 if short else 2.0, "none": 0.0}[kind]


def _part(part: Struct, m: S.Model, short: bool, fused: bool) -> float:
    """What one part keeps of each token, beside what it reads."""
    C = m.width
    match part:
        case S.Convolution():
            return C
        case S.Attention():
            return _attention(part, m, short, fused)
        case S.Recurrence():
            return (18 if short else 16) * C + (5 if short else 4) * part.heads * min(CHUNK, m.context)
        case S.MLP():
            return _bend(part, m) + C * ((m.dropout if part.dropout is None else part.dropout) > 0)
        case S.Experts():
            return part.top_k * (3 * C + _bend(part, m)) + 3 * part.experts
    raise AssertionError(part)


def _attention(a: S.Attention, m: S.Model, short: bool, fused: bool) -> float:
    wide, cached = heads_width(a, m), cached_width(a, m)
    matched = wide + cached // 2  # queries and keys
    dropped = (m.dropout if a.dropout is None else a.dropout) > 0
    grouped = (a.kv_heads or a.heads) < a.heads
    turned = (a.position or m.position) == "rope"
    scores = a.heads * m.context
    numbers = m.width * float(dropped)
    if a.qk_norm:
        numbers += matched * {"layer": 1.6, "rms": (4.2 if short else 2.6), "none": 0.0}[m.norm]
    if fused and not (a.softcap or dropped):
        return numbers + qkv_width(a, m) + wide * (3 if grouped else 1) + matched * (turned and not a.qk_norm)
    if dropped and fused:  # torch then takes its own written path, in float32
        return numbers + 4 * wide + scores * (6.5 if short else 3)
    return numbers + 4 * wide + scores * (1 + (a.softcap is not None) + 2 * dropped)


def _bend(f: S.MLP | S.Experts, m: S.Model) -> int:
    """The hidden layer on its way: up, bent, multiplied."""
    times = {"relu": 1, "relu2": 3}.get(f.activation, 2)
    return hidden_width(f, m) * (4 if up_projections(f) == 2 else times)
