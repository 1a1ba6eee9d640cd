"""Repeating and annotating runs, how they end, and the doctor: as the window and the command line use them."""

import shutil

import pytest
from msgspec.structs import replace

from llmstudio.core.train.events import Step
from llmstudio.core.train.finding import Cure, Finding
from llmstudio.session.session import Session
from tests.material import make_small
from tests.session.going import LONG, begin, end, idle, train, until

# beginning from others


def test_a_run_begins_with_the_weights_of_a_snapshot(project):
    run = train(project)
    make_small(project, steps=1, learning_rate=1e-9, min_learning_rate=0.0, warmup=0)
    second = train(project, from_=(run, run.snapshots[-1]))
    fresh = train(project)
    assert second.origin.run == run.name and second.origin.step == 12
    assert abs(second.whole - run.whole) < 1e-4 < abs(fresh.whole - run.whole)


def test_a_snapshot_that_is_not_there_is_refused(project):
    run = train(project)
    with pytest.raises(ValueError, match="no weights at step 9; there are: 0, 1, 2"):
        project.wait(project.train.start(from_=(run, 9)))
    assert project.train.runs == [run] and not project.train.busy


def test_a_repeat_is_the_same_to_the_last_bit_with_its_changes(project):
    make_small(project, steps=30)
    project.wait(project.train.start())
    run = project.train.run
    until(project, lambda: run.step >= 5)
    project.train.edit(replace(project.train.in_force, learning_rate=3e-3))
    project.wait(run.job)
    assert len(run.changes) == 1
    make_small(project, steps=7)  # what the next new run would have
    project.train.repeat(run)
    idle(project)
    again = project.train.run
    assert again is not run and again.origin.repeats == run.name
    assert [*again.loss.values] == [*run.loss.values]
    assert [*again.validation.values] == [*run.validation.values] and again.changes == run.changes


def test_design_and_recipe_come_back_to_be_edited(project):
    run = train(project)
    model = project.build.model
    project.build.edit(replace(model, width=32))
    project.train.edit(replace(project.train.recipe, steps=99))
    project.train.duplicate(run)
    assert project.build.model == run.model == model and project.train.recipe == run.recipe
    project.notices[-1].deed[1]()
    assert project.build.model.width == 32 and project.train.recipe.steps == 99


# what is said of runs


def test_note_and_tags_are_kept(project, tmp_path):
    run = train(project)
    project.train.annotate(run, note=" best so far ", tags=("small", " small ", "", "文"))
    assert (run.note, run.tags) == ("best so far", ("small", "文"))
    project.train.annotate(run, note="better")
    project.wait(project.open(tmp_path / "P"))
    again = project.train.run
    assert (again.note, again.tags, again.created) == ("better", ("small", "文"), run.created)
    assert again.created > 1.7e9


def test_several_are_removed_and_come_back_in_order(project):
    runs = [train(project) for _ in range(3)]
    project.train.overlay([runs[2]])
    project.train.remove(runs[0], runs[2])
    assert project.train.runs == [runs[1]] and project.train.run is runs[1] and not project.train.shown
    with pytest.raises(ValueError, match="was removed"):
        project.train.start(name="run 1")
    project.notices[-1].deed[1]()
    assert project.train.runs == runs and project.train.shown == {runs[2]}


def test_a_name_that_was_taken_by_hand_is_not_given_again(project):
    make_small(project, steps=1)
    first = train(project, name="run 2")
    assert [train(project).name for _ in range(2)] == ["run 3", "run 4"] and first.number == 1


def test_runs_are_laid_over_the_one_looked_at(project):
    runs = [train(project) for _ in range(3)]
    assert project.train.overlaid == runs
    project.train.overlay([])
    project.train.show(runs[1])
    assert project.train.overlaid == [runs[1]]
    project.train.toggle(runs[0])
    assert project.train.overlaid == runs[:2]
    project.train.toggle(runs[0])
    assert project.train.shown == set()


# the end, and a crash


def test_the_end_is_told_once(project):
    run = train(project)
    done = [notice.text for notice in project.notices if notice.kind == "done"]
    assert len(done) == 1 and run.name in done[0] and f"{run.validation.last:.3f}" in done[0]


def test_a_run_that_was_cut_off_is_offered_to_go_on(project, tmp_path):
    make_small(project, steps=40)
    run = train(project)
    project.wait(project.files.ask(project.opened.history.set_state, run.name, "training"))
    project.close_project()
    project.wait(project.open(tmp_path / "P"))
    run = project.train.run
    assert run.state == "interrupted"
    word, go_on = next(notice.deed for notice in project.notices if "cut off" in notice.text and notice.deed)
    assert word == "Go on"
    go_on()
    until(project, lambda: run.job)
    project.wait(run.job)
    assert run.state == "finished"


def test_a_run_that_another_program_trains_is_not_called_interrupted(project, tmp_path):
    run = begin(project)
    project.wait(project.files.ask(lambda: None))
    other = Session()
    other.wait(other.open(tmp_path / "P", write=False))
    seen = other.train.run
    assert seen.state == "training" and not seen.live
    assert not [notice for notice in other.notices if "cut off" in notice.text]
    with pytest.raises(ValueError, match="still going on"):
        other.train.remove(seen)
    other.close()
    end(project, run)
    project.close_project()
    other = Session()
    other.wait(other.open(tmp_path / "P", write=False))
    assert other.train.run.state == "stopped"
    other.close()


# the finder and the doctor


def test_the_finder_suggests_a_rate_for_this_design(project):
    make_small(project)
    project.wait(project.train.find_rate())
    project.wait(project.train.finder)
    found = project.train.found
    assert len(found.rates) == len(found.losses) == len(project.train.finder.log) > 16
    project.build.edit(replace(project.build.model, width=32))
    assert project.train.found is None
    project.build.undo()
    project.train.edit(replace(project.train.recipe, learning_rate=0.5))
    assert project.train.found is found and not project.train.runs


def test_the_finder_can_be_stopped_and_does_not_outlive_its_project(project):
    project.wait(project.train.find_rate())
    finder = project.train.finder
    project.close_project()
    assert not finder.running and project.train.found is None


def test_the_doctor_is_asked_while_somebody_looks(project):
    make_small(project, steps=30_000)
    project.wait(project.data.prepare())
    assert project.train.findings == ()
    until(project, lambda: project.train.findings)
    kinds = {finding.kind for finding in project.train.findings}
    assert kinds & {"short_text", "leak"}  # the text repeats itself, and is read thousands of times
    shorter = next(finding for finding in project.train.findings if finding.cure and finding.cure.action == "change")
    project.train.cure(shorter)
    for name, value in shorter.cure.fields.items():
        assert getattr(project.train.recipe, name) == value


def test_the_doctor_knows_what_was_tried_here(project, monkeypatch):
    room, estimate = project.train, project.build.estimate
    monkeypatch.setattr("llmstudio.core.train.preview.SECONDS", 0.05)
    make_small(project, steps=5)
    project.wait(project.data.prepare())
    assert room._question().plan.fits is None
    estimate.start()
    until(project, lambda: estimate.state == "measured")
    assert room._question().plan.fits is True
    room.edit(replace(room.recipe, batch=8))
    assert room._question().plan.fits is None

    def lacking(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes")

    monkeypatch.setattr("llmstudio.core.train.learner.Learner.gradients", lacking)
    estimate.start()
    until(project, lambda: estimate.trouble)
    assert room._question().plan.fits is False
    until(project, lambda: [each for each in room.findings if "were tried" in each.text])
    room.edit(replace(room.recipe, batch=4))
    assert room._question().plan.fits is True  # that was measured
    room.edit(replace(room.recipe, batch=2))
    assert room._question().plan.fits is None


def test_what_was_tried_here_is_no_problem_of_memory(project, monkeypatch):
    room, estimate = project.train, project.build.estimate
    monkeypatch.setattr("llmstudio.core.train.preview.SECONDS", 0.05)
    make_small(project, steps=5)
    estimate.start()
    until(project, lambda: estimate.state == "measured")
    monkeypatch.setattr("llmstudio.core.memory.available", lambda: 1000)
    assert not [problem for problem in room.problems if "memory" in problem.text]
    room.edit(replace(room.recipe, batch=8))
    assert [problem for problem in room.problems if "memory" in problem.text]


def test_the_doctor_sees_a_run_as_it_goes_on_and_as_it_ended(project):
    run = begin(project)
    until(project, lambda: [each for each in project.train.findings if each.kind == "early"])
    end(project, run)
    until(project, lambda: project.train.findings and project.train.findings[0].kind == "verdict")


def test_cures_stop_and_extend(project):
    run = begin(project)
    project.train.cure(Finding(kind="plateau", severity="care", text="", cure=Cure(label="", action="stop")))
    project.wait(run.job)
    assert run.state == "stopped"
    further = Cure(label="", action="go_on", fields={"steps": run.steps + 5})
    project.train.cure(Finding(kind="verdict", severity="good", text="", cure=further))
    until(project, lambda: run.live and run.steps == LONG + 5)
    end(project, run)


def test_the_best_weights_are_put_on_the_time_bar(project):
    make_small(project, steps=30, evaluate_every=7, checkpoint_steps=5)
    run = train(project)
    at = [*run.validation.steps][[*run.validation.values].index(min(run.validation.values))]
    project.train.use_best(run)
    until(project, lambda: "best weights" in project.notices[-1].text)
    assert int(at) in run.snapshots and project.notices[-1].kind == "info"
    project.inside.go(int(at))
    assert project.wait(project.inside.look()).step == int(at)


def test_a_new_run_never_goes_on_with_weights_that_lie_in_its_folder(project):
    first = train(project)
    room = project.train
    there = room.folder(first)
    shutil.copytree(there, there.with_name("run 2"))
    shutil.copytree(there, there.with_name("mine"))
    with pytest.raises(ValueError, match="folder named mine"):
        room.start("mine")
    second = train(project)
    assert second.name == "run 3" and second.state == "finished"
    assert [event.step for event in second.log if isinstance(event, Step)] == list(range(1, 13))


def test_a_project_that_is_only_read_is_not_trained(project, tmp_path):
    train(project)
    other = Session()
    other.wait(other.open(tmp_path / "P", write=False))
    for verb in (other.train.start, other.train.find_rate, lambda: other.train.resume(other.train.runs[0], steps=20)):
        with pytest.raises(ValueError, match="read only"):
            verb()
    other.close()


def test_a_removed_run_does_not_go_on(project):
    run = train(project)
    project.train.remove(run)
    with pytest.raises(ValueError, match="was removed"):
        project.train.extend(run, 5)
    assert project.train.run is None and project.train.why_not is None


def test_a_value_that_cannot_be_is_told_plainly_and_the_run_goes_on(project):
    run = begin(project)
    project.train.edit(replace(project.train.in_force, learning_rate=-1.0))
    until(project, lambda: project.notices and project.notices[-1].kind == "error")
    assert project.notices[-1].text == "learning_rate: expected a number > 0.0"
    assert project.train.in_force.learning_rate == 1e-3 and run.changes == []
    project.train.undo()
    end(project, run)
