"""The options of attention one by one, against what is done by hand in plain Python or double precision."""

import weakref
from math import cos, sin, tanh

import pytest
import torch
from msgspec.structs import replace
from torch import Tensor

from llmstudio.core.model import attention, rope
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Attention, Block, Model

T, C = 9, 12


def made(a: Attention, **whole) -> attention.Attention:
    """An attention with weights large enough that every option matters."""
    part = attention.Attention(a, Model(width=C, context=T, **whole))
    dice = torch.Generator().manual_seed(5)
    for p in part.parameters():
        p.data = torch.randn(p.shape, generator=dice)
    return part.eval()


def stream() -> Tensor:
    return torch.randn(2, T, C, generator=torch.Generator().manual_seed(6))


def by_hand(part: attention.Attention, x: Tensor, score, sees=lambda t, s: True) -> Tensor:
    """Attention with loops: `score(q, k, t, s, head)` of two vectors, `sees(t, s)` of two positions."""
    H, K, D = part.heads, part.kv_heads, part.dim
    out = torch.zeros(2, T, H * D, dtype=torch.float64)
    qkv = torch.nn.functional.linear(x, part.qkv.weight, part.qkv.bias).detach().double()
    for b in range(2):
        for h in range(H):
            group = h // (H // K)
            q = qkv[b, :, h * D : (h + 1) * D]
            k = qkv[b, :, (H + group) * D : (H + group + 1) * D]
            v = qkv[b, :, (H + K + group) * D : (H + K + group + 1) * D]
            for t in range(T):
                seen = [s for s in range(t + 1) if sees(t, s)]
                scores = torch.tensor([score(q[t], k[s], t, s, h) for s in seen], dtype=torch.float64)
                out[b, t, h * D : (h + 1) * D] = scores.softmax(0) @ v[seen]
    return torch.nn.functional.linear(
        out, part.out.weight.double(), None if part.out.bias is None else part.out.bias.double()
    )


def scaled(q: Tensor, k: Tensor, *_) -> float:
    return float(q @ k) / len(q) ** 0.5


@torch.no_grad()
def agree(part: attention.Attention, expected: Tensor) -> None:
    """Fused, written out and watched."""
    for part.fused, part.watched in ((True, False), (False, False), (True, True)):
        torch.testing.assert_close(part(stream()).double(), expected.detach(), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kv_heads", [None, 2, 1])
@pytest.mark.parametrize("head_width", [None, 5])
def test_heads_of_any_width_share_keys_and_values(kv_heads, head_width) -> None:
    part = made(Attention(heads=4, kv_heads=kv_heads, head_width=head_width, bias=True))
    agree(part, by_hand(part, stream(), scaled))


@pytest.mark.parametrize("sinks", [None, 1, 3])
@pytest.mark.parametrize("window", [1, 4, T])
def test_a_window_and_sinks_hide_the_rest(window, sinks) -> None:
    part = made(Attention(heads=2, window=window, sinks=sinks))
    agree(part, by_hand(part, stream(), scaled, lambda t, s: t - s < window or s < (sinks or 0)))


def test_scores_are_capped() -> None:
    part = made(Attention(heads=2, softcap=0.7))
    agree(part, by_hand(part, stream(), lambda q, k, *at: 0.7 * tanh(scaled(q, k) / 0.7)))


def test_slopes_pull_scores_down_with_distance() -> None:
    part = made(Attention(heads=3, window=6), position="alibi")
    steep = [2**-4, 2**-8, 2**-2]  # of two heads, and the first of four (Press et al. 2021, their code)
    pulled = by_hand(part, stream(), lambda q, k, t, s, h: scaled(q, k) - steep[h] * (t - s), lambda t, s: t - s < 6)
    agree(part, pulled)


def turned(x: Tensor, t: int, size: int, base: float) -> Tensor:
    """Each pair as a complex number times e^(i t speed); the rest as it is."""
    out = x.clone()
    for d in range(size // 2):
        angle = t * base ** (-2 * d / size)
        a, b = float(x[d]), float(x[d + size // 2])
        out[d], out[d + size // 2] = a * cos(angle) - b * sin(angle), a * sin(angle) + b * cos(angle)
    return out


@pytest.mark.parametrize(("share", "size"), [(1.0, 6), (0.6, 4), (0.3, 2), (0.01, 2)])
def test_a_part_of_each_head_is_rotated(share: float, size: int) -> None:
    part = made(Attention(heads=2), position="rope", rope_share=share, rope_base=9.0)
    agree(
        part,
        by_hand(part, stream(), lambda q, k, t, s, h: scaled(turned(q, t, size, 9.0), turned(k, s, size, 9.0))),
    )


def test_a_block_may_know_places_in_its_own_way() -> None:
    rotated = made(Attention(heads=2, position="rope", rope_base=9.0), position="learned")
    as_whole = made(Attention(heads=2), position="rope", rope_base=9.0)
    torch.testing.assert_close(rotated(stream()), as_whole(stream()))
    plain = made(Attention(heads=2, position="none"), position="rope")
    agree(plain, by_hand(plain, stream(), scaled))
    sloped = made(Attention(heads=2, position="alibi"), position="rope")
    torch.testing.assert_close(sloped(stream()), made(Attention(heads=2), position="alibi")(stream()))


def test_slopes_are_those_of_the_paper() -> None:
    assert rope.slopes(8) == [2.0**-n for n in range(1, 9)]  # section 3
    assert rope.slopes(1) == [2.0**-8]
    assert rope.slopes(12)[8:] == [2**-0.5, 2**-1.5, 2**-2.5, 2**-3.5]  # every second one of sixteen heads


def test_of_large_masks_only_a_few_are_kept() -> None:
    sight = attention.Sight(slopes=tuple(rope.slopes(8)))
    made = [weakref.ref(attention.mask(n, n, sight, torch.device("cpu"), torch.float32)) for n in range(200, 230)]
    assert 0 < sum(each() is not None for each in made) <= 8
    again = [attention.mask(200, 200, sight, torch.device("cpu"), torch.float32) for _ in range(2)]
    assert again[0] is again[1], "blocks alike share it"


def test_waves_are_those_of_the_paper() -> None:
    table = rope.waves(20, 7)
    for place in range(20):
        for d in range(7):
            angle = place / 10_000 ** (2 * (d // 2) / 7)
            assert float(table[place, d]) == pytest.approx(sin(angle) if d % 2 == 0 else cos(angle), abs=1e-5)


def test_waves_are_added_to_the_scaled_embedding() -> None:
    model = Model(vocab=11, context=T, width=C, position="sinusoidal", embed_scale=True, blocks=(Block(mlp=None),))
    gpt, idx = GPT(model, 1).eval(), torch.arange(T)[None]
    expected = C**0.5 * gpt.embed.weight[:T] + rope.waves(T, C)
    torch.testing.assert_close(gpt.entered(idx, 0)[0], expected)
    torch.testing.assert_close(gpt.entered(idx[:, 4:], 4)[0], expected[4:])
    normed = GPT(replace(model, embed_norm=True), 1)
    torch.testing.assert_close(normed.entered(idx, 0)[0], torch.nn.functional.layer_norm(expected, (C,)))


@pytest.mark.parametrize(
    ("a", "position"),
    [
        (Attention(heads=4, kv_heads=2, bias=True), "rope"),
        (Attention(heads=2, window=2, sinks=1), "none"),
        (Attention(heads=2, qk_norm=True, softcap=0.8), "rope"),
        (Attention(heads=3, head_width=2), "alibi"),
    ],
)
def test_gradients_are_those_of_finite_differences(a: Attention, position: str) -> None:
    m = Model(width=8, context=4, position=position, rope_share=0.5)
    part = attention.Attention(a, m).double()
    dice = torch.Generator().manual_seed(5)
    x = torch.randn(1, 4, 8, generator=dice, dtype=torch.float64, requires_grad=True)
    for part.fused in (True, False):
        assert torch.autograd.gradcheck(lambda x, *_: part(x), (x, *part.parameters()), atol=1e-5)
