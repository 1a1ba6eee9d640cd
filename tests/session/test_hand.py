"""Weights by hand on a run that goes on, one that has ended, and a snapshot."""

import pytest

from llmstudio.core.inside.piece import Change
from llmstudio.core.train.events import Note
from llmstudio.session.session import Session
from tests.session.going import until

NAME = "blocks.0.mlp.down.weight"


def looked_at(session):
    """The matrix on the sheet, once it is there."""
    hand = session.inside.hand

    def there():
        hand.sheet.keep()
        return hand.sheet.value

    until(session, there)
    return next(piece for piece in hand.sheet.value.pieces if piece.parameter == NAME)


def row(piece, n, value=0.0):
    return Change(piece=piece, kind="row", index=(n,), value=value)


def network(session):
    return session.models.ask(session.weights.at, *session.inside.shown()).result(10)[0]


def test_a_run_that_goes_on_is_changed_between_two_steps_and_remembers_it(project):
    project.wait(project.data.prepare())
    project.inside.set_probe("the wet")
    project.wait(project.train.start())
    run = project.train.run
    project.train.pause()
    until(project, lambda: run.trainer and run.trainer.model and run.state == "paused")
    piece, hand = looked_at(project), project.inside.hand
    assert hand.note == "Changes run 1 itself, between two steps. Its history says so."
    weight = run.trainer.model.get_parameter(NAME)
    before = weight.detach().clone()
    project.wait(hand.edit(row(piece, 3)))
    assert weight[3].abs().sum() == 0 and (weight[4] == before[4]).all()
    assert hand.before.reaction.loss != hand.after.reaction.loss and hand.after.written
    notes = [event for event in run.log if isinstance(event, Note) and event.flag == "by hand"]
    assert notes[0].text == f"Weights changed by hand: {NAME}: row 3 set to 0."
    hand.undo()
    until(project, lambda: not hand.busy)
    assert (weight == before).all() and hand.can_redo and not hand.can_undo
    hand.redo()
    until(project, lambda: not hand.busy)
    assert weight[3].abs().sum() == 0
    project.train.pause(False)
    project.wait(run.job)
    assert run.state == "finished" and weight[3].abs().sum() > 0  # it learnt on from there


def test_the_working_copy_of_a_run_hears_of_it(project):
    project.wait(project.data.prepare())
    project.wait(project.train.start())
    run = project.train.run
    project.train.pause()
    until(project, lambda: run.trainer and run.trainer.model and run.state == "paused")
    piece = looked_at(project)
    project.wait(project.inside.hand.edit(row(piece, 2, 0.5)))
    engine = run.trainer._learner.engine
    assert (project.models.ask(engine.refresh).result(10).get_parameter(NAME)[2].float() == 0.5).all()
    project.train.stop()
    project.wait(run.job)


@pytest.fixture
def ended(place):
    session = Session()
    session.wait(session.open(place, write=False))
    yield session
    session.close()


def test_of_a_run_that_has_ended_the_copy_in_memory_is_changed(ended):
    piece, hand = looked_at(ended), ended.inside.hand
    before = network(ended).get_parameter(NAME).detach().clone()
    ended.wait(hand.edit(row(piece, 1)))
    assert network(ended).get_parameter(NAME)[1].abs().sum() == 0
    ended.inside.looking.keep()
    until(ended, lambda: ended.inside.looking.value)
    first = ended.inside.looking.value
    ended.wait(hand.edit(row(piece, 2)))
    until(ended, lambda: ended.inside.looking.keep() or ended.inside.looking.value is not first)
    assert (ended.inside.looking.value.watched.logits != first.watched.logits).any()  # other views hear of it
    hand.undo()
    until(ended, lambda: not hand.busy)
    assert "has ended" in hand.note and not [e for e in ended.train.run.log if getattr(e, "flag", "") == "by hand"]
    hand.undo()
    until(ended, lambda: not hand.busy)
    assert (network(ended).get_parameter(NAME) == before).all()


def test_a_changed_snapshot_is_kept_in_memory_while_others_come_and_go(ended):
    steps = ended.train.run.snapshots
    ended.inside.go(steps[0])
    piece, hand = looked_at(ended), ended.inside.hand
    ended.wait(hand.edit(row(piece, 1)))
    changed = network(ended)
    for step in (*steps[1:], None):
        ended.inside.go(step)
        assert network(ended) is not changed
    assert not hand.busy
    hand.undo()  # of another moment: refused, with a sentence
    assert "Look at that moment again" in ended.notices[-1].text and hand.can_undo
    ended.inside.go(steps[0])
    assert network(ended) is changed and changed.get_parameter(NAME)[1].abs().sum() == 0
    disk = ended.train.folder(ended.train.run) / "snapshots" / f"{steps[0]}.safetensors"
    from safetensors.torch import load_file

    assert load_file(disk)[NAME][1].abs().sum() > 0


def test_what_is_not_there_is_refused_with_a_sentence(ended):
    piece, hand = looked_at(ended), ended.inside.hand
    with pytest.raises(ValueError, match="rows and"):
        ended.wait(hand.edit(row(piece, 99_999)))
    assert not hand.busy and not hand.done and "choose one of them" in ended.notices[-1].text


def test_a_change_is_not_taken_back_from_weights_that_never_had_it(project):
    project.wait(project.data.prepare())
    project.wait(project.train.start())
    run, hand = project.train.run, project.inside.hand
    until(project, lambda: run.step >= 3)
    project.train.stop()
    project.wait(run.job)
    project.wait(hand.edit(row(looked_at(project), 1)))
    project.wait(project.train.resume(run))
    project.wait(run.job)
    weight = run.trainer.model.get_parameter(NAME).detach().clone()
    assert weight[1].abs().sum() > 0  # it went on from its checkpoint
    hand.undo()
    assert "went on from its checkpoint" in project.notices[-1].text and not hand.can_undo and not hand.busy
    assert (run.trainer.model.get_parameter(NAME) == weight).all()


def test_undoing_after_the_run_is_gone_is_refused_with_a_sentence(project):
    project.wait(project.data.prepare())
    project.wait(project.train.start())
    run, hand = project.train.run, project.inside.hand
    project.wait(run.job)
    project.wait(hand.edit(row(looked_at(project), 1)))
    project.train.remove(run)
    until(project, lambda: not project.train.runs)
    hand.undo()
    assert "no model" in project.notices[-1].text and not hand.busy


def test_a_change_elsewhere_stands_in_no_way_of_undoing(ended):
    steps, hand = ended.train.run.snapshots, ended.inside.hand
    ended.wait(hand.edit(row(looked_at(ended), 1)))
    ended.inside.go(steps[0])
    ended.wait(hand.edit(row(looked_at(ended), 2)))
    ended.inside.go(None)
    hand.undo()
    until(ended, lambda: not hand.busy)
    assert network(ended).get_parameter(NAME)[1].abs().sum() > 0 and len(hand.done) == 1
    ended.inside.go(steps[0])
    hand.undo()
    until(ended, lambda: not hand.busy)
    assert network(ended).get_parameter(NAME)[2].abs().sum() > 0 and not hand.can_undo
