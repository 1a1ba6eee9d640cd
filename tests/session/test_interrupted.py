"""Ctrl+C on the command line, in a real process: what was trained is saved, one sentence, exit code 1."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.session.answers import Say
from tests.source import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends the signal to a group of processes")
SENTENCE = "Stopped; what was done so far is saved."
LONG = 10_000_000
START = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests themselves run in the background
from llmstudio.__main__ import main
sys.exit(main())
"""


def interrupted(place: Path, *words: object, times: int = 1) -> str:
    """Start a verb that trains, press Ctrl+C once its run is on the disk, and see how it ends. What it said."""
    child = subprocess.Popen(
        [sys.executable, "-c", START, str(words[0]), str(place), *map(str, words[1:])],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        start_new_session=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    try:
        end = time.monotonic() + 60
        while not any((place / "runs" / "run 2" / "resume").glob("*.safetensors")):
            assert child.poll() is None and time.monotonic() < end
            time.sleep(0.01)
        for _ in range(times):
            os.killpg(child.pid, signal.SIGINT)
            time.sleep(0.02)
        out, err = child.communicate(timeout=30)
    finally:
        child.kill()
        child.communicate()
    assert child.returncode == 1, err
    said = [line for line in err.splitlines() if not line.startswith("[")]  # but how far it came
    assert said == [SENTENCE], err
    return out


@pytest.mark.parametrize("times", [1, 5])
def test_train_saves_says_one_sentence_and_can_go_on(place: Path, say: Say, times: int) -> None:
    assert interrupted(place, "train", "--steps", LONG, times=times) == ""
    run = json.loads(say("runs", place, "--json")[1])["runs"][1]
    assert run["state"] == "stopped" and run["step"] > 0
    code, out, _ = say("train", place, "--resume", "--run", "run 2", "--steps", run["step"] + 2, "--json")
    assert code == 0 and json.loads(out)["state"] == "finished" and json.loads(out)["step"] == run["step"] + 2


def test_a_sweep_saves_what_it_has_and_the_rest_waits(place: Path, say: Say) -> None:
    out = interrupted(place, "sweep", "--set", "seed=1,2,3", "--set", f"steps={LONG}", "--json")
    assert json.loads(out) == {"error": SENTENCE}
    there = json.loads(say("runs", place, "--json")[1])
    assert [run["state"] for run in there["runs"]] == ["finished", "stopped"] and there["runs"][1]["step"] > 0
    assert [each["label"].partition(",")[0] for each in there["waiting"]] == ["seed 2", "seed 3"]
