"""Nonsense on the command line and in conversation: refused in one sentence, and nothing changes."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmstudio.session.session import Session
from tests.session.answers import Say, contents, refused

# words on the command line


@pytest.mark.parametrize(
    "pair",
    [
        "learning_rate=NaN", "learning_rate=1e999", "learning_rate=1e9", "steps=-5", "steps=99999999999999999999",
        "steps=2.5", "steps=null", "steps=true", "batch=[1]", "nonsense=1", "model.nonsense=1", "=5", "nothing",
        "schedule=banana", "model.blocks=[]", "model.blocks=5", "model.blocks=" + "[" * 50_000, "model.width=0",
        "model.width=7", "model.width=65536", "model.vocab=9999999", "model.context=100000", "seed=-1",
        'model.blocks=[{"attention":{"heads":0}}]', 'model.skips=[{"source":9,"target":2}]',
    ],
)  # fmt: skip
def test_nonsense_is_refused_and_changes_nothing(say: Say, place: Path, pair: str) -> None:
    before = contents(place)
    refused(say("train", place, "--set", pair))
    assert contents(place) == before


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("train", ["--steps", "-1"]),
        ("train", ["--run", "a/b"]),
        ("train", ["--run", "x" * 300]),
        ("train", ["--run", "run 1"]),
        ("tokenize", ["--validation", "nan"]),
        ("tokenize", ["--vocab", "999999999"]),
        ("tokenize", ["--split", "document"]),
        ("generate", ["--temperature", "nan"]),
        ("generate", ["--tokens", "0"]),
        ("generate", ["--run", "none"]),
        ("generate", ["--prompt", "文字"]),
    ],
)
def test_values_beyond_their_limits_change_nothing(say: Say, place: Path, verb: str, words: list[str]) -> None:
    before = contents(place)
    refused(say(verb, place, *words))
    assert contents(place) == before


def test_a_number_can_be_a_prompt(say: Say, place: Path) -> None:
    assert say("train", place, "--steps", 1, "--set", "prompt=5")[0] == 0
    assert json.loads((place / "project.json").read_bytes())["recipe"]["prompt"] == "5"


@pytest.mark.parametrize("name", ["x" * 300, "text.txt/P", "nul\0name"])
def test_a_place_where_no_project_can_be(say: Say, tmp_path: Path, name: str) -> None:
    (tmp_path / "text.txt").write_text("mine")
    refused(say("new", tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]
    refused(say("runs", tmp_path / name))


def test_a_project_half_made_on_a_full_disk_is_taken_away(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("llmstudio.session.project.write_atomic", full)
        refused(say("new", tmp_path / "P"), "disk is full")
    assert not (tmp_path / "P").exists()
    assert say("new", tmp_path / "P")[0] == 0


@pytest.mark.parametrize("text", ["abc", "x"])
@pytest.mark.parametrize("kind", ["character", "byte", "bpe"])
def test_a_text_that_is_too_short(say: Say, tmp_path: Path, text: str, kind: str) -> None:
    (tmp_path / "short.txt").write_text(text)
    assert say("new", tmp_path / "P", "--preset", "nanogpt-shakespeare-cpu")[0] == 0
    assert say("add", tmp_path / "P", tmp_path / "short.txt")[0] == 0
    assert say("tokenize", tmp_path / "P", "--kind", kind, "--validation", 0.01)[0] == 0
    code, _, err = say("train", tmp_path / "P")
    assert (code == 1 and "too" in err) or "fewer" in err


# talking


def test_letters_that_are_not_known_do_not_end_the_conversation(say: Say, place: Path) -> None:
    code, out, err = say("chat", place, "--tokens", 4, stdin="文字\nthe snail\n".encode())
    assert code == 0 and err.count("none of these characters") == 1 and out.count("goes on") == 2


def test_bytes_that_are_no_text_and_a_very_long_line(say: Say, place: Path) -> None:
    code, out, _ = say("chat", place, "--tokens", 4, stdin=b"the \xff\xfe snail\n" + b"the snail " * 100_000 + b"\n")
    assert code == 0 and out.count("goes on") == 2


def test_half_a_letter_from_a_line_edit_is_saved_as_a_question_mark(session: Session, place: Path) -> None:
    session.wait(session.open(place))
    session.inside.set_probe("half \ud800")
    session.train.edit(replace(session.train.recipe, prompt="\udfff"))
    session.chat.edit_sampler(replace(session.chat.sampler, max_tokens=2))
    session.wait(session.chat.send("the \ud800 snail"))
    session.close_project()
    assert not [notice for notice in session.notices if notice.kind == "error"]
    session.wait(session.open(place))
    assert (session.inside.probe, session.train.recipe.prompt) == ("half ?", "?")
    assert session.chat.messages[0].typed == "the ? snail"
