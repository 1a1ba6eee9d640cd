"""Counts are held against the real module: its parameters, its outputs, and what autograd keeps."""

import pytest
import torch
from hypothesis import given, settings
from torch import nn

from llmstudio.core.model import cost
from llmstudio.core.model.network import GPT
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.model.spec import MLP, Attention, Block, Model
from tests.core.model.specs import models


def counted(gpt: GPT, path: str) -> int:
    """Parameters below `path`, each once, a tied head's with the embedding."""
    below = gpt.get_submodule(path) if path else gpt
    own = {id(p): p.numel() for p in below.parameters()}
    if path == "head":
        own.pop(id(gpt.embed.weight), None)
    return sum(own.values())


@pytest.mark.parametrize("name", PRESETS)
def test_parameters_of_presets_equal_the_module(name: str) -> None:
    model = PRESETS[name].model
    with torch.device("meta"):
        gpt = GPT(model)
    assert {path: counted(gpt, path) for path in cost.parameters(model)} == cost.parameters(model)


@settings(max_examples=25, deadline=None)
@given(models())
def test_parameters_and_shapes_equal_the_module(model: Model) -> None:
    gpt = GPT(model)
    assert {path: counted(gpt, path) for path in cost.parameters(model)} == cost.parameters(model)
    bill = cost.cost(model)
    assert bill.embedding + bill.attention + bill.mlp + bill.head + bill.rest == bill.parameters
    seen = {"": str(model.context)}
    for path, module in gpt.named_modules():
        if path:
            module.register_forward_hook(lambda _m, _i, out, at=path: seen.update({at: str([*out.shape[1:]])[1:-1]}))
    gpt(torch.zeros(1, model.context, dtype=torch.long))
    said = {path: shape for path, shape in cost.shapes(model).items() if not path.endswith(".seen")}
    assert said == {path: f"B, {seen[path]}" for path in said}


def test_gpt2_small_has_the_published_size() -> None:
    assert cost.total(PRESETS["gpt2-small"].model) == 124_439_808  # Hugging Face's gpt2


def test_flops_equal_those_counted_while_training() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    blocks = (Block(attention=Attention(heads=4)), Block(mlp=MLP(activation="swiglu", hidden=96)))
    model = Model(vocab=96, context=32, width=64, blocks=blocks)
    gpt, idx = GPT(model, seed=0), torch.zeros(2, 32, dtype=torch.long)
    for block in gpt.blocks:
        block.attn.fused = False
    with FlopCounterMode(display=False) as counter:
        nn.functional.cross_entropy(gpt(idx).flatten(0, 1), idx.flatten()).backward()
    assert cost.flops_per_token(model) == pytest.approx(counter.get_total_flops() / idx.numel(), rel=0.01)


@pytest.mark.parametrize("name", ["nano", "nanogpt-shakespeare-cpu", "llama-like"])
def test_activation_memory_is_near_what_autograd_keeps(name: str) -> None:
    model = PRESETS[name].model
    gpt, idx = GPT(model, seed=0), torch.zeros(2, model.context, dtype=torch.long)
    for block in gpt.blocks:
        if block.attn:
            block.attn.fused = False
    weights = {p.untyped_storage().data_ptr() for p in gpt.parameters()}
    kept: dict[int, int] = {}
    storages = []  # held, so that no address is used twice

    def keep(t: torch.Tensor) -> torch.Tensor:
        storages.append(t.untyped_storage())
        kept[t.untyped_storage().data_ptr()] = t.untyped_storage().nbytes()
        return t

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        loss = nn.functional.cross_entropy(gpt(idx).flatten(0, 1), idx.flatten())
    measured = sum(size for where, size in kept.items() if where not in weights) / 2
    measured += 2 * 4 * model.vocab * model.context  # the scores and their gradient: alive at the peak
    assert loss.isfinite()
    assert cost.activation_bytes(model) == pytest.approx(measured, rel=0.2)
