"""Training with convolutions, recurrences and mixtures: gradients, optimisers, health, and that they learn."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from msgspec.structs import replace
from torch import Tensor

from llmstudio.core.model import spec as S
from llmstudio.core.model.network import GPT
from llmstudio.core.train import compiled, fields, optim, way
from llmstudio.core.train.engine import PLAIN, Engine
from llmstudio.core.train.events import Health, Note, Step
from llmstudio.core.train.health import Pulse, histograms
from llmstudio.core.train.learner import Learner, wish_of
from llmstudio.core.train.muon import Muon
from llmstudio.core.train.recipe import Recipe
from llmstudio.core.train.trainer import Trainer
from llmstudio.core.train.translation import Translation
from tests.core.train.texts import Letters, Tokens

MODEL = S.Model(
    vocab=31, context=16, width=32, embed_norm=True, tied=False,
    blocks=(
        S.Block(convolution=S.Convolution(bias=True), mlp=None, experts=S.Experts(hidden=24, bias=True, balance=0.1)),
        S.Block(attention=None, recurrence=S.Recurrence(), experts=S.Experts(activation="swiglu", top_k=1, hidden=20)),
        S.Block(parallel=True, placement="sandwich", recurrence=S.Recurrence(heads=2, gate=False)),
    ),
)  # fmt: skip
WAY = way.Way(fused=(False,) * 3)
PATHS = ["blocks.0.conv", "blocks.0.attn", "blocks.0.moe", "blocks.1.rec", "blocks.1.mlp", "blocks.1.moe"]
PATHS += ["blocks.2.attn", "blocks.2.rec", "blocks.2.mlp"]


def batch(rows: int = 6) -> tuple[Tensor, Tensor]:
    ids = torch.randint(MODEL.vocab, (rows, MODEL.context + 1), generator=torch.Generator().manual_seed(3))
    return ids[:, :-1], ids[:, 1:]


def gradients(engine: Engine) -> dict[str, Tensor]:
    return {name: p.grad.clone() for name, p in engine.gpt.named_parameters() if p.grad is not None}


def by_hand(model: S.Model) -> tuple[float, float, dict[str, Tensor]]:
    """The loss, the unevenness and the gradients of their sum."""
    gpt = GPT(model, 1).train()
    x, y = batch()
    loss = F.cross_entropy(gpt(x).flatten(0, 1), y.flatten())
    uneven = sum(b.moe.balance * b.moe.balance_loss for b in gpt.blocks if b.moe)
    assert isinstance(uneven, Tensor)
    (loss + uneven).backward()
    return loss.item(), uneven.item(), {name: p.grad for name, p in gpt.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("recompute", [False, True])
def test_the_balance_is_minimised_and_not_told(recompute: bool) -> None:
    engine = Engine(GPT(MODEL, 1).train(), WAY, recompute)
    told = engine.gradients(*batch(), 1, PLAIN).item()
    loss, uneven, expected = by_hand(MODEL)
    assert told == pytest.approx(loss, abs=1e-5) and uneven > 0.1
    found = gradients(engine)
    assert found.keys() == expected.keys()
    for name, grad in found.items():
        torch.testing.assert_close(grad, expected[name], atol=1e-6, rtol=1e-3)
    blocks = tuple(replace(b, experts=replace(b.experts, balance=0.0)) if b.experts else b for b in MODEL.blocks)
    without = by_hand(replace(MODEL, blocks=blocks))[2]["blocks.0.moe.router.weight"]
    assert not torch.allclose(without, found["blocks.0.moe.router.weight"], rtol=0.05, atol=1e-7)


def test_a_working_copy_in_bfloat16_learns_in_the_same_direction() -> None:
    engine = Engine(GPT(MODEL, 1).train(), replace(WAY, dtype="bfloat16"))
    told = engine.gradients(*batch(), 1, PLAIN).item()
    loss, _, expected = by_hand(MODEL)
    assert told == pytest.approx(loss, rel=3e-3)
    found = gradients(engine)
    for name in (
        "blocks.0.conv.weight",
        "blocks.1.rec.qkv.weight",
        "blocks.1.rec.out.weight",
        "blocks.0.attn.qkv.weight",
    ):
        assert F.cosine_similarity(found[name].flatten(), expected[name].flatten(), 0) > 0.98, name
    assert all(p.dtype is torch.float32 and p.grad.dtype is torch.float32 for p in engine.weights)


def test_portions_add_up_where_nothing_is_balanced() -> None:
    blocks = tuple(replace(b, experts=replace(b.experts, balance=0.0)) if b.experts else b for b in MODEL.blocks)
    found = []
    for portions in (1, 4):
        engine = Engine(GPT(replace(MODEL, blocks=blocks), 1).train(), WAY)
        engine.gradients(*batch(), portions, PLAIN)
        found.append(gradients(engine))
    for name, grad in found[0].items():
        torch.testing.assert_close(grad, found[1][name], atol=1e-6, rtol=1e-3)


def test_muon_turns_the_matrices_of_each_expert_by_themselves() -> None:
    gpt = GPT(MODEL, 1)
    rows = optim.matrices(gpt)
    assert rows["blocks.0.moe.up.weight"] == (24,) * 4 and rows["blocks.0.moe.down.weight"] == (32,) * 4
    assert rows["blocks.1.moe.up.weight"] == (20,) * 8 and rows["blocks.1.rec.qkv.weight"] == (32,) * 3
    assert rows["blocks.0.moe.router.weight"] == (4,) and rows["blocks.1.rec.decay.weight"] == (4,)
    assert not any("conv" in name or "bias" in name or "norm" in name or "embed" in name for name in rows)
    whole = gpt.blocks[0].moe.up.weight
    alone = [torch.nn.Parameter(p.detach().clone()) for p in whole]
    pair = (Muon([whole], [(24,) * 4], 0.02, 0.9), Muon(alone, [(24,)] * 4, 0.02, 0.9))
    for _ in range(2):
        whole.grad = torch.randn(whole.shape, generator=torch.Generator().manual_seed(4))
        for p, grad in zip(alone, whole.grad, strict=True):
            p.grad = grad
        for one in pair:
            one.step()
    torch.testing.assert_close(whole, torch.stack(alone), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("kind", ["adamw", "muon", "adafactor", "sgd"])
def test_biases_of_experts_do_not_decay_and_all_memory_comes_back(kind: optim.Any) -> None:
    kept: dict[float, dict[str, Tensor]] = {}
    for decay in (0.0, 5.0):
        gpt = GPT(MODEL, 1)
        with torch.no_grad():
            for name, p in gpt.named_parameters():
                if name.endswith("bias"):
                    p.fill_(0.3)
        optimizers = optim.make(gpt, Recipe(optimizer=kind, weight_decay=decay))
        for p in gpt.parameters():
            p.grad = torch.ones_like(p)
        optimizers.step()
        kept[decay] = {name: p.detach() for name, p in gpt.named_parameters()}
        again = optim.make(GPT(MODEL, 2), Recipe(optimizer=kind))
        again.load(optimizers.state())
        assert again.state().keys() == optimizers.state().keys()
    for name, p in kept[0.0].items():
        vector = p.dim() == 1 or name.endswith("bias")
        assert torch.equal(p, kept[5.0][name]) == vector, name


def test_health_is_told_of_every_part() -> None:
    engine = Engine(GPT(MODEL, 1).train(), WAY)
    x, y = batch()
    engine.gradients(x, y, 1, PLAIN)
    pulse = Pulse(engine.gpt)
    optimizers = optim.make(engine.gpt, Recipe())
    optimizers.step()
    told = pulse.tell(1, engine.refresh(), x).parts
    assert set(told) == {"embed", "head", *PATHS}
    assert all(part.gradient > 0 and part.update > 0 and part.activation > 0 for part in told.values())
    assert {path for path, part in told.items() if part.dead is not None} == {
        p for p in PATHS if p[-3:] in ("mlp", "moe")
    }
    assert set(histograms(engine.gpt, 1).weights) == set(told)
    counted = sum(sum(h.counts) for h in histograms(engine.gpt, 1).weights.values())
    assert counted == sum(p.numel() for p in engine.gpt.parameters())


def test_dead_units_of_experts_are_counted_among_those_in_use() -> None:
    experts = S.Experts(experts=3, top_k=1, hidden=10, activation="relu", bias=True)
    model = S.Model(vocab=5, context=4, width=8, blocks=(S.Block(attention=None, mlp=None, experts=experts),))
    gpt = GPT(model, 1)
    moe = gpt.blocks[0].moe
    with torch.no_grad():
        moe.router.weight.zero_()
        moe.router.weight[1] = 1e-6  # ties would go by number
        moe.up.weight.zero_()
        moe.up.bias[:] = 1.0
        moe.up.bias[1, :4] = -1.0  # four units of ten
    x = torch.arange(4)[None]
    with torch.no_grad():
        gpt.embed.weight.fill_(1.0)
        gpt.blocks[0].norm_moe.weight.zero_()
        gpt.blocks[0].norm_moe.bias = torch.nn.Parameter(torch.ones(8))
    for p in gpt.parameters():
        p.grad = torch.zeros_like(p)
    assert Pulse(gpt).tell(1, gpt, x).parts["blocks.0.moe"].dead == pytest.approx(0.4)


def test_a_mixture_is_not_compiled_and_that_is_told_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("llmstudio.core.train.translation.PAYS", 0.0)
    learner = Learner(MODEL, Recipe(batch=2), Tokens(), "cpu", WAY)
    translation = Translation(compiled.Compiler(tmp_path), planned=False)
    told = [news for step in range(30) for news in translation.turn(learner, step, 1000)]
    assert [type(news) for news in told] == [Note] and "mixture" in told[0].text
    assert compiled.cannot(replace(MODEL, blocks=MODEL.blocks[2:])) is None


def test_names_notes_and_groups_do_not_ask_for_another_compiled_step() -> None:
    model = replace(MODEL, blocks=MODEL.blocks[2:])
    noted = replace(
        model,
        name="Other",
        note="mine",
        groups=(S.Group(first=0, last=0),),
        blocks=(replace(model.blocks[0], note="x"),),
    )
    files = [wish_of(one, Recipe(), way.Way(fused=(False,)), "cpu").file(Path()) for one in (model, noted)]  # type: ignore[union-attr]
    assert files[0] == files[1]


def test_the_way_is_found_for_every_part_and_kept_apart_by_what_matters() -> None:
    found = way.probe(MODEL, Recipe(precision="float32"))
    assert len(found.fused) == 3 and not found.fused[1]  # there is no attention
    capped = replace(MODEL, blocks=(S.Block(attention=S.Attention(softcap=20.0)),))
    assert way.probe(capped, Recipe(precision="float32")).fused == (False,)


def test_fields_of_every_part_can_be_tried() -> None:
    paths = fields.paths(MODEL)
    for path in (
        "blocks.*.conv.size",
        "blocks.*.rec.heads",
        "blocks.*.moe.top_k",
        "blocks.*.placement",
        "model.softcap",
    ):
        assert path in paths
    assert not {"blocks.*.experts", "blocks.*.convolution", "model.groups"} & set(paths)
    assert fields.numeric("blocks.*.moe.balance") and not fields.numeric("blocks.*.rec.gate")
    changed, _ = fields.put(MODEL, Recipe(), "blocks.*.moe.top_k", "3")
    assert [b.experts.top_k for b in changed.blocks if b.experts] == [3, 3]


def test_a_run_with_all_parts_learns_goes_on_and_is_saved(tmp_path: Path) -> None:
    model = replace(MODEL, vocab=len(Letters().letters))
    recipe = Recipe(
        steps=80, batch=8, warmup=5, learning_rate=5e-3, evaluate_every=40, sample_every=80, sample_tokens=5,
        watch_every=20, optimizer="muon",
    )  # fmt: skip
    trainer = Trainer(model, recipe, Tokens(), Letters(), tmp_path / "run")
    told = []
    run = trainer.run()
    for event in run:
        told.append(event)
        if isinstance(event, Step) and event.step == 40:
            break
    run.close()
    told += Trainer(model, recipe, Tokens(), Letters(), tmp_path / "run").run()
    steps = [e for e in told if isinstance(e, Step)]
    assert [e.step for e in steps] == list(range(1, 81))
    assert np.mean([e.loss for e in steps[-5:]]) < 0.6 * steps[0].loss
    assert any(isinstance(e, Health) for e in told)


@pytest.mark.parametrize(
    ("block", "shift"),
    [
        (S.Block(convolution=S.Convolution(size=3), attention=None), 2),
        (S.Block(attention=None, recurrence=S.Recurrence(heads=2), convolution=S.Convolution(size=2)), 1),
        (S.Block(attention=None, recurrence=S.Recurrence(heads=4)), None),
    ],
)
def test_each_mixer_learns_what_needs_the_positions_before(block: S.Block, shift: int | None) -> None:
    """The token `shift` positions ago, or, without one, the first of all."""
    model = S.Model(vocab=8, context=12, width=32, position="learned", norm="rms", blocks=(block, block))
    gpt = GPT(model, 1).train()
    optimizer = torch.optim.Adam(gpt.parameters(), 5e-3)
    dice = torch.Generator().manual_seed(1)
    first = last = 0.0
    for step in range(150):
        x = torch.randint(8, (24, 12), generator=dice)
        logits = gpt(x)[:, 3:]
        y = x[:, 3 - shift : 12 - shift] if shift else x[:, :1].expand(-1, 9)
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        first, last = (loss.item() if step == 0 else first), loss.item()
    assert first > 1.9 and last < 0.5
