"""The run as a person meets it: it learns, and can be stopped anywhere and continued as if it had not been."""

import errno
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import MLP, Attention, Block, Model
from llmstudio.core.train import checkpoint
from llmstudio.core.train.events import Evaluated, Note, RolledBack, Sampled, Saved, Snapshot, Step
from llmstudio.core.train.recipe import Recipe, snapshot_steps
from llmstudio.core.train.schedule import learning_rate
from llmstudio.core.train.trainer import Trainer
from tests.core.train.texts import Letters, Tokens

MODEL = Model(
    vocab=len(Letters().letters),
    context=16,
    width=32,
    position="rope",
    blocks=(Block(attention=Attention(heads=2)), Block(norm="rms", mlp=MLP(activation="swiglu", hidden=40))),
)
RECIPE = Recipe(
    steps=24,
    batch=8,
    learning_rate=1e-2,
    warmup=4,
    evaluate_every=10,
    evaluate_batches=2,
    sample_every=12,
    sample_tokens=5,
    prompt="the ",
    checkpoint_seconds=3600,
    precision="float32",
)


def trainer(folder: Path, model: Model = MODEL, recipe: Recipe = RECIPE) -> Trainer:
    return Trainer(model, recipe, Tokens(), Letters(), folder)


def events(run, kind=object):
    return [event for event in run if event is not None and isinstance(event, kind)]


def until(run, step: int) -> list:
    """Take events until the Step of that number, then close."""
    taken = []
    for event in run:
        taken.append(event)
        if isinstance(event, Step) and event.step == step:
            run.close()
            return taken
    raise AssertionError(f"no step {step}")


def weights(gpt: GPT) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in gpt.named_parameters()}


def test_it_learns_and_tells(tmp_path: Path) -> None:
    one = trainer(tmp_path)
    told = events(one.run())
    steps = [e for e in told if isinstance(e, Step)]
    assert [e.step for e in steps] == list(range(1, 25))
    assert [e.learning_rate for e in steps] == [learning_rate(RECIPE, n) for n in range(24)]
    assert all(a.seconds <= b.seconds for a, b in pairwise(steps))
    assert abs(steps[0].loss - np.log(MODEL.vocab)) < 0.3  # it starts by knowing nothing
    assert np.mean([e.loss for e in steps[-4:]]) < steps[0].loss - 0.4
    measured = [(e.step, e.whole) for e in told if isinstance(e, Evaluated)]
    assert measured == [(0, False), (10, False), (20, False), (24, True)]
    assert [(e.step, len(e.text)) for e in told if isinstance(e, Sampled)] == [(0, 5), (12, 5), (24, 5)]
    assert [e.step for e in told if isinstance(e, Snapshot)] == snapshot_steps(24)
    assert told[-1] == Saved(step=24)
    assert (one.step, one.model is not None) == (24, True)


def test_snapshots_hold_the_weights_of_their_step(tmp_path: Path) -> None:
    one = trainer(tmp_path)
    until(one.run(), 8)
    again = GPT(MODEL)
    with pytest.raises(ValueError, match=r"8\.safetensors is missing"):  # stopped at the step, before its news
        checkpoint.load_snapshot(again, tmp_path / "snapshots" / "8.safetensors")
    two = trainer(tmp_path)
    until(two.run(), 9)
    assert checkpoint.load_snapshot(again, tmp_path / "snapshots" / "8.safetensors") == 8
    three = trainer(tmp_path / "other")
    until(three.run(), 8)
    assert all(torch.equal(p, weights(three.model)[name]) for name, p in weights(again).items())


@pytest.mark.parametrize("stop", [1, 7, 12, 23])
@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_a_stopped_run_continues_as_if_it_had_not_been(tmp_path: Path, stop: int, dropout: float) -> None:
    model = replace(MODEL, dropout=dropout)
    whole = trainer(tmp_path / "whole", model)
    expected = events(whole.run(), Step | Evaluated | Sampled)
    first = trainer(tmp_path / "parts", model)
    last = until(first.run(), stop)[-1]
    torch.manual_seed(99)  # whatever others draw in between
    second = trainer(tmp_path / "parts", model)
    told = events(second.run())
    assert isinstance(told[0], Note) and f"step {stop}" in told[0].text
    rest = [e for e in told if isinstance(e, Step | Evaluated | Sampled)]
    same = [replace(e, seconds=0.0) if isinstance(e, Step) else e for e in expected]
    after = [e for e in same if e.step > stop or (e.step == stop and not isinstance(e, Step))]
    assert [replace(e, seconds=0.0) if isinstance(e, Step) else e for e in rest] == after
    ours, theirs = weights(second.model), weights(whole.model)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert next(e for e in rest if isinstance(e, Step)).seconds > last.seconds


def test_a_finished_run_that_is_opened_again_does_nothing_more(tmp_path: Path) -> None:
    events(trainer(tmp_path).run())
    again = events(trainer(tmp_path).run())
    assert [type(e) for e in again] == [Note]
    one = trainer(tmp_path)
    one.change(steps=26)
    longer = events(one.run(), Step)
    assert [e.step for e in longer] == [25, 26]


def test_stop_is_possible_during_evaluation_and_sampling(tmp_path: Path) -> None:
    one = trainer(tmp_path, recipe=replace(RECIPE, batch=1, evaluate_batches=50))
    run = one.run()
    quiet = 0
    for event in run:
        quiet += event is None
        if isinstance(event, Step):
            break
    assert quiet >= 19 + RECIPE.sample_tokens  # one for each batch of validation text and each token
    run.close()
    assert checkpoint.newest_step(tmp_path / "resume") == 1


def test_checkpoints_come_by_the_clock_and_two_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("llmstudio.core.train.keeper.time.monotonic", lambda: now[0])
    saved = []
    run = trainer(tmp_path, recipe=replace(RECIPE, checkpoint_seconds=10)).run()
    for event in run:
        if isinstance(event, Step):
            now[0] += 3
            time.sleep(0.02)  # the disk is given its time
        elif isinstance(event, Saved):
            saved.append(event.step)
    assert (saved[0], saved[-1]) == (1, 24)
    assert all(3 <= b - a <= 12 for a, b in pairwise(saved))  # every 4 steps; later where the one before is under way
    assert sorted(p.stem for p in (tmp_path / "resume").iterdir()) == [f"{step:09}" for step in saved[-2:]]


def test_a_full_disk_is_told_and_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, full = checkpoint.write_atomic, [True]

    def write(path, content):
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, content)

    monkeypatch.setattr(checkpoint, "write_atomic", write)
    told = []
    for event in trainer(tmp_path, recipe=replace(RECIPE, checkpoint_seconds=1)).run():
        if isinstance(event, Step) and event.step == 20:
            full[0] = False
        told.append(event)
    notes = [e for e in told if isinstance(e, Note)]
    assert notes and all("disk is full" in e.text and e.failed for e in notes)
    assert len([e for e in told if isinstance(e, Step)]) == 24
    assert told[-1] == Saved(step=24)
    assert not list(tmp_path.rglob("*.part"))


def test_a_disk_that_stays_full_is_an_error_of_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint, "write_atomic", write)
    with pytest.raises(ValueError, match="could not be saved"):
        events(trainer(tmp_path).run())


def test_a_loss_that_is_no_number_goes_back_to_good_weights(tmp_path: Path) -> None:
    one = trainer(tmp_path, recipe=replace(RECIPE, steps=40))
    told = []
    for event in one.run():
        told.append(event)
        if isinstance(event, Step) and event.step == 30 and not any(isinstance(e, RolledBack) for e in told):
            with torch.no_grad():
                one.model.norm.weight.fill_(torch.nan)
    back = [e for e in told if isinstance(e, RolledBack)]
    assert [(e.step, e.bad) for e in back] == [(0, 31)]  # the state in memory of step 25 is too near
    after = [e for e in told[told.index(back[0]) :] if isinstance(e, Step)]
    assert [e.step for e in after] == list(range(1, 41))
    assert after[10].learning_rate == pytest.approx(learning_rate(one.recipe, 10) / 2)
    assert all(p.isfinite().all() for p in one.model.parameters())


def test_without_roll_back_a_loss_that_is_no_number_ends_the_run_with_good_weights_kept(tmp_path: Path) -> None:
    recipe = replace(RECIPE, steps=40, roll_back=False, checkpoint_steps=5)
    one = trainer(tmp_path, recipe=recipe)
    with pytest.raises(ValueError, match="no number any more at step 31: take a lower learning rate"):
        for event in one.run():
            if isinstance(event, Step):
                one._keeper._saver.settle()  # a slow disk would leave the next checkpoint out
            if isinstance(event, Step) and event.step == 30:
                with torch.no_grad():
                    one.model.norm.weight.fill_(torch.nan)
    again = trainer(tmp_path, recipe=recipe)
    next(e for e in again.run() if isinstance(e, Step))
    assert all(p.isfinite().all() for p in again.model.parameters())
    assert again.step == 26  # from the checkpoint of step 25: the bad weights of step 30 were not saved


def test_the_gradient_is_clipped_and_its_length_before_is_told(tmp_path: Path) -> None:
    free = events(trainer(tmp_path / "a", recipe=replace(RECIPE, clip=0.0, steps=2)).run(), Step)
    cut = events(trainer(tmp_path / "b", recipe=replace(RECIPE, clip=1e-9, steps=2)).run(), Step)
    assert free[0].gradient == cut[0].gradient > 0
    assert free[1].loss != cut[1].loss
    gpt = GPT(MODEL, RECIPE.seed)
    x, y = Tokens().batch(np.random.default_rng((RECIPE.seed, 0)), 8, 16)
    torch.nn.functional.cross_entropy(gpt(torch.from_numpy(x)).flatten(0, 1), torch.from_numpy(y).flatten()).backward()
    by_hand = sum(float(p.grad.double().square().sum()) for p in gpt.parameters()) ** 0.5
    assert free[0].gradient == pytest.approx(by_hand, rel=1e-5)


def test_a_pause_is_not_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("llmstudio.core.train.trainer.time.perf_counter", lambda: now[0])
    one = trainer(tmp_path)
    for event in one.run():
        if isinstance(event, Step):
            now[0] += 100.0 if event.step == 3 else 0.25  # a pause, and a look at the attention
    assert one.seconds == pytest.approx(23 * 0.25)


def test_what_a_crash_left_half_written_goes(tmp_path: Path) -> None:
    until(trainer(tmp_path).run(), 2)
    left = [tmp_path / "resume/.000000002.safetensors.x1.part", tmp_path / "snapshots/.2.safetensors.x1.part"]
    for part in left:
        part.write_bytes(b"half")
    until(trainer(tmp_path).run(), 3)
    assert not any(part.exists() for part in left)


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    until(trainer(tmp_path).run(), 2)
    with pytest.raises(ValueError, match="belongs to another model"):
        next(trainer(tmp_path, replace(MODEL, width=64)).run())
