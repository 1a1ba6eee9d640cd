from msgspec.structs import replace

from llmstudio.core.model.spec import MLP, Attention, Block, Convolution, Experts, Group, Model, Recurrence, Skip
from llmstudio.ui.canvas import words
from llmstudio.ui.canvas.marks import marks, shared

MODEL = Model(
    vocab=65,
    width=128,
    position="rope",
    blocks=(
        Block(norm="rms", attention=Attention(heads=4, window=8), mlp=MLP(activation="swiglu", hidden=344)),
        Block(attention=Attention(heads=8, kv_heads=2), mlp=None, norm="none"),
        Block(attention=None, mlp=None),
    ),
    skips=(Skip(source=0, target=1), Skip(source=1, target=2, gated=True), Skip(source=2, target=3)),
)
MIXED = Model(
    width=64,
    blocks=(
        Block(attention=None, mlp=None, convolution=Convolution(size=3), recurrence=Recurrence(), experts=Experts()),
    ),
)


def test_names() -> None:
    assert words.title(MODEL, "blocks.1.attn") == "Attention in block 2"
    assert words.title(MODEL, "blocks.0.mlp") == "MLP in block 1"
    assert words.title(MIXED, "blocks.0.moe") == "Experts in block 1"
    assert words.title(MODEL, "blocks.2") == "Block 3"
    assert words.title(MODEL, "skips.0") == "Extra wire, start to 2"
    assert words.title(MODEL, "skips.1") == "Extra wire, 1 to 3"
    assert words.title(MODEL, "skips.2") == "Extra wire, 2 to end"
    assert words.title(MODEL, "embed") == "Embedding"
    assert words.title(Model(name="Mine"), "") == "Mine"


def test_a_group_is_called_by_its_name_or_by_what_is_in_it() -> None:
    grouped = Model(groups=(Group(first=0, last=2), Group(first=3, last=3, name="Last")))
    assert words.title(grouped, "groups.0") == "Block ×3"
    assert words.title(grouped, "groups.1") == "Last"
    assert words.facts(grouped, "groups.0") == "blocks 1 to 3"
    other = replace(grouped, blocks=(Block(mlp=None), *grouped.blocks[1:]))
    assert words.title(other, "groups.0") == "3 blocks"


def test_facts_come_from_the_spec() -> None:
    assert words.facts(MODEL, "blocks.0.attn") == "4 heads of 32, RoPE, sees 8"
    assert words.facts(MODEL, "blocks.1.attn") == "8 heads of 16, RoPE, 2 shared K, V"
    assert words.facts(MODEL, "blocks.0.mlp") == "SwiGLU, 344 hidden"
    assert words.facts(Model(width=96), "blocks.0.mlp") == "GELU, 384 hidden"
    assert words.facts(MIXED, "blocks.0.moe") == "2 of 4, GELU, 256 hidden"
    assert words.facts(MIXED, "blocks.0.conv") == "reaches 3 tokens"
    assert words.facts(MIXED, "blocks.0.rec") == "4 heads, gated"
    assert words.facts(MODEL, "embed") == "65 to 128"
    assert words.facts(MODEL, "head") == "tied"
    assert words.block_facts(MODEL, "blocks.2") == "empty, hands on what it gets"
    assert words.block_facts(MIXED, "blocks.0") == "convolution, then recurrence, then experts"


def test_heads_have_the_width_they_are_given() -> None:
    wide = Model(width=128, blocks=(Block(attention=Attention(heads=3, head_width=64)),))
    assert words.brief(wide, "blocks.0.attn") == "3 heads of 64"
    odd = Model(width=128, blocks=(Block(attention=Attention(heads=3)),))
    assert words.brief(odd, "blocks.0.attn") == "3 heads over 128"


def test_a_head_says_its_own_way_of_positions() -> None:
    own = Model(position="rope", blocks=(Block(attention=Attention(position="alibi")),))
    assert words.brief(own, "blocks.0.attn").endswith(", ALiBi")
    none = replace(own, blocks=(Block(attention=Attention(position="none")),))
    assert "RoPE" not in words.brief(none, "blocks.0.attn") and marks(none, "blocks.0.attn") == ("no positions",)


def test_what_is_unusual_stands_on_chips() -> None:
    assert marks(Model(), "blocks.0") == marks(Model(), "blocks.0.attn") == marks(Model(), "head") == ()
    odd = Attention(heads=8, kv_heads=2, window=8, sinks=1, qk_norm=True, softcap=50, rope_base=1e6, dropout=0.1)
    model = Model(position="rope", blocks=(Block(attention=odd, parallel=True, placement="post", residual=False),))
    assert marks(model, "blocks.0") == ("parallel", "post-norm", "no residual")
    assert marks(model, "blocks.0.attn") == (
        "window 8", "GQA 2", "1 sink", "QK norm", "cap 50", "base 1\u2009M", "dropout 0.1",
    )  # fmt: skip
    assert marks(replace(model, blocks=(Block(attention=replace(odd, kv_heads=1)),)), "blocks.0.attn")[1] == "MQA"
    assert marks(Model(blocks=(Block(norm="none", placement="post"),)), "blocks.0") == ("no norm",)


def test_the_ends_say_how_places_and_scores_are_made() -> None:
    assert marks(Model(), "embed") == ("learned positions",)
    assert marks(Model(position="rope"), "embed") == ()
    assert marks(Model(position="none", embed_scale=True, embed_norm=True, width=64), "embed") == (
        "no positions", "× 8", "norm",
    )  # fmt: skip
    assert marks(Model(softcap=30, head_bias=True), "head") == ("cap 30", "biases")


def test_a_group_says_what_all_its_blocks_have() -> None:
    one, other = Block(parallel=True, attention=Attention(window=8)), Block(parallel=True)
    assert shared(Model(blocks=(one, one)), Group(first=0, last=1)) == ("parallel", "window 8")
    assert shared(Model(blocks=(one, other)), Group(first=0, last=1)) == ("parallel",)


def test_formulas_follow_the_design() -> None:
    assert words.formula(MODEL, "blocks.0.attn") == "x = x + attend(norm(x))"
    assert words.formula(MODEL, "blocks.1") == "x = x + attend(x)"
    assert words.formula(MODEL, "blocks.2") == "x = x"
    assert "gate" in words.formula(MODEL, "skips.1") and "gate" not in words.formula(MODEL, "skips.0")
    assert words.formula(Model(), "embed") == "x = embed(ids) + place"
    assert words.formula(Model(embed_scale=True, width=64, position="rope"), "embed") == "x = embed(ids) * 8"
    assert words.formula(Model(softcap=30), "head") == "scores = 30 * tanh(unembed(norm(x)) / 30)"


def test_formulas_say_where_the_norm_stands() -> None:
    def of(**options: object) -> str:
        return words.formula(Model(blocks=(Block(mlp=None, **options),)), "blocks.0")  # type: ignore[arg-type]

    assert of(placement="post") == "x = norm(x + attend(x))"
    assert of(placement="sandwich") == "x = x + norm(attend(norm(x)))"
    assert of(residual=False) == "x = attend(norm(x))"
    assert of(norm="none", placement="post") == "x = x + attend(x)"
    both = Model(blocks=(Block(parallel=True, placement="sandwich"),))
    assert words.formula(both, "blocks.0") == "h = norm(x)\nx = x + norm(attend(h) + mlp(h))"
