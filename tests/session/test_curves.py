import pytest

from llmstudio.core.model.spec import Model
from llmstudio.core.train.events import (
    Changed,
    Evaluated,
    Health,
    Histogram,
    Histograms,
    Note,
    Part,
    RolledBack,
    Sampled,
    Snapshot,
    Step,
)
from llmstudio.core.train.recipe import Recipe
from llmstudio.session.run import Run


def step(n, loss=2.0, gradient=0.5, seconds=None):
    return Step(
        step=n, loss=loss, learning_rate=1e-3, gradient=gradient, seconds=n / 10 if seconds is None else seconds
    )


def run_of(events, **recipe):
    model = Model(context=8)
    return Run(name="r", number=1, model=model, recipe=Recipe(**{"batch": 4, "clip": 1.0, **recipe}), log=[*events])


def looked(n):
    mlp = Part(gradient=2 * n, update=1e-3, activation=2.0, dead=0.25)
    return Health(step=n, parts={"embed": Part(gradient=n, update=1e-3, activation=1.0), "blocks.0.mlp": mlp})


def histograms(n):
    one = {"embed": Histogram(low=-1, high=1, counts=(1, 2, 3))}
    return Histograms(step=n, weights=one, gradients=one)


def test_health_of_each_part_becomes_a_series():
    run = run_of([step(1), looked(1), step(2), looked(2)])
    assert [*run.health["blocks.0.mlp"].gradient.values] == [2, 4]
    assert [*run.health["blocks.0.mlp"].dead.steps] == [1, 2]
    assert len(run.health["embed"].dead) == 0
    assert [look.step for look in run.looks] == [1, 2]


def test_only_the_last_looks_are_kept_whole_but_every_number():
    run = run_of([looked(n) for n in range(1, 31)])
    assert [look.step for look in run.looks] == [*range(23, 31)]
    assert len(run.health["embed"].gradient) == 30


def test_the_norm_is_clipped_by_the_recipe_in_force():
    changed = Changed(step=2, fields={"clip": 0.5})
    off = Changed(step=3, fields={"clip": 0.0})
    run = run_of([step(1, gradient=4), step(2, gradient=0.25), changed, step(3, gradient=4), off, step(4, gradient=4)])
    assert [*run.clipped.values] == [1, 0.25, 0.5, 4]
    assert [*run.gradient.values] == [4, 0.25, 4, 4]


def test_tokens_and_speed_follow_the_batch_as_it_is_changed():
    run = run_of([step(1), step(2), Changed(step=2, fields={"batch": 8}), step(3), step(4)])
    assert [*run.tokens.values] == [32, 64, 128, 192]
    assert [*run.speed.steps] == [2, 3, 4]
    assert run.speed.values[0] == pytest.approx(320)
    assert run.tokens_per_second == pytest.approx((192 - 32) / 0.3)
    assert run.seconds_left == pytest.approx((run.steps - 4) * 64 / run.tokens_per_second)


def test_what_was_changed_is_in_force_and_marked():
    changed = Changed(step=1, fields={"learning_rate": 3e-4, "steps": 50})
    compiled = Changed(step=1, fields={"compiled": True}, why="machine")
    run = run_of([step(1), changed, compiled, Note(step=1, text="Saved.", flag="saved")])
    assert (run.recipe_now.learning_rate, run.steps) == (3e-4, 50)
    assert run.recipe.steps == Recipe().steps
    assert run.flags == [(1, "learning rate 0.0003, steps 50"), (1, "compiled"), (1, "saved")]
    assert len(run.changes) == 2


def test_a_roll_back_takes_everything_after_it_away():
    before = [step(1), step(2), looked(2), histograms(2), Evaluated(step=2, loss=2.5), Snapshot(step=2)]
    lost = [step(3, loss=9), looked(3), histograms(3), Evaluated(step=3, loss=1.0), Snapshot(step=3),
            Sampled(step=3, prompt="", text="x", seed=1), Changed(step=3, fields={"clip": 0.5})]  # fmt: skip
    run = run_of([*before, *lost, RolledBack(step=2, bad=4, text="The loss jumped.")])
    plain = run_of(before)
    for name in ("loss", "smooth", "rate", "gradient", "clipped", "seconds", "tokens", "speed", "validation"):
        mine, other = getattr(run, name), getattr(plain, name)
        assert ([*mine.steps], [*mine.values]) == ([*other.steps], [*other.values]), name
    assert (run.step, run.snapshots, run.samples, run.best) == (2, [2], [], 2.5)
    assert len(run.histograms) == 1 and len(run.looks) == 1 and len(run.health["embed"].gradient) == 1
    assert run.cuts == 1 and run.flags[-1] == (2, "rolled back") and run.notes[-1].text == "The loss jumped."
    assert run.recipe_now.clip == 0.5  # the person's change stays in force


def test_the_time_lost_in_a_roll_back_does_not_count_as_slow():
    run = run_of(
        [step(1), step(2), step(3), RolledBack(step=2, bad=4, text="."), step(3, seconds=9.0), step(4, seconds=9.1)]
    )
    assert run.speed.last == pytest.approx(320)


def test_going_on_from_an_earlier_checkpoint_forgets_what_came_after():
    events = [step(1), Changed(step=1, fields={"clip": 0.5}), step(2), Changed(step=2, fields={"clip": 2.0}), step(3)]
    run = run_of(events)
    run.cut(1)
    assert (run.step, len(run.loss), run.recipe_now.clip, run.cuts) == (1, 1, 0.5, 1)
    assert run.log == events[:2]


def test_a_cut_amid_what_was_rolled_back_keeps_the_order_of_events():
    run = run_of(
        [step(1), step(2), step(3, loss=9), RolledBack(step=1, bad=3, text="."), step(2, loss=3), step(3, loss=4)]
    )
    assert [*run.loss.values] == [2, 3, 4]
    run.cut(2)
    assert [*run.loss.values] == [2, 3]


def test_a_cut_keeps_what_was_changed_before_a_roll_back():
    events = [
        step(1), step(2), Changed(step=2, fields={"dropout": 0.5}), step(3),
        RolledBack(step=1, bad=4, text="."), step(2), Changed(step=2, fields={"clip": 2.0}, rolled=1), step(3),
        Changed(step=3, fields={"clip": 3.0}, rolled=1),
    ]  # fmt: skip
    run = run_of(events)
    run.cut(2)
    assert [(each.step, each.rolled) for each in run.changes] == [(2, 0), (2, 1)]
    assert (run.recipe_now.dropout, run.recipe_now.clip) == (0.5, 2.0)
    run.cut(1)  # the roll-back stays, and so does what led to it
    assert [each.fields for each in run.changes] == [{"dropout": 0.5}]
