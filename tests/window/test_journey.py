"""The whole loop as a person goes through it: real window, real mouse and keys, another program's file dropped on it.

LLMSTUDIO_CORPUS: a folder with tinyshakespeare.txt, to go with that text. LLMSTUDIO_PICTURES: where screens are kept.
"""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.material import WORDS
from tests.window.hands import Studio, until

pytestmark = pytest.mark.window

NAME = "Jörg Müller 文"
PRESET = "nanoGPT on a CPU"
STEPS = 6000  # more than a fast computer gets through in this test: it is stopped by hand
COLUMNS = ("seconds", "core", "p50", "p99", "max")
SEE_STEPS = 20  # of training in each workspace, while its frames are timed


def text(folder: Path) -> Path:
    """About 200 kB with some order in it, or tiny Shakespeare where that is at hand."""
    if corpus := os.environ.get("LLMSTUDIO_CORPUS"):
        return Path(corpus, "tinyshakespeare.txt")
    dice = random.Random(1)
    lines = (" ".join(dice.choices(WORDS, k=8)).capitalize() for _ in range(5000))
    path = folder / "Letters of a snail – Käfer.txt"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_from_a_dropped_text_to_a_talk_and_back_the_next_day(open_studio: Callable[[], Studio], tmp_path: Path) -> None:
    source = text(tmp_path)
    studio = open_studio()
    make_project(studio, tmp_path / NAME)
    give_text(studio, source)
    design(studio)
    train(studio)
    look_inside(studio)
    before = talk(studio, "The snail")
    pause_and_resume(studio)
    stopped = stop(studio)
    close(studio)

    studio = open_studio()
    find_everything_again(studio, tmp_path / NAME, source, stopped, before)
    go_on(studio, stopped)
    talk(studio, "The toad")
    step = studio.step
    close(studio)  # in the middle of training

    studio = open_studio()
    studio.wait(lambda f: f["run"] and f["run"]["step"] >= step and f["run"]["state"] == "stopped", "the run as left")
    assert len(studio.facts["messages"]) == 4
    close(studio)


def make_project(studio: Studio, folder: Path) -> None:
    studio.see("Train your first model")
    studio.wait(lambda f: f["device"] and f["ready"], "the starter project, ready to train")
    studio.keep("01 first launch")
    studio.ask("mark", phase="new project")
    studio.focus("Odo - LLM Studio")
    studio.key("ctrl+n")
    studio.focus("New project")
    studio.type(str(folder))
    studio.keep("02 new project")
    studio.key("Return")
    studio.wait(lambda f: f["folder"] == str(folder), f"the project {folder}")
    assert studio.facts["title"] == f"{NAME} - LLM Studio"
    studio.focus(f"{NAME} - LLM Studio")


def give_text(studio: Studio, source: Path) -> None:
    content = source.read_text("utf-8")
    assert studio.drop(source, 700, 500) == "CopyAction"
    studio.wait(lambda f: f["sources"], "the dropped text")
    studio.put_away()
    assert studio.facts["sources"] == [[source.name, len(content)]] and source.read_text("utf-8") == content
    assert studio.facts["stage"] == "data"
    studio.see(source.name)
    studio.keep("04 dropped")
    studio.click("character", kind="Segments")
    studio.wait(lambda f: f["tokenizer"] == "character", "the character tokenizer")
    studio.click("Use this text")
    studio.wait(lambda f: f["ready"], "the tokens")
    assert studio.facts["vocab"] == len(set(content))
    studio.keep("05 tokens")


def design(studio: Studio) -> None:
    studio.click("Build", kind="Tab")
    studio.click(PRESET, inside="build.parts")
    studio.wait(lambda f: f["design"] == "nanoGPT", "the preset")
    studio.keep("06 design")


def train(studio: Studio) -> None:
    studio.click("Train", kind="Tab")
    studio.keep("07 before training")
    studio.click("Set the recipe first")
    studio.click("Steps", kind="NumberField")
    studio.type(str(STEPS))
    studio.key("Return")
    studio.wait(lambda f: f["steps"] == STEPS, f"{STEPS} steps")
    studio.keep("08 recipe")
    studio.ask("mark", phase="Train is pressed")
    studio.click("Train", inside="train.recipe", kind="QPushButton")
    studio.wait(lambda f: f["run"] and f["run"]["state"] == "training" and f["run"]["step"] > 5, "training")
    assert studio.facts["run"]["design"] == "nanoGPT" and studio.facts["run"]["steps"] == STEPS
    curve = studio.picture("train.loss")
    time_frames(studio, "Train")
    assert studio.picture("train.loss") != curve
    studio.keep("09 training")


def look_inside(studio: Studio) -> None:
    studio.click("Inside", kind="Tab")
    names = ("inside.attention", "inside.embeddings")
    first = until(lambda: [studio.picture(name) for name in names], "both pictures")
    time_frames(studio, "Inside")
    for name, then in zip(names, first, strict=True):
        until(lambda name=name, then=then: studio.picture(name) != then, f"another picture in {name}")
        at = studio.step
        before = studio.picture(name)
        until(lambda name=name, before=before: studio.picture(name) != before, f"{name} to change again")
        studio.wait(lambda f, at=at: f["run"]["state"] == "training" and f["run"]["step"] > at, "more steps")
    studio.keep("10 inside")


def talk(studio: Studio, words: str) -> list[list[str]]:
    """Ask while it trains. All messages."""
    studio.click("Chat", kind="Tab")
    if not studio.facts["messages"]:
        studio.click("Up to", kind="NumberField")
        studio.type("40")
        studio.key("Return")
    studio.click("What to say")
    said = len(studio.facts["messages"])
    at = studio.step
    studio.type(words)
    studio.key("Return")
    lengths: set[int] = set()

    def answered() -> bool:
        facts = studio.facts
        assert facts["run"]["state"] == "training"
        if len(facts["messages"]) == said + 2:
            lengths.add(len(facts["messages"][-1][1]))
        return max(lengths, default=0) > 0 and not facts["writing"]  # a quick machine is done between two looks

    studio.ask("mark", phase="Chat, writing")
    until(answered, "an answer, bit by bit", patience=300)
    messages: list[list[str]] = studio.facts["messages"]
    assert messages[-2] == ["user", words] and messages[-1][0] == "model" and messages[-1][1].strip()
    studio.wait(lambda f: f["run"]["step"] > at, "steps while it answered")
    studio.keep(f"11 chat {said}")
    time_frames(studio, "Chat, afterwards")
    return messages


def pause_and_resume(studio: Studio) -> None:
    studio.click("Pause", inside="Run")
    studio.wait(lambda f: f["run"]["state"] == "paused", "the pause")
    at = studio.step
    studio.ask("mark", phase="paused")
    studio.keep("12 paused")
    time.sleep(1)
    paused = studio.step
    assert paused <= at + 1  # the step that was under way when the button was pressed
    time.sleep(1)
    assert studio.step == paused
    studio.click("Go on", inside="Run")
    studio.wait(lambda f: f["run"]["state"] == "training" and f["run"]["step"] > at, "steps after the pause")


def stop(studio: Studio) -> int:
    """By the button in the recipe. The last step."""
    studio.click("Train", kind="Tab")
    studio.click("Stop", inside="train.recipe", kind="QPushButton")
    studio.wait(lambda f: f["run"]["state"] == "stopped", "the stop")
    studio.keep("13 stopped")
    return studio.step


def close(studio: Studio) -> None:
    statistics = studio.ask("statistics")
    print(f"\n{'event loop, ms':24}" + "".join(f"{name:>9}" for name in COLUMNS))
    for phase, found in statistics.items():
        print(f"{phase:24}" + "".join(f"{found[name]:9.2f}" for name in COLUMNS))
    assert statistics and all(each["p50"] > 0 for each in statistics.values())
    errors = [notice for notice in studio.facts["notices"] if notice[0] == "error"]
    assert not errors
    studio.focus(f"{NAME} - LLM Studio")
    studio.key("ctrl+q")
    assert studio.ended() == 0
    expected = ("painted", "ready", "Fontconfig")  # the last on a machine without fonts
    odd = [line for line in studio.errors.read_text("utf-8").splitlines() if not line.startswith(expected)]
    assert not odd


def find_everything_again(studio: Studio, folder: Path, source: Path, step: int, messages: list[list[str]]) -> None:
    studio.wait(lambda f: f["folder"] == str(folder) and f["device"], "the same project")
    facts = studio.facts
    assert facts["stage"] == "train" and facts["ready"] and facts["runs"] == ["run 1"]
    assert facts["sources"] == [[source.name, len(source.read_text("utf-8"))]]
    assert (facts["run"]["state"], facts["run"]["step"], facts["run"]["steps"]) == ("stopped", step, STEPS)
    assert facts["messages"] == messages
    studio.keep("14 opened again")


def go_on(studio: Studio, stopped: int) -> None:
    studio.click("Go on", inside="train.recipe", kind="QPushButton")
    studio.wait(lambda f: f["run"]["state"] == "training" and f["run"]["step"] > stopped, "more steps")
    assert studio.facts["runs"] == ["run 1"]


def time_frames(studio: Studio, workspace: str) -> None:
    """Let it train with this workspace in view, and leave it alone meanwhile: looking takes time too."""
    at, began = studio.step, time.monotonic()
    studio.ask("mark", phase=workspace)
    while studio.step < at + SEE_STEPS:
        assert time.monotonic() < began + 300, f"{SEE_STEPS} steps with {workspace} in view"
        time.sleep(1)
    studio.ask("mark", phase=f"after {workspace}")
