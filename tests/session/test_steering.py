"""Changing, extending and holding runs while they go on, on one device and on two."""

import time

import pytest
from msgspec.structs import replace

from tests.material import make_small
from tests.session.going import LONG, begin, end, idle, train, until


def test_an_edit_reaches_the_run_that_goes_on(project):
    run = begin(project)
    project.train.edit(replace(project.train.in_force, learning_rate=5e-4, clip=0.25))
    assert project.train.in_force.learning_rate == 5e-4  # at once, before the run tells so
    until(project, lambda: run.changes)
    change = run.changes[0]
    assert change.fields == {"learning_rate": 5e-4, "clip": 0.25}
    until(project, lambda: run.step > change.step + 2)
    assert (run.recipe_now.learning_rate, run.recipe.learning_rate) == (5e-4, 1e-3)
    assert project.train.recipe.learning_rate == 5e-4  # and for the next run
    end(project, run)
    assert (change.step, "learning rate 0.0005, clip 0.25") in run.flags


def test_what_is_fixed_is_kept_for_the_next_run(project):
    run = begin(project)
    project.train.edit(replace(project.train.in_force, optimizer="sgd"))
    assert project.train.in_force.optimizer == "adamw" and project.train.recipe.optimizer == "sgd"
    end(project, run)
    assert run.changes == [] and project.train.in_force.optimizer == "sgd"


def test_a_slider_that_is_dragged_is_one_change(project):
    run = begin(project)
    for n in range(1, 30):
        project.train.edit(replace(project.train.in_force, learning_rate=1e-3 + n * 1e-5), "learning_rate")
        assert project.train.in_force.learning_rate == 1e-3 + n * 1e-5
        project.poll()
    until(project, lambda: run.changes)
    project.train.undo()
    until(project, lambda: len(run.changes) == 2)
    end(project, run)
    assert [change.fields for change in run.changes] == [{"learning_rate": 1e-3 + 29e-5}, {"learning_rate": 1e-3}]


def test_changes_are_there_again_when_the_project_is_opened(project, tmp_path):
    run = begin(project)
    project.train.edit(replace(project.train.in_force, clip=0.25))
    until(project, lambda: run.changes and run.step > run.changes[0].step)
    end(project, run)
    flags, changes = run.flags, run.changes
    project.wait(project.open(tmp_path / "P"))
    again = project.train.run
    assert again is not run and (again.changes, again.flags) == (changes, flags) and again.recipe_now.clip == 0.25


def test_a_live_run_is_extended(project):
    run = begin(project, steps=20)
    project.train.extend(run, 20)
    project.wait(run.job)
    assert (run.state, run.step, run.steps, run.recipe.steps) == ("finished", 40, 40, 20)


def test_a_finished_run_is_extended(project):
    run = train(project)
    project.wait(project.train.extend(run, 8))
    project.wait(run.job)
    assert (run.state, run.step, run.steps) == ("finished", 20, 20)
    assert [*run.loss.steps] == [*range(1, 21)]


def test_a_run_does_not_go_on_with_what_is_fixed(project):
    run = train(project)
    with pytest.raises(ValueError, match="seed is fixed"):
        project.train.resume(run, seed=5)
    with pytest.raises(ValueError):
        project.train.resume(run, batch=-1)


def test_the_recipe_is_told_when_a_run_begins_and_ends(project):
    told = []
    make_small(project, steps=LONG)
    other = replace(project.train.recipe, learning_rate=5e-4)
    order = project.train.order(project.build.model, other)
    project.train.recipe_changed.connect(lambda: told.append(project.train.in_force.learning_rate))
    project.train.enqueue([order])
    until(project, lambda: project.train.live and project.train.live.step)
    end(project, project.train.live)
    project.poll()
    assert told == [5e-4, 1e-3]


# several devices


def test_two_devices_train_at_once_and_can_be_looked_at(project):
    first = begin(project)
    assert project.train.why_not
    project.train.device = "cpu:0"  # the same processor by torch's other name for it
    assert project.train.why_not is None
    project.wait(project.train.start())
    second = project.train.run
    until(project, lambda: second.step >= 3)
    assert first.live and second.live and first.worker is not second.worker and second.device == "cpu:0"
    for run in (first, second):
        project.train.show(run)
        before = project.wait(project.inside.look()).step
        until(project, lambda run=run, before=before: run.step > before)
        assert project.wait(project.inside.look()).step > before
        assert project.train.live is run
    for run in (first, second):
        project.train.stop(run)
        project.wait(run.job)


def test_closing_stops_both(project, tmp_path):
    first = begin(project)
    project.train.device = "cpu:0"
    project.wait(project.train.start())
    second = project.train.run
    until(project, lambda: second.step >= 3)
    project.close_project()
    assert not first.live and not second.live
    project.wait(project.open(tmp_path / "P"))
    assert [run.state for run in project.train.runs] == ["stopped", "stopped"]


# the last moment, and the disk


def test_a_run_whose_disk_is_nearly_full_waits_for_the_person(project, monkeypatch):
    run = begin(project)
    full = "The disk is nearly full. Free some space, then let the run go on."
    monkeypatch.setattr("llmstudio.core.train.shortage.of_disk", lambda *_: full)
    until(project, lambda: run.state == "paused", seconds=40)
    project.poll()
    assert [notice.kind for notice in project.notices if notice.text == full] == ["error"]
    at = run.step
    project.wait(project.models.ask(lambda: None))
    project.poll()
    assert run.step == at
    monkeypatch.setattr("llmstudio.core.train.shortage.of_disk", lambda *_: None)
    project.train.pause(False)
    until(project, lambda: run.step > at)
    end(project, run)


def test_more_steps_asked_for_in_the_last_moment_are_not_lost(project):
    run = begin(project, steps=30)
    project.train.pause()
    project.wait(project.models.ask(lambda: None))
    room = project.train
    room._steering.change(run, {"steps": 34}, "dragged")  # held back a moment, in which the run ends
    run.job.pause(False)
    project.models.ask(lambda: None).result(20)
    while not run.job.done.done():
        project.models.ask(lambda: None).result(20)
    until(project, lambda: run.step == 34 and not run.live)
    assert run.state == "finished"


def test_fewer_steps_than_it_has_taken_end_a_run_properly(project):
    run = begin(project)
    project.train.edit(replace(project.train.in_force, steps=2))
    project.wait(run.job)
    assert run.state == "finished" and run.steps == run.step == run.changes[0].step > 2
    assert run.snapshots[-1] == run.step and run.whole is not None  # as at the end of any run
    with pytest.raises(ValueError, match="already"):
        project.train.resume(run, steps=1)
    with pytest.raises(ValueError, match="at least one step"):
        project.train.extend(run, 0)
    steps = run.step
    project.wait(project.train.extend(run, 5))
    project.wait(run.job)
    assert run.step == run.steps == steps + 5


def test_a_run_that_stopped_early_does_not_go_on_by_itself(project):
    make_small(project, steps=400, evaluate_every=5, early_stop=1, learning_rate=0.5, roll_back=False)
    project.wait(project.train.start())
    run = project.train.run
    run.job.done.result(20)  # its last news is read in one go
    idle(project)
    assert run.state == "finished" and run.step == run.steps < 400
    assert [change.why for change in run.changes] == ["early_stop"]


def test_what_is_changed_before_a_run_has_really_begun_is_not_lost(project):
    make_small(project, steps=10)
    project.models.ask(time.sleep, 0.3)  # the thread of the models is busy
    project.wait(project.train.start())
    run = project.train.run
    project.train.edit(replace(project.train.in_force, clip=0.25))
    project.wait(run.job)
    assert [(change.step, change.fields) for change in run.changes] == [(0, {"clip": 0.25})]
    going = project.train.resume(run, steps=20)
    until(project, lambda: run.worker and not project.train.starting)
    project.models.ask(time.sleep, 0.3)
    project.train.edit(replace(project.train.in_force, clip=0.5))
    project.wait(going)
    project.wait(run.job)
    assert run.step == 20 and run.recipe_now.clip == 0.5 and run.recipe_now.steps == 20
