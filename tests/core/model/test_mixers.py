"""The convolution and the recurrence next to plain loops over positions."""

from collections.abc import Callable
from math import exp, log, sqrt

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from llmstudio.core.model import spec as S
from llmstudio.core.model.mixers import CHUNK, Convolution, Recurrence, scan
from llmstudio.core.model.network import GPT, Cache
from llmstudio.core.model.part import Part

MODEL = S.Model(vocab=13, context=200, width=12, position="none", norm_eps=1e-4)
KINDS: list[Callable[[], Part]] = [
    lambda: Convolution(S.Convolution(size=2), MODEL),
    lambda: Convolution(S.Convolution(size=5, bias=True), MODEL),
    lambda: Recurrence(S.Recurrence(heads=3, bias=True), MODEL),
    lambda: Recurrence(S.Recurrence(heads=1, gate=False), MODEL),
]


def filled(part: Part) -> Part:
    dice = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in part.parameters():
            p.copy_(0.6 * torch.randn(p.shape, generator=dice))
    return part.eval()


def stream(length: int, batch: int = 2) -> Tensor:
    return torch.randn(batch, length, MODEL.width, generator=torch.Generator().manual_seed(length))


def numbers(part: Part) -> dict[str, NDArray[np.float64]]:
    return {name: p.detach().double().numpy() for name, p in part.named_parameters()}


def convolved(part: Part, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """x (T, C), one number after the other."""
    w = numbers(part)
    y = np.zeros_like(x)
    for t in range(len(x)):
        for c in range(x.shape[1]):
            y[t, c] = w["bias"][c] if "bias" in w else 0.0
            for back in range(min(t + 1, w["weight"].shape[1])):
                y[t, c] += w["weight"][c, -1 - back] * x[t - back, c]
    return y


def remembered(part: Recurrence, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """x (T, C), one position after the other, with a square for each head."""
    w, (T, C) = numbers(part), x.shape
    H, D = part.heads, C // part.heads

    def linear(name: str) -> NDArray[np.float64]:
        return np.asarray(x @ w[f"{name}.weight"].T + w.get(f"{name}.bias", 0.0))

    q, k, v = linear("qkv").reshape(T, 3, H, D).transpose(1, 0, 2, 3)
    keep = (1 / (1 + np.exp(-linear("decay")))) ** (1 / 16)  # (T, H)
    squares = np.zeros((H, D, D))
    y = np.zeros((T, C))
    for t in range(T):
        for h in range(H):
            squares[h] = keep[t, h] * squares[h] + np.outer(k[t, h], v[t, h])
            read = q[t, h] @ squares[h] / sqrt(D)
            y[t, h * D : (h + 1) * D] = w["norm.weight"] * read / sqrt((read**2).mean() + MODEL.norm_eps)
    if part.gate is not None:
        g = linear("gate")
        y *= g / (1 + np.exp(-g))
    return y @ w["out.weight"].T + w.get("out.bias", 0.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [1, 4, CHUNK, CHUNK + 1, 150])
def test_each_position_is_what_a_loop_comes_to(kind: Callable[[], Part], length: int) -> None:
    part, x = filled(kind()), stream(length)
    plain = remembered if isinstance(part, Recurrence) else convolved
    for text, found in zip(x, part(x), strict=True):
        np.testing.assert_allclose(found.detach(), plain(part, text.double().numpy()), rtol=2e-3, atol=2e-4)  # type: ignore[arg-type]


def test_the_convolution_is_torchs_depthwise_one() -> None:
    part = filled(Convolution(S.Convolution(size=4, bias=True), MODEL))
    own = torch.nn.Conv1d(12, 12, 4, groups=12, padding=3)
    own.load_state_dict({"weight": part.weight[:, None], "bias": part.bias})  # type: ignore[index]
    torch.testing.assert_close(part(stream(9)), own(stream(9).mT)[..., :9].mT)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_seen_of_what_comes_later(kind: Callable[[], Part]) -> None:
    part, x = filled(kind()), stream(CHUNK + 20)
    before = part(x)
    for t in (3, CHUNK - 1, CHUNK, CHUNK + 7):
        changed = x.clone()
        changed[:, t:] += 1.0
        torch.testing.assert_close(part(changed)[:, :t], before[:, :t], rtol=1e-5, atol=1e-5)
        assert not torch.allclose(part(changed)[:, t], before[:, t], atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pieces", [[1] * 12, [5, 1, 1, 90, 3], [CHUNK, CHUNK, 1], [130, 1, 1]])
def test_piece_by_piece_is_the_same_as_at_once(kind: Callable[[], Part], pieces: list[int]) -> None:
    part, x = filled(kind()), stream(sum(pieces))
    past = part.start_past(2, MODEL.context, x)
    found = torch.cat([part(piece, past) for piece in x.split(pieces, 1)], 1)
    torch.testing.assert_close(found, part(x), rtol=1e-4, atol=1e-5)
    assert past and past.rewind(3) == 0  # it cannot go back, and begins again
    torch.testing.assert_close(part(x[:, :7], past), part(x[:, :7]), rtol=1e-4, atol=1e-5)


def test_a_network_of_them_writes_as_it_reads() -> None:
    block = S.Block(convolution=S.Convolution(), attention=None, recurrence=S.Recurrence(heads=2))
    gpt = GPT(S.Model(vocab=13, context=90, width=12, blocks=(block, block)), 1).eval()
    ids = torch.randint(13, (2, 80), generator=torch.Generator().manual_seed(1))
    cache = Cache(gpt, 2)
    found = torch.cat([gpt(piece, cache) for piece in ids.split([70, 1, 1, 8], 1)], 1)
    torch.testing.assert_close(found, gpt(ids), rtol=1e-4, atol=1e-5)
    assert cache.rewind(40) == 0
    torch.testing.assert_close(gpt(ids[:, :5], cache), gpt(ids[:, :5]), rtol=1e-4, atol=1e-5)


def test_gradients_are_those_of_small_changes() -> None:
    dice = torch.Generator().manual_seed(2)
    q, k, v, state = (torch.randn(1, 2, *size, generator=dice, dtype=torch.float64) for size in [(5, 3)] * 3 + [(3, 3)])
    forget = -torch.rand(1, 2, 5, generator=dice, dtype=torch.float64)
    asked = [t.requires_grad_() for t in (q, k, v, forget, state)]
    assert torch.autograd.gradcheck(scan, asked)


def test_gradients_cross_chunks_as_they_cross_a_loop() -> None:
    dice = torch.Generator().manual_seed(3)
    T, D = CHUNK + 30, 4
    q, k, v = (torch.randn(1, 1, T, D, generator=dice) for _ in range(3))
    given = [q, k, v, -0.1 * torch.rand(1, 1, T, generator=dice)]

    def loop(q: Tensor, k: Tensor, v: Tensor, forget: Tensor) -> Tensor:
        square, out = torch.zeros(D, D), []
        for t in range(T):
            square = forget[0, 0, t].exp() * square + torch.outer(k[0, 0, t], v[0, 0, t])
            out.append(q[0, 0, t] @ square)
        return torch.stack(out)[None, None]

    found = []
    for way in (lambda *a: scan(*a)[0], loop):
        asked = [t.clone().requires_grad_() for t in given]
        (way(*asked) * torch.linspace(-1, 1, T)[:, None]).sum().backward()
        found.append([t.grad for t in asked])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3)


def test_a_memory_that_forgets_at_once_or_never() -> None:
    dice = torch.Generator().manual_seed(4)
    q, k, v = (torch.randn(1, 2, 100, 3, generator=dice) for _ in range(3))
    own, _ = scan(q, k, v, torch.full((1, 2, 100), -1e4))  # only the present position is left
    torch.testing.assert_close(own, (q * k).sum(-1, keepdim=True) * v, rtol=1e-4, atol=1e-5)
    all_of_it, square = scan(q, k, v, torch.zeros(1, 2, 100))  # linear attention
    torch.testing.assert_close(all_of_it, (q @ k.mT).tril() @ v, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(square, k.mT @ v, rtol=1e-4, atol=1e-4)


def test_heads_begin_with_memories_of_many_lengths() -> None:
    part = GPT(S.Model(width=12, blocks=(S.Block(recurrence=S.Recurrence(heads=6)),)), 0).blocks[0].rec
    assert isinstance(part, Recurrence)
    keep = F.logsigmoid(part.decay.bias.detach().double()) / 16  # ln of what is left after a position
    lasting = [-1 / float(one) for one in keep]
    assert lasting == pytest.approx([exp(log(16) + i / 5 * log(32)) for i in range(6)], rel=1e-3)


def test_in_bfloat16_it_is_nearly_the_same() -> None:
    for kind in KINDS:
        part, x = filled(kind()), stream(100)
        expected, found = part(x), part.bfloat16()(x.bfloat16())
        assert found.dtype is torch.bfloat16
        assert F.cosine_similarity(found.float().flatten(), expected.flatten(), 0) > 0.999
