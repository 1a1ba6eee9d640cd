"""kill -9 at random moments of training: the project opens, and only what came after the last checkpoint is lost."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmstudio.core.model import spec
from llmstudio.core.train.checkpoint import newest_step
from llmstudio.session.session import Session

KILLS = int(os.environ.get("LLMSTUDIO_KILLS", "50"))
SAVE_SECONDS = 1

CHILD = """
import sys
from pathlib import Path
from llmstudio.core.train.events import Saved, Step
from llmstudio.session.session import Session

session = Session()
session.wait(session.open(Path(sys.argv[1])))
session.wait(session.train.resume(session.train.run) if session.train.run else session.train.start())
run, read = session.train.run, 0

def tell():
    global read
    for event in run.log[read:]:
        if isinstance(event, (Step, Saved)):
            print(type(event).__name__, event.step, flush=True)
    read = len(run.log)

read = len(run.log)
session.wait(run.job, tell)
"""


def make(folder: Path) -> None:
    session = Session()
    session.wait(session.new(folder, preset="nanogpt-shakespeare-cpu"))
    session.wait(session.data.paste("".join(f"the snail carries letter {i} through the garden\n" for i in range(4000))))
    block = spec.Block(attention=spec.Attention(heads=2))
    session.build.edit(replace(session.build.model, width=64, context=32, blocks=(block, block)))
    looks = {"checkpoint_seconds": SAVE_SECONDS, "evaluate_every": 50, "sample_every": 100}
    session.train.edit(replace(session.train.recipe, steps=1_000_000, **looks))
    session.wait(session.data.prepare())
    session.close()


def told(line: str, kind: str) -> int:
    return int(line.split()[1]) if line.startswith(kind) else 0


@pytest.mark.soak
def test_killed_fifty_times(tmp_path: Path) -> None:
    folder, dice = tmp_path / "P", random.Random(1)
    make(folder)
    lost, reached = [], 0
    for kill in range(KILLS):
        with (tmp_path / "told").open("w+") as out:
            child = subprocess.Popen([sys.executable, "-c", CHILD, str(folder)], stdout=out)
            deadline = time.monotonic() + 120
            while not (tmp_path / "told").read_text().count("Step") and time.monotonic() < deadline:
                assert child.poll() is None, "the child ended by itself"
                time.sleep(0.02)
            time.sleep(dice.uniform(0, 3 * SAVE_SECONDS))
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            lines = (tmp_path / "told").read_text().splitlines()
        step = max(told(line, "Step") for line in lines)
        saved = max([told(line, "Saved") for line in lines] + [reached])
        session = Session()
        session.wait(session.open(folder))
        run = session.train.run
        assert run is not None and run.state == "interrupted"
        start = newest_step(session.train.folder(run) / "resume")
        session.wait(session.train.resume(run))
        session.train.stop()
        assert run.job is not None
        session.wait(run.job)
        assert start >= saved, f"kill {kill}: the checkpoint of step {saved} is gone, only {start} is there"
        lost.append(step - start)
        reached = run.step
        session.close()
    mean = sum(lost) / len(lost)
    print(f"\n{KILLS} kills, all opened; steps lost: most {max(lost)}, mean {mean:.1f}; reached step {reached}")
