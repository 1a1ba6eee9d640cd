import sqlite3

import msgspec
import pytest

from llmstudio.core.model import spec
from llmstudio.core.train.events import Changed, Evaluated, Note, RolledBack, Sampled, Saved, Snapshot, Step
from llmstudio.core.train.recipe import Recipe
from llmstudio.session.history import History, Row

NEWS = [
    Evaluated(step=0, loss=4.2),
    Step(step=1, loss=4.1, learning_rate=1e-3, gradient=0.5, seconds=0.1),
    Sampled(step=1, prompt="\n", text="a 文\x00b", seed=7),
    Snapshot(step=1),
    Saved(step=1),
    Step(step=2, loss=3.9, learning_rate=1e-3, gradient=0.5, seconds=0.2),
    Note(step=2, text="disk full"),
]


def row(name="run 1", number=1, state="training"):
    model, recipe = spec.to_json(spec.Model()).decode(), msgspec.json.encode(Recipe()).decode()
    return Row(name=name, number=number, state=state, model=model, recipe=recipe, created=1.7e9)


@pytest.fixture
def history(tmp_path):
    history = History(tmp_path / "history.db", tmp_path / "runs")
    yield history
    history.close()


def test_events_come_back_as_they_were(history, tmp_path):
    history.put_run(row())
    history.append("run 1", NEWS)
    history.close()
    again = History(tmp_path / "history.db", tmp_path / "runs")
    assert again.events("run 1") == NEWS
    assert again.runs() == [row()]
    again.close()


def test_cutting_forgets_what_came_later(history):
    history.append("run 1", NEWS)
    history.cut("run 1", 1)
    assert history.events("run 1") == [event for event in NEWS if event.step <= 1]


def test_cutting_keeps_what_was_changed_before_a_roll_back(history):
    news = [
        Changed(step=3, fields={"clip": 2.0}), RolledBack(step=1, bad=4, text="."), Note(step=3, text="."),
        Changed(step=3, fields={"clip": 3.0}, rolled=1), RolledBack(step=3, bad=5, text="."),
    ]  # fmt: skip
    history.append("run 1", news)
    history.append("run 2", news)
    history.cut("run 1", 2)
    assert history.events("run 1") == news[:2]
    assert history.events("run 2") == news


def test_a_removed_run_is_hidden_and_comes_back(history):
    history.put_run(row())
    history.set_removed("run 1", True)
    assert history.runs() == []
    history.set_removed("run 1", False)
    assert history.runs() == [row()]


def test_a_conversation_is_rewritten_under_its_number(history):
    first = history.put_chat(None, "[1]")
    assert history.put_chat(first, "[1, 2]") == first
    assert history.last_chat() == (first, "[1, 2]")


@pytest.mark.parametrize("damage", [b"not a database", b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_file_is_moved_aside_and_the_runs_are_found_again(tmp_path, damage):
    run = tmp_path / "runs" / "run 1"
    run.mkdir(parents=True)
    (run / "spec.json").write_bytes(spec.to_json(spec.Model(width=96)))
    (run / "recipe.json").write_bytes(msgspec.json.encode(Recipe(steps=7)))
    (tmp_path / "history.db").write_bytes(damage)
    history = History(tmp_path / "history.db", tmp_path / "runs")
    assert history.warnings
    assert [r.name for r in history.runs()] == ["run 1"]
    assert spec.from_json(history.runs()[0].model.encode()).width == 96
    assert [path.read_bytes() for path in tmp_path.glob("history.damaged-*")] == [damage]
    history.close()
    with sqlite3.connect(tmp_path / "history.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
