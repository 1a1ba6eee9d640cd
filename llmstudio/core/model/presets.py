"""Designs to start from: a model, how to train it, and how to cut the text into tokens."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from llmstudio.core.data.source import Settings
from llmstudio.core.train.recipe import Recipe

from . import published
from .spec import MLP, Attention, Block, Model, Skip


class Preset(Struct, frozen=True, kw_only=True):
    group: Literal["small", "published"] = "small"  # trains on a laptop, or is a known model at its full size
    title: str
    text: str  # one sentence: what it is and when to take it
    model: Model
    recipe: Recipe
    data: Settings


NANO = Preset(
    title="Nano",
    text="A small modern design that learns to answer within a minute or so on a laptop.",
    model=Model(
        name="Nano",
        vocab=2048,
        context=64,
        width=128,
        position="rope",
        silent=True,
        blocks=(Block(attention=Attention(qk_norm=True), mlp=MLP(activation="relu2")),) * 2,
    ),
    recipe=Recipe(
        steps=1800,
        batch=24,
        optimizer="muon",
        learning_rate=1e-2,
        matrix_rate=0.02,
        min_learning_rate=0.0,
        schedule="linear",
        warmup=0,
        weight_decay=0.0,
        beta2=0.95,
        momentum=0.9,
        evaluate_every=200,
        evaluate_batches=10,
        sample_every=400,
        sample_tokens=60,
    ),
    data=Settings(tokenizer="bpe", vocabulary=2048),
)

NANOGPT_SHAKESPEARE_CPU = Preset(
    title="nanoGPT on a CPU",
    text="The smallest configuration of Karpathy's nanoGPT, letter by letter: a well-known point to compare with.",
    model=Model(name="nanoGPT", vocab=65, context=64, width=128, blocks=(Block(),) * 4),
    recipe=Recipe(
        steps=2000,
        batch=12,
        learning_rate=1e-3,
        min_learning_rate=1e-4,
        warmup=100,
        weight_decay=0.1,
        beta1=0.9,
        beta2=0.99,
        clip=1.0,
    ),
    data=Settings(split="share", validation=0.1, tokenizer="character"),
)

LLAMA_LIKE = Preset(
    title="Llama-like",
    text="The parts of Llama at a small size: RMS norms, RoPE, SwiGLU, and three heads to each key and value.",
    model=Model(
        name="Llama-like",
        vocab=4096,
        context=256,
        width=384,
        position="rope",
        norm="rms",
        tied=False,
        blocks=(Block(norm="rms", attention=Attention(heads=6, kv_heads=2), mlp=MLP(hidden=1024, activation="swiglu")),)
        * 8,
    ),
    recipe=Recipe(steps=5000, batch=16, learning_rate=1e-3, min_learning_rate=1e-4, warmup=200, beta2=0.95),
    data=Settings(tokenizer="bpe", vocabulary=4096),
)

MARKOV = Preset(
    title="Letters",
    text="A small model for a small alphabet: it reaches the limit of a known source within two minutes.",
    model=Model(
        name="Letters",
        vocab=13,
        context=128,
        width=64,
        position="rope",
        norm="rms",
        blocks=(Block(norm="rms", mlp=MLP(activation="swiglu", hidden=172)),) * 2,
    ),
    recipe=Recipe(steps=1500, batch=12, learning_rate=4e-3, min_learning_rate=1e-4, prompt="\n"),
    data=Settings(split="share", tokenizer="character"),
)

QUICK = Preset(
    title="Quick letters",
    text="Letter by letter, with all that makes learning fast: in seconds as good as nanoGPT's loop after a minute.",
    model=Model(
        name="Quick",
        vocab=65,
        context=64,
        width=176,
        position="rope",
        silent=True,
        tied=False,
        blocks=(Block(attention=Attention(qk_norm=True), mlp=MLP(activation="relu2")),) * 2,
    ),
    recipe=Recipe(
        steps=130,
        batch=20,
        optimizer="muon",
        learning_rate=0.015,
        matrix_rate=0.03,
        min_learning_rate=0.0,
        schedule="linear",
        warmup=0,
        weight_decay=0.0,
        beta1=0.8,
        beta2=0.95,
        momentum=0.8,
        evaluate_every=65,
        evaluate_batches=10,
        sample_every=65,
    ),
    data=Settings(split="share", validation=0.1, tokenizer="character"),
)


def _letters(title: str, text: str, model: Model, **recipe: float) -> Preset:
    """Small enough to be trained letter by letter within minutes; 65 letters, as tiny Shakespeare has."""
    return Preset(
        title=title,
        text=text,
        model=model,
        recipe=Recipe(**{"steps": 2000, "batch": 16, "min_learning_rate": 1e-4, "beta2": 0.99, **recipe}),  # type: ignore[arg-type]
        data=Settings(split="share", validation=0.1, tokenizer="character"),
    )


def _words(title: str, text: str, model: Model) -> Preset:
    """Small, with a vocabulary of 4,096 pieces of words."""
    return Preset(title=title, text=text, model=model, recipe=LLAMA_LIKE.recipe, data=LLAMA_LIKE.data)


GEMMA_LIKE = _words(
    "Gemma-like",
    "The parts of Gemma 2 at a small size: norms on both sides, capped scores, and a window on every second block.",
    replace(
        published.GEMMA2_2B,
        groups=(),
        name="Gemma-like",
        vocab=4096,
        context=256,
        width=320,
        blocks=(published.gemma2_block(4, 2, None, 64, 1280), published.gemma2_block(4, 2, None, None, 1280)) * 3,
    ),
)

GPTJ_LIKE = _words(
    "GPT-J-like",
    "Attention and MLP read the same stream and are added at once; a quarter of each head is rotated.",
    replace(
        published.GPTJ_6B,
        groups=(),
        name="GPT-J-like",
        vocab=4096,
        context=256,
        width=256,
        blocks=(Block(parallel=True, attention=Attention(heads=4), mlp=MLP(activation="gelu_tanh", bias=True)),) * 6,
    ),
)

NANOCHAT_LIKE = _words(
    "nanochat-like",
    "The parts of nanochat at a small size: norms without gains, squared ReLU, scores that cannot run away.",
    replace(
        published.NANOCHAT_D20,
        groups=(),
        name="nanochat-like",
        vocab=4096,
        context=256,
        width=256,
        blocks=(Block(norm="rms", attention=Attention(heads=4, qk_norm=True), mlp=MLP(activation="relu2")),) * 4,
    ),
)

U_NET = _letters(
    "U-net wires",
    "Late blocks read what early ones did, through gated wires as in a U-net (Ronneberger et al. 2015).",
    Model(
        name="U-net",
        vocab=65,
        context=64,
        width=128,
        position="rope",
        norm="rms",
        blocks=(Block(norm="rms", attention=Attention(qk_norm=True), mlp=MLP(activation="relu2")),) * 6,
        skips=tuple(Skip(source=i, target=6 - i, gated=True) for i in (0, 1, 2)),
    ),
)

ATTENTION_ONLY = _letters(
    "Attention only",
    "Two layers of attention and nothing else: the smallest that can learn to copy what came after the last time"
    " (induction heads, Elhage et al. 2021).",
    Model(
        name="Attention only",
        vocab=65,
        context=128,
        width=128,
        position="rope",
        tied=False,
        blocks=(Block(attention=Attention(heads=8), mlp=None),) * 2,
    ),
    steps=4000,
)

TWO_WIDE = _letters(
    "Two wide",
    "Two numbers per token: all that it thinks can be drawn on paper. It learns little, and one sees how.",
    Model(
        name="Two wide",
        vocab=65,
        context=32,
        width=2,
        norm="rms",
        blocks=(Block(norm="rms", attention=Attention(heads=1), mlp=MLP(hidden=16)),) * 2,
    ),
    learning_rate=0.01,
    min_learning_rate=1e-3,
)


def _published(title: str, paper: str, model: Model, rate: float) -> Preset:
    """At its full size: to look at, to count, and to train where there is a machine for it."""
    return Preset(
        group="published",
        title=title,
        text=f"The design of {title} ({paper}), parameter for parameter: large for a computer without a GPU.",
        model=model,
        recipe=Recipe(
            steps=20_000,
            batch=8,
            learning_rate=rate,  # of this size: Brown et al. 2020, table 2.1
            min_learning_rate=rate / 10,
            warmup=700,
            beta2=0.95,
            sample_every=500,
        ),
        data=Settings(tokenizer="bpe", vocabulary=model.vocab),
    )


PRESETS = {
    "nano": NANO,
    "quick": QUICK,
    "markov": MARKOV,
    "nanogpt-shakespeare-cpu": NANOGPT_SHAKESPEARE_CPU,
    "llama-like": LLAMA_LIKE,
    "gemma-like": GEMMA_LIKE,
    "gptj-like": GPTJ_LIKE,
    "nanochat-like": NANOCHAT_LIKE,
    "u-net": U_NET,
    "attention-only": ATTENTION_ONLY,
    "two-wide": TWO_WIDE,
    "gpt2-small": _published("GPT-2 small", "Radford et al. 2019", published.GPT2_SMALL, 6e-4),
    "gpt2-medium": _published("GPT-2 medium", "Radford et al. 2019", published.GPT2_MEDIUM, 3e-4),
    "gpt2-large": _published("GPT-2 large", "Radford et al. 2019", published.GPT2_LARGE, 2.5e-4),
    "gpt2-xl": _published("GPT-2 XL", "Radford et al. 2019", published.GPT2_XL, 2e-4),
    "llama3.2-1b": _published("Llama 3.2 1B", "Llama team 2024", published.LLAMA_32_1B, 2e-4),
    "qwen3-0.6b": _published("Qwen3 0.6B", "Qwen team 2025", published.QWEN3_06B, 3e-4),
    "gemma2-2b": _published("Gemma 2 2B", "Gemma team 2024", published.GEMMA2_2B, 1.6e-4),
    "gptj-6b": _published("GPT-J 6B", "Wang & Komatsuzaki 2021", published.GPTJ_6B, 1.2e-4),
    "nanochat-d20": _published("nanochat d20", "Karpathy 2025", published.NANOCHAT_D20, 3e-4),
}
