"""Every optimiser, step by step, against its paper's rule; what it remembers goes out and comes back bit by bit."""

from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import MLP, Attention, Block, Model, Skip
from llmstudio.core.train import optim
from llmstudio.core.train.muon import Muon
from llmstudio.core.train.recipe import Optimizer, Recipe
from tests.core.train import rules

MODEL = Model(
    vocab=11, context=6, width=8, norm="rms", norm_bias=True, tied=False, skips=(Skip(source=0, target=1, gated=True),),
    blocks=(
        Block(attention=Attention(heads=4, kv_heads=2, bias=True), mlp=MLP(activation="swiglu", hidden=20)),
        Block(attention=Attention(heads=2), mlp=MLP(hidden=20, bias=True)),
    ),
)  # fmt: skip
RECIPE = Recipe(learning_rate=3e-3, matrix_rate=2e-2, weight_decay=0.2, beta1=0.8, beta2=0.9, momentum=0.7)
KINDS = get_args(Optimizer)
SHARES = (0.1, 0.7, 1.0, 1.0, 0.6, 0.3, 0.0)


def made(kind: Optimizer, model: Model = MODEL, recipe: Recipe = RECIPE) -> tuple[GPT, optim.Optimizers]:
    gpt = GPT(model, 1)
    optimizers = optim.make(gpt, replace(recipe, optimizer=kind))
    for part in optimizers.parts:
        if isinstance(part, Muon):
            part.dtype = torch.float32  # the rule itself; how bfloat16 rounds is in test_muon
    return gpt, optimizers


def push(gpt: GPT, optimizers: optim.Optimizers, step: int) -> None:
    """One step with gradients that follow from its number."""
    dice = torch.Generator().manual_seed(step)
    for p in gpt.parameters():
        p.grad = torch.randn(p.shape, generator=dice)
    optimizers.set_share(SHARES[step % len(SHARES)])
    optimizers.step()


def rule(kind: str, name: str, shape: torch.Size, recipe: Recipe) -> tuple[rules.Rule, float]:
    """The rule for this weight, and its peak."""
    decay = recipe.weight_decay if len(shape) == 2 else 0.0
    if kind == "muon" and name.startswith("blocks.") and len(shape) == 2:
        return rules.muon(decay, recipe.momentum), recipe.matrix_rate
    betas = (recipe.beta1, recipe.beta2)
    kinds: dict[str, Callable[[], rules.Rule]] = {
        "sgd": lambda: rules.sgd(decay),
        "momentum": lambda: rules.sgd(decay, recipe.momentum),
        "nesterov": lambda: rules.sgd(decay, recipe.momentum, True),
        "rmsprop": lambda: rules.rmsprop(decay, recipe.beta2),
        "adam": lambda: rules.adam(decay, *betas, apart=False),
        "adamw": lambda: rules.adam(decay, *betas, apart=True),
        "muon": lambda: rules.adam(decay, *betas, apart=True),
        "lion": lambda: rules.lion(decay, *betas),
        "adafactor": lambda: rules.adafactor(decay),
    }
    return kinds[kind](), recipe.learning_rate


STACKED = {
    "blocks.0.attn.qkv.weight": (8, 4, 4),
    "blocks.1.attn.qkv.weight": (8, 8, 8),
    "blocks.0.mlp.up.weight": (20, 20),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_step_is_the_paper_s(kind: Optimizer) -> None:
    gpt, optimizers = made(kind)
    expected: dict[str, list[rules.Array]] = {}
    ruled: dict[str, list[tuple[rules.Rule, float]]] = {}
    for name, p in gpt.named_parameters():
        rows = STACKED.get(name, (p.size(0),)) if kind == "muon" else (p.size(0),)
        expected[name] = [t.double().numpy() for t in p.detach().clone().split(rows)]
        ruled[name] = [rule(kind, name, p.shape, RECIPE) for _ in rows]
    for step, share in enumerate(SHARES):
        dice = torch.Generator().manual_seed(step)
        for name, p in gpt.named_parameters():
            parts = torch.randn(p.shape, generator=dice).double().split([len(t) for t in expected[name]])
            pieces = zip(ruled[name], expected[name], parts, strict=True)
            expected[name] = [move(w, g.numpy(), peak * share) for (move, peak), w, g in pieces]
        push(gpt, optimizers, step)
        for name, p in gpt.named_parameters():
            np.testing.assert_allclose(p.detach().numpy(), np.concatenate(expected[name]), 1e-5, 3e-6, err_msg=name)


def test_muon_takes_the_matrices_inside_the_blocks() -> None:
    gpt, optimizers = made("muon")
    assert {n: r for n, r in optim.matrices(gpt).items() if len(r) > 1} == STACKED
    turned = {optimizers.names[p] for group in optimizers.groups if group["turned"] for p in group["params"]}
    inside = [n for n, p in gpt.named_parameters() if n.startswith("blocks.") and p.dim() == 2]
    assert turned == set(inside) and len(inside) == 8
    alone, other = made("muon", Model(vocab=5, context=4, width=8, blocks=(Block(attention=None, mlp=None),)))
    push(alone, other, 0)  # nothing to turn: AdamW does it all


@pytest.mark.parametrize("kind", KINDS)
def test_only_matrices_decay(kind: Optimizer) -> None:
    gpt, optimizers = made(kind, recipe=replace(RECIPE, weight_decay=5.0))
    same, without = made(kind, recipe=replace(RECIPE, weight_decay=0.0))
    for one, by in ((gpt, optimizers), (same, without)):
        push(one, by, 2)
    for (name, p), q in zip(gpt.named_parameters(), same.parameters(), strict=True):
        assert torch.equal(p, q) == (p.dim() < 2), name


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_remembers_comes_back_bit_by_bit(kind: Optimizer) -> None:
    gpt, optimizers = made(kind)
    for step in range(3):
        push(gpt, optimizers, step)
    kept = {name: tensor.clone() for name, tensor in optimizers.state().items()}
    assert all(name.partition(".")[2] in dict(gpt.named_parameters()) for name in kept)
    again, other = made(kind)
    push(again, other, 9)  # what it remembers of this is forgotten
    again.load_state_dict(gpt.state_dict())
    other.load(kept)
    assert {n: t.dtype for n, t in other.state().items()} == {n: t.dtype for n, t in kept.items()}
    for step in range(3, 7):
        push(gpt, optimizers, step)
        push(again, other, step)
    assert all(torch.equal(p, q) for p, q in zip(gpt.parameters(), again.parameters(), strict=True))
    assert all(torch.equal(t, other.state()[name]) for name, t in optimizers.state().items())


def test_a_run_begins_with_nothing_remembered() -> None:
    for kind in KINDS:
        _, optimizers = made(kind)
        assert optimizers.state() == {}
        optimizers.load({})


def test_changed_peaks_count_from_the_next_step_and_nothing_is_forgotten() -> None:
    gpt, optimizers = made("muon")
    push(gpt, optimizers, 2)
    kept = {name: tensor.clone() for name, tensor in optimizers.state().items()}
    optimizers.set_share(0.5)
    optimizers.change(replace(RECIPE, optimizer="muon", learning_rate=1e-2, matrix_rate=0.1, weight_decay=0.0))
    assert {(g["turned"], g["lr"], g["weight_decay"]) for g in optimizers.groups} == {(True, 0.05, 0), (False, 5e-3, 0)}
    assert all(torch.equal(t, kept[name]) for name, t in optimizers.state().items())


@pytest.mark.parametrize("kind", ["adamw", "muon", "lion", "sgd"])
def test_memory_of_another_model_is_refused(kind: Optimizer) -> None:
    _, optimizers = made(kind)
    gpt, other = made("adamw", replace(MODEL, width=16))
    push(gpt, other, 0)
    with pytest.raises(ValueError, match="start a new run"):
        optimizers.load(other.state())
    with pytest.raises(ValueError, match="another model"):
        optimizers.load({"exp_avg.blocks.7.attn.qkv.weight": torch.zeros(24, 8)})
    assert optimizers.state() == {}


def test_memory_of_another_optimiser_is_refused() -> None:
    kept: dict[str, dict[str, torch.Tensor]] = {}
    for kind in KINDS:
        gpt, optimizers = made(kind)
        push(gpt, optimizers, 2)
        kept[kind] = optimizers.state()
    for kind, other in (("momentum", "adamw"), ("muon", "adamw"), ("adamw", "muon"), ("lion", "adafactor")):
        _, optimizers = made(kind)
        with pytest.raises(ValueError, match="another kind"):
            optimizers.load(kept[other])
        assert optimizers.state() == {}


def test_weights_without_gradients_stay() -> None:
    for kind in KINDS:
        gpt, optimizers = made(kind)
        before = gpt.head.weight.detach().clone()
        gpt.embed.weight.grad = torch.ones_like(gpt.embed.weight)
        optimizers.step()
        assert torch.equal(gpt.head.weight, before)
        assert not torch.equal(gpt.embed.weight, GPT(MODEL, 1).embed.weight)


def test_no_momentum_at_all() -> None:
    gpt, optimizers = made("nesterov", recipe=replace(RECIPE, momentum=0.0))
    same, plain = made("sgd")
    push(gpt, optimizers, 3)
    push(same, plain, 3)
    assert all(torch.equal(p, q) for p, q in zip(gpt.parameters(), same.parameters(), strict=True))
