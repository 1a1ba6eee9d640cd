import json
import time

import pytest
from msgspec.structs import replace

from llmstudio.session.session import Session
from tests.material import make_small, sample_text


def train(session):
    session.wait(session.train.start())
    session.wait(session.train.run.job)
    return session.train.run


def test_the_whole_loop_and_everything_is_there_again(project, tmp_path):
    run = train(project)
    assert (run.state, run.step) == ("finished", 12)
    assert run.whole is not None and run.samples and run.snapshots[0] == 0 and run.snapshots[-1] == 12
    look = project.wait(project.inside.look())
    assert look.step == 12 and look.watched.attention[0].shape[0] == 2
    project.chat.edit_sampler(replace(project.chat.sampler, max_tokens=10))
    project.wait(project.chat.send("the snail"))
    said = project.chat.messages[-1].text
    assert said
    losses = [*run.loss.values]
    model, recipe = project.build.model, project.train.recipe
    project.close_project()

    project.wait(project.open(tmp_path / "P"))
    again = project.train.run
    assert (again.state, again.step, [*again.loss.values]) == ("finished", 12, losses)
    assert (project.build.model, project.train.recipe) == (model, recipe)
    assert project.chat.messages[-1].text == said
    assert project.data.ready
    after = project.wait(project.inside.look())
    assert (after.watched.attention[0] == look.watched.attention[0]).all()


def test_stop_close_reopen_and_go_on(project, tmp_path):
    make_small(project, steps=4000)
    project.wait(project.train.start())
    run = project.train.run
    while run.step < 5:
        project.poll()
        time.sleep(0.01)
    project.train.stop()
    project.wait(run.job)
    stopped = run.step
    assert run.state == "stopped" and 5 <= stopped < 4000
    project.close_project()
    project.wait(project.open(tmp_path / "P"))
    run = project.train.run
    assert (run.state, run.step) == ("stopped", stopped)
    project.wait(project.train.resume(run))
    while run.step < stopped + 5:
        project.poll()
        time.sleep(0.01)
    steps = [*run.loss.steps]
    assert steps == [*range(1, len(steps) + 1)]  # no step lost, none twice
    project.train.stop()
    project.wait(run.job)


def test_a_single_step_while_paused(project):
    make_small(project, steps=4000)
    project.wait(project.train.start())
    run = project.train.run
    while run.step < 2:
        project.poll()
        time.sleep(0.01)
    project.train.pause()
    project.wait(project.models.ask(lambda: None))
    assert run.state == "paused"
    before = run.step
    for n in range(1, 8):  # whatever else is due in between: evaluation, sample, snapshot
        project.train.step()
        deadline = time.monotonic() + 5
        while run.step < before + n and time.monotonic() < deadline:
            project.poll()
            time.sleep(0.01)
        project.wait(project.models.ask(lambda: time.sleep(0.02)))
        assert run.step == before + n
    project.train.stop()
    project.wait(run.job)


def test_chat_and_looking_while_it_trains(project):
    make_small(project, steps=100_000)
    project.wait(project.train.start())
    run = project.train.run
    project.chat.edit_sampler(replace(project.chat.sampler, max_tokens=12))
    project.inside.set_probe("the snail carries")
    first = project.wait(project.inside.look())
    project.wait(project.chat.send("the"))
    second = project.wait(project.inside.look())
    assert run.live and second.step > first.step
    assert project.chat.messages[-1].text
    assert abs(second.watched.attention[0] - first.watched.attention[0]).max() > 0
    project.train.stop()
    project.wait(run.job)


def test_closing_while_it_trains_saves(project, tmp_path):
    make_small(project, steps=100_000)
    project.wait(project.train.start())
    while project.train.run.step < 4:
        project.poll()
        time.sleep(0.01)
    project.close()
    again = Session()
    again.wait(again.open(tmp_path / "P"))
    assert again.train.run.state == "stopped" and again.train.run.step >= 4
    again.close()


def test_removed_text_comes_back_and_tokens_know_they_are_old(project):
    project.wait(project.data.prepare())
    assert project.data.ready
    project.data.remove(project.data.sources[0].id)
    project.wait(project.files.ask(lambda: None))
    assert not project.data.sources and project.data.stale
    project.notices[-1].deed[1]()
    project.wait(project.files.ask(lambda: None))
    assert project.data.ready
    project.data.edit(replace(project.data.settings, tokenizer="byte"))
    assert project.data.stale


def test_the_vocabulary_follows_the_tokenizer(project):
    project.wait(project.data.prepare())
    assert project.build.model.vocab == project.data.manifest.vocab
    project.build.edit(replace(project.build.model, vocab=9999))
    assert not project.build.can_redo
    project.build.use_preset("gpt2-small")
    assert project.build.model.vocab == project.data.manifest.vocab


def test_the_probe_comes_from_the_text(project):
    assert not project.inside.probe
    project.wait(project.data.prepare())
    project.wait(project.files.ask(lambda: None))
    first = project.inside.probe
    assert len(first) > 20 and first in sample_text()
    project.wait(project.inside.from_text(31))
    assert project.inside.probe != first


def test_a_removed_run_can_be_had_back(project, tmp_path):
    run = train(project)
    project.train.remove(run)
    assert project.train.runs == [] and project.train.run is None
    project.notices[-1].deed[1]()
    assert project.train.runs == [run]
    project.wait(project.inside.look())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "damaged"),
        (b"{", "damaged"),
        (b"[1, 2]", "damaged"),
        (b'{"name": 3}', "damaged"),
        (b'{"name": "x", "version": 99}', "newer"),
        (b"\xff\xfe\x00", "damaged"),
    ],
)
def test_a_broken_project_is_refused_and_left_as_it_is(session, tmp_path, content, words):
    session.wait(session.new(tmp_path / "P"))
    session.close_project()
    (tmp_path / "P" / "project.json").write_bytes(content)
    with pytest.raises(ValueError, match=words):
        session.wait(session.open(tmp_path / "P"))
    assert (tmp_path / "P" / "project.json").read_bytes() == content
    assert session.project is None and words in session.notices[-1].text


def test_a_folder_that_is_no_project_leaves_the_open_one(session, tmp_path):
    session.wait(session.new(tmp_path / "P"))
    with pytest.raises(ValueError, match="not a project"):
        session.wait(session.open(tmp_path))
    assert session.project.name == "P"


def test_a_full_folder_is_not_made_a_project(session, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="not empty"):
        session.new(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_two_programs_never_write_one_project(session, tmp_path):
    session.wait(session.new(tmp_path / "P"))
    other = Session()
    with pytest.raises(ValueError, match="another LLM Studio"):
        other.wait(other.open(tmp_path / "P"))
    other.wait(other.open(tmp_path / "P", write=False))
    other.close()


def test_a_damaged_snapshot_is_said_and_the_rest_works(project):
    run = train(project)
    folder = project.train.folder(run) / "snapshots"
    (folder / "4.safetensors").write_bytes((folder / "4.safetensors").read_bytes()[:100])
    project.inside.go(4)
    with pytest.raises(ValueError, match=r"4\.safetensors"):
        project.wait(project.inside.look())
    project.inside.go(None)
    assert project.wait(project.inside.look()).step == 12


def test_text_shorter_than_the_context_cannot_be_trained_on(session, tmp_path):
    session.wait(session.new(tmp_path / "P", preset="nanogpt-shakespeare-cpu"))
    session.wait(session.data.paste("too short"))
    session.wait(session.data.prepare())
    assert session.train.why_not
    with pytest.raises(ValueError):
        session.train.start()


def test_a_run_keeps_its_own_tokenizer(project):
    run = train(project)
    before = project.wait(project.inside.look())
    project.data.edit(replace(project.data.settings, tokenizer="byte"))
    project.wait(project.data.prepare())
    after = project.wait(project.inside.look())
    assert before.texts == after.texts
    with pytest.raises(ValueError, match="tokenizer changed"):
        project.wait(project.train.resume(run))


def test_project_json_holds_what_was_chosen(project, tmp_path):
    make_small(project, steps=77)
    project.wait(project.files.ask(lambda: None))
    assert json.loads((tmp_path / "P" / "project.json").read_text())["recipe"]["steps"] == 77
