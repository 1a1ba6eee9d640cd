"""The model as data: frozen values without torch, cheap to copy, compare, save and send to a thread.

A model is a list of blocks over one residual stream, plus extra wires. Every edit makes a new value, so undo is a list
of old ones. A value being edited may be wrong: `check.problems` says where; nothing here raises for it.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from llmstudio.core.json_text import decode, encode, fit

VERSION = 1
T = TypeVar("T")

Norm = Literal["layer", "rms", "none"]
Activation = Literal["gelu", "gelu_tanh", "relu", "relu2", "silu", "swiglu", "geglu"]
GATED = ("swiglu", "geglu")  # these have two upward projections, one multiplied by the other


class NewerError(ValueError):
    """Written by a newer version: not damaged, and never to be replaced."""


class Attention(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lets every position gather from the positions before it. Vaswani et al. 2017, section 3.2."""

    heads: Annotated[int, Meta(ge=1, le=256, title="Heads", description="Independent looks at the text. They share the width, so it must be a multiple of them.")] = 4
    kv_heads: Annotated[int, Meta(ge=1, le=256, title="Key/value heads", description="Groups of heads share one key and value (grouped-query attention). Off: each head has its own.")] | None = None
    window: Annotated[int, Meta(ge=1, le=65536, title="Window", description="How many positions back a head may look, itself included. Off: the whole context.", extra_json_schema={"unit": "tokens"})] | None = None
    qk_norm: Annotated[bool, Meta(title="QK norm", description="Rescales queries and keys by a norm like the final one before they meet, so that scores cannot blow up (Henry et al. 2020).")] = False
    bias: Annotated[bool, Meta(title="Biases", description="Adds a learned constant to queries, keys, values and output. GPT-2 has them, Llama does not.")] = False


class MLP(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thinks about each position by itself: up to a wider layer, a bend, and down again."""

    hidden: Annotated[int, Meta(ge=1, le=1_000_000, title="Hidden width", description="Neurons in the middle. Off: four times the width of the stream.", extra_json_schema={"unit": "wide"})] | None = None
    activation: Annotated[Activation, Meta(title="Activation", description="The bend that makes it more than a matrix. SwiGLU and GEGLU multiply two projections (Shazeer 2020).")] = "gelu"
    bias: Annotated[bool, Meta(title="Biases", description="Adds a learned constant to both projections.")] = False


class Block(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """x = x + attention(norm(x)); x = x + mlp(norm(x)). Either part may be absent."""

    attention: Attention | None = Attention()
    mlp: MLP | None = MLP()
    norm: Annotated[Norm, Meta(title="Norm", description="Rescales the stream before each part reads it, so that depth does not blow it up.")] = "layer"


class Skip(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An extra wire: the stream before block `source` is added to the stream before block `target`."""

    source: Annotated[int, Meta(ge=0)]
    target: Annotated[int, Meta(ge=0)]
    gated: Annotated[bool, Meta(title="Gated", description="Multiplies the wire by one learned number that starts at 0.")] = False


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole model. `vocab` follows the tokenizer of the project."""

    name: str = "Untitled"
    vocab: Annotated[int, Meta(ge=1, le=10_000_000, title="Vocabulary", description="Different tokens it can read and write. Set by the tokenizer.", extra_json_schema={"unit": "tokens"})] = 256
    context: Annotated[int, Meta(ge=1, le=1_048_576, title="Context", description="How many tokens it sees at once.", extra_json_schema={"unit": "tokens"})] = 64
    width: Annotated[int, Meta(ge=1, le=65_536, title="Width", description="Numbers per token in the residual stream.", extra_json_schema={"unit": "wide"})] = 128
    position: Annotated[Literal["learned", "rope", "none"], Meta(title="Positions", description="How it knows the order: a learned vector per place, a rotation of queries and keys (RoPE, Su et al. 2021), or nothing.")] = "learned"
    rope_base: Annotated[float, Meta(gt=1, le=1e9, title="RoPE base", description="Slowest rotation wavelength over 2 pi. Larger suits longer contexts.")] = 10_000.0
    norm: Annotated[Norm, Meta(title="Final norm", description="The norm before the head.")] = "layer"
    norm_bias: Annotated[bool, Meta(title="Norm biases", description="Gives each layer norm a learned constant. RMS norms have none.")] = False
    norm_eps: Annotated[float, Meta(gt=0, le=1, title="Norm epsilon", description="A small number that keeps a norm from dividing by zero.")] = 1e-5
    silent: Annotated[bool, Meta(title="Silent start", description="What parts write into the stream starts at zero instead of small, so that the first steps learn the words themselves (Zhang et al. 2019, Fixup).")] = False
    tied: Annotated[bool, Meta(title="Tied head", description="Reads and writes tokens with the same matrix: fewer parameters.")] = True
    dropout: Annotated[float, Meta(ge=0, lt=1, title="Dropout", description="Share of activations switched off at random while training, against learning by heart.")] = 0.0
    blocks: tuple[Block, ...] = (Block(), Block(), Block(), Block())
    skips: tuple[Skip, ...] = ()


def insert(model: Model, i: int, block: Block) -> Model:
    """Put a block at i. Wires keep the places they had."""
    return _rewire(model, (*model.blocks[:i], block, *model.blocks[i:]), lambda n: n + (n >= i))


def remove(model: Model, i: int) -> Model:
    """Take block i out. Wires slide onto its neighbour; those left without a span go."""
    last = len(model.blocks) - 2
    return _rewire(model, model.blocks[:i] + model.blocks[i + 1 :], lambda n: min(n - (n > i), last))


def move(model: Model, i: int, to: int) -> Model:
    """Move block i so that it becomes block `to`. Wires stay with the places, not with the blocks."""
    blocks = [*model.blocks]
    blocks.insert(to, blocks.pop(i))
    return replace(model, blocks=tuple(blocks))


def duplicate(model: Model, i: int) -> Model:
    """Put a copy of block i right after it."""
    return insert(model, i + 1, model.blocks[i])


def change(model: Model, path: str, part: Struct) -> Model:
    """Put `part` at `path`: "" (the model), "blocks.2" (a Block), "blocks.2.attn", "blocks.2.mlp" or "skips.0"."""
    if not path:
        assert isinstance(part, Model)
        return part
    kind, index, *inner = path.split(".")
    if kind == "skips":
        return replace(model, skips=_put(model.skips, int(index), part))
    block = replace(model.blocks[int(index)], **{PARTS[inner[0]]: part}) if inner else part
    return replace(model, blocks=_put(model.blocks, int(index), block))


def part(model: Model, path: str) -> Struct | None:
    """The value at `path` (see `change`), or None where there is none."""
    kind, *rest = path.split(".")
    items: tuple[Struct, ...] = {"blocks": model.blocks, "skips": model.skips}.get(kind, ())
    if not rest:
        return None if path else model
    if not rest[0].isdigit() or int(rest[0]) >= len(items):
        return None
    found: Struct | None = items[int(rest[0])]
    return getattr(found, PARTS[rest[1]]) if len(rest) > 1 else found


PARTS = {"attn": "attention", "mlp": "mlp"}  # module name -> field of Block


def to_json(model: Model) -> bytes:
    return msgspec.json.format(encode({"version": VERSION, **msgspec.to_builtins(model)}), indent=2)


def from_json(data: bytes | str) -> Model:
    """Read a model. ValueError with one sentence where the text is not a model of a known version."""
    try:
        fields = decode(data, dict[str, Any])
        version = fields.pop("version", VERSION)
        if not isinstance(version, int) or version <= VERSION:
            return fit(fields, Model)
    except ValueError as error:
        raise ValueError(f"The model cannot be read: {error}.") from error
    raise NewerError(f"This model was written by a newer LLM Studio (format {version}); this one reads format {VERSION}.")


def _put(items: tuple[T, ...], i: int, item: T) -> tuple[T, ...]:
    return (*items[:i], item, *items[i + 1 :])


def _rewire(model: Model, blocks: Iterable[Block], place: Callable[[int], int]) -> Model:
    skips = (replace(s, source=place(s.source), target=place(s.target)) for s in model.skips)
    return replace(model, blocks=tuple(blocks), skips=tuple(s for s in skips if s.source < s.target))
