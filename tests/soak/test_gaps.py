"""While a run goes on the window stays quick, and the run obeys within one step."""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmstudio.core.train.events import Step
from llmstudio.session.session import Session
from tests.material import make_small, sample_text
from tests.window.hands import Studio, screen, until

SECONDS = float(os.environ.get("LLMSTUDIO_GAP_SECONDS", "300"))
P99, LONGEST = 17.0, 250.0  # milliseconds between two turns of the window's loop
PAUSES = 20
ENDLESS = 1_000_000  # steps


def make(folder: Path) -> None:
    """A project ready to train, and the one that the studio opens with."""
    session = Session()
    session.wait(session.new(folder, preset="nanogpt-shakespeare-cpu"))
    session.wait(session.data.paste("".join(f"the snail carries letter {i} through the garden\n" for i in range(8000))))
    session.train.edit(replace(session.train.recipe, steps=ENDLESS))
    session.wait(session.data.prepare())
    session.close()


@pytest.mark.soak
@pytest.mark.window
def test_no_frame_is_late_while_it_trains(tmp_path: Path, home: Path) -> None:
    make(tmp_path / "Garden")
    with screen(tmp_path) as environment:
        studio = Studio(environment, home, tmp_path / "said")
        try:
            studio.wait(lambda f: f["ready"] and f["device"], "the project")
            studio.focus("Garden - LLM Studio")
            studio.click("Train", kind="Tab")
            studio.click("Set the recipe first")
            studio.click("Train", inside="train.recipe", kind="QPushButton")
            studio.wait(lambda f: f["run"] and f["run"]["step"] > 20, "training")
            studio.ask("mark", phase="training")
            time.sleep(SECONDS)
            studio.ask("mark", phase="after")
            found = studio.ask("statistics")["training"]
            print({name: round(value, 2) for name, value in found.items()})
            assert studio.facts["run"]["state"] == "training"
            studio.click("Stop", inside="train.recipe", kind="QPushButton")
            studio.wait(lambda f: f["run"]["state"] == "stopped", "the stop")
            at = studio.step
            until(lambda: studio.step == at, "no step after the stop")
        finally:
            studio.give_up()
    assert found["p99"] <= P99 and found["max"] <= LONGEST, found


@pytest.mark.soak
def test_a_pause_and_a_stop_come_within_one_step(tmp_path: Path) -> None:
    session, dice = Session(), random.Random(4)
    session.wait(session.new(tmp_path / "P", preset="nanogpt-shakespeare-cpu"))
    session.wait(session.data.paste(sample_text()))
    make_small(session)
    session.train.edit(
        replace(session.train.recipe, steps=ENDLESS, evaluate_every=ENDLESS, sample_every=ENDLESS, compile=False)
    )
    session.wait(session.train.start())
    run = session.train.run
    assert run and run.job

    def steps() -> int:
        return sum(isinstance(event, Step) for event in list(run.log))

    def go(true: Callable[[], object]) -> None:
        end = time.monotonic() + 60
        while not true():
            assert time.monotonic() < end, run.state
            session.poll()
            time.sleep(0.001)

    for _ in range(PAUSES):
        more = steps() + dice.randint(1, 5)
        go(lambda more=more: steps() >= more)
        session.train.pause()
        at = steps()
        time.sleep(dice.uniform(0.01, 0.05))
        assert at <= steps() <= at + 1
        session.train.pause(False)
    session.train.stop()
    at = steps()
    session.wait(run.job)
    assert at <= steps() <= at + 1 and run.step == steps()
    session.close()
