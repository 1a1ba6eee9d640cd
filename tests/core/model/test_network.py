"""The network against itself by other ways, and against what is done by hand."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from torch import Tensor

from llmstudio.core.model import mlp
from llmstudio.core.model.network import GPT, Cache
from llmstudio.core.model.spec import MLP, Attention, Block, Model, Skip
from tests.core.model.specs import models

V, T, C = 97, 24, 48


def ids(batch: int = 2, length: int = T) -> Tensor:
    return torch.randint(V, (batch, length), generator=torch.Generator().manual_seed(3))


def shaken(model: torch.nn.Module) -> torch.nn.Module:
    """Weights large enough that every part matters, biases and gains too."""
    dice = torch.Generator().manual_seed(4)
    for p in model.parameters():
        p.data += 0.2 * torch.randn(p.shape, generator=dice)
    return model.eval()


def set_ways(gpt: GPT, fused: bool, watched: bool = False) -> list:
    parts = [block.attn for block in gpt.blocks if block.attn]
    for part in parts:
        part.fused, part.watched = fused, watched
    return parts


@settings(max_examples=25, deadline=None)
@given(models(), st.data())
def test_cache_equals_the_whole_pass_and_all_ways_of_attention_agree(model: Model, data) -> None:
    gpt = shaken(GPT(model, seed=1))
    x = torch.randint(model.vocab, (2, model.context))
    with torch.no_grad():
        set_ways(gpt, fused=True)
        whole = gpt(x)
        set_ways(gpt, fused=False)
        written = gpt(x)
        parts = set_ways(gpt, fused=True, watched=True)
        watched = gpt(x)
        maps = [part.seen for part in parts]
        set_ways(gpt, fused=data.draw(st.booleans()))
        cache = Cache(gpt, batch=2)
        cuts = sorted(data.draw(st.sets(st.integers(1, model.context - 1))))
        pieces = [gpt(piece, cache) for piece in torch.tensor_split(x, cuts, dim=1)]
    close = {"rtol": 1e-4, "atol": 1e-4 * max(1.0, float(whole.abs().max()))}
    assert torch.allclose(written, whole, **close)
    assert torch.allclose(watched, whole, **close)
    assert torch.allclose(torch.cat(pieces, 1), whole, **close)
    for part, seen in zip(parts, maps, strict=True):
        assert seen.shape == (2, part.heads, model.context, model.context)
        key = torch.arange(model.context)
        back = key[:, None] - key
        hidden = (back < 0) | ((back >= (part.sight.window or model.context)) & (key >= part.sight.sinks))
        assert seen[..., hidden].eq(0).all()
        assert torch.allclose(seen.sum(-1), torch.ones(()))


def test_the_gradients_of_both_ways_agree() -> None:
    gpt = shaken(GPT(Model(vocab=V, context=T, width=C, position="rope", blocks=(Block(),) * 2), seed=1)).train()
    gradients = []
    for fused in (True, False):
        set_ways(gpt, fused)
        gpt.zero_grad()
        torch.nn.functional.cross_entropy(gpt(ids()).flatten(0, 1), ids().flatten()).backward()
        gradients.append([p.grad.clone() for p in gpt.parameters()])
    for ours, theirs in zip(*gradients, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-3, atol=1e-5)


@torch.no_grad()
def test_a_rewound_cache_forgets() -> None:
    gpt = shaken(GPT(Model(vocab=V, context=T, width=C), seed=1))
    cache, x = Cache(gpt, batch=2), ids()
    gpt(x[:, :20], cache)
    cache.rewind(5)
    assert torch.allclose(gpt(x[:, 5:9], cache), gpt(x[:, :9])[:, 5:], rtol=1e-4, atol=1e-4)
    assert cache.length == 9


@torch.no_grad()
def test_nothing_is_seen_unless_watched() -> None:
    gpt = GPT(Model(vocab=V, context=T, width=C), seed=1)
    set_ways(gpt, fused=False)
    gpt(ids())
    assert all(block.attn.seen is None for block in gpt.blocks)


@torch.no_grad()
def test_the_future_is_never_seen() -> None:
    gpt = shaken(GPT(Model(vocab=V, context=T, width=C, skips=(Skip(source=0, target=3, gated=True),)), seed=1))
    x = ids()
    y = torch.cat([x[:, :10], (x[:, 10:] + 1) % V], 1)
    assert torch.equal(gpt(x)[:, :10], gpt(y)[:, :10])
    assert not torch.allclose(gpt(x)[:, 10:], gpt(y)[:, 10:])


@torch.no_grad()
def test_skips_add_the_stream_before_their_source() -> None:
    model = Model(vocab=V, context=T, width=C, blocks=(Block(),) * 3)
    plain = GPT(model, seed=1).eval()
    wired = GPT(replace(model, skips=(Skip(source=1, target=2), Skip(source=0, target=2, gated=True))), seed=1).eval()
    assert not torch.allclose(plain(ids()), wired(ids()))
    stream = plain.embed(ids()) + plain.positions.weight
    one = plain.blocks[0](stream)
    by_hand = plain.blocks[2](plain.blocks[1](one) + one)
    assert torch.allclose(wired(ids()), plain.head(plain.norm(by_hand)), atol=1e-5)
    wired.skips[1].gate.fill_(0.5)
    by_hand = plain.blocks[2](plain.blocks[1](one) + one + 0.5 * stream)
    assert torch.allclose(wired(ids()), plain.head(plain.norm(by_hand)), atol=1e-5)


def test_a_gated_skip_starts_closed() -> None:
    model = Model(vocab=V, context=T, width=C)
    gated = replace(model, skips=(Skip(source=0, target=2, gated=True),))
    with torch.no_grad():
        assert torch.equal(GPT(model, seed=1)(ids()), GPT(gated, seed=1)(ids()))


@pytest.mark.parametrize("kind", ["gelu", "gelu_tanh", "relu", "relu2", "silu", "swiglu", "geglu", "geglu_tanh"])
def test_activations_by_hand(kind: str) -> None:
    part = mlp.MLP(MLP(hidden=10, activation=kind), Model(width=C))
    x = torch.randn(2, 3, C)
    h = x @ part.up.weight.T
    a, b = h.chunk(2, -1) if part.gated else (h, None)
    normal = 0.5 * (1 + torch.erf(a / 2**0.5))
    tanh = 0.5 * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (a + 0.044715 * a**3)))
    bent = {
        "gelu": a * normal, "geglu": a * normal, "gelu_tanh": a * tanh, "geglu_tanh": a * tanh, "relu": a.clamp(min=0),
        "relu2": a.clamp(min=0) ** 2, "silu": a / (1 + (-a).exp()), "swiglu": a / (1 + (-a).exp()),
    }[kind]  # fmt: skip
    expected = (bent if b is None else bent * b) @ part.down.weight.T
    assert torch.allclose(part(x), expected, atol=1e-6)


def test_starting_weights_are_those_of_gpt2_and_follow_the_seed() -> None:
    block = Block(mlp=MLP(bias=True), attention=Attention(bias=True))
    model = Model(vocab=500, context=T, width=128, blocks=(block,) * 4)
    gpt, same, other = GPT(model, seed=1), GPT(model, seed=1), GPT(model, seed=2)
    for name, p in gpt.named_parameters():
        if p.dim() == 2:
            expected = 0.02 / 8**0.5 if name.endswith(("attn.out.weight", "mlp.down.weight")) else 0.02
            assert float(p.detach().std()) == pytest.approx(expected, rel=0.05), name
            assert not torch.equal(p, dict(other.named_parameters())[name])
        else:
            assert p.eq(0 if name.endswith("bias") else 1).all(), name
        assert torch.equal(p, dict(same.named_parameters())[name])


def test_dropout_acts_in_training_only() -> None:
    gpt = GPT(Model(vocab=V, context=T, width=C, dropout=0.5), seed=1)
    with torch.no_grad():
        assert not torch.equal(gpt(ids()), gpt(ids()))
        gpt.eval()
        assert torch.equal(gpt(ids()), gpt(ids()))


@pytest.mark.parametrize("kind", ["layer", "rms"])
def test_queries_and_keys_are_normed_head_by_head(kind: str) -> None:
    m = Model(vocab=11, context=6, width=12, norm=kind, blocks=(Block(attention=Attention(heads=3, qk_norm=True)),))
    part = GPT(m, 3).blocks[0].attn
    with torch.no_grad():
        part.q_norm.weight.uniform_(0.5, 2)
        part.k_norm.weight.uniform_(0.5, 2)
    x = torch.randn(2, 6, 12, generator=torch.Generator().manual_seed(1))
    q, k, v = (t.view(2, 6, 3, 4).double() for t in (x @ part.qkv.weight.T).detach().chunk(3, -1))

    def normed(t: Tensor, gain: Tensor) -> Tensor:
        t = t - t.mean(-1, keepdim=True) if kind == "layer" else t
        return t / (t.square().mean(-1, keepdim=True) + m.norm_eps).sqrt() * gain.double()

    scores = torch.einsum("bthd,bshd->bhts", normed(q, part.q_norm.weight), normed(k, part.k_norm.weight)) / 2
    weights = scores.masked_fill(torch.ones(6, 6).triu(1).bool(), -torch.inf).softmax(-1)
    by_hand = torch.einsum("bhts,bshd->bthd", weights, v).reshape(2, 6, 12) @ part.out.weight.T.double()
    for fused in (True, False):
        part.fused = fused
        torch.testing.assert_close(part(x).double(), by_hand, atol=1e-5, rtol=1e-4)


def test_a_silent_start_is_that_of_the_words_alone() -> None:
    m = Model(vocab=11, context=6, width=12, silent=True, position="none", blocks=(Block(), Block()))
    gpt = GPT(m, 3).eval()
    idx = torch.randint(11, (2, 6))
    alone = gpt.head(gpt.norm(gpt.embed(idx)))
    torch.testing.assert_close(gpt(idx), alone)
    assert all(b.mlp.up.weight.any() for b in gpt.blocks)
