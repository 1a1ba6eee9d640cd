from llmstudio.core.model.spec import MLP, Attention, Block, Model, Skip
from llmstudio.ui.canvas import words

MODEL = Model(
    vocab=65,
    width=128,
    position="rope",
    blocks=(
        Block(norm="rms", attention=Attention(heads=4, window=8), mlp=MLP(activation="swiglu", hidden=344)),
        Block(attention=Attention(heads=8, kv_heads=2), mlp=None, norm="none"),
        Block(attention=None, mlp=None),
    ),
    skips=(Skip(source=0, target=1), Skip(source=1, target=2, gated=True)),
)


def test_names() -> None:
    assert words.title(MODEL, "blocks.1.attn") == "Attention in block 2"
    assert words.title(MODEL, "blocks.0.mlp") == "MLP in block 1"
    assert words.title(MODEL, "blocks.2") == "Block 3"
    assert words.title(MODEL, "skips.0") == "Extra wire, start to 2"
    assert words.title(MODEL, "skips.1") == "Extra wire, 1 to 3"
    assert words.title(MODEL, "embed") == "Embedding"
    assert words.title(Model(name="Mine"), "") == "Mine"


def test_facts_come_from_the_spec() -> None:
    assert words.facts(MODEL, "blocks.0.attn") == "4 heads of 32, RoPE, sees 8"
    assert words.facts(MODEL, "blocks.1.attn") == "8 heads of 16, 2 shared K, V, RoPE"
    assert words.facts(MODEL, "blocks.0.mlp") == "SwiGLU, 344 hidden"
    assert words.facts(Model(width=96), "blocks.0.mlp") == "GELU, 384 hidden"
    assert words.facts(MODEL, "embed") == "65 to 128"
    assert words.facts(MODEL, "head") == "tied"
    assert words.block_facts(MODEL, "blocks.2") == "empty, hands on what it gets"


def test_formulas_follow_the_design() -> None:
    assert words.formula(MODEL, "blocks.0.attn") == "x = x + attend(norm(x))"
    assert words.formula(MODEL, "blocks.1") == "x = x + attend(x)"
    assert words.formula(MODEL, "blocks.2") == "x = x"
    assert "gate" in words.formula(MODEL, "skips.1") and "gate" not in words.formula(MODEL, "skips.0")
    assert words.formula(Model(), "embed") == "x = embed(ids) + place"
