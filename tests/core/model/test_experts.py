"""The mixture of experts next to a plain loop over tokens."""

from copy import deepcopy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from msgspec.structs import replace
from torch import Tensor

from llmstudio.core.model import spec as S
from llmstudio.core.model.experts import Experts, balance
from llmstudio.core.model.network import GPT

MODEL = S.Model(vocab=13, context=20, width=6)
KINDS = [
    S.Experts(experts=4, top_k=2, hidden=5, activation="relu"),
    S.Experts(experts=3, top_k=1, hidden=7, activation="silu", bias=True),
    S.Experts(experts=5, top_k=3, activation="swiglu", hidden=4, bias=True),
    S.Experts(experts=2, top_k=2, activation="geglu_tanh"),
]
BENDS = {
    "relu": F.relu, "silu": F.silu, "swiglu": F.silu, "geglu_tanh": lambda x: F.gelu(x, approximate="tanh"),
}  # fmt: skip


def made(e: S.Experts) -> Experts:
    part = Experts(e, MODEL)
    dice = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for p in part.parameters():
            p.copy_(0.7 * torch.randn(p.shape, generator=dice))
    return part.eval()


def stream(length: int = 9, batch: int = 2) -> Tensor:
    return torch.randn(batch, length, MODEL.width, generator=torch.Generator().manual_seed(3))


def one(part: Experts, e: S.Experts, i: int, x: Tensor) -> Tensor:
    """What expert i says of one token, x (C,)."""
    up, down = part.up, part.down
    h = up.weight[i] @ x + (up.bias[i] if up.bias is not None else 0)
    if e.activation in S.GATED:
        h = BENDS[e.activation](h[: len(h) // 2]) * h[len(h) // 2 :]
    else:
        h = BENDS[e.activation](h)
    return down.weight[i] @ h + (down.bias[i] if down.bias is not None else 0)


def routed(part: Experts, x: Tensor) -> tuple[Tensor, list[int]]:
    """Probabilities of the experts for one token, and which it goes through."""
    p = (part.router.weight.detach() @ x).softmax(0)
    return p, sorted(range(part.experts), key=lambda i: -float(p[i]))[: part.top_k]


@pytest.mark.parametrize("e", KINDS)
def test_each_token_is_what_a_loop_comes_to(e: S.Experts) -> None:
    part, x = made(e), stream()
    for text, found in zip(x, part(x), strict=True):
        for token, y in zip(text, found, strict=True):
            p, chosen = routed(part, token)
            weights = [p[i] if e.top_k == 1 else p[i] / sum(p[j] for j in chosen) for i in chosen]
            expected = sum(w * one(part, e, i, token) for w, i in zip(weights, chosen, strict=True))
            torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("e", KINDS)
def test_tokens_do_not_see_one_another(e: S.Experts) -> None:
    part, x = made(e), stream()
    whole = part(x)
    assert part.start_past(2, 20, x) is None
    for t in range(x.size(1)):
        torch.testing.assert_close(part(x[:, t : t + 1]), whole[:, t : t + 1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("e", KINDS)
def test_the_load_is_counted_while_watched(e: S.Experts) -> None:
    part, x = made(e), stream()
    part(x)
    assert part.load is None and part.chosen is None
    part.watched = True
    part(x)
    assert part.load is not None and part.chosen is not None
    choices = [[routed(part, token)[1] for token in text] for text in x]
    assert part.chosen.tolist() == choices
    counts = np.bincount(np.ravel(choices), minlength=e.experts)
    np.testing.assert_allclose(part.load, counts / counts.sum(), rtol=1e-6)


@pytest.mark.parametrize("e", KINDS)
def test_the_balance_loss_is_equation_4(e: S.Experts) -> None:
    part, x = made(e), stream()
    part.watched = True
    part(x)
    assert part.balance_loss is None  # only while it learns
    part.train()
    part(x)
    assert part.load is not None and part.balance_loss is not None
    mean = torch.stack([routed(part, token)[0] for token in x.flatten(0, 1)]).mean(0)
    torch.testing.assert_close(part.balance_loss, e.experts * (part.load * mean).sum(), rtol=1e-5, atol=1e-6)
    with torch.no_grad():
        part.router.weight.zero_()
        part(x)
    assert part.balance_loss is None
    part(x)
    assert part.balance_loss.item() == pytest.approx(1.0)  # all experts are equally likely


def test_the_network_gives_its_balance_out_once() -> None:
    experts = S.Experts(experts=3, top_k=1, balance=0.5)
    blocks = (S.Block(mlp=None, experts=experts), S.Block(mlp=None, experts=replace(experts, balance=0.25)))
    gpt = GPT(replace(MODEL, blocks=blocks), 1).train()
    gpt(torch.zeros(1, 4, dtype=torch.long))
    parts = [block.moe for block in gpt.blocks]
    losses = [part.balance_loss.item() for part in parts]
    found = balance(gpt)
    assert found is not None and found.item() == pytest.approx(0.5 * losses[0] + 0.25 * losses[1])
    assert balance(gpt) is None
    deepcopy(gpt)  # no graph hangs on it
    assert balance(GPT(MODEL, 1)) is None


@pytest.mark.parametrize("e", KINDS[:3])
def test_gradients_are_those_of_small_changes(e: S.Experts) -> None:
    part = made(e).double()
    names, given = zip(*part.named_parameters(), strict=True)
    x = stream(3, 1).double().requires_grad_()

    def run(x: Tensor, *weights: Tensor) -> Tensor:
        return torch.func.functional_call(part, dict(zip(names, weights, strict=True)), (x,))  # type: ignore[no-any-return]

    assert torch.autograd.gradcheck(run, (x, *given), eps=1e-4, atol=5e-3)  # probabilities are float32


def test_an_expert_that_nobody_chooses_stays_as_it_is() -> None:
    part = made(KINDS[1]).train()
    with torch.no_grad():
        part.router.weight[:] = 0.0
        part.router.weight[1] = 9.0
    x = stream().abs()
    part(x).sum().backward()
    assert part.up.weight.grad is not None and not part.up.weight.grad[[0, 2]].any() and part.up.weight.grad[1].any()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in part.parameters())


def test_the_balance_spreads_tokens_that_all_went_one_way() -> None:
    shares = {}
    for weight in (0.0, 1.0):
        part = Experts(S.Experts(experts=4, top_k=1, hidden=4), MODEL).train()
        dice = torch.Generator().manual_seed(1)
        with torch.no_grad():
            part.router.weight.copy_(0.02 * torch.randn(4, 6, generator=dice))
            part.router.weight[2, 0] = 3.0
        x = torch.randn(8, 32, 6, generator=dice)
        x[..., 0] = 1.0
        part.watched = True
        optimizer = torch.optim.Adam([part.router.weight], 0.05)
        for _ in range(150):
            part(x)
            assert part.balance_loss is not None
            optimizer.zero_grad()
            (weight * part.balance_loss).backward()
            optimizer.step()
        assert part.load is not None
        shares[weight] = float(part.load.max())
    assert shares[0.0] > 0.9 and shares[1.0] < 0.5


def test_in_bfloat16_it_is_nearly_the_same() -> None:
    part, x = made(KINDS[3]), stream(40)
    expected, found = part(x), part.bfloat16()(x.bfloat16())
    assert found.dtype is torch.bfloat16
    assert F.cosine_similarity(found.float().flatten(), expected.flatten(), 0) > 0.999
