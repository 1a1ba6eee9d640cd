"""Well-known models at their full size, against the published figures and against transformers' own modules."""

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    GPT2Config,
    GPTJConfig,
    LlamaConfig,
    PretrainedConfig,
    Qwen3Config,
)

from llmstudio.core.model import cost
from llmstudio.core.model.check import problems
from llmstudio.core.model.network import GPT
from llmstudio.core.model.presets import PRESETS

PUBLISHED = {
    "gpt2-small": 124_439_808,  # huggingface.co/openai-community/gpt2, tensors without the masks
    "gpt2-medium": 354_823_168,  # .../gpt2-medium
    "gpt2-large": 774_030_080,  # .../gpt2-large
    "gpt2-xl": 1_557_611_200,  # .../gpt2-xl
    "llama3.2-1b": 1_235_814_400,  # huggingface.co/meta-llama/Llama-3.2-1B: "1.23B"
    "qwen3-0.6b": 596_049_920,  # huggingface.co/Qwen/Qwen3-0.6B: "0.6B", 0.44B without the embedding
    "gemma2-2b": 2_614_341_888,  # huggingface.co/google/gemma-2-2b: "2.61B"
    "gptj-6b": 6_050_882_784,  # huggingface.co/EleutherAI/gpt-j-6b: "6.05B"
    "nanochat-d20": 560_988_160,  # github.com/karpathy/nanochat, discussion 1: "Number of parameters: 560,988,160"
}
ORIGINALS: dict[str, PretrainedConfig] = {
    "gpt2-small": GPT2Config(),
    "gpt2-medium": GPT2Config(n_embd=1024, n_layer=24, n_head=16),
    "gpt2-large": GPT2Config(n_embd=1280, n_layer=36, n_head=20),
    "gpt2-xl": GPT2Config(n_embd=1600, n_layer=48, n_head=25),
    "llama3.2-1b": LlamaConfig(
        vocab_size=128_256, hidden_size=2048, intermediate_size=8192, num_hidden_layers=16, num_attention_heads=32,
        num_key_value_heads=8, tie_word_embeddings=True,
    ),
    "qwen3-0.6b": Qwen3Config(
        vocab_size=151_936, hidden_size=1024, intermediate_size=3072, num_hidden_layers=28, num_attention_heads=16,
        num_key_value_heads=8, head_dim=128, tie_word_embeddings=True,
    ),
    "gemma2-2b": Gemma2Config(
        vocab_size=256_000, hidden_size=2304, intermediate_size=9216, num_hidden_layers=26, num_attention_heads=8,
        num_key_value_heads=4, head_dim=256,
    ),
    "gptj-6b": GPTJConfig(tie_word_embeddings=False),
}  # fmt: skip


def test_every_published_preset_is_in_the_table() -> None:
    assert PUBLISHED.keys() == {name for name, preset in PRESETS.items() if preset.group == "published"}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes(name: str) -> None:
    model = PRESETS[name].model
    with torch.device("meta"):
        gpt = GPT(model)
    assert sum(p.numel() for p in gpt.parameters()) == PUBLISHED[name] == cost.total(model)


@pytest.mark.parametrize("name", ORIGINALS)
def test_sizes_of_the_originals(name: str) -> None:
    with torch.device("meta"):
        original = AutoModelForCausalLM.from_config(ORIGINALS[name])
    assert sum(p.numel() for p in original.parameters()) == PUBLISHED[name]
    if name in ("gpt2-small", "gptj-6b"):  # of these, the configuration's own defaults are the model
        model, theirs = PRESETS[name].model, ORIGINALS[name]
        assert (model.vocab, model.context, model.norm_eps) == (
            theirs.vocab_size, theirs.n_positions, theirs.layer_norm_epsilon
        )  # fmt: skip


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_no_problems_and_names_of_their_own(name: str) -> None:
    assert problems(PRESETS[name].model) == []
    assert [p.title for p in PRESETS.values()].count(PRESETS[name].title) == 1
    assert [p.model.name for p in PRESETS.values()].count(PRESETS[name].model.name) == 1


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.group == "small"])
def test_small_presets_learn(name: str) -> None:
    model = PRESETS[name].model
    gpt = GPT(model, seed=1).train()
    idx = torch.randint(model.vocab, (2, 17), generator=torch.Generator().manual_seed(2))
    moves = torch.optim.AdamW(gpt.parameters(), 3e-3)
    losses = []
    for _ in range(5):
        loss = torch.nn.functional.cross_entropy(gpt(idx[:, :-1]).flatten(0, 1), idx[:, 1:].flatten())
        moves.zero_grad()
        loss.backward()
        moves.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] - 0.005, losses
