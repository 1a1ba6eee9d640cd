"""Well-known models, parameter for parameter. Their counts are held against the published ones in a test."""

from .spec import MLP, Attention, Block, Group, Model


def together(depth: int) -> tuple[Group, ...]:
    """All blocks as one group: a tower of equal blocks is drawn as one."""
    return (Group(first=0, last=depth - 1),)


def _gpt2(name: str, width: int, depth: int, heads: int) -> Model:
    """Radford et al. 2019, table 2."""
    attention = Attention(heads=heads, bias=True)
    block = Block(attention=attention, mlp=MLP(hidden=4 * width, activation="gelu_tanh", bias=True))
    return Model(
        name=name,
        vocab=50257,
        context=1024,
        width=width,
        norm_bias=True,
        blocks=(block,) * depth,
        groups=together(depth),
    )


GPT2_SMALL = _gpt2("GPT-2", 768, 12, 12)
GPT2_MEDIUM = _gpt2("GPT-2 medium", 1024, 24, 16)
GPT2_LARGE = _gpt2("GPT-2 large", 1280, 36, 20)
GPT2_XL = _gpt2("GPT-2 XL", 1600, 48, 25)

LLAMA_32_1B = Model(
    name="Llama 3.2 1B",
    vocab=128_256,
    context=131_072,
    width=2048,
    position="rope",
    rope_base=500_000.0,
    rope_scaling="llama3",
    rope_factor=32.0,
    rope_original=8192,
    norm="rms",
    blocks=(Block(norm="rms", attention=Attention(heads=32, kv_heads=8), mlp=MLP(hidden=8192, activation="swiglu")),)
    * 16,
    groups=together(16),
)

QWEN3_06B = Model(
    name="Qwen3 0.6B",
    vocab=151_936,
    context=40_960,
    width=1024,
    position="rope",
    rope_base=1_000_000.0,
    norm="rms",
    norm_eps=1e-6,
    blocks=(
        Block(
            norm="rms",
            attention=Attention(heads=16, kv_heads=8, head_width=128, qk_norm=True),
            mlp=MLP(hidden=3072, activation="swiglu"),
        ),
    )
    * 28,
    groups=together(28),
)


def gemma2_block(heads: int, kv_heads: int, head_width: int | None, window: int | None, hidden: int) -> Block:
    """Norms on both sides, capped scores; every second block sees a window (Gemma 2, 2024, section 2)."""
    return Block(
        norm="rms",
        placement="sandwich",
        attention=Attention(heads=heads, kv_heads=kv_heads, head_width=head_width, window=window, softcap=50.0),
        mlp=MLP(hidden=hidden, activation="geglu_tanh"),
    )


GEMMA2_2B = Model(
    name="Gemma 2 2B",
    vocab=256_000,
    context=8192,
    width=2304,
    position="rope",
    norm="rms",
    norm_eps=1e-6,
    embed_scale=True,
    softcap=30.0,
    blocks=(gemma2_block(8, 4, 256, 4096, 9216), gemma2_block(8, 4, 256, None, 9216)) * 13,
    groups=together(26),
)

GPTJ_6B = Model(
    name="GPT-J 6B",
    vocab=50_400,
    context=2048,
    width=4096,
    position="rope",
    rope_share=0.25,
    norm_bias=True,
    tied=False,
    head_bias=True,
    blocks=(
        Block(
            parallel=True,
            attention=Attention(heads=16),
            mlp=MLP(hidden=16_384, activation="gelu_tanh", bias=True),
        ),
    )
    * 28,
    groups=together(28),
)

NANOCHAT_D20 = Model(
    name="nanochat d20",
    vocab=65_536,
    context=2048,
    width=1280,
    position="rope",
    norm="rms",
    norm_gain=False,
    norm_eps=1e-6,
    embed_norm=True,
    silent=True,
    tied=False,
    softcap=15.0,
    blocks=(Block(norm="rms", attention=Attention(heads=10, qk_norm=True), mlp=MLP(activation="relu2")),) * 20,
    groups=together(20),
)
