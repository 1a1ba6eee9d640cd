"""Random models for property tests: small, and of every kind the spec can say."""

from typing import get_args

from hypothesis import strategies as st
from msgspec.structs import replace

from llmstudio.core.model.spec import (
    MLP,
    PARTS,
    Activation,
    Attention,
    Block,
    Convolution,
    Experts,
    Group,
    Model,
    Norm,
    Recurrence,
    Skip,
)

WIDTH = 24
NORMS = st.sampled_from(get_args(Norm))
ACTIVATIONS = st.sampled_from(get_args(Activation))
POSITIONS = st.sampled_from(["learned", "sinusoidal", "rope", "alibi", "none"])
SCALINGS = st.sampled_from(["none", "linear", "llama3"])
PLACES = st.sampled_from(["pre", "post", "sandwich"])
OWN = st.sampled_from([None, "rope", "alibi", "none"])
MAYBE_DROPOUT = st.sampled_from([None, None, 0.0, 0.2])


@st.composite
def attentions(draw: st.DrawFn) -> Attention:
    """Sound for a width of 24, with an even head width."""
    heads, kv_heads = draw(st.sampled_from([(1, None), (2, 1), (4, 2), (4, None), (6, 3), (12, 4)]))
    window = draw(st.none() | st.integers(1, 6))
    return Attention(
        heads=heads,
        kv_heads=kv_heads,
        head_width=draw(st.sampled_from([None, None, 2, 8])),
        window=window,
        sinks=draw(st.none() | st.integers(1, 3)) if window else None,
        position=draw(OWN),
        rope_base=draw(st.sampled_from([None, 100.0])),
        qk_norm=draw(st.booleans()),
        softcap=draw(st.sampled_from([None, None, 2.0])),
        dropout=draw(MAYBE_DROPOUT),
        bias=draw(st.booleans()),
    )


@st.composite
def parts(draw: st.DrawFn, name: str):
    hidden, activation, bias = draw(st.none() | st.integers(1, 40)), draw(ACTIVATIONS), draw(st.booleans())
    match name:
        case "conv":
            return Convolution(size=draw(st.integers(2, 6)), bias=bias)
        case "attn":
            return draw(attentions())
        case "rec":
            return Recurrence(heads=draw(st.sampled_from([1, 2, 6])), gate=draw(st.booleans()), bias=bias)
        case "mlp":
            return MLP(hidden=hidden, activation=activation, bias=bias, dropout=draw(MAYBE_DROPOUT))
        case "moe":
            experts = draw(st.integers(2, 4))
            top = draw(st.integers(1, experts))
            return Experts(experts=experts, top_k=top, hidden=hidden, activation=activation, bias=bias)


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """Sound for a width of 24."""
    usual = st.sampled_from([{"attn", "mlp"}, {"attn"}, {"mlp"}])
    names = draw(usual | st.sets(st.sampled_from([*PARTS]), min_size=1))
    bare = Block(attention=None, mlp=None, norm=draw(NORMS))
    block = replace(bare, **{field: draw(parts(name)) for name, field in PARTS.items() if name in names})
    return replace(
        block,
        placement=draw(PLACES) if block.norm != "none" else "pre",
        parallel=draw(st.booleans()),
        residual=draw(st.sampled_from([True, True, True, False])),
    )


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Models without problems."""
    stack = tuple(draw(st.lists(blocks(), min_size=1, max_size=4)))
    pairs = [(a, b) for b in range(len(stack) + 1) for a in range(b)]
    wires = draw(st.lists(st.sampled_from(pairs), max_size=3))
    group = Group(first=draw(st.integers(0, len(stack) - 1)), last=len(stack) - 1)
    return Model(
        vocab=draw(st.integers(1, 40)),
        context=draw(st.integers(6, 12)),
        width=WIDTH,
        position=draw(POSITIONS),
        rope_base=draw(st.sampled_from([10_000.0, 50.0])),
        rope_share=draw(st.sampled_from([1.0, 0.5, 0.1])),
        rope_scaling=draw(SCALINGS),
        rope_factor=draw(st.sampled_from([1.0, 4.0])),
        rope_original=draw(st.integers(1, 100)),
        norm=draw(NORMS),
        norm_bias=draw(st.booleans()),
        norm_gain=draw(st.booleans()),
        embed_norm=draw(st.booleans()),
        embed_scale=draw(st.booleans()),
        silent=draw(st.booleans()) and all(block.residual for block in stack),
        tied=draw(st.booleans()),
        head_bias=draw(st.booleans()),
        softcap=draw(st.sampled_from([None, 5.0])),
        dropout=draw(st.sampled_from([0.0, 0.1])),
        blocks=stack,
        skips=tuple(Skip(source=a, target=b, gated=draw(st.booleans())) for a, b in wires),
        groups=draw(st.sampled_from([(), (group,)])),
    )


def wild() -> st.SearchStrategy[Model]:
    """Models as a person leaves them half-way through an edit: anything the types allow, within small sizes."""
    whole = st.integers(-1, 26)
    maybe = st.none() | whole
    attention = st.builds(
        Attention, heads=whole, kv_heads=maybe, head_width=maybe, window=maybe, sinks=maybe, position=OWN,
        rope_base=st.none() | st.floats(), softcap=st.none() | st.floats(), dropout=st.none() | st.floats(-1, 2),
        qk_norm=st.booleans(), bias=st.booleans(),
    )  # fmt: skip
    mlp = st.builds(MLP, hidden=maybe, activation=ACTIVATIONS, bias=st.booleans(), dropout=st.none() | st.floats(-1, 2))
    experts = st.builds(
        Experts, experts=whole, top_k=whole, hidden=maybe, activation=ACTIVATIONS, balance=st.floats(-1, 2)
    )
    block = st.builds(
        Block,
        convolution=st.none() | st.builds(Convolution, size=whole),
        attention=st.none() | attention,
        recurrence=st.none() | st.builds(Recurrence, heads=whole),
        mlp=st.none() | mlp,
        experts=st.none() | experts,
        norm=NORMS,
        placement=PLACES,
        parallel=st.booleans(),
        residual=st.booleans(),
    )
    return st.builds(
        Model,
        vocab=whole,
        context=whole,
        width=whole,
        position=POSITIONS,
        rope_base=st.floats(),
        rope_share=st.floats(-1, 2),
        rope_scaling=SCALINGS,
        rope_factor=st.floats(),
        rope_original=whole,
        norm=NORMS,
        norm_eps=st.floats(),
        tied=st.booleans(),
        softcap=st.none() | st.floats(),
        dropout=st.floats(-1, 2),
        blocks=st.lists(block, max_size=3).map(tuple),
        skips=st.lists(st.builds(Skip, source=whole, target=whole, gated=st.booleans()), max_size=2).map(tuple),
        groups=st.lists(st.builds(Group, first=whole, last=whole), max_size=2).map(tuple),
    )
