"""The model as data: frozen values without torch, cheap to copy, compare, save and send to a thread.

A model is a list of blocks over one residual stream, plus extra wires. Every edit makes a new value, so undo is a list
of old ones. A value being edited may be wrong: `check.problems` says where; nothing here raises for it.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from llmstudio.core.json_text import decode, encode, fit

VERSION = 1
T = TypeVar("T")

Norm = Literal["layer", "rms", "none"]
Activation = Literal["gelu", "gelu_tanh", "relu", "relu2", "silu", "swiglu", "geglu", "geglu_tanh"]
GATED = ("swiglu", "geglu", "geglu_tanh")  # these have two upward projections, one multiplied by the other
FARTHEST = 65_536  # a number of a block or a place beyond this is damage: views go over the blocks of a group
ROTATED = {"when": {"position": ["rope"]}}


class NewerError(ValueError):
    """Written by a newer version: not damaged, and never to be replaced."""


class Attention(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lets every position gather from the positions before it. Vaswani et al. 2017, section 3.2."""

    heads: Annotated[int, Meta(ge=1, le=256, title="Heads", description="Independent looks at the text. They share the width, so it must be a multiple of them.")] = 4
    kv_heads: Annotated[int, Meta(ge=1, le=256, title="Key/value heads", description="Groups of heads share one key and value (grouped-query attention, Ainslie et al. 2023). Off: each head has its own. One: all share it.")] | None = None
    head_width: Annotated[int, Meta(ge=1, le=4096, title="Head width", description="Numbers per head. Off: the width of the stream divided by the heads.", extra_json_schema={"unit": "wide"})] | None = None
    window: Annotated[int, Meta(ge=1, le=65536, title="Window", description="How many positions back a head may look, itself included (Beltagy et al. 2020). Off: the whole context.", extra_json_schema={"unit": "tokens"})] | None = None
    sinks: Annotated[int, Meta(ge=1, le=1024, title="Sinks", description="First positions that are seen also from outside the window: attention rests on them when nothing else fits (Xiao et al. 2023).", extra_json_schema={"unit": "tokens"})] | None = None
    position: Annotated[Literal["rope", "alibi", "none"], Meta(title="Positions", description="How these heads know the order. Off: as the whole model says.")] | None = None
    rope_base: Annotated[float, Meta(gt=1, le=1e9, title="RoPE base", description="Of these heads alone. Off: as the whole model says.")] | None = None
    qk_norm: Annotated[bool, Meta(title="QK norm", description="Rescales queries and keys by a norm like the final one before they meet, so that scores cannot blow up (Henry et al. 2020).")] = False
    softcap: Annotated[float, Meta(gt=0, le=1000, title="Soft cap", description="Bends scores so that they stay within plus and minus this: cap * tanh(score / cap) (Gemma 2, 2024). Off: no limit.")] | None = None
    dropout: Annotated[float, Meta(ge=0, lt=1, title="Dropout", description="Share switched off at random while training, in this part. Off: as the whole model says.")] | None = None
    bias: Annotated[bool, Meta(title="Biases", description="Adds a learned constant to queries, keys, values and output. GPT-2 has them, Llama does not.")] = False


class Convolution(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mixes each number with its own last few values: a short causal convolution. Allen-Zhu 2025 (Canon layers)."""

    size: Annotated[int, Meta(ge=2, le=64, title="Reach", description="How many positions it sees, the present one included.", extra_json_schema={"unit": "tokens"})] = 4
    bias: Annotated[bool, Meta(title="Biases", description="Adds a learned constant to each number.")] = False


class Recurrence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Carries a memory from position to position that fades as it decides: gated linear attention. Yang et al. 2023; one gate a head as in Dao & Gu 2024."""

    heads: Annotated[int, Meta(ge=1, le=256, title="Heads", description="Independent memories, each a square of numbers. They share the width.")] = 4
    gate: Annotated[bool, Meta(title="Output gate", description="Lets each position decide how much of what it read it passes on.")] = True
    bias: Annotated[bool, Meta(title="Biases", description="Adds a learned constant to the projections.")] = False


class MLP(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thinks about each position by itself: up to a wider layer, a bend, and down again."""

    hidden: Annotated[int, Meta(ge=1, le=1_000_000, title="Hidden width", description="Neurons in the middle. Off: four times the width of the stream.", extra_json_schema={"unit": "wide"})] | None = None
    activation: Annotated[Activation, Meta(title="Activation", description="The bend that makes it more than a matrix. SwiGLU and GEGLU multiply two projections (Shazeer 2020).")] = "gelu"
    dropout: Annotated[float, Meta(ge=0, lt=1, title="Dropout", description="Share switched off at random while training, in this part. Off: as the whole model says.")] | None = None
    bias: Annotated[bool, Meta(title="Biases", description="Adds a learned constant to both projections.")] = False


class Experts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several MLPs of which each token uses a few, chosen by a router. Shazeer et al. 2017; Fedus et al. 2021."""

    experts: Annotated[int, Meta(ge=2, le=256, title="Experts", description="MLPs to choose from.")] = 4
    top_k: Annotated[int, Meta(ge=1, le=256, title="Used at once", description="Experts that each token goes through; their answers are weighed by the router.")] = 2
    hidden: Annotated[int, Meta(ge=1, le=1_000_000, title="Hidden width", description="Neurons in the middle of each expert. Off: four times the width of the stream.", extra_json_schema={"unit": "wide"})] | None = None
    activation: Annotated[Activation, Meta(title="Activation", description="The bend inside each expert.")] = "gelu"
    balance: Annotated[float, Meta(ge=0, le=1, title="Balance", description="How strongly training spreads the tokens over the experts: weight of the load-balancing loss (Fedus et al. 2021, eq. 4).")] = 0.01
    bias: Annotated[bool, Meta(title="Biases", description="Adds a learned constant to the projections of each expert.")] = False


class Block(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """x = x + part(norm(x)) for each of its parts in this order. Any of them may be absent."""

    convolution: Convolution | None = None
    attention: Attention | None = Attention()
    recurrence: Recurrence | None = None
    mlp: MLP | None = MLP()
    experts: Experts | None = None
    norm: Annotated[Norm, Meta(title="Norm", description="Rescales the stream before each part reads it, so that depth does not blow it up.")] = "layer"
    placement: Annotated[Literal["pre", "post", "sandwich"], Meta(title="Norm stands", description="Before each part (GPT-2, Llama), after the sum (the first transformer), or before and after each part (Gemma 2).", extra_json_schema={"when": {"norm": ["layer", "rms"]}})] = "pre"
    parallel: Annotated[bool, Meta(title="Parallel", description="All parts read the same normed stream and are added at once: one norm, fewer steps (Wang & Komatsuzaki 2021, GPT-J).")] = False
    residual: Annotated[bool, Meta(title="Residual", description="Adds what the parts find to the stream. Off: it replaces the stream, and deep models stop learning (He et al. 2015).")] = True
    note: Annotated[str, Meta(title="Note", description="Your own words on this block.")] = ""


class Skip(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An extra wire: the stream at position `source` is added to the stream at the later position `target`.

    Position i is the stream before block i; the last position, after all blocks, is before the final norm.
    """

    source: Annotated[int, Meta(ge=0, le=FARTHEST)]
    target: Annotated[int, Meta(ge=0, le=FARTHEST)]
    gated: Annotated[bool, Meta(title="Gated", description="Multiplies the wire by one learned number that starts at 0.")] = False


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Blocks `first` to `last` (included), shown as one. Groups do not overlap; they change nothing in the network."""

    first: Annotated[int, Meta(ge=0, le=FARTHEST)]
    last: Annotated[int, Meta(ge=0, le=FARTHEST)]
    name: Annotated[str, Meta(title="Name", description="Your own word for these blocks.")] = ""


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole model. `vocab` follows the tokenizer of the project."""

    name: str = "Untitled"
    vocab: Annotated[int, Meta(ge=1, le=10_000_000, title="Vocabulary", description="Different tokens it can read and write. Set by the tokenizer.", extra_json_schema={"unit": "tokens"})] = 256
    context: Annotated[int, Meta(ge=1, le=1_048_576, title="Context", description="How many tokens it sees at once.", extra_json_schema={"unit": "tokens"})] = 64
    width: Annotated[int, Meta(ge=1, le=65_536, title="Width", description="Numbers per token in the residual stream.", extra_json_schema={"unit": "wide"})] = 128
    position: Annotated[Literal["learned", "sinusoidal", "rope", "alibi", "none"], Meta(title="Positions", description="How it knows the order: a learned vector per place, fixed waves (Vaswani et al. 2017), a rotation of queries and keys (RoPE, Su et al. 2021), a slope on the scores (ALiBi, Press et al. 2021), or nothing.")] = "learned"
    rope_base: Annotated[float, Meta(gt=1, le=1e9, title="RoPE base", description="Slowest rotation wavelength over 2 pi. Larger suits longer contexts.", extra_json_schema=ROTATED)] = 10_000.0
    rope_share: Annotated[float, Meta(gt=0, le=1, title="RoPE part", description="Share of each head that is rotated; the rest does not know its place (GPT-J, GPT-NeoX).", extra_json_schema=ROTATED)] = 1.0
    rope_scaling: Annotated[Literal["none", "linear", "llama3"], Meta(title="RoPE scaling", description="Stretches the rotations for longer texts: all of them (Chen et al. 2023), or the slow ones only (Llama 3.1, 2024).", extra_json_schema=ROTATED)] = "none"
    rope_factor: Annotated[float, Meta(ge=1, le=1024, title="Stretch", description="How many times longer the texts are than those it was first trained for.", extra_json_schema={"when": {"rope_scaling": ["linear", "llama3"]}})] = 8.0
    rope_original: Annotated[int, Meta(ge=1, le=1_048_576, title="First context", description="The context it was first trained for.", extra_json_schema={"unit": "tokens", "when": {"rope_scaling": ["llama3"]}})] = 8192
    norm: Annotated[Norm, Meta(title="Final norm", description="The norm before the head.")] = "layer"
    norm_bias: Annotated[bool, Meta(title="Norm biases", description="Gives each layer norm a learned constant. RMS norms have none.")] = False
    norm_gain: Annotated[bool, Meta(title="Norm gains", description="Gives each norm a learned scale per number. nanochat has none.")] = True
    norm_eps: Annotated[float, Meta(gt=0, le=1, title="Norm epsilon", description="A small number that keeps a norm from dividing by zero.")] = 1e-5
    embed_norm: Annotated[bool, Meta(title="Norm of embedding", description="Rescales the stream right after the embedding by a norm like the final one.")] = False
    embed_scale: Annotated[bool, Meta(title="Scaled embedding", description="Multiplies the embedding by the square root of the width (Vaswani et al. 2017; Gemma).")] = False
    silent: Annotated[bool, Meta(title="Silent start", description="What parts write into the stream starts at zero instead of small, so that the first steps learn the words themselves (Zhang et al. 2019, Fixup).")] = False
    tied: Annotated[bool, Meta(title="Tied head", description="Reads and writes tokens with the same matrix: fewer parameters.")] = True
    head_bias: Annotated[bool, Meta(title="Head bias", description="Adds a learned constant to the score of each token (GPT-J).")] = False
    softcap: Annotated[float, Meta(gt=0, le=1000, title="Soft cap", description="Bends the scores of tokens so that they stay within plus and minus this (Gemma 2, 2024). Off: no limit.")] | None = None
    dropout: Annotated[float, Meta(ge=0, lt=1, title="Dropout", description="Share of activations switched off at random while training, against learning by heart.")] = 0.0
    note: Annotated[str, Meta(title="Note", description="Your own words on this design.")] = ""
    blocks: tuple[Block, ...] = (Block(), Block(), Block(), Block())
    skips: tuple[Skip, ...] = ()
    groups: tuple[Group, ...] = ()


PARTS = {"conv": "convolution", "attn": "attention", "rec": "recurrence", "mlp": "mlp", "moe": "experts"}
"""Module name -> field of Block, in the order in which a block goes through its parts."""


def parts(block: Block) -> dict[str, Struct]:
    """The parts that a block has, by module name, in the order in which they are gone through."""
    found = {name: getattr(block, field) for name, field in PARTS.items()}
    return {name: part for name, part in found.items() if part is not None}


def insert(model: Model, i: int, block: Block) -> Model:
    """Put a block at i. Wires and groups keep the blocks they had; a group that i is inside of has it too."""
    blocks = (*model.blocks[:i], block, *model.blocks[i:])
    return _renumber(model, blocks, lambda n: n + (n >= i), lambda n: n + (n >= i))


def remove(model: Model, i: int) -> Model:
    """Take block i out. Wires slide onto its neighbour; wires and groups left without a span go."""
    blocks = model.blocks[:i] + model.blocks[i + 1 :]
    groups = tuple(replace(g, first=g.first - (g.first > i), last=g.last - (g.last >= i)) for g in model.groups)
    kept = tuple(g for g in groups if g.first <= g.last)
    return replace(_renumber(model, blocks, lambda n: n - (n > i), lambda n: n), groups=kept)


def move(model: Model, i: int, to: int) -> Model:
    """Move block i so that it becomes block `to`. Wires and groups stay with the places, not with the blocks."""
    blocks = [*model.blocks]
    blocks.insert(to, blocks.pop(i))
    return replace(model, blocks=tuple(blocks))


def duplicate(model: Model, i: int) -> Model:
    """Put a copy of block i right after it."""
    return insert(model, i + 1, model.blocks[i])


def change(model: Model, path: str, part: Struct | None) -> Model:
    """Put `part` at `path`: "" (the model), "blocks.2" (a Block), "blocks.2.attn" (a part of it, None to take it out),
    "skips.0" or "groups.0"."""
    if not path:
        assert isinstance(part, Model)
        return part
    kind, index, *inner = path.split(".")
    items = getattr(model, kind)
    item = replace(items[int(index)], **{PARTS[inner[0]]: part}) if inner else part
    return replace(model, **{kind: _put(items, int(index), item)})


def part(model: Model, path: str) -> Struct | None:
    """The value at `path` (see `change`), or None where there is none."""
    kind, *rest = path.split(".")
    items: tuple[Struct, ...] = getattr(model, kind) if kind in ("blocks", "skips", "groups") else ()
    if not rest:
        return None if path else model
    if not rest[0].isdigit() or int(rest[0]) >= len(items):
        return None
    found: Struct | None = items[int(rest[0])]
    return getattr(found, PARTS[rest[1]]) if len(rest) > 1 else found


def bare(model: Model) -> Model:
    """The network alone: two designs that differ in names, notes and groups compute the same."""
    blocks = tuple(replace(block, note="") if block.note else block for block in model.blocks)
    return replace(model, name="", note="", groups=(), blocks=blocks)


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


def _renumber(
    model: Model, blocks: tuple[Block, ...], place: Callable[[int], int], number: Callable[[int], int]
) -> Model:
    """With other blocks: `place` says where a place of the stream went, `number` what a block's number became."""
    skips = tuple(replace(s, source=place(s.source), target=place(s.target)) for s in model.skips)
    groups = tuple(replace(g, first=number(g.first), last=number(g.last)) for g in model.groups)
    return replace(model, blocks=blocks, skips=tuple(s for s in skips if s.source < s.target), groups=groups)
