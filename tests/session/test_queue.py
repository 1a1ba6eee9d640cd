"""Runs that wait for their turn, and sweeps."""

import pytest
from msgspec.structs import replace

from llmstudio.core.train.sweep import Sweep
from llmstudio.session.queued import Queued, moved
from tests.material import make_small
from tests.session.going import LONG, begin, end, idle, until


def test_one_after_the_other(project):
    make_small(project, steps=4)
    for name in ("a", "b", "c"):
        project.train.enqueue([project.train.ordered(name)])
    assert [each.name for each in project.train.queue] == ["b", "c"]  # the first has begun
    idle(project)
    assert [(run.name, run.state, run.step) for run in project.train.runs] == [
        ("a", "finished", 4), ("b", "finished", 4), ("c", "finished", 4),
    ]  # fmt: skip


def test_moving_dropping_and_undoing(project):
    run = begin(project)
    project.train.enqueue([project.train.ordered(name) for name in "abcd"])
    ids = {each.name: each.id for each in project.train.queue}
    assert len(set(ids.values())) == 4
    project.train.move(ids["d"], 1)
    project.train.unqueue(ids["b"])
    assert [each.name for each in project.train.queue] == ["a", "d", "c"]
    project.train.clear()
    assert project.train.queue == ()
    project.notices[-1].deed[1]()
    assert [each.name for each in project.train.queue] == ["a", "d", "c"]
    project.train.clear()
    end(project, run)


def test_a_place_beyond_the_ends_and_an_unknown_one():
    from llmstudio.core.model.spec import Model
    from llmstudio.core.train.recipe import Recipe

    queue = tuple(Queued(id=n, model=Model(), recipe=Recipe()) for n in range(3))
    assert [each.id for each in moved(queue, 0, 99)] == [1, 2, 0]
    assert [each.id for each in moved(queue, 2, -5)] == [2, 0, 1]
    assert moved(queue, 7, 0) == queue


def test_the_queue_survives_and_waits_to_be_let_go(project, tmp_path):
    run = begin(project)
    quick = replace(project.train.recipe, steps=3)
    project.train.enqueue([project.train.order(project.build.model, quick, "later")])
    project.wait(project.open(tmp_path / "P"))
    assert [each.name for each in project.train.queue] == ["later"] and project.train.held
    for _ in range(20):
        project.poll()
    assert not project.train.live
    word, go = project.notices[-1].deed
    assert word == "Begin" and "1 run waits" in project.notices[-1].text
    go()
    idle(project)
    assert [(each.name, each.state) for each in project.train.runs] == [(run.name, "stopped"), ("later", "finished")]


def test_a_run_that_cannot_begin_does_not_hold_up_the_others(project):
    make_small(project, steps=3)
    project.wait(project.data.prepare())
    wide = replace(project.build.model, context=16384)
    run = begin(project)
    quick = replace(project.train.recipe, steps=3)
    orders = [project.train.order(wide, quick), project.train.order(project.build.model, quick, "good")]
    project.train.enqueue(orders)
    end(project, run)
    idle(project)
    assert [(each.name, each.state) for each in project.train.runs[1:]] == [("good", "finished")]
    assert [notice for notice in project.notices if notice.kind == "error"]


def test_a_design_that_cannot_be_built_is_not_enqueued(project):
    with pytest.raises(ValueError):
        odd = replace(project.build.model, width=17)
        project.train.enqueue([project.train.ordered(), project.train.order(odd, project.train.recipe)])
    assert project.train.queue == () and not project.train.busy


def test_a_failed_run_lets_the_next_begin(project):
    make_small(project, steps=LONG, roll_back=False)
    project.wait(project.train.start())
    run = project.train.run
    project.train.enqueue([project.train.order(project.build.model, replace(project.train.recipe, steps=2), "next")])

    def spoil():
        for weights in run.trainer.model.parameters():
            weights.data.fill_(float("inf"))

    until(project, lambda: run.step >= 2)
    project.models.ask(spoil)
    with pytest.raises(ValueError, match="number"):
        project.wait(run.job)
    idle(project)
    assert run.state == "failed" and run.error and project.train.runs[-1].state == "finished"


def test_a_sweep_makes_all_its_runs_in_one_group(project):
    make_small(project, steps=2)
    plan = Sweep(fields={"recipe.learning_rate": (1e-3, 3e-3), "model.width": (16, 32)}, seeds=2)
    group = project.train.sweep(plan)
    idle(project)
    runs = project.train.runs
    assert group == "sweep 1" and {run.group for run in runs} == {group} and len(runs) == 8
    assert {(r.recipe.learning_rate, r.model.width, r.recipe.seed) for r in runs} == {
        (rate, width, seed) for rate in (1e-3, 3e-3) for width in (16, 32) for seed in (1337, 1338)
    }  # fmt: skip
    assert len({run.label for run in runs}) == 8 and all(run.state == "finished" for run in runs)
    assert project.train.sweep(Sweep(fields={}, seeds=3)) == "sweep 2"
    idle(project)


def test_a_sweep_too_large_is_refused_whole(project):
    with pytest.raises(ValueError, match="runs"):
        project.train.sweep(Sweep(fields={"steps": tuple(range(1, 200))}))
    assert project.train.queue == () and not project.train.live


def test_a_run_in_the_queue_gets_the_vocabulary_of_new_tokens(project):
    run = begin(project)
    project.train.enqueue([project.train.order(project.build.model, replace(project.train.recipe, steps=2), "next")])
    project.data.edit(replace(project.data.settings, tokenizer="byte"))
    end(project, run)
    idle(project)
    assert project.train.run.model.vocab == project.data.manifest.vocab != run.model.vocab
    assert project.train.run.state == "finished"


def test_starting_while_one_goes_on_is_refused_but_can_wait(project):
    run = begin(project)
    with pytest.raises(ValueError, match="going on"):
        project.train.start()
    with pytest.raises(ValueError, match="going on"):
        project.train.begin(project.train.ordered())
    assert project.train.why_never is None
    end(project, run)
    assert not project.train.busy and project.train.why_not is None
