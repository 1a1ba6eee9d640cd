"""Projects of an earlier version open unchanged; those of a later one are left alone."""

import json
import shutil
import sqlite3

import pytest

from llmstudio.core.model import spec
from llmstudio.core.train.events import Changed
from llmstudio.core.train.recipe import Recipe
from llmstudio.session.about import About, Origin
from llmstudio.session.database import Row
from llmstudio.session.history import History
from llmstudio.session.run import Run
from tests.session.answers import contents

FIRST = """
CREATE TABLE runs (name TEXT PRIMARY KEY, number INTEGER, created REAL, state TEXT,
                   model TEXT, recipe TEXT, removed INTEGER DEFAULT 0);
CREATE TABLE events (run TEXT, step INTEGER, kind TEXT, body TEXT);
CREATE INDEX events_by_run ON events (run, step);
CREATE TABLE chats (id INTEGER PRIMARY KEY, created REAL, body TEXT);
"""
FIRST_RECIPE = {"steps": 12, "batch": 4, "optimizer": "adamw", "learning_rate": 0.001, "clip": 1.0}
EVENTS = [
    {"type": "step", "step": 1, "loss": 4.1, "learning_rate": 1e-3, "gradient": 0.5, "seconds": 0.1},
    {"type": "evaluated", "step": 1, "loss": 4.0},
    {"type": "note", "step": 1, "text": "Continued from step 1."},
]


def first_version(path, removed=0):
    """A history as the first version wrote it."""
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.executescript(FIRST)
    row = ("run 1", 1, 1.7e9, "stopped", spec.to_json(spec.Model()).decode(), json.dumps(FIRST_RECIPE), removed)
    db.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    db.executemany(
        "INSERT INTO events VALUES ('run 1', ?, ?, ?)", [(e["step"], e["type"], json.dumps(e)) for e in EVENTS]
    )
    db.commit()
    db.close()


def test_a_history_of_the_first_version_is_taken_over(tmp_path):
    first_version(tmp_path / "history.db")
    for _ in range(2):  # once more: what was taken over is not taken over again
        history = History(tmp_path / "history.db", tmp_path / "runs")
        assert not history.warnings
        (row,) = history.runs()
        assert (row.name, row.state, row.created, row.about) == ("run 1", "stopped", 1.7e9, "{}")
        assert [event.step for event in history.events("run 1")] == [1, 1, 1]
        history.close()


def test_it_can_be_read_without_being_changed(tmp_path):
    first_version(tmp_path / "history.db")
    before = (tmp_path / "history.db").read_bytes()
    history = History(tmp_path / "history.db", tmp_path / "runs", write=False)
    assert [row.name for row in history.runs()] == ["run 1"] and len(history.events("run 1")) == 3
    history.close()
    assert (tmp_path / "history.db").read_bytes() == before


def test_a_project_of_the_first_version_opens_and_goes_on(session, place):
    first_version(place / "history.db")
    before = contents(place)
    session.wait(session.open(place))
    run = session.train.run
    assert (run.name, run.state, run.note, run.created) == ("run 1", "stopped", "", 1.7e9)
    assert run.recipe == Recipe(steps=12, batch=4) and not session.notices
    assert session.train.queue == ()
    session.train.annotate(run, note="old")
    session.wait(session.files.ask(lambda: None))
    after = contents(place)
    assert {name for name in after if after[name] != before.get(name)} == {"runs/run 1/run.json"}
    session.wait(session.open(place))
    assert session.train.run.note == "old"


def test_a_history_of_a_later_version_is_refused_and_left_alone(session, place):
    db = sqlite3.connect(place / "history.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    for write in (True, False):
        with pytest.raises(ValueError, match="newer"):
            session.wait(session.open(place, write))
    db = sqlite3.connect(place / "history.db")
    assert db.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    assert db.execute("PRAGMA user_version").fetchone() == (99,)
    db.close()


def test_what_is_known_of_a_run_comes_back(tmp_path):
    about = About(note="文", tags=("a", "b"), group="sweep 1", label="width 32", created=1.7e9,
                  origin=Origin(repeats="run 1", changes=(Changed(step=3, fields={"clip": 0.5}),)))  # fmt: skip
    history = History(tmp_path / "history.db", tmp_path / "runs")
    kept = json.dumps({"note": "文"})
    history.put_run(Row(name="run 1", number=1, state="training", model="{}", recipe="{}", about=kept))
    from llmstudio.core.json_text import decode, encode

    history.set_about("run 1", encode(about).decode())
    (row,) = history.runs()
    assert decode(row.about, About) == about
    history.set_removed("run 1", True)
    assert history.removed() == {"run 1"}
    history.close()


def test_a_lost_history_is_told_again_with_notes_and_numbers(session, place):
    session.wait(session.open(place))
    session.train.annotate(session.train.run, note="best", tags=("x",))
    session.close_project()
    for file in place.glob("history.db*"):
        file.unlink()
    other = shutil.copytree(place / "runs" / "run 1", place / "runs" / "second")
    (other / "run.json").write_text("{ damaged")
    session.wait(session.open(place))
    found = {run.name: run for run in session.train.runs}
    assert (found["run 1"].note, found["run 1"].tags, found["run 1"].number) == ("best", ("x",), 1)
    assert found["second"].note == "" and isinstance(found["second"], Run)


def test_a_change_that_fits_no_recipe_is_left_out(session, place):
    db = sqlite3.connect(place / "history.db")
    wrong = json.dumps({"type": "changed", "step": 3, "fields": {"batch": "many"}})
    db.execute("INSERT INTO events VALUES ('run 1', 3, 'changed', ?)", (wrong,))
    db.commit()
    db.close()
    session.wait(session.open(place))
    assert session.train.run.changes == [] and session.train.run.step == 12
    assert any("1 lines of the record of run 1 are damaged" in notice.text for notice in session.notices)
