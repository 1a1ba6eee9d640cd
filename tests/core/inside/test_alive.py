"""A look at the parts, against the same numbers made by hand from the network's own modules."""

from math import log2

import numpy as np
import pytest
import torch

from llmstudio.core.inside.alive import entropies, histogram, look
from llmstudio.core.inside.watch import watch
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import MLP, Attention, Block, Experts, Model

IDS = [3, 14, 15, 9, 2, 6, 5, 35, 8, 9]
MIXED = Model(
    vocab=50,
    context=24,
    width=32,
    blocks=(
        Block(attention=Attention(heads=4, window=3, sinks=2), mlp=MLP(activation="relu", bias=True)),
        Block(attention=Attention(heads=2), mlp=None, experts=Experts(experts=4, top_k=2, hidden=16)),
    ),
)


@pytest.fixture
def gpt() -> GPT:
    made = GPT(MIXED, seed=0)
    with torch.no_grad():
        for p in made.parameters():
            if p.dim() > 1:
                p.mul_(12)
    return made


def test_maps_are_those_of_watch_and_rows_are_told_by_path(gpt: GPT) -> None:
    seen, watched = look(gpt, IDS), watch(gpt, IDS, hidden=True)
    assert [*seen.attention] == ["blocks.0.attn", "blocks.1.attn"]
    for i in range(2):
        assert np.array_equal(seen.attention[f"blocks.{i}.attn"], watched.attention[i])
    assert np.array_equal(seen.logits, watched.logits[-1])
    assert seen.stream == pytest.approx([float(np.sqrt((x**2).mean())) for x in watched.hidden])
    assert [*seen.told] == [
        "embed", "blocks.0.attn", "blocks.0.mlp", "blocks.0", "blocks.1.attn", "blocks.1.moe", "blocks.1", "head",
    ]  # fmt: skip
    assert "embed" not in seen.given, "it reads tokens"


def test_what_parts_read_and_put_out(gpt: GPT) -> None:
    seen = look(gpt, IDS)
    with torch.no_grad():
        x = gpt.embed(torch.tensor([IDS])) + gpt.positions.weight[: len(IDS)]
        block = gpt.blocks[0]
        normed = block.norm_attn(x)
        out = block.attn(normed)
    assert seen.given["blocks.0.attn"] == pytest.approx(float(normed.square().mean().sqrt()), rel=1e-5)
    assert seen.told["blocks.0.attn"] == pytest.approx(float(out.square().mean().sqrt()), rel=1e-5)


def test_entropy_by_hand() -> None:
    rows = np.zeros((2, 4, 4), dtype=np.float32)
    rows[0] = np.tril(np.ones((4, 4))) / np.arange(1, 5)[:, None]  # even
    rows[1] = np.eye(4)  # itself alone
    bits, share = entropies(rows, Attention(heads=2))
    assert bits.tolist() == pytest.approx([(1 + log2(3) + 2) / 3, 0])
    assert share.tolist() == pytest.approx([1, 0])
    single = np.eye(1, dtype=np.float32)[None]
    assert entropies(single, Attention(heads=1))[1].tolist() == [0], "one token has no choice"


def test_entropy_counts_the_keys_that_a_window_leaves(gpt: GPT) -> None:
    maps = look(gpt, IDS).attention["blocks.0.attn"]
    even = (maps > 0) / np.maximum((maps > 0).sum(-1, keepdims=True), 1)
    _, share = entropies(even.astype(np.float32), MIXED.blocks[0].attention)
    assert share.tolist() == pytest.approx([1.0] * 4, abs=1e-5)


def test_units_that_stay_silent_are_counted(gpt: GPT) -> None:
    with torch.no_grad():
        gpt.blocks[0].mlp.up.bias[:32] = -1e6
        gpt.blocks[0].mlp.up.bias[32:] = 1e3
    assert look(gpt, IDS).dead == {"blocks.0.mlp": pytest.approx(32 / 128), "blocks.1.moe": 0}


def test_silent_units_of_an_expert_count_where_it_is_in_use(gpt: GPT) -> None:
    moe = gpt.blocks[1].moe
    with torch.no_grad():
        moe.router.weight.zero_()  # all alike: the same two for every token
        load = look(gpt, IDS).load["blocks.1.moe"]
        moe.up.weight[load.index(0.5), :4] = 0
        moe.up.weight[load.index(0.0)] = 0
    assert look(gpt, IDS).dead["blocks.1.moe"] == pytest.approx(4 / 32)


def test_the_load_of_experts_is_the_share_of_choices(gpt: GPT) -> None:
    read = []
    hook = gpt.blocks[1].moe.register_forward_pre_hook(lambda module, inputs: read.append(inputs[0]))
    seen = look(gpt, IDS)
    hook.remove()
    scores = read[0][0].numpy() @ gpt.blocks[1].moe.router.weight.detach().numpy().T
    counts = np.bincount(np.argsort(-scores, axis=1)[:, :2].ravel(), minlength=4)
    assert seen.load == {"blocks.1.moe": pytest.approx((counts / counts.sum()).tolist())}


def test_nothing_is_left_behind(gpt: GPT) -> None:
    gpt.train()
    look(gpt, IDS)
    moe = gpt.blocks[1].moe
    assert gpt.training and not moe.watched and moe.load is None
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in gpt.modules())
    with pytest.raises(ValueError, match="write a probe text"):
        look(gpt, [])
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in gpt.modules())


def test_histograms_hold_every_number(gpt: GPT) -> None:
    seen = look(gpt, IDS, histograms=True)
    made = seen.outputs["blocks.0.mlp"]
    assert sum(made.counts) == len(IDS) * 32
    assert made.high == pytest.approx(4 * seen.told["blocks.0.mlp"])
    assert set(seen.inputs) == set(seen.outputs) - {"embed"}
    assert look(gpt, IDS).outputs == {}
    x = np.linspace(-1, 1, 1000, dtype=np.float32)
    rms = float(np.sqrt((x**2).mean()))
    counts, _ = np.histogram(x, 40, (-4 * rms, 4 * rms))
    assert histogram(x).counts == tuple(counts.tolist())
    assert histogram(np.array([np.inf], dtype=np.float32)).counts == ()
