"""Runs, sweeps and their settings in words, on runs that were written down."""

import pytest
from msgspec.structs import replace

from llmstudio.core.model import spec
from llmstudio.core.model.spec import Model
from llmstudio.core.train.events import Changed, Evaluated, Step
from llmstudio.core.train.outcome import Summary
from llmstudio.core.train.recipe import Recipe
from llmstudio.session.about import About, Origin
from llmstudio.session.run import Run
from llmstudio.ui.words.runs import compared, difference, loss_at, note_line, note_parts, trust
from llmstudio.ui.words.settings import named
from llmstudio.ui.words.sweep import cost, outcome


def made(number: int, tested: dict[int, float], recipe: Recipe | None = None, about: About | None = None) -> Run:
    log = [Evaluated(step=step, loss=loss) for step, loss in tested.items()]
    return Run(
        name=f"run {number}", number=number, model=Model(), recipe=recipe or Recipe(), log=log, about=about or About()
    )


def test_runs_are_compared_where_both_were_tested() -> None:
    one = made(1, {0: 4.0, 100: 2.0, 200: 1.8})
    assert compared(one, [one]) == ""
    assert compared(one, [one, made(2, {0: 4.0, 100: 2.14})]) == (
        "At step 100, run 1 is 0.14 below run 2 on validation text."
    )
    assert "level with run 2" in compared(one, [one, made(2, {100: 2.001})])
    both = [one, made(2, {100: 1.9}), made(3, {200: 1.9})]
    assert compared(one, both) == (
        "At step 100, run 1 is 0.10 above run 2 and at step 200 0.10 below run 3 on validation text."
    )
    one.log.append(Step(step=150, loss=1.5, learning_rate=0, gradient=0, seconds=0))
    one.refresh()
    assert loss_at(one, 100) == 2.0
    assert loss_at(one, 160) == 1.5


def test_among_many_the_place_and_the_best_are_said() -> None:
    runs = [made(n, {100: 2.0 + n / 10}) for n in range(1, 7)]
    assert compared(runs[2], runs) == (
        "On validation text, run 3 is number 3 of 6; at step 100 it is 0.20 above run 1."
    )
    assert "run 1 is the best of 6; at step 100 it is 0.10 below run 2" in compared(runs[0], runs)


def test_only_seeds_that_were_run_say_what_chance_does() -> None:
    one, other = made(1, {100: 2.0}), made(2, {100: 2.1}, Recipe(batch=3))
    assert trust([one]) == ""
    assert trust([one, other]).startswith("One seed each")
    again = made(3, {100: 2.03}, Recipe(seed=7))
    one.step = again.step = 100
    assert trust([one, other, again]) == "Another seed alone changed it by up to 0.03."
    again.step = 50  # it did not come as far: that is no seed's doing
    assert trust([one, other, again]).startswith("One seed each")


def test_where_a_run_began_and_that_it_was_steered_is_said() -> None:
    base = made(1, {})
    assert difference(made(2, {}, about=About(origin=Origin(repeats="run 1"))), base) == "run 1 repeated"
    begun = made(3, {}, Recipe(batch=3), About(origin=Origin(run="run 1", step=600)))
    assert difference(begun, base) == "batch: 3, from run 1 at step 600"
    begun.log.append(Changed(step=5, fields={"learning_rate": 0.5}))
    begun.refresh()
    assert difference(begun, base).endswith(", changed on the way")


@pytest.mark.parametrize(
    ("line", "note", "tags"),
    [
        ("slower #keep but steady", "slower but steady", ("keep",)),
        ("#a #b #a", "", ("a", "b")),
        ("C#5 is no tag, # neither", "C#5 is no tag, # neither", ()),
    ],
)
def test_tags_are_the_words_with_a_hash(line: str, note: str, tags: tuple[str, ...]) -> None:
    assert note_parts(line) == (note, tags)
    assert note_parts(note_line(note, tags)) == (note, tags)


def test_runs_are_named_by_what_sets_them_apart() -> None:
    model, recipe = Model(), Recipe()
    pairs = [
        (model, recipe),
        (replace(model, width=64), replace(recipe, learning_rate=3e-3, min_learning_rate=3e-5, seed=2)),
    ]
    assert named(pairs) == ["width 128, learning rate 1.0e\u22123", "width 64, learning rate 3.0e\u22123"]
    assert named([(model, recipe), (replace(model, name="other"), replace(recipe, seed=5))]) == ["", ""]
    block = spec.Block(mlp=spec.MLP(hidden=32))
    assert named([(model, recipe), (replace(model, blocks=(block,) * 4), recipe)]) == [
        "mlp hidden off",
        "mlp hidden 32",
    ]
    fewer = replace(model, blocks=model.blocks[:2])
    assert named([(model, recipe), (fewer, recipe)]) == ["blocks 4", "blocks 2"]


def summary(*losses: float) -> Summary:
    names = tuple(str(loss) for loss in losses)
    middle = sorted(losses)[len(losses) // 2]
    return Summary(names=names, losses=losses, loss=middle, low=min(losses), high=max(losses), seconds=1.0)


def test_a_sweep_says_whether_the_best_is_more_than_chance() -> None:
    assert outcome([], []) == ""
    assert outcome([summary(1.9)], ["batch 3"]) == "Batch 3 reaches 1.90."
    one_each = outcome([summary(1.9), summary(2.0)], ["batch 3", "batch 4"])
    assert (
        one_each == "Batch 3 reaches 1.90. Batch 4 is 0.10 above. With one seed each a small difference may be chance."
    )
    apart = outcome([summary(1.9, 1.91, 1.92), summary(2.0, 2.01, 2.02)], ["a", "b"])
    assert apart == (
        "A reaches 1.91, the median of 3 seeds (1.90 to 1.92). B is 0.10 above. "
        "All its seeds are above all of the best's."
    )
    mixed = outcome([summary(1.8, 1.9, 2.1), summary(1.95, 2.0, 2.01)], ["a", "b"])
    assert mixed.endswith("Seeds alone differ by up to 0.30, so this may be chance.")
    assert outcome([summary(1.9), summary(1.901)], ["a", "b"]).endswith("B is level with it.")


def test_a_sweep_costs_what_its_runs_take_together() -> None:
    assert cost(12, 240.0) == "12 runs, about 4 minutes on this computer"
    assert cost(1, None).startswith("1 run. How long")


def test_the_smoothed_loss_stands_in_where_nothing_was_tested() -> None:
    run = made(1, {100: 2.0})
    run.log.append(Step(step=150, loss=1.5, learning_rate=0, gradient=0, seconds=0))
    run.refresh()
    assert (loss_at(run, 100), loss_at(run, 160)) == (2.0, 1.5)
