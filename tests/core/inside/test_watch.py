import time

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from llmstudio.core.inside import watch as module
from llmstudio.core.inside.reading import next_tokens
from llmstudio.core.inside.watch import at_rest, watch
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import MLP, Attention, Block, Model, Skip

SMALL = Model(vocab=50, context=24, width=32, blocks=(Block(), Block()), dropout=0.2)
IDS = [3, 14, 15, 9, 2, 6, 5, 35, 8, 9]


def loud(model, seed=0):
    """A network whose attention is far from even."""
    gpt = GPT(model, seed=seed)
    with torch.no_grad():
        for p in gpt.parameters():
            if p.dim() == 2:
                p.mul_(12)
    return gpt


def pair():
    """The same weights here and at Hugging Face."""
    torch.manual_seed(0)
    sizes = {"vocab_size": 50, "n_positions": 24, "n_embd": 32, "n_layer": 2, "n_head": 4}
    there = GPT2LMHeadModel(GPT2Config(**sizes, initializer_range=0.3, attn_implementation="eager")).eval()
    block = Block(attention=Attention(bias=True), mlp=MLP(activation="gelu_tanh", bias=True))
    here = GPT(Model(vocab=50, context=24, width=32, norm_bias=True, blocks=(block, block)))
    t, state = there.transformer, {}
    state |= {"embed.weight": t.wte.weight, "head.weight": t.wte.weight, "positions.weight": t.wpe.weight}
    state |= {f"norm.{k}": v for k, v in t.ln_f.named_parameters()}
    for i, h in enumerate(t.h):
        parts = {"attn.qkv": h.attn.c_attn, "attn.out": h.attn.c_proj, "mlp.up": h.mlp.c_fc, "mlp.down": h.mlp.c_proj}
        for mine, theirs in parts.items():
            state |= {f"blocks.{i}.{mine}.weight": theirs.weight.T, f"blocks.{i}.{mine}.bias": theirs.bias}
        for mine, theirs in (("norm_attn", h.ln_1), ("norm_mlp", h.ln_2)):
            state |= {f"blocks.{i}.{mine}.{k}": v for k, v in theirs.named_parameters()}
    here.load_state_dict(state)
    return here, there


def test_maps_scores_and_streams_are_those_of_transformers():
    here, there = pair()
    with torch.no_grad():
        out = there(torch.tensor([IDS]), output_attentions=True, output_hidden_states=True)
    seen = watch(here, IDS, hidden=True)
    for mine, theirs in zip(seen.attention, out.attentions, strict=True):
        np.testing.assert_allclose(mine, theirs[0].numpy(), atol=1e-5)
        assert mine.dtype == np.float32 and mine.shape == (4, 10, 10) and mine.max() > 0.6
    np.testing.assert_allclose(seen.logits, out.logits[0].numpy(), atol=1e-4)
    for mine, theirs in zip(seen.hidden[:-1], out.hidden_states[:-1], strict=True):  # their last one is after the norm
        np.testing.assert_allclose(mine, theirs[0].numpy(), atol=1e-4)
    with torch.no_grad():
        last = here.norm(torch.from_numpy(seen.hidden[-1]))
    np.testing.assert_allclose(last.numpy(), out.hidden_states[-1][0].numpy(), atol=1e-4)


@pytest.mark.parametrize("position", ["learned", "rope", "none"])
@pytest.mark.parametrize(("kv_heads", "window"), [(None, None), (2, None), (1, 3)])
def test_the_first_map_is_softmax_of_queries_and_keys(position, kv_heads, window):
    a = Attention(heads=4, kv_heads=kv_heads, window=window)
    block = Block(attention=a, norm="rms")
    gpt = loud(Model(vocab=50, context=24, width=32, position=position, norm="none", blocks=(block,)))
    w = {k: v.detach().double().numpy() for k, v in gpt.state_dict().items()}
    x = w["embed.weight"][IDS] + (w["positions.weight"][: len(IDS)] if position == "learned" else 0)
    x = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    qkv = x @ w["blocks.0.attn.qkv.weight"].T
    groups = kv_heads or 4
    for h in range(4):
        q, k = qkv[:, h * 8 : h * 8 + 8], qkv[:, 32 + h * groups // 4 * 8 :][:, :8]
        if position == "rope":
            q, k = turned(q), turned(k)
        scores = q @ k.T / np.sqrt(8)
        weights = np.zeros_like(scores)
        for i in range(len(IDS)):
            near = slice(max(0, i - (window or 99) + 1), i + 1)
            weights[i, near] = np.exp(scores[i, near] - scores[i, near].max())
            weights[i] /= weights[i].sum()
        np.testing.assert_allclose(watch(gpt, IDS).attention[0][h], weights, atol=2e-5)


def turned(x):
    """Rotary positions with complex numbers: pair (d, d + D/2) at position p turns by p * 10000^(-2d/D)."""
    half = x.shape[1] // 2
    angle = np.outer(np.arange(len(x)), 10_000.0 ** -(np.arange(half) / half))
    z = (x[:, :half] + 1j * x[:, half:]) * np.exp(1j * angle)
    return np.concatenate([z.real, z.imag], 1)


def test_rows_sum_to_1_and_the_future_is_exactly_0():
    windowed = Block(attention=Attention(window=4))
    seen = watch(loud(Model(vocab=50, context=24, width=32, blocks=(Block(), windowed))), IDS)
    back = np.subtract.outer(np.arange(10), np.arange(10))
    for attention, hidden in zip(seen.attention, [back < 0, (back < 0) | (back > 3)], strict=True):
        np.testing.assert_allclose(attention.sum(-1), 1, atol=1e-6)
        assert (attention[:, hidden] == 0).all() and (attention[:, ~hidden] > 0).all()


def test_looking_gives_the_scores_of_an_ordinary_pass_without_dropout():
    gpt = loud(SMALL).train()
    seen = watch(gpt, IDS)
    with torch.no_grad():
        np.testing.assert_allclose(seen.logits, gpt.eval()(torch.tensor([IDS]))[0].numpy(), atol=1e-3)
    np.testing.assert_array_equal(watch(gpt.train(), IDS).logits, seen.logits)


def test_blocks_without_attention_and_extra_wires():
    blocks = (Block(attention=None), Block(), Block(mlp=None))
    m = Model(vocab=50, context=24, width=32, blocks=blocks, skips=(Skip(source=0, target=2),))
    seen = watch(loud(m), IDS, hidden=True)
    assert [len(a) for a in seen.attention] == [0, 4, 4] and seen.attention[0].shape == (0, 10, 10)
    assert [x.shape for x in seen.hidden] == [(10, 32)] * 4
    assert watch(loud(Model(vocab=50, blocks=())), [1]).attention == []


def test_everything_is_as_before_also_after_an_error():
    gpt = loud(SMALL).train()
    gpt.blocks[1].mlp.eval()
    gpt.blocks[0].attn.watched = True
    modes = [part.training for part in gpt.modules()]
    watch(gpt, IDS, hidden=True)

    def break_it(*_):
        raise RuntimeError("broken")

    hook = gpt.head.register_forward_pre_hook(break_it)
    with pytest.raises(RuntimeError, match="broken"):
        watch(gpt, IDS, hidden=True)
    hook.remove()
    assert [part.training for part in gpt.modules()] == modes
    assert [block.attn.watched for block in gpt.blocks] == [True, False]
    assert all(block.attn.seen is None for block in gpt.blocks)
    assert not any(part._forward_pre_hooks for part in gpt.modules())
    assert torch.is_grad_enabled()


def test_looking_does_not_disturb_training():
    def train(look):
        torch.manual_seed(1)
        gpt = GPT(SMALL, seed=2).train()
        adam = torch.optim.AdamW(gpt.parameters(), lr=1e-2)
        for _ in range(4):
            x = torch.randint(50, (2, 12))
            torch.nn.functional.cross_entropy(gpt(x)[:, :-1].reshape(-1, 50), x[:, 1:].reshape(-1)).backward()
            if look:
                watch(gpt, IDS, hidden=True)
            adam.step()
            adam.zero_grad()
        return gpt.state_dict()

    for mine, theirs in zip(train(True).values(), train(False).values(), strict=True):
        assert torch.equal(mine, theirs)


def test_only_the_end_of_a_long_text_is_read_and_it_says_so(monkeypatch):
    gpt = loud(SMALL)
    long = [i % 50 for i in range(40)]
    seen = watch(gpt, long)
    assert seen.first == 16 and list(seen.ids) == long[16:]
    np.testing.assert_array_equal(seen.logits, watch(gpt, long[16:]).logits)
    monkeypatch.setattr(module, "LONGEST", 7)
    assert (watch(gpt, long).first, len(watch(gpt, long).ids)) == (33, 7)


def test_nothing_to_look_at_is_a_sentence():
    with pytest.raises(ValueError, match="write a probe text"):
        watch(GPT(SMALL), np.array([], dtype=np.int64))


def test_next_tokens_are_the_softmax_in_order():
    logits = np.random.default_rng(0).normal(0, 5, 50).astype(np.float32)
    ids, chances = next_tokens(logits, 6)
    reference = torch.from_numpy(logits).double().softmax(0).topk(6)
    assert ids.tolist() == reference.indices.tolist()
    np.testing.assert_allclose(chances, reference.values.numpy(), rtol=1e-6)
    assert len(next_tokens(logits, 500)[0]) == 50


def test_at_rest_keeps_the_modes_of_the_parts():
    gpt = GPT(SMALL).train()
    gpt.blocks[0].eval()
    before = [part.training for part in gpt.modules()]
    with pytest.raises(KeyError), at_rest(gpt):
        assert not any(part.training for part in gpt.modules()) and not torch.is_grad_enabled()
        raise KeyError
    assert [part.training for part in gpt.modules()] == before and any(before) and not all(before)


def test_a_look_is_quick():
    gpt = GPT(Model(), seed=0)
    ids = list(range(64))
    watch(gpt, ids)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        watch(gpt, ids)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1  # 4 blocks of 4 heads, 64 tokens: a few ms on a free machine
