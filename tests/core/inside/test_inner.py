"""The inside of a block is that of the network: hand computations in numpy, and what the network itself puts out."""

import ast

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from llmstudio.core.inside.arithmetic import explain
from llmstudio.core.inside.inner import dissect
from llmstudio.core.inside.spot import Spot
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import MLP, Attention, Block, Convolution, Experts, Model, Recurrence

IDS = [3, 14, 15, 9, 2, 6, 5, 35, 8, 9, 7, 9]
TEXTS = [chr(97 + n) for n in range(len(IDS))]
PLAIN = Model(vocab=50, context=24, width=32, blocks=(Block(), Block()))
BLOCKS = {
    "plain": (Block(attention=Attention(bias=True), mlp=MLP(bias=True)), {}),
    "rope": (Block(attention=Attention(kv_heads=2), norm="rms"), {"position": "rope", "rope_share": 0.5}),
    "window": (Block(attention=Attention(window=4, sinks=2, qk_norm=True)), {"position": "rope", "norm": "rms"}),
    "qk": (Block(attention=Attention(qk_norm=True, kv_heads=1)), {"position": "rope"}),
    "cap": (Block(attention=Attention(softcap=5.0, head_width=12), placement="sandwich"), {"norm_bias": True}),
    "alibi": (Block(attention=Attention(position="alibi"), mlp=MLP(activation="relu2"), parallel=True), {}),
    "post": (Block(mlp=MLP(activation="swiglu", hidden=40, bias=True), placement="post"), {"norm_gain": False}),
    "geglu": (Block(attention=None, mlp=MLP(activation="geglu_tanh", hidden=24), residual=False), {}),
    "conv": (Block(convolution=Convolution(size=3, bias=True), attention=None, mlp=None), {}),
    "rec": (Block(recurrence=Recurrence(heads=4, bias=True), attention=None, mlp=None), {}),
    "moe": (
        Block(attention=None, mlp=None, experts=Experts(experts=3, top_k=2, hidden=20, activation="swiglu", bias=True)),
        {},
    ),
    "one expert": (Block(attention=None, mlp=None, experts=Experts(experts=3, top_k=1, hidden=20)), {}),
}


def loud(name):
    """A network whose second block is the one asked for, with numbers that are far from even."""
    block, fields = BLOCKS[name]
    gpt = GPT(replace(PLAIN, blocks=(Block(), block), **fields), seed=1)
    dice = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for p in gpt.parameters():
            p.mul_(8) if p.dim() >= 2 and p.std() > 0 else None
            p.add_(torch.randn(p.shape, generator=dice) * 0.2)
    return gpt


def taken(name):
    gpt = loud(name)
    return gpt, dissect(gpt, IDS, 1)


def through(gpt, path, x):
    with torch.no_grad():
        return gpt.eval().get_submodule(path)(torch.from_numpy(x)[None])[0].numpy()


@pytest.mark.parametrize("name", BLOCKS)
def test_what_goes_in_and_comes_out_is_what_the_network_has(name):
    gpt, found = taken(name)
    streams = []
    hook = gpt.blocks[1].register_forward_hook(lambda m, x, y: streams.append((x[0], y)))
    with torch.no_grad():
        gpt.eval()(torch.tensor([IDS]))
    hook.remove()
    block, parts = gpt.spec.blocks[1], found.parts
    first, last = next(iter(parts.values())), [*parts.values()][-1]
    np.testing.assert_allclose(first.tensors["x"], streams[0][0][0].numpy(), atol=1e-5)
    if block.placement != "post" and not block.parallel:
        end = last.tensors["out"] + (last.tensors["x"] if block.residual else 0)
        np.testing.assert_allclose(end, streams[0][1][0].numpy(), rtol=1e-4, atol=1e-4)
    for kind, part in parts.items():
        if block.placement != "sandwich":
            np.testing.assert_allclose(
                part.tensors["out"], through(gpt, f"blocks.1.{kind}", part.tensors["h"]), rtol=1e-4, atol=1e-4
            )


@pytest.mark.parametrize("name", ["plain", "rope", "window", "qk", "cap", "alibi"])
def test_attention_step_by_step_in_numpy(name):
    gpt, found = taken(name)
    part, a = found.parts["attn"], gpt.spec.blocks[1].attention
    t = {key: value.astype(np.float64) for key, value in part.tensors.items()}
    H, T = len(t["q"]), len(IDS)
    K = len(t["k"])
    scores = np.stack([t["q"][h] @ t["k"][h * K // H].T for h in range(H)]) / np.sqrt(t["q"].shape[-1])
    if a.softcap:
        scores = a.softcap * np.tanh(scores / a.softcap)
    back = np.arange(T)[:, None] - np.arange(T)
    if a.position == "alibi":
        scores = scores - np.array([2.0 ** (-8 * (h + 1) / H) for h in range(H)])[:, None, None] * back
    np.testing.assert_allclose(part.tensors["scores"], scores, rtol=1e-4, atol=1e-4)
    seen = (back >= 0) & ((back < (a.window or T)) | (np.arange(T) < (a.sinks or 0)))
    weights = np.exp(np.where(seen, scores, -np.inf))
    weights /= weights.sum(-1, keepdims=True)
    np.testing.assert_allclose(part.tensors["weights"], weights, atol=1e-5)
    read = np.stack([weights[h] @ t["v"][h * K // H] for h in range(H)])
    np.testing.assert_allclose(part.tensors["read"], read, rtol=1e-4, atol=1e-4)
    out = read.transpose(1, 0, 2).reshape(T, -1) @ t["wo"].T + t.get("bo", 0)
    if name != "cap":  # there a norm follows
        np.testing.assert_allclose(part.tensors["out"], out, rtol=1e-4, atol=1e-4)


def test_a_recurrence_step_by_step():
    _, found = taken("rec")
    t = {key: value.astype(np.float64) for key, value in found.parts["rec"].tensors.items()}
    H, T, D = t["q"].shape
    for h in range(H):
        memory = np.zeros((D, D))
        for n in range(T):
            memory = t["keep"][h, n] * memory + np.outer(t["k"][h, n], t["v"][h, n])
            np.testing.assert_allclose(t["read"][h, n], t["q"][h, n] @ memory / np.sqrt(D), rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(t["memory"][h], memory, rtol=1e-3, atol=1e-4)
    normed = t["read"] / np.sqrt(np.square(t["read"]).mean(-1, keepdims=True) + 1e-5) * t["gain_read"]
    out = (normed.transpose(1, 0, 2).reshape(T, -1) * t["gate"]) @ t["wo"].T + t["bo"]
    np.testing.assert_allclose(t["out"], out, rtol=1e-3, atol=1e-3)


def test_experts_are_those_that_the_network_uses():
    gpt, found = taken("moe")
    t, part = found.parts["moe"].tensors, gpt.blocks[1].moe
    part.watched = True
    through(gpt, "blocks.1.moe", t["h"])
    np.testing.assert_allclose((t["mix"] > 0).sum(0) / (t["mix"] > 0).sum(), part.load.numpy(), atol=1e-6)
    out = np.zeros_like(t["out"])
    for e in range(3):
        used = t["mix"][:, e] > 0
        assert np.isnan(t["hidden"][e][~used]).all()
        out[used] += t["mix"][used, e, None] * (t["hidden"][e][used] @ t["wd"][e].T + t["bd"][e])
    np.testing.assert_allclose(out, t["out"], rtol=1e-4, atol=1e-4)


def run(python):
    """The value of the last expression of a program."""
    tree = ast.parse(python)
    last = ast.Expression(tree.body.pop().value)
    names = {}
    exec(compile(tree, "copied", "exec"), names)
    return eval(compile(last, "copied", "eval"), names)


EXPLAINED = ("h", "q", "k", "v", "scores", "weights", "read", "a", "b", "hidden", "chances", "mix", "keep", "gate")


@pytest.mark.parametrize("name", BLOCKS)
def test_the_arithmetic_of_a_number_ends_at_the_number(name):
    _, found = taken(name)
    dice = np.random.default_rng(3)
    for part in found.parts.values():
        names = [each for each in EXPLAINED if each in part.tensors] + ["out"] * (part.kind == "conv")
        for tensor in names:
            for _ in range(6):
                index = tuple(int(dice.integers(n)) for n in part.tensors[tensor].shape)
                value = part.at(tensor, *index)
                if np.isnan(value):
                    continue
                number = explain(part, Spot(path=part.path, name=tensor, index=index), TEXTS)
                assert number.value == value
                masked = tensor in ("weights", "scores") and number.python == "0.0"
                assert run(number.python) == pytest.approx(value, rel=2e-3, abs=2e-4), (tensor, index, masked)
                shown = [line.result for line in number.lines][-1:] if tensor not in ("h", "mix") else []
                for last in shown:
                    if last not in ("hidden", "unused", "kept"):
                        assert float(last.replace("\u2212", "-")) == pytest.approx(value, rel=1e-2, abs=2e-3), (
                            number.lines
                        )


def test_a_weight_says_what_it_joins():
    _, found = taken("plain")
    part = found.parts["attn"]
    number = explain(part, Spot(path=part.path, name="wq", index=(17, 5)), TEXTS)
    assert number.title[0][0] == "one weight: from number 5 to number 17" and number.value == part.at("wq", 17, 5)
    part = taken("conv")[1].parts["conv"]
    titles = [explain(part, Spot(path=part.path, name="kernel", index=(9, k)), TEXTS).title[0][0] for k in range(3)]
    assert [title.rpartition(", ")[2] for title in titles] == ["2 tokens back", "1 token back", "the token itself"]
    assert all("of number 9," in title for title in titles)


def test_the_network_is_left_as_it_was():
    gpt = loud("plain").train()
    before = gpt.blocks[1].attn.fused, gpt.blocks[1].attn.watched
    dissect(gpt, IDS, 1)
    attn = gpt.blocks[1].attn
    assert gpt.training and (attn.fused, attn.watched) == before and attn.seen is None
    assert "written" not in attn.__dict__ and not gpt.blocks[1].attn._forward_hooks
    with pytest.raises(ValueError, match="nothing to look at"):
        dissect(gpt, [], 1)
    with torch.no_grad():
        gpt.blocks[1].mlp.up.weight.fill_(float("nan"))
    with pytest.raises(ValueError, match="no longer numbers"):
        dissect(gpt, IDS, 1)


def test_a_large_matrix_is_sampled_and_that_is_said(monkeypatch):
    monkeypatch.setattr("llmstudio.core.inside.inner.KEPT", 2000)
    gpt = loud("plain")
    part = dissect(gpt, IDS, 1).parts["mlp"]
    assert part.steps["wa"] == (2 + 1, 2 + 1) or part.steps["wa"] == (2, 2)
    every = part.steps["wa"][0]
    whole = gpt.blocks[1].mlp.up.weight.detach().numpy()
    np.testing.assert_array_equal(part.tensors["wa"], whole[::every, ::every])
    number = explain(part, Spot(path=part.path, name="hidden", index=(4, 9)), TEXTS)
    assert number.lines[0].text == "its matrix is too large to be shown whole" and not number.operands
