"""What a model costs, counted from its spec without building it: parameters, arithmetic, memory, shapes."""

from math import ceil

from msgspec import Struct

from llmstudio.core.train.recipe import Recipe

from . import spec as S

BYTES = 4  # float32
STATE = 4 * BYTES  # per parameter while training: weight, gradient, and AdamW's two moments


class Cost(Struct, frozen=True, kw_only=True):
    """`parameters` = embedding + attention + mlp + head + rest; a tied head costs nothing beyond the embedding."""

    parameters: int
    embedding: int  # of tokens, and of places where they are learned
    attention: int
    mlp: int
    head: int
    rest: int  # norms and gates
    flops_per_token: int  # forward and backward, while training; see `flops_per_token`
    weights_bytes: int  # the weights alone
    state_bytes: int  # weights, gradients and AdamW's moments
    activation_bytes: int  # kept for the backward pass, for each text of a batch

    def memory_training(self, batch: int) -> int:
        """Bytes of memory that training needs with `batch` texts at a time, in float32, beside the program itself."""
        return self.state_bytes + batch * self.activation_bytes


def cost(model: S.Model) -> Cost:
    """The whole bill. The model may have problems; what cannot be counted then counts as it stands."""
    counts = parameters(model)
    ends = {end: sum(n for path, n in counts.items() if path.endswith("." + end)) for end in ("attn", "mlp")}
    embedding, head = counts["embed"] + counts.get("positions", 0), counts["head"]
    total = counts[""]
    return Cost(
        parameters=total,
        embedding=embedding,
        attention=ends["attn"],
        mlp=ends["mlp"],
        head=head,
        rest=total - embedding - head - ends["attn"] - ends["mlp"],
        flops_per_token=flops_per_token(model),
        weights_bytes=BYTES * total,
        state_bytes=STATE * total,
        activation_bytes=activation_bytes(model),
    )


def total(model: S.Model) -> int:
    return parameters(model)[""]


def parameters(model: S.Model) -> dict[str, int]:
    """Exact number of parameters below each path; "" is the whole model. Equal to those of the module at that path."""
    C, V = model.width, model.vocab
    counts = {"embed": V * C}
    if model.position == "learned":
        counts["positions"] = model.context * C
    for i, block in enumerate(model.blocks):
        own = _block(block, model)
        counts[f"blocks.{i}"] = sum(own.values())
        counts |= {f"blocks.{i}.{name}": count for name, count in own.items()}
    counts |= {f"skips.{i}": int(skip.gated) for i, skip in enumerate(model.skips)}
    counts["norm"] = _norm(model.norm, model)
    counts["head"] = 0 if model.tied else V * C
    return {"": sum(n for path, n in counts.items() if path.count(".") < 2), **counts}


def _block(block: S.Block, m: S.Model) -> dict[str, int]:
    own: dict[str, int] = {}
    if a := block.attention:
        gains = 2 * a.qk_norm * _norm(m.norm, m, m.width // max(1, a.heads))
        own |= {"norm_1": _norm(block.norm, m), "attn": (m.width + a.bias) * (qkv_width(a, m) + m.width) + gains}
    if f := block.mlp:
        hidden, ups = hidden_width(f, m), up_projections(f)
        own |= {"norm_2": _norm(block.norm, m), "mlp": (m.width + f.bias) * ups * hidden + (hidden + f.bias) * m.width}
    return own


def _norm(kind: S.Norm, m: S.Model, width: int | None = None) -> int:
    return {"layer": (1 + m.norm_bias), "rms": 1, "none": 0}[kind] * (width or m.width)


def qkv_width(a: S.Attention, m: S.Model) -> int:
    """How many numbers the queries, keys and values of one position are, together."""
    return (a.heads + 2 * (a.kv_heads or a.heads)) * (m.width // max(1, a.heads))


def hidden_width(f: S.MLP, m: S.Model) -> int:
    return f.hidden or 4 * m.width


def up_projections(f: S.MLP) -> int:
    return 2 if f.activation in S.GATED else 1


def flops_per_token(model: S.Model) -> int:
    """Floating-point operations to train on one token: 6 N + 12 A C T (Chowdhery et al. 2022, PaLM, appendix B).

    N: weights in matrix products, the head included also when tied, look-ups not. A: blocks with attention; each makes
    and applies T scores of C numbers. Masked scores count: they are computed. Two operations per multiply-add, forward
    once and backward twice.
    """
    counts = parameters(model)
    lookups = counts["embed"] + counts.get("positions", 0)
    products = counts[""] - lookups - counts["head"] + model.vocab * model.width
    attending = sum(block.attention is not None for block in model.blocks)
    return 6 * products + 12 * attending * model.width * model.context


def training_bytes(model: S.Model, recipe: Recipe) -> int:
    """Bytes of memory that training needs by `recipe`: of a batch, only the largest portion is there at a time."""
    return STATE * total(model) + portion(recipe) * activation_bytes(model, recipe.recompute)


def portion(recipe: Recipe) -> int:
    """Texts that go through the network at a time, at most."""
    return ceil(recipe.batch / recipe.accumulate)


def activation_bytes(model: S.Model, recompute: bool = False) -> int:
    """About how many bytes the forward pass keeps for the backward pass, for each text, in float32.

    Numbers per token, counted over what autograd keeps in `network.py` with attention written out: for attention 6 C
    and its weights H T (3 H T and 1 C more with dropout), for an MLP 3 C and its hidden layer before and after the
    bend (twice that if gated), at the end 2 C + 4 V. The idea is that of Korthikanti et al. 2022, section 4.1. With
    `recompute` a block keeps what goes into it, C, and what it computes is there for one block at a time.
    """
    C, T, dropped = model.width, model.context, model.dropout > 0
    blocks = []
    for block in model.blocks:
        numbers = 0
        if a := block.attention:
            numbers += (6 + dropped) * C + (1 + 2 * dropped) * a.heads * T
        if f := block.mlp:
            numbers += (3 + dropped) * C + hidden_width(f, model) * (4 if f.activation in S.GATED else 2)
        blocks.append(numbers)
    inside = len(blocks) * C + max(blocks, default=0) if recompute else sum(blocks)
    return BYTES * T * (4 * model.vocab + 2 * C + inside)


def shapes(model: S.Model) -> dict[str, str]:
    """What comes out at each path, "B, 64, 128" for B texts; "" is what goes in: token ids."""
    T = model.context
    stream = f"B, {T}, {model.width}"
    found = {"": f"B, {T}", "embed": stream}
    for i, block in enumerate(model.blocks):
        names = ["norm_1", "attn"] * (block.attention is not None) + ["norm_2", "mlp"] * (block.mlp is not None)
        found |= {f"blocks.{i}": stream, **{f"blocks.{i}.{name}": stream for name in names}}
        if a := block.attention:
            found[f"blocks.{i}.attn.qkv"] = f"B, {T}, {qkv_width(a, model)}"
            found[f"blocks.{i}.attn.seen"] = f"B, {a.heads}, {T}, {T}"
        if f := block.mlp:
            found[f"blocks.{i}.mlp.up"] = f"B, {T}, {hidden_width(f, model) * up_projections(f)}"
    found |= {f"skips.{i}": stream for i in range(len(model.skips))}
    return {**found, "norm": stream, "head": f"B, {T}, {model.vocab}"}
