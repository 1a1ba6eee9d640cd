"""What a model costs, counted from its spec without building it: parameters, arithmetic, memory, shapes."""

from functools import lru_cache
from math import ceil

from msgspec import Struct

from llmstudio.core.train.recipe import Recipe

from . import footprint as memory
from . import spec as S
from .footprint import BYTES, Footprint
from .widths import (
    CHUNK,
    cached_width,
    head_width,
    heads_width,
    hidden_width,
    memory_width,
    qkv_width,
    seen_width,
    up_projections,
)


class Cost(Struct, frozen=True, kw_only=True):
    """`parameters` = embedding + the five kinds of part + head + rest; a tied head costs only its biases, if any."""

    parameters: int
    active: int  # those that one token goes through: of several experts the few that it uses
    embedding: int  # of tokens, and of places where they are learned
    convolution: int
    attention: int
    recurrence: int
    mlp: int
    experts: int
    head: int
    rest: int  # norms and gates
    flops_per_token: int  # forward and backward, while training; see `flops_per_token`
    weights_bytes: int  # the weights alone
    cache_token_bytes: int  # keys and values that writing remembers of each token
    cache_bytes: int  # all that writing remembers at the end of the context


def cost(model: S.Model) -> Cost:
    """The whole bill. The model may have problems; what cannot be counted then counts as it stands."""
    counts = _parameters(model)
    ends = {f".{name}": field for name, field in S.PARTS.items()}
    kinds = {field: sum(n for path, n in counts.items() if path.endswith(end)) for end, field in ends.items()}
    embedding, head = counts["embed"] + counts.get("positions", 0), counts["head"]
    total = counts[""]
    return Cost(
        parameters=total,
        active=active(model),
        embedding=embedding,
        **kinds,
        head=head,
        rest=total - embedding - head - sum(kinds.values()),
        flops_per_token=flops_per_token(model),
        weights_bytes=BYTES * total,
        cache_token_bytes=cache_token_bytes(model),
        cache_bytes=cache_bytes(model),
    )


# parameters


def total(model: S.Model) -> int:
    return _parameters(model)[""]


def active(model: S.Model) -> int:
    """Parameters that one token goes through: all but those of the experts that it does not use."""
    return total(model) - sum(_idle(block.experts, model) for block in model.blocks if block.experts)


def parameters(model: S.Model) -> dict[str, int]:
    """Exact number of parameters below each path; "" is the whole model. Equal to those of the module at that path."""
    return {**_parameters(model)}


@lru_cache(maxsize=64)
def _parameters(model: S.Model) -> dict[str, int]:
    C, V = model.width, model.vocab
    counts = {"embed": V * C}
    if model.position == "learned":
        counts["positions"] = model.context * C
    if model.embed_norm:
        counts["embed_norm"] = _norm(model.norm, model)
    for i, block in enumerate(model.blocks):
        own = _block(block, model)
        counts[f"blocks.{i}"] = sum(own.values())
        counts |= {f"blocks.{i}.{name}": count for name, count in own.items()}
    counts |= {f"skips.{i}": int(skip.gated) for i, skip in enumerate(model.skips)}
    counts["norm"] = _norm(model.norm, model)
    counts["head"] = (0 if model.tied else V * C) + V * model.head_bias
    return {"": sum(n for path, n in counts.items() if path.count(".") < 2), **counts}


def _block(block: S.Block, m: S.Model) -> dict[str, int]:
    return {name: _norm(block.norm, m) for name in norms(block)} | {
        name: _part(part, m) for name, part in S.parts(block).items()
    }


def norms(block: S.Block) -> list[str]:
    """Names of the norms of a block: one for each part, one for all where they are parallel; two where they stand
    before and after."""
    if block.norm == "none":
        return []
    before = ["norm"] if block.parallel else [f"norm_{name}" for name in S.parts(block)]
    after = ["after"] if block.parallel else [f"after_{name}" for name in S.parts(block)]
    return before + after * (block.placement == "sandwich")


def _part(part: Struct, m: S.Model) -> int:
    C = m.width
    match part:
        case S.Convolution():
            return C * (part.size + part.bias)
        case S.Attention():
            gains = 2 * part.qk_norm * _norm(m.norm, m, head_width(part, m))
            return (C + part.bias) * qkv_width(part, m) + (heads_width(part, m) + part.bias) * C + gains
        case S.Recurrence():
            whole = (C + part.bias) * C  # one projection from the stream to as many numbers
            return (3 + part.gate + 1) * whole + (C + 1) * part.heads + memory_width(part, m)
        case S.MLP():
            return _bend(part, m)
        case S.Experts():
            return part.experts * (C + _bend(part, m))  # the router has a row for each
    raise AssertionError(part)


def _bend(f: S.MLP | S.Experts, m: S.Model) -> int:
    """Of one MLP: up, and down again."""
    hidden = hidden_width(f, m)
    return (m.width + f.bias) * up_projections(f) * hidden + (hidden + f.bias) * m.width


def _idle(e: S.Experts, m: S.Model) -> int:
    return max(0, e.experts - e.top_k) * _bend(e, m)


def _norm(kind: S.Norm, m: S.Model, width: int | None = None) -> int:
    return {"layer": (1 + m.norm_bias), "rms": 1, "none": 0}[kind] * m.norm_gain * (width or m.width)


# arithmetic


def flops_per_token(model: S.Model) -> int:
    """Floating-point operations to train on one token: forward once and backward twice; see `flops`."""
    return 3 * _flops(model)[""]


def flops(model: S.Model) -> dict[str, int]:
    """Floating-point operations on one token, forward, below each path; "" is all: 2 N + 4 A C T for a plain model.

    Three times that, 6 N + 12 A C T, is what training takes (Chowdhery et al. 2022, PaLM, appendix B). N: weights that
    the token is multiplied with, the head included also when tied, look-ups not. Each query makes and applies a score
    of every head for all T positions, or those of its window: masked ones count. A recurrence writes to and reads from
    a square of numbers for each head, and makes and applies the scores of a chunk.
    """
    return {**_flops(model)}


@lru_cache(maxsize=64)
def _flops(model: S.Model) -> dict[str, int]:
    counts = _parameters(model)
    work = {path: 2 * n for path, n in counts.items() if path and path.count(".") != 1}
    work |= {"embed": 0, "head": 2 * model.vocab * model.width}
    work |= {"positions": 0} if "positions" in counts else {}
    for i, block in enumerate(model.blocks):
        path = f"blocks.{i}"
        if a := block.attention:
            work[f"{path}.attn"] += 4 * heads_width(a, model) * seen_width(a, model)
        if r := block.recurrence:
            work[f"{path}.rec"] += 4 * model.width * (memory_width(r, model) + min(model.context, CHUNK))
        if e := block.experts:
            work[f"{path}.moe"] -= 2 * _idle(e, model)
        work[path] = sum(work[f"{path}.{name}"] for name in (*norms(block), *S.parts(block)))
    work |= {f"skips.{i}": 2 * model.width for i in range(len(model.skips))}
    return {"": sum(n for path, n in work.items() if path.count(".") < 2), **work}


# memory


def footprint(
    model: S.Model, recipe: Recipe, dtype: str = "float32", fused: bool = False, held: bool = True
) -> Footprint:
    """Bytes that a run by `recipe` takes at its peak, by what they are for. `dtype`, `fused`: how it computes (see
    `way`); `held`: it keeps states to go back to, as it does where there is memory for them."""
    return memory.footprint(model, recipe, _parameters(model), portion(recipe), dtype, fused, held)


def least(model: S.Model, recipe: Recipe) -> Footprint:
    """What training by `recipe` takes in the way that takes least, where that is open.

    Of a batch, only the largest portion is there at a time; no states are held to go back to.
    """
    dtype = "float32" if recipe.precision == "float32" else "bfloat16"
    return footprint(model, recipe, dtype, fused=True, held=False)


def lacking(model: S.Model, recipe: Recipe, free: int | None, card: int | None = None) -> tuple[int, int] | None:
    """Where there is too little memory for training by `recipe`: bytes needed, and bytes there are. None: it may fit.

    `free`: of the computer; `card`: all of the graphics card that it trains on, if that has its own. None: unknown.
    """
    found = least(model, recipe)
    held = [(found.needed, free)]
    if card is not None:
        held = [(found.on_device, int(memory.SPARE * card)), (found.kept, free)]
    return next(((need, there) for need, there in held if there is not None and need > there), None)


def portion(recipe: Recipe) -> int:
    """Texts that go through the network at a time, at most."""
    return ceil(recipe.batch / recipe.accumulate)


def cache_token_bytes(model: S.Model) -> int:
    """Bytes of keys and values that writing remembers of each token, in float32: 2 K D for each attention."""
    return BYTES * sum(cached_width(block.attention, model) for block in model.blocks if block.attention)


def cache_bytes(model: S.Model) -> int:
    """Bytes that writing remembers at the end of the context, with what recurrences and convolutions carry along."""
    carried = sum(
        (model.width * memory_width(block.recurrence, model) if block.recurrence else 0)
        + (model.width * (block.convolution.size - 1) if block.convolution else 0)
        for block in model.blocks
    )
    return model.context * cache_token_bytes(model) + BYTES * carried


# shapes


def shapes(model: S.Model) -> dict[str, str]:
    """What comes out at each path, "B, 64, 128" for B texts; "" is what goes in: token ids."""
    T = model.context
    stream = f"B, {T}, {model.width}"
    found = {"": f"B, {T}", "embed": stream}
    if model.embed_norm:
        found["embed_norm"] = stream
    for i, block in enumerate(model.blocks):
        found |= {f"blocks.{i}": stream, **{f"blocks.{i}.{name}": stream for name in (*norms(block), *S.parts(block))}}
        if a := block.attention:
            found[f"blocks.{i}.attn.qkv"] = f"B, {T}, {qkv_width(a, model)}"
            found[f"blocks.{i}.attn.seen"] = f"B, {a.heads}, {T}, {T}"
        if block.recurrence:
            found[f"blocks.{i}.rec.qkv"] = f"B, {T}, {3 * model.width}"
        if f := block.mlp:
            found[f"blocks.{i}.mlp.up"] = f"B, {T}, {hidden_width(f, model) * up_projections(f)}"
    found |= {f"skips.{i}": stream for i in range(len(model.skips))}
    return {**found, "norm": stream, "head": f"B, {T}, {model.vocab}"}
