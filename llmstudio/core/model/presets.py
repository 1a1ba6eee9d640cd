"""Designs to start from: a model, how to train it, and how to cut the text into tokens."""

from msgspec import Struct

from llmstudio.core.data.source import Settings
from llmstudio.core.train.recipe import Recipe

from .spec import MLP, Attention, Block, Model


class Preset(Struct, frozen=True, kw_only=True):
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

GPT2_SMALL = Preset(
    title="GPT-2 small",
    text="The design of GPT-2 with 124 million parameters (Radford et al. 2019): large for a computer without a GPU.",
    model=Model(
        name="GPT-2",
        vocab=50257,
        context=1024,
        width=768,
        norm_bias=True,
        blocks=(
            Block(attention=Attention(heads=12, bias=True), mlp=MLP(hidden=3072, activation="gelu_tanh", bias=True)),
        )
        * 12,
    ),
    recipe=Recipe(
        steps=20_000,
        batch=8,
        learning_rate=6e-4,
        min_learning_rate=6e-5,
        warmup=700,
        beta2=0.95,
        sample_every=500,
    ),
    data=Settings(tokenizer="bpe", vocabulary=50257),
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
        blocks=(
            Block(norm="rms", attention=Attention(heads=6, kv_heads=2), mlp=MLP(hidden=1024, activation="swiglu")),
        )
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

PRESETS = {
    "nano": NANO,
    "quick": QUICK,
    "markov": MARKOV,
    "nanogpt-shakespeare-cpu": NANOGPT_SHAKESPEARE_CPU,
    "gpt2-small": GPT2_SMALL,
    "llama-like": LLAMA_LIKE,
}
