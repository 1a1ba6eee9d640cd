"""Random models for property tests: small, and of every kind the spec can say."""

from hypothesis import strategies as st

from llmstudio.core.model.spec import MLP, Attention, Block, Model, Skip

NORMS = st.sampled_from(["layer", "rms", "none"])
ACTIVATIONS = st.sampled_from(["gelu", "gelu_tanh", "relu", "relu2", "silu", "swiglu", "geglu"])


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """Sound for a width of 24, with an even head width."""
    heads, kv_heads = draw(st.sampled_from([(1, None), (2, 1), (4, 2), (4, None), (6, 3), (12, 4)]))
    window = draw(st.none() | st.integers(1, 6))
    attention = Attention(
        heads=heads, kv_heads=kv_heads, window=window, bias=draw(st.booleans()), qk_norm=draw(st.booleans())
    )
    mlp = MLP(hidden=draw(st.none() | st.integers(1, 40)), activation=draw(ACTIVATIONS), bias=draw(st.booleans()))
    parts = draw(st.sampled_from([(attention, mlp), (attention, None), (None, mlp)]))
    return Block(attention=parts[0], mlp=parts[1], norm=draw(NORMS))


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Models without problems."""
    stack = tuple(draw(st.lists(blocks(), min_size=1, max_size=4)))
    pairs = [(a, b) for b in range(len(stack)) for a in range(b)]
    wires = draw(st.lists(st.sampled_from(pairs), max_size=3)) if pairs else []
    return Model(
        vocab=draw(st.integers(1, 40)),
        context=draw(st.integers(6, 12)),
        width=24,
        position=draw(st.sampled_from(["learned", "rope", "none"])),
        norm=draw(NORMS),
        norm_bias=draw(st.booleans()),
        tied=draw(st.booleans()),
        silent=draw(st.booleans()),
        dropout=draw(st.sampled_from([0.0, 0.1])),
        blocks=stack,
        skips=tuple(Skip(source=a, target=b, gated=draw(st.booleans())) for a, b in wires),
    )


def wild() -> st.SearchStrategy[Model]:
    """Models as a person leaves them half-way through an edit: anything the types allow, within small sizes."""
    whole = st.integers(-1, 26)
    maybe = st.none() | whole
    attention = st.builds(Attention, heads=whole, kv_heads=maybe, window=maybe, bias=st.booleans())
    mlp = st.builds(MLP, hidden=maybe, activation=ACTIVATIONS, bias=st.booleans())
    block = st.builds(Block, attention=st.none() | attention, mlp=st.none() | mlp, norm=NORMS)
    return st.builds(
        Model,
        vocab=whole,
        context=whole,
        width=whole,
        position=st.sampled_from(["learned", "rope", "none"]),
        rope_base=st.floats(),
        norm=NORMS,
        norm_eps=st.floats(),
        tied=st.booleans(),
        dropout=st.floats(-1, 2),
        blocks=st.lists(block, max_size=3).map(tuple),
        skips=st.lists(st.builds(Skip, source=whole, target=whole, gated=st.booleans()), max_size=2).map(tuple),
    )
