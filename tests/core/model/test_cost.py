"""Counts are held against the real module: its parameters, its outputs, and what autograd keeps."""

import weakref

import pytest
import torch
from hypothesis import given, settings
from msgspec.structs import replace
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from llmstudio.core.model import cost
from llmstudio.core.model.network import GPT, Cache
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.model.spec import MLP, Attention, Block, Convolution, Experts, Model, Recurrence
from llmstudio.core.train.engine import PLAIN as PLAIN_GOAL
from llmstudio.core.train.engine import Engine
from llmstudio.core.train.learner import Learner
from llmstudio.core.train.preview import Noise
from llmstudio.core.train.recipe import Recipe
from llmstudio.core.train.way import Way
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
    kinds = bill.convolution + bill.attention + bill.recurrence + bill.mlp + bill.experts
    assert bill.embedding + kinds + bill.head + bill.rest == bill.parameters
    seen = {"": str(model.context)}
    for path, module in gpt.named_modules():
        if path:
            module.register_forward_hook(lambda _m, _i, out, at=path: seen.update({at: str([*out.shape[1:]])[1:-1]}))
    gpt(torch.zeros(1, model.context, dtype=torch.long))
    said = {path: shape for path, shape in cost.shapes(model).items() if not path.endswith(".seen")}
    assert said == {path: f"B, {seen[path]}" for path in said}


def test_gpt2_small_has_the_published_size() -> None:
    assert cost.total(PRESETS["gpt2-small"].model) == 124_439_808  # Hugging Face's gpt2


PLAIN = Block(attention=None, mlp=None)
KINDS = {
    "attention": replace(PLAIN, attention=Attention(heads=4, kv_heads=2, head_width=24, qk_norm=True)),
    "mlp": replace(PLAIN, mlp=MLP(activation="swiglu", hidden=96)),
    "experts": replace(PLAIN, experts=Experts(experts=4, top_k=2, hidden=96)),
    "recurrence": replace(PLAIN, recurrence=Recurrence(heads=4)),
    "whole": Block(placement="sandwich", parallel=True, norm="rms"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_flops_equal_those_counted_while_training(kind: str) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    model = Model(vocab=96, context=64, width=64, blocks=(KINDS[kind],) * 2)
    gpt, idx = GPT(model, seed=0), torch.zeros(2, 64, dtype=torch.long)
    for block in gpt.blocks:
        if block.attn:
            block.attn.fused = False
    with FlopCounterMode(display=False) as counter:
        nn.functional.cross_entropy(gpt(idx).flatten(0, 1), idx.flatten()).backward()
    near = 0.05 if kind == "recurrence" else 0.01  # what a chunk of it adds to the memories is left out
    assert cost.flops_per_token(model) == pytest.approx(counter.get_total_flops() / idx.numel(), rel=near)


def test_a_window_and_a_convolution_by_hand() -> None:
    windowed = replace(PLAIN, attention=Attention(heads=4, window=8, sinks=2), convolution=Convolution(size=3))
    model = Model(context=64, width=64, blocks=(windowed,))
    counts, work = cost.parameters(model), cost.flops(model)
    assert work["blocks.0.attn"] == 2 * counts["blocks.0.attn"] + 4 * 64 * 10
    assert work["blocks.0.conv"] == 2 * 64 * 3
    assert work[""] == sum(work[path] for path in ("blocks.0", "norm", "head"))


def test_only_the_experts_in_use_count_as_active() -> None:
    model = Model(width=8, blocks=(replace(PLAIN, experts=Experts(experts=4, top_k=1)),))
    assert cost.total(model) - cost.active(model) == 3 * 2 * 8 * 32


def test_the_cache_is_the_one_that_writing_keeps() -> None:
    parts = Block(attention=Attention(heads=4, kv_heads=2), convolution=Convolution(), recurrence=Recurrence(heads=2))
    model = Model(context=16, width=32, blocks=(parts, Block()))
    kept = [past for block in Cache(GPT(model)).past for past in block.values() if past]
    found = sum(t.nbytes for past in kept for t in vars(past).values() if isinstance(t, torch.Tensor))
    assert cost.cache_bytes(model) == found
    assert cost.cache_token_bytes(model) == 4 * (2 * 2 * 8 + 2 * 4 * 8)


class Live(TorchDispatchMode):
    """Bytes of all tensors that are alive, and the most there were."""

    def __init__(self, known: list[torch.Tensor]) -> None:
        super().__init__()
        self.now = self.most = 0
        self._known = [t.untyped_storage() for t in known]  # held, so that no address is used twice
        self._seen = {storage._cdata for storage in self._known}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        out = function(*args, **(kwargs or {}))
        for t in tree_iter(out):
            if isinstance(t, torch.Tensor) and t.untyped_storage()._cdata not in self._seen:
                self._add(t.untyped_storage())
        return out

    def _add(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        self._seen.add(key)
        self.now += size
        self.most = max(self.most, self.now)

        def gone() -> None:
            self._seen.discard(key)
            self.now -= size

        weakref.finalize(storage, gone)


def alive(model: Model, dtype: str, fused: bool, recompute: bool = False) -> int:
    """The most bytes at a time while the engine makes the gradients of four texts, beside weights and gradients."""
    gpt = GPT(model, 0).train()
    engine = Engine(gpt, Way(dtype=dtype, fused=(fused,) * len(model.blocks)), recompute)
    engine.refresh()
    x = torch.zeros(4, model.context, dtype=torch.long)
    known = [*gpt.parameters(), *engine.work.parameters(), *gpt.buffers(), *engine.work.buffers(), x]
    with (live := Live([*known, *(p.grad for p in gpt.parameters() if p.grad is not None)])):
        engine.gradients(x, x, 1, PLAIN_GOAL)
    return live.most


SMALL = ["nano", "nanogpt-shakespeare-cpu", "u-net", "attention-only", "gptj-like", "nanochat-like"]


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize(("dtype", "fused"), [("float32", False), ("bfloat16", False), ("bfloat16", True)])
def test_activations_are_what_the_engine_keeps_alive(name: str, dtype: str, fused: bool) -> None:
    model = replace(PRESETS[name].model, context=64)
    found = cost.footprint(model, Recipe(batch=4), dtype, fused)
    assert found.activations == pytest.approx(alive(model, dtype, fused), rel=0.15)


def test_recomputing_keeps_one_block() -> None:
    model = Model(vocab=32, context=64, width=64, position="rope", blocks=(Block(),) * 8)
    found = cost.footprint(model, Recipe(batch=4, recompute=True), "float32", False)
    assert found.activations == pytest.approx(alive(model, "float32", False, recompute=True), rel=0.3)
    assert found.activations < 0.5 * cost.footprint(model, Recipe(batch=4), "float32", False).activations


EVERY = Block(convolution=Convolution(size=64), recurrence=Recurrence(), experts=Experts())


@pytest.mark.parametrize("block", [Block(), EVERY])
@pytest.mark.parametrize("optimizer", ["adamw", "muon", "lion", "sgd", "adafactor", "rmsprop", "momentum"])
def test_the_optimiser_is_what_it_remembers(optimizer: str, block: Block) -> None:
    model = Model(width=64, blocks=(block,) * 4)
    recipe = Recipe(optimizer=optimizer, batch=2, ema=0.9)  # type: ignore[arg-type]
    learner = Learner(model, recipe, Noise(model.vocab), "cpu", Way(dtype="float32", fused=(False,) * 4))
    learner.gradients(0, 0)
    learner.apply(0.1)
    found = cost.footprint(model, recipe)
    remembered = sum(t.nbytes for t in learner.optimizers.state().values())
    assert remembered == pytest.approx(found.optimizer, rel=0.02, abs=0.03 * found.weights)
    assert learner.average and found.copies == sum(p.nbytes for p in learner.average.gpt.parameters())


def test_states_to_go_back_to_come_with_the_steps() -> None:
    kept = [cost.footprint(Model(), Recipe(steps=steps)).kept / (4 * cost.total(Model())) for steps in (10, 30, 100)]
    assert kept == [3 + 3 + 1, 3 + 3 + 1 + 3, 3 + 3 + 2 * 3]  # one being saved, the best and two snapshots, and those
