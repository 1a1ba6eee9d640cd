"""Small models of well-known families give the scores of Hugging Face transformers with the same random weights."""

import pytest
import torch
from msgspec.structs import replace
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    BloomConfig,
    Gemma2Config,
    GPT2Config,
    GPTJConfig,
    LlamaConfig,
    PretrainedConfig,
    Qwen3Config,
)

from llmstudio.core.model import published
from llmstudio.core.model.network import GPT, Cache
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.model.spec import MLP, Attention, Block, Model

V, T, C, L = 97, 24, 48, 3
CLOSE = {"rtol": 0.0, "atol": 1e-4}
Weights = dict[str, Tensor]


def shaken(model: torch.nn.Module) -> torch.nn.Module:
    """Weights large enough that every part matters, biases and gains too."""
    dice = torch.Generator().manual_seed(4)
    for p in model.parameters():
        p.data += 0.2 * torch.randn(p.shape, generator=dice)
    return model.eval()


def small(model: Model, heads: int, kv_heads: int | None = None, hidden: int = 80, **sizes) -> Model:
    """The same parts in three blocks at a smaller size; windows of 5, heads 16 wide where their width is given."""
    blocks = []
    for block in model.blocks[:L]:
        a = block.attention
        a = replace(a, heads=heads, kv_heads=kv_heads, window=a.window and 5, head_width=a.head_width and 16)
        blocks.append(replace(block, attention=a, mlp=replace(block.mlp, hidden=hidden)))
    return replace(model, vocab=V, context=T, width=C, blocks=tuple(blocks), **sizes)


@torch.no_grad()
def check(model: Model, config: PretrainedConfig, convert) -> None:
    """`convert`: their weights by name to ours. The cache is asked too: one position after another."""
    theirs = shaken(AutoModelForCausalLM.from_config(config, attn_implementation="eager"))
    gpt = GPT(model).eval()
    ours, own = convert(theirs.state_dict()), dict(gpt.named_parameters())
    assert own.keys() == ours.keys()
    for name, tensor in ours.items():
        assert own[name].shape == tensor.shape, name
        own[name].copy_(tensor)
    idx = torch.randint(V, (2, T), generator=torch.Generator().manual_seed(3))
    expected, cache = theirs(idx).logits, Cache(gpt, batch=2)
    assert float(expected.std()) > 0.1
    torch.testing.assert_close(gpt(idx), expected, **CLOSE)
    torch.testing.assert_close(torch.cat([gpt(one, cache) for one in idx.split(1, 1)], 1), expected, **CLOSE)


def gpt2(w: Weights) -> Weights:
    ours = {"embed.weight": w["transformer.wte.weight"], "positions.weight": w["transformer.wpe.weight"]}
    names = {
        "ln_1": "norm_attn", "ln_2": "norm_mlp", "attn.c_attn": "attn.qkv", "attn.c_proj": "attn.out",
        "mlp.c_fc": "mlp.up", "mlp.c_proj": "mlp.down",
    }  # fmt: skip
    for end in ("weight", "bias"):
        ours[f"norm.{end}"] = w[f"transformer.ln_f.{end}"]
        for i in range(L):
            for their, our in names.items():
                ours[f"blocks.{i}.{our}.{end}"] = w[f"transformer.h.{i}.{their}.{end}"]
    return {name: t.mT if "blocks" in name and t.dim() == 2 else t for name, t in ours.items()}


def llama(w: Weights) -> Weights:
    """Also Qwen3, which has norms of queries and keys, and what it shares with Gemma."""
    ours = {"embed.weight": w["model.embed_tokens.weight"], "norm.weight": w["model.norm.weight"]}
    if not torch.equal(w["lm_head.weight"], w["model.embed_tokens.weight"]):
        ours["head.weight"] = w["lm_head.weight"]
    for i in range(L):
        here, there = f"blocks.{i}.", f"model.layers.{i}."
        ours[f"{here}attn.qkv.weight"] = torch.cat([w[f"{there}self_attn.{k}_proj.weight"] for k in "qkv"])
        ours[f"{here}attn.out.weight"] = w[f"{there}self_attn.o_proj.weight"]
        ours[f"{here}mlp.up.weight"] = torch.cat([w[f"{there}mlp.{k}_proj.weight"] for k in ("gate", "up")])
        ours[f"{here}mlp.down.weight"] = w[f"{there}mlp.down_proj.weight"]
        ours[f"{here}norm_attn.weight"] = w[f"{there}input_layernorm.weight"]
        ours[f"{here}norm_mlp.weight"] = w[f"{there}post_attention_layernorm.weight"]
        for name in "qk":
            if f"{there}self_attn.{name}_norm.weight" in w:
                ours[f"{here}attn.{name}_norm.weight"] = w[f"{there}self_attn.{name}_norm.weight"]
    return ours


def gemma(w: Weights) -> Weights:
    """Its norms multiply by 1 + weight; there are four in a block."""
    ours = llama(w)
    for i in range(L):
        here, there = f"blocks.{i}.", f"model.layers.{i}."
        ours[f"{here}after_attn.weight"] = w[f"{there}post_attention_layernorm.weight"]
        ours[f"{here}norm_mlp.weight"] = w[f"{there}pre_feedforward_layernorm.weight"]
        ours[f"{here}after_mlp.weight"] = w[f"{there}post_feedforward_layernorm.weight"]
    return {name: t + 1 if "norm" in name or "after" in name else t for name, t in ours.items()}


def gptj(w: Weights) -> Weights:
    """It rotates neighbours, we rotate the halves: rows of queries and keys change places."""
    order = torch.cat([torch.arange(0, 8, 2), torch.arange(1, 8, 2), torch.arange(8, 16)])
    ours = {"embed.weight": w["transformer.wte.weight"], "head.weight": w["lm_head.weight"]}
    ours["head.bias"] = w["lm_head.bias"]
    for end in ("weight", "bias"):
        ours[f"norm.{end}"] = w[f"transformer.ln_f.{end}"]
    for i in range(L):
        here, there = f"blocks.{i}.", f"transformer.h.{i}."
        q, k, v = (w[f"{there}attn.{name}_proj.weight"].view(-1, 16, C) for name in "qkv")
        ours[f"{here}attn.qkv.weight"] = torch.cat([q[:, order], k[:, order], v]).view(3 * C, C)
        ours[f"{here}attn.out.weight"] = w[f"{there}attn.out_proj.weight"]
        for end in ("weight", "bias"):
            ours[f"{here}norm.{end}"] = w[f"{there}ln_1.{end}"]
            ours[f"{here}mlp.up.{end}"] = w[f"{there}mlp.fc_in.{end}"]
            ours[f"{here}mlp.down.{end}"] = w[f"{there}mlp.fc_out.{end}"]
    return ours


def bloom(w: Weights) -> Weights:
    """Queries, keys and values lie side by side for each head."""
    ours = {"embed.weight": w["transformer.word_embeddings.weight"]}
    names = {
        "input_layernorm": "norm_attn", "post_attention_layernorm": "norm_mlp", "self_attention.dense": "attn.out",
        "mlp.dense_h_to_4h": "mlp.up", "mlp.dense_4h_to_h": "mlp.down",
    }  # fmt: skip
    for end in ("weight", "bias"):
        ours[f"embed_norm.{end}"] = w[f"transformer.word_embeddings_layernorm.{end}"]
        ours[f"norm.{end}"] = w[f"transformer.ln_f.{end}"]
        for i in range(L):
            fused = w[f"transformer.h.{i}.self_attention.query_key_value.{end}"]
            ours[f"blocks.{i}.attn.qkv.{end}"] = fused.unflatten(0, (6, 3, 8)).transpose(0, 1).flatten(0, 2)
            for their, our in names.items():
                ours[f"blocks.{i}.{our}.{end}"] = w[f"transformer.h.{i}.{their}.{end}"]
    return ours


def test_gpt2() -> None:
    config = GPT2Config(vocab_size=V, n_positions=T, n_embd=C, n_layer=L, n_head=4, bos_token_id=0, eos_token_id=0)
    check(small(published.GPT2_SMALL, heads=4, hidden=4 * C), config, gpt2)


def llama_config(model: Model, **rope) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=V, hidden_size=C, intermediate_size=80, num_hidden_layers=L, num_attention_heads=6,
        num_key_value_heads=2, max_position_embeddings=T, rms_norm_eps=model.norm_eps, tie_word_embeddings=model.tied,
        rope_parameters={"rope_theta": model.rope_base, **rope},
    )  # fmt: skip


def test_the_llama_like_preset() -> None:
    model = small(PRESETS["llama-like"].model, heads=6, kv_heads=2)
    check(model, llama_config(model, rope_type="default"), llama)


@pytest.mark.parametrize("original", [4, 16, 64, 8192])
def test_llama_3_2_with_stretched_rotations(original: int) -> None:
    """The pairs turn once in 6 to 80 positions: `original` decides which of them are slow."""
    model = small(published.LLAMA_32_1B, heads=6, kv_heads=2, rope_base=30.0, rope_original=original)
    rope = {"factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    config = llama_config(model, rope_type="llama3", original_max_position_embeddings=original, **rope)
    check(model, config, llama)


def test_evenly_stretched_rotations() -> None:
    model = small(PRESETS["llama-like"].model, heads=6, kv_heads=2, rope_scaling="linear", rope_factor=4.0)
    check(model, llama_config(model, rope_type="linear", factor=4.0), llama)


def test_qwen3() -> None:
    model = small(published.QWEN3_06B, heads=4, kv_heads=2)
    config = Qwen3Config(
        vocab_size=V, hidden_size=C, intermediate_size=80, num_hidden_layers=L, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, max_position_embeddings=T, rms_norm_eps=1e-6, tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 1_000_000.0},
    )  # fmt: skip
    check(model, config, llama)


def test_gemma_2() -> None:
    model = small(published.GEMMA2_2B, heads=4, kv_heads=2)
    config = Gemma2Config(
        vocab_size=V, hidden_size=C, intermediate_size=80, num_hidden_layers=L, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, query_pre_attn_scalar=16, sliding_window=5, max_position_embeddings=T,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0}, pad_token_id=0, bos_token_id=0,
        eos_token_id=0,
    )  # fmt: skip
    assert [b.attention.window for b in model.blocks] == [5, None, 5]
    check(model, config, gemma)


def test_gptj() -> None:
    model = small(published.GPTJ_6B, heads=3, hidden=4 * C, rope_share=0.5)
    config = GPTJConfig(
        vocab_size=V, n_positions=T, n_embd=C, n_layer=L, n_head=3, rotary_dim=8, tie_word_embeddings=False,
        bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    check(model, config, gptj)


def test_bloom_has_slopes_and_a_norm_of_the_embedding() -> None:
    block = Block(attention=Attention(heads=6, bias=True), mlp=MLP(activation="gelu_tanh", bias=True))
    model = Model(
        vocab=V, context=T, width=C, position="alibi", norm_bias=True, embed_norm=True, blocks=(block,) * L
    )  # fmt: skip
    config = BloomConfig(vocab_size=V, hidden_size=C, n_layer=L, n_head=6, bos_token_id=0, eos_token_id=0)
    check(model, config, bloom)
