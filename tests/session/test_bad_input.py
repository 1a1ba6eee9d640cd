"""Bad input through the command line and the session: one sentence, exit code 1, and nothing lost or changed."""

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmstudio.cli import main
from llmstudio.core import files
from llmstudio.core.train.recipe import Recipe
from llmstudio.session.session import Session
from tests.session.answers import Say, contents, refused

# what is added

TEXTS = {
    "empty.txt": (b"", "empty"),
    "binary.txt": (bytes(range(256)) * 40, "binary"),
    "blank.txt": (b" \n\n\t\n", "no text"),
    "cut.txt": ("Grüße\n".encode("utf-16") * 50 + b"\x01", "utf-16"),
    "picture.png": (b"\x89PNG", ".png"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_without_text_is_left_out_with_its_reason(say: Say, place: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(TEXTS[name][0])
    before = contents(place)
    refused(say("add", place, tmp_path / name), name, TEXTS[name][1])
    assert contents(place) == before


def test_a_folder_without_text_a_missing_file_and_a_pipe(say: Say, place: Path, tmp_path: Path) -> None:
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    before = contents(place)
    refused(say("add", place, tmp_path / "empty"), "no text in this folder")
    refused(say("add", place, tmp_path / "nowhere.txt"), "not there")
    os.mkfifo(tmp_path / "pipe.txt")
    refused(say("add", place, tmp_path / "pipe.txt"), "not an ordinary file")
    assert contents(place) == before


def test_the_good_files_of_a_batch_come_in(say: Say, place: Path, tmp_path: Path) -> None:
    for name, (data, _) in TEXTS.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "文 Müller.txt").write_text("a good one\n" * 5, "utf-8")
    code, out, _ = say("add", place, "--json", *(tmp_path / name for name in TEXTS), tmp_path / "文 Müller.txt")
    facts = json.loads(out)
    assert code == 0 and [each["name"] for each in facts["added"]] == ["文 Müller.txt"]
    assert len(facts["refused"]) == len(TEXTS)


def test_too_little_room_is_said_before_copying(
    say: Say, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "large.txt").open("wb") as file:
        file.write(b"text\n")
        file.truncate(2 << 30)  # sparse
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1 << 30))
    before = contents(place)
    refused(say("add", place, tmp_path / "large.txt"), "2,147 MB", "are free")
    assert contents(place) == before


# a damaged project


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "breaks off"),
        (b'{"name": "x"', "breaks off"),
        (b'{"name": "\xff"}', "UTF-8"),
        (b"[" * 100_000, "list"),
        (b'{"name":' + b"[" * 100_000, "nested"),
        (b'{"name": "x", "recipe": {"steps": -1}}', "recipe.steps"),
        (b'{"name": "x", "version": 99}', "newer"),
        (b" " * (17 << 20), "MB"),
    ],
)
def test_a_broken_project_file_is_named_and_left(say: Say, place: Path, data: bytes, word: str) -> None:
    (place / "project.json").write_bytes(data)
    before = contents(place)
    refused(say("train", place, "--steps", 1), "project.json", word)
    assert contents(place) == before


@pytest.mark.parametrize("data", [b"", b"{", b'{"width": "wide"}', b"[" * 100_000, b'{"name": "\xff"}'])
def test_a_broken_design_keeps_nothing_else_from_opening(say: Say, place: Path, data: bytes) -> None:
    (place / "model.json").write_bytes(data)
    before = contents(place)
    code, out, err = say("runs", place)
    assert code == 0 and "run 1: finished" in out and "model.json" in err
    refused(say("train", place, "--steps", 1), "model.json")
    assert contents(place) == before


def test_a_broken_design_is_kept_aside_once_another_takes_its_place(place: Path) -> None:
    (place / "model.json").write_bytes(b"{ mine")
    session = Session()
    session.wait(session.open(place))
    (problem,) = session.build.problems
    assert session.train.why_not == problem.text and (place / "model.json").read_bytes() == b"{ mine"
    session.build.edit(problem.fixes[0].model)
    session.wait(session.files.ask(lambda: None))
    assert session.build.problems == [] and session.train.why_not is None
    assert (place / "model.damaged.json").read_bytes() == b"{ mine"
    assert json.loads((place / "model.json").read_bytes())["width"] == session.build.model.width
    session.close()


def test_a_design_that_is_gone_or_far_too_long_is_told(say: Say, place: Path) -> None:
    (place / "model.json").write_bytes(b" " * (17 << 20))
    refused(say("train", place, "--steps", 1), "model.json", "a few thousand bytes. Mend it")
    (place / "model.json").unlink()
    code, out, err = say("runs", place)
    assert code == 0 and "run 1: finished" in out and "model.json is not there any more" in err


def test_opening_never_writes_another_projects_design(session: Session, place: Path, tmp_path: Path) -> None:
    before = (place / "model.json").read_bytes()
    session.wait(session.new(tmp_path / "other", preset="llama-like"))
    session.wait(session.open(place))
    session.wait(session.files.ask(lambda: None))
    assert (place / "model.json").read_bytes() == before


def test_after_a_refusal_the_project_can_be_mended_and_opened(session: Session, place: Path) -> None:
    good = (place / "corpus" / "sources.json").read_bytes()
    (place / "corpus" / "sources.json").write_bytes(b"{")
    with pytest.raises(ValueError, match=r"sources\.json"):
        session.wait(session.open(place))
    (place / "corpus" / "sources.json").write_bytes(good)
    session.wait(session.open(place))
    assert session.data.ready


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("tokenizer/tokenizer.json", b"{}"),
        ("tokens/manifest.json", b"\xff" * 40),
        ("tokens/train.bin", None),
        ("tokens/val.bin", b""),
    ],
)
def test_damaged_tokens_are_told_and_made_again(say: Say, place: Path, name: str, data: bytes | None) -> None:
    (place / name).unlink() if data is None else (place / name).write_bytes(data)
    code, _, err = say("eval", place)
    assert code == 1 and Path(name).name.split(".")[0] in err + "manifest tokens"
    assert say("tokenize", place)[0] == 0
    assert say("eval", place)[0] == 0


def test_token_files_with_unknown_tokens_are_told(say: Say, place: Path) -> None:
    path = place / "tokens" / "val.bin"
    path.write_bytes(b"\xff" * path.stat().st_size)
    code, _, err = say("eval", place)
    assert code == 1 and "val.bin" in err and "damaged" in err


def test_a_run_is_never_measured_on_other_tokens(say: Say, place: Path) -> None:
    assert say("tokenize", place, "--kind", "bpe", "--vocab", 300)[0] == 0
    refused(say("eval", place), "tokenizer changed")


# runs and history


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def test_the_older_checkpoint_is_taken_and_it_is_said(say: Say, place: Path) -> None:
    run = place / "runs" / "run 1"
    cut(run / "resume" / "000000012.safetensors")
    cut(run / "snapshots" / "12.safetensors")
    code, out, err = say("generate", place, "--tokens", 3)
    assert code == 0 and out and "000000012.safetensors of run 1 could not be read" in err and "step 11" in err
    code, out, err = say("train", place, "--resume")
    assert code == 0 and "finished, step 12" in out and "000000012.safetensors could not be read" in err


def test_weights_that_are_all_damaged_or_gone(say: Say, place: Path) -> None:
    run = place / "runs" / "run 1"
    for path in run.rglob("*.safetensors"):
        cut(path)
    refused(say("generate", place, "--tokens", 3), "damaged")
    refused(say("train", place, "--resume"), "damaged")
    shutil.rmtree(run)
    refused(say("generate", place, "--tokens", 3), "run 1")
    refused(say("train", place, "--resume"), "run 1")
    assert say("train", place, "--steps", 1)[0] == 0


@pytest.mark.parametrize("data", [b"", b"no database" * 500])
def test_a_lost_history_is_told_again_by_the_folders(say: Say, place: Path, data: bytes) -> None:
    (place / "history.db").write_bytes(data)
    code, out, _ = say("runs", place)
    assert code == 0 and "run 1: finished, step 12 of 12" in out
    assert (place / "history.db").read_bytes() == data  # only looked at
    assert say("generate", place, "--tokens", 3)[0] == 0
    assert say("train", place, "--steps", 1)[0] == 0
    assert [path.read_bytes() for path in place.glob("history.damaged-*")] == ([data] if data else [])


def change(place: Path, question: str) -> None:
    with sqlite3.connect(place / "history.db") as db:
        db.execute(question)
    db.close()


def test_damaged_lines_of_the_history_are_left_out(say: Say, place: Path) -> None:
    change(place, "UPDATE events SET body = '{' WHERE step = 3")
    code, out, err = say("runs", place)
    assert code == 0 and "run 1: finished" in out and "damaged" in err
    change(place, "UPDATE runs SET name = '../../run'")
    code, out, err = say("runs", place)
    assert code == 0 and "No run yet" in out and "left out" in err


def test_a_locked_history_is_not_taken_for_a_damaged_one(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **{**k, "timeout": 0.05}))
    other = connect(place / "history.db", isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    session = Session()
    with pytest.raises(ValueError, match="another program"):
        session.wait(session.open(place))
    assert not list(place.glob("history.damaged-*"))
    other.rollback()
    other.close()
    session.wait(session.open(place))
    assert [run.name for run in session.train.runs] == ["run 1"]
    session.close()


def test_events_that_the_disk_refused_are_written_later(session: Session, place: Path) -> None:
    session.wait(session.open(place))
    assert session.opened
    history, run = session.opened.history, session.train.run
    assert run
    before = len(history.events("run 1"))
    history._db.execute("PRAGMA query_only = ON")  # every write fails
    run.log.extend(run.log[:5])
    session.train._records.write([run], now=True)
    session.wait(session.files.ask(lambda: None))
    session.train._records.write([run], now=True)
    session.wait(session.files.ask(lambda: None))
    assert [n.kind for n in session.notices if "history.db" in n.text] == ["error"]
    history._db.execute("PRAGMA query_only = OFF")
    session.close_project()
    session.wait(session.open(place))
    assert session.opened and len(session.opened.history.events("run 1")) == before + 5


# training


def test_a_loss_that_is_no_number_leaves_the_checkpoint(session: Session, place: Path) -> None:
    session.wait(session.open(place))
    looks = {"evaluate_every": 1000, "sample_every": 1000}
    session.train.edit(replace(Recipe(), steps=10_000, batch=4, warmup=0, roll_back=False, **looks))
    session.wait(session.train.start())
    run = session.train.run
    assert run and run.job

    def spoil() -> bool:
        if run.trainer and run.trainer.model and run.trainer.step > 3:
            next(iter(run.trainer.model.parameters())).data.fill_(float("inf"))
            return True
        return False

    while not session.wait(session.models.ask(spoil)):
        pass
    with pytest.raises(ValueError, match="no number"):
        session.wait(run.job)
    assert run.state == "failed" and "learning rate" in run.error
    assert session.wait(session.train.evaluate(run))[0] < 10  # the last good weights


# the studio's own folder


def test_damaged_settings_are_kept_aside(say: Say, place: Path, home: Path) -> None:
    (home / "settings.json").write_bytes(b'{"theme": "dark", "recent": [')
    assert say("runs", place)[0] == 0
    assert (home / "settings.damaged.json").read_bytes() == b'{"theme": "dark", "recent": ['
    assert str(place) in (home / "settings.json").read_text("utf-8")


def test_a_data_folder_that_cannot_be_is_said_and_work_goes_on(
    say: Say, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("LLMSTUDIO_HOME", str(tmp_path / "file"))
    code, out, err = say("runs", place)
    assert code == 0 and "run 1" in out and len(err.splitlines()) == 1 and "LLMSTUDIO_HOME" in err
    assert say("doctor", "--json")[0] == 0


def test_a_project_that_goes_away_while_it_is_open(session: Session, place: Path) -> None:
    session.wait(session.open(place))
    shutil.rmtree(place)
    session.build.use_preset("nano")
    session.train.edit(replace(session.train.recipe, steps=77))
    session.wait(session.files.ask(lambda: None))
    errors = [notice.text for notice in session.notices if notice.kind == "error"]
    assert errors and all("not there any more" in text for text in errors)
    assert not place.exists()
    session.close_project()
    assert session.project is None


def test_a_fault_of_ours_is_one_sentence_and_the_rest_is_in_the_log(
    capsys: pytest.CaptureFixture[str], place: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise AssertionError("a nut is loose")

    monkeypatch.setattr(files, "write_atomic", broken)
    monkeypatch.setattr("llmstudio.training.run_facts", broken)
    assert main(["runs", str(place)]) == 1
    err = capsys.readouterr().err
    assert "a nut is loose" in err and "Traceback" not in err and len(err.splitlines()) == 1
    assert "Traceback" in (home / "studio.log").read_text("utf-8")
