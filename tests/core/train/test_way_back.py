"""What holds when a run has gone back, stopped early, or been translated: on the disk, in its changes, in its looks."""

from collections.abc import Generator
from pathlib import Path

import pytest
import torch

from llmstudio.core.model.network import GPT
from llmstudio.core.train import checkpoint
from llmstudio.core.train.compiled import Compiler, Wish
from llmstudio.core.train.events import Changed, Evaluated, Event, Note, RolledBack, Step
from llmstudio.core.train.learner import Learner
from llmstudio.core.train.looks import Looks
from llmstudio.core.train.recipe import Recipe
from llmstudio.core.train.trainer import Trainer
from llmstudio.core.train.translation import Translation
from llmstudio.core.train.way import Way
from tests.soak import small


def spoilt(one: Trainer, at: int, after: dict[int, float] | None = None) -> list[Event]:
    """Run to the end, with weights that are no numbers once after step `at`; then rates from these steps on."""
    told: list[Event] = []
    run = one.run()
    wanted = dict(after or {})
    for event in run:
        if event is not None:
            told.append(event)
        went = any(isinstance(e, RolledBack) for e in told)
        if isinstance(event, Step):
            if event.step == at and not went:
                with torch.no_grad():
                    one.model.norm.weight.fill_(torch.nan)
            if went and event.step in wanted:
                one.change(learning_rate=wanted.pop(event.step))
    return told


def test_where_it_went_back_to_is_on_the_disk_at_once(tmp_path: Path) -> None:
    one = small.trainer(tmp_path, steps=80, checkpoint_steps=58)
    run = one.run()
    for event in run:
        if isinstance(event, Step) and event.step == 60:
            with torch.no_grad():
                one.model.norm.weight.fill_(torch.nan)
        if isinstance(event, RolledBack):
            break
    found = checkpoint.load_resume(tmp_path / "resume")  # as if the power went now
    assert found and found[0].step == event.step == 50
    assert [(t.to, t.bad) for t in found[0].troubles] == [(50, 61)]
    run.close()


def test_a_run_that_stopped_amid_bad_losses_goes_back_like_one_that_did_not(tmp_path: Path) -> None:
    def jumping(one: Trainer, stop: int = 0) -> list[Event]:
        told: list[Event] = []
        run = one.run()
        for event in run:
            if event is not None:
                told.append(event)
            if isinstance(event, Step) and event.step == 60 and not any(isinstance(e, RolledBack) for e in told):
                with torch.no_grad():
                    one.model.norm.weight.mul_(1e3)
            if isinstance(event, Step) and event.step == stop:
                run.close()
        return told

    whole = jumping(small.trainer(tmp_path / "whole", steps=75, checkpoint_steps=50))
    first = jumping(small.trainer(tmp_path / "parts", steps=75, checkpoint_steps=50), stop=62)
    second = list(small.happened(small.trainer(tmp_path / "parts", steps=75, checkpoint_steps=50)))
    back = [(e.step, e.bad) for e in whole if isinstance(e, RolledBack)]
    assert back == [(50, 63)]
    assert [(e.step, e.bad) for e in second if isinstance(e, RolledBack)] == back
    assert small.losses(first) | small.losses(second) == small.losses(whole)


def test_a_change_after_a_roll_back_is_repeated_after_it(tmp_path: Path) -> None:
    one = small.trainer(tmp_path / "a", steps=70)
    one.change(weight_decay=0.2)
    first = spoilt(one, 60, {55: 1e-3})
    assert [(c.step, c.rolled) for c in one.changes] == [(0, 0), (55, 1)]
    two = Trainer(small.MODEL, small.RECIPE, small.TOKENS, small.LETTERS, tmp_path / "b", changes=one.changes)
    two.recipe = small.replace(small.RECIPE, steps=70)
    second = spoilt(two, 60)
    assert small.losses(first) == small.losses(second)
    assert two.changes == one.changes


@pytest.mark.parametrize("there", [False, True])
def test_a_repeat_tells_where_the_translated_step_is_missing(tmp_path: Path, there: bool) -> None:
    class Ready(Compiler):
        def ready(self, wish: Wish):  # type: ignore[no-untyped-def]
            engine = one._learner.engine
            return (lambda x, y, *weights: engine._eager(x, y, wish.goal)) if there else None

    recipe, plan = small.replace(small.RECIPE, steps=4, compile=True), Changed(step=2, fields={"compiled": True})
    one = Trainer(
        small.MODEL, recipe, small.TOKENS, small.LETTERS, tmp_path, changes=[plan], compiler=Ready(tmp_path / "cache")
    )
    told = list(small.happened(one))
    notes = [e for e in told if isinstance(e, Note)]
    assert [e.fields for e in told if isinstance(e, Changed)] == [{"compiled": True}]
    assert [note.step for note in notes] == ([] if there else [2])
    assert there or "the last digits may differ" in notes[0].text


def test_without_roll_back_a_higher_loss_becomes_the_normal_one_and_is_saved(tmp_path: Path) -> None:
    one = small.trainer(tmp_path, steps=60, roll_back=False, checkpoint_steps=1, learning_rate=1e-9)
    for event in one.run():
        if isinstance(event, Step) and event.step == 30:
            with torch.no_grad():
                one.model.norm.weight.mul_(1e4)
        if isinstance(event, Step) and event.step > 40:
            one._keeper._saver.settle()  # a slow disk would leave the next checkpoint out
        if isinstance(event, Step) and event.step == 50:
            found = checkpoint.load_resume(tmp_path / "resume")
            assert found and found[0].step > 35


def test_the_newest_weights_of_an_averaging_run_can_be_read(tmp_path: Path) -> None:
    one = small.trainer(tmp_path, steps=5, ema=0.5)
    list(one.run())
    again = GPT(small.MODEL, 0)
    assert checkpoint.load_newest(again, tmp_path / "resume") == 5
    assert small.equal(small.weights(again), small.weights(one.model))


def test_a_run_that_stopped_early_has_its_patience_again(tmp_path: Path) -> None:
    learner = Learner(small.MODEL, small.RECIPE, small.TOKENS, "cpu", Way(fused=(False, False)))
    looks = Looks(learner, small.LETTERS)
    for step, loss in enumerate([2.0, 2.1, 2.2]):
        looks.judge(Evaluated(step=step, loss=loss))
    assert looks.waited == 2
    looks.back_to_best(2, looks.best)
    assert looks.waited == 0


@pytest.mark.parametrize("saved", [False, True])
def test_best_and_patience_are_those_of_where_it_went_back_to(
    tmp_path: Path, saved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looks at 45, 50, 55, 60: the one at 55 is the best, and is gone back from."""
    best = {45: 2.0, 50: 2.5, 55: 1.0, 60: 1.5}

    def look(self: Looks, step: int, recipe: Recipe, whole: bool) -> Generator[None, None, Evaluated]:
        yield None
        return Evaluated(step=step, loss=best.get(step, 3.0))

    monkeypatch.setattr(Looks, "evaluate", look)
    one = small.trainer(tmp_path, steps=70, evaluate_every=5, checkpoint_steps=58 if saved else 46)
    told = []
    for event in one.run():
        if isinstance(event, Step) and event.step == 60:
            one._keeper._saver.settle()
            if not told:
                with torch.no_grad():
                    one.model.norm.weight.fill_(torch.nan)
        if isinstance(event, RolledBack):
            told.append((event.step, one._looks.best, one._looks.waited))
            best.clear()
    kept = checkpoint.best(tmp_path)
    if saved:  # the weights of step 45 are overwritten
        assert told == [(50, None, 0)]
        assert kept and (kept.step, kept.loss) == (55, 3.0)
    else:
        assert told == [(50, checkpoint.Best(step=45, loss=2.0), 1)]
        assert kept == checkpoint.Best(step=45, loss=2.0)


@pytest.mark.parametrize("lost", ["missing", "damaged", ""])
def test_an_early_stop_without_its_best_weights_ends_with_those_it_has(tmp_path: Path, lost: str) -> None:
    one = small.trainer(
        tmp_path, steps=60, evaluate_every=5, early_stop=2, learning_rate=1.0, roll_back=False, checkpoint_steps=3
    )
    told: list[Event] = []
    for event in small.happened(one):
        told.append(event)
        if isinstance(event, Evaluated) and one._looks.waited == 1:
            one._keeper._saver.settle()
            (tmp_path / checkpoint.BEST).unlink() if lost == "missing" else None
            (tmp_path / checkpoint.BEST).write_bytes(b"half") if lost == "damaged" else None
        if isinstance(event, Step):
            weights = small.weights(one.model)
    (note,) = (e for e in told if isinstance(e, Note))
    assert note.failed == bool(lost) and ("not on the disk any more" in note.text) == bool(lost)
    assert small.equal(weights, small.weights(one.model)) == bool(lost)
    assert [c.why for c in one.changes] == ["early_stop"] and one.step == one.recipe.steps < 60


def test_less_patience_than_was_taken_already_stops_the_run(tmp_path: Path) -> None:
    one = small.trainer(tmp_path, steps=60, evaluate_every=5, early_stop=50, learning_rate=1.0, roll_back=False)
    for event in one.run():
        if isinstance(event, Evaluated) and one._looks.waited == 3:
            one.change(early_stop=2)
    assert [c.why for c in one.changes] == ["person", "early_stop"]


def test_a_compiler_that_cannot_begin_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    learner = Learner(small.MODEL, Recipe(batch=2), small.TOKENS, "cpu", Way(fused=(False, False)))
    monkeypatch.setattr("llmstudio.core.train.translation.PAYS", 0.0)
    monkeypatch.setattr("llmstudio.core.train.compiled.why_not", lambda: None)
    (tmp_path / "file").write_bytes(b"")
    translation = Translation(Compiler(tmp_path / "file"), planned=False)
    told = [news for step in range(30) for news in translation.turn(learner, step, 1000)]
    assert len(told) == 1 and isinstance(told[0], Note) and "could not be translated" in told[0].text


def test_a_compiled_step_that_does_not_run_is_not_taken() -> None:
    learner = Learner(small.MODEL, Recipe(batch=2), small.TOKENS, "cpu", Way(fused=(False, False)))
    before, _ = learner.gradients(0, 0)

    def failing(x: torch.Tensor, y: torch.Tensor, *weights: torch.Tensor) -> list[torch.Tensor]:
        raise RuntimeError("run_func_ failed")

    assert not learner.take(failing, 2)
    assert learner.engine.compiled is None
    assert learner.gradients(0, 0)[0] == before


def test_the_compiled_step_comes_back_after_dropout_was_on_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe(batch=2, dropout=0.0)
    learner = Learner(small.MODEL, recipe, small.TOKENS, "cpu", Way(fused=(False, False)))

    class Ready(Compiler):
        def ready(self, wish: Wish):  # type: ignore[no-untyped-def]
            return lambda x, y, *weights: learner.engine._eager(x, y, wish.goal)

    translation = Translation(Ready(Path()), planned=False)
    assert [type(news) for news in translation.turn(learner, 0, 100)] == [Changed]
    learner.change(small.replace(recipe, dropout=0.5))
    assert not list(translation.turn(learner, 1, 100)) and learner.engine.compiled is None
    learner.change(recipe)
    assert [type(news) for news in translation.turn(learner, 2, 100)] == [Changed]
    assert learner.engine.compiled is not None
