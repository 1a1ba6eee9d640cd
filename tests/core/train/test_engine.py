"""The fast step gives the gradients of the plain one: in bfloat16 to its precision, in portions and compiled alike."""

import time
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from msgspec.structs import replace
from torch import Tensor

from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import MLP, Attention, Block, Model
from llmstudio.core.train import compiled, way
from llmstudio.core.train.engine import Engine, Goal, losses
from llmstudio.core.train.events import Changed, Note, Step
from llmstudio.core.train.learner import Learner, wish_of
from llmstudio.core.train.preview import Noise
from llmstudio.core.train.recipe import Recipe
from llmstudio.core.train.trainer import Trainer
from tests.core.train.texts import Letters, Tokens

MODEL = Model(
    vocab=31, context=16, width=32, position="rope", norm="rms",
    blocks=(
        Block(attention=Attention(heads=4, kv_heads=2, qk_norm=True)),
        Block(norm="rms", mlp=MLP(activation="swiglu", hidden=40), attention=Attention(heads=2, window=5)),
    ),
)  # fmt: skip
PLAIN = Goal()


def batch(rows: int = 6) -> tuple[Tensor, Tensor]:
    ids = torch.randint(MODEL.vocab, (rows, MODEL.context + 1), generator=torch.Generator().manual_seed(3))
    return ids[:, :-1], ids[:, 1:]


def made(dtype: str, fused: bool = False) -> Engine:
    return Engine(GPT(MODEL, 1).train(), way.Way(dtype=dtype, fused=(fused,) * 2))


def gradients(engine: Engine) -> dict[str, Tensor]:
    return {name: p.grad.clone() for name, p in engine.gpt.named_parameters() if p.grad is not None}


def by_hand() -> tuple[float, dict[str, Tensor]]:
    gpt = GPT(MODEL, 1)
    x, y = batch()
    loss = F.cross_entropy(gpt(x).flatten(0, 1), y.flatten())
    loss.backward()
    return loss.item(), {name: p.grad for name, p in gpt.named_parameters() if p.grad is not None}


def apart(a: dict[str, Tensor], b: dict[str, Tensor]) -> float:
    """The largest angle between the gradients of a matrix, as 1 - cosine."""
    assert a.keys() == b.keys()
    pairs = [(a[name].flatten(), b[name].flatten()) for name in a if a[name].dim() == 2]
    return max(1 - float(F.cosine_similarity(p, q, 0)) for p, q in pairs)


@pytest.mark.parametrize("fused", [False, True])
def test_in_float32_the_gradients_are_autograds_own(fused: bool) -> None:
    engine = made("float32", fused)
    loss = engine.gradients(*batch(), 1, PLAIN)
    known, grads = by_hand()
    assert loss.item() == pytest.approx(known, abs=1e-6)
    for name, grad in gradients(engine).items():
        torch.testing.assert_close(grad, grads[name], atol=1e-6, rtol=1e-4)


def test_a_working_copy_in_bfloat16_learns_in_the_same_direction() -> None:
    engine = made("bfloat16")
    assert engine.work is not engine.gpt and engine.work.embed.weight.dtype is torch.bfloat16
    loss = engine.gradients(*batch(), 1, PLAIN)
    known, grads = by_hand()
    assert loss.item() == pytest.approx(known, rel=3e-3)
    assert apart(gradients(engine), grads) < 3e-3
    assert all(p.dtype is torch.float32 and p.grad.dtype is torch.float32 for p in engine.weights)


def test_the_working_copy_follows_the_weights() -> None:
    engine = made("bfloat16")
    before = engine.gradients(*batch(), 1, PLAIN).item()
    with torch.no_grad():
        for p in engine.weights:
            p.mul_(1.5)
    assert engine.gradients(*batch(), 1, PLAIN).item() == before  # not told yet
    engine.stale()
    assert engine.gradients(*batch(), 1, PLAIN).item() != before
    torch.testing.assert_close(engine.refresh().embed.weight, engine.gpt.embed.weight.bfloat16(), atol=0, rtol=0)


@pytest.mark.parametrize("portions", [2, 3, 4, 6])
def test_portions_add_up_to_the_batch_also_where_they_differ_in_size(portions: int) -> None:
    whole, parts = made("float32"), made("float32")
    loss = whole.gradients(*batch(), 1, PLAIN)
    assert parts.gradients(*batch(), portions, PLAIN).item() == pytest.approx(loss.item(), abs=1e-6)
    for a, b in zip(gradients(whole).values(), gradients(parts).values(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_loss_and_its_gradient_are_torchs_cross_entropy(dtype: torch.dtype) -> None:
    dice = torch.Generator().manual_seed(2)
    logits = (8 * torch.randn(3, 4, 50, generator=dice)).to(dtype)
    y = torch.randint(50, (3, 4), generator=dice)
    a, b = logits.clone().requires_grad_(), logits.float().requires_grad_()
    aim, plain = losses(a, y, PLAIN)
    known = F.cross_entropy(b.flatten(0, 1), y.flatten())
    torch.testing.assert_close(plain, known.detach(), atol=1e-6, rtol=1e-6)
    (2 * aim).backward()
    (2 * known).backward()
    close = {"atol": 1e-7, "rtol": 1e-4} if dtype is torch.float32 else {"atol": 1e-5, "rtol": 1e-2}
    torch.testing.assert_close(a.grad.float(), b.grad, **close)
    surely_wrong = torch.tensor([[[0.0, 1e4]]])
    assert losses(surely_wrong, torch.tensor([[0]]), PLAIN)[1].isfinite()


def test_smoothing_and_z_loss_are_what_their_papers_say_and_are_not_in_the_loss_that_is_told() -> None:
    logits, y = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(1)), torch.tensor([[0, 1, 2], [3, 4, 0]])
    aim, plain = losses(logits, y, Goal(label_smoothing=0.1, z_loss=0.01))
    p = logits.double().softmax(-1)
    right = -p.log().gather(-1, y[..., None]).mean()
    spread = -p.log().mean()
    z = logits.double().exp().sum(-1).log().square().mean()
    assert plain.item() == pytest.approx(right.item(), rel=1e-6)
    assert aim.item() == pytest.approx((0.9 * right + 0.1 * spread + 0.01 * z).item(), rel=1e-6)


def test_recomputed_activations_give_the_same_gradients() -> None:
    engine = Engine(GPT(MODEL, 1).train(), way.Way(dtype="float32", fused=(False, False)), recompute=True)
    engine.gradients(*batch(), 1, PLAIN)
    for name, grad in gradients(engine).items():
        torch.testing.assert_close(grad, by_hand()[1][name], atol=1e-6, rtol=1e-4)


@pytest.mark.skipif(compiled.why_not() is not None, reason="needs a C++ compiler")
def test_the_compiled_step_is_made_beside_the_run_and_taken_without_a_jump(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llmstudio.core.train.translation.PAYS", 0.0)
    tokens = Tokens()
    model = replace(MODEL, vocab=len(Letters().letters), blocks=MODEL.blocks[:1])
    recipe = Recipe(steps=100_000, batch=4, warmup=0, evaluate_every=10**6, sample_every=10**6, watch_every=0)
    compiler = compiled.Compiler(tmp_path / "cache")
    trainer = Trainer(model, recipe, tokens, Letters(), tmp_path / "run", compiler=compiler)
    run = trainer.run()
    told = []
    for event in run:
        told.append(event)
        if isinstance(event, Step):
            time.sleep(0.005)  # leave the processor to the compiler
            if trainer._learner.engine.compiled and event.step > trainer.changes[0].step + 3:
                break
        assert trainer.seconds < 200
    run.close()
    at = next(e for e in told if isinstance(e, Changed))
    assert (at.fields, at.why) == ({"compiled": True}, "machine") and at.step > 10
    assert any(isinstance(e, Note) and e.flag == "compiled" for e in told)

    again = Learner(model, recipe, tokens, "cpu", trainer._learner.engine.way)  # the next run begins with it
    wish = again.wish
    assert wish and (ready := compiler.ready(wish))
    plain, _ = again.gradients(0, 0)
    expected = gradients(again.engine)
    assert again.take(ready, wish.rows)
    assert again.gradients(0, 0)[0] == pytest.approx(plain, rel=3e-3)
    assert apart(gradients(again.engine), expected) < 1e-2
    again.drop()

    def wrong(x: Tensor, y: Tensor, *weights: Tensor) -> list[Tensor]:
        return [torch.tensor(99.0), *(torch.zeros_like(w) for w in weights)]

    assert not again.take(wrong, wish.rows)  # what gives another loss is not taken
    assert again.engine.compiled is None
    compiler.close()


def test_what_changes_with_every_step_is_not_compiled() -> None:
    machine = way.Way(fused=(False, False))
    assert wish_of(MODEL, Recipe(), machine, "cpu")
    for recipe in (Recipe(compile=False), Recipe(dropout=0.1), Recipe(recompute=True), Recipe(batch=12, accumulate=5)):
        assert wish_of(MODEL, recipe, machine, "cpu") is None
    named = wish_of(replace(MODEL, name="Another"), Recipe(learning_rate=0.5), machine, "cpu")
    first = wish_of(MODEL, Recipe(), machine, "cpu")
    assert named and first and named.file(Path()) == first.file(Path())
    other = wish_of(MODEL, Recipe(z_loss=0.1), machine, "cpu")
    assert other and other.file(Path()) != first.file(Path())


def test_a_damaged_compiled_step_is_as_good_as_none(tmp_path: Path) -> None:
    wish = wish_of(MODEL, Recipe(), way.Way(fused=(False, False)), "cpu")
    assert wish
    compiler = compiled.Compiler(tmp_path)
    wish.file(tmp_path).write_bytes(b"no archive")
    assert compiler.ready(wish) is None
    assert not wish.file(tmp_path).exists()


def test_noise_is_in_the_vocabulary() -> None:
    import numpy as np

    x, y = Noise(7).batch(np.random.default_rng(0), 3, 5)
    assert x.shape == y.shape == (3, 5) and min(x.min(), y.min()) >= 0 and max(x.max(), y.max()) < 7
