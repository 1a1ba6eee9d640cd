"""What the window costs: the same run with the Train workspace in view and without a window, one after the other.

    python3 run.py bench window [--pairs 3] [--steps 1200] [--turns 40]

Each run is a process of its own, on a display where there is one, else painting off the screen. Whole runs lie minutes
apart, and a shared machine changes in that time: so one more run has the window in view and left alone in turns of two
seconds, and neighbouring turns are compared.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from llmstudio.core.train.events import Step

WARM = 200  # steps that do not count
TURN = 2.0  # seconds


def main(arguments: list[str] | None = None) -> None:
    wish = argparse.ArgumentParser(prog="bench window")
    wish.add_argument("--pairs", type=int, default=3)
    wish.add_argument("--steps", type=int, default=1200)
    wish.add_argument("--turns", type=int, default=40)
    for hidden, usual in (("side", ""), ("stage", "train"), ("mode", "off")):
        wish.add_argument(f"--{hidden}", default=usual, help=argparse.SUPPRESS)
    asked = wish.parse_args(arguments)
    if asked.side:
        sides = {"window": lambda: _window(asked.steps), "none": lambda: _bare(asked.steps)}
        print(sides.get(asked.side, lambda: _turns(asked.turns, asked.stage, asked.mode))())
        return
    if not os.environ.get("DISPLAY"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    ratios = []
    for pair in range(asked.pairs):
        order = ("window", "none") if pair % 2 else ("none", "window")
        rates = {side: child(side, "--steps", str(asked.steps)) for side in order}
        ratios.append(rates["window"] / rates["none"])
        print(f"pair {pair + 1}: {rates['none']:.2f} steps/s alone, {rates['window']:.2f} in view, {ratios[-1]:.3f}")
    if ratios:
        print(f"whole runs: with the Train workspace in view {median(ratios):.1%} of the speed without a window")
    if asked.turns:
        ratio = child("turns", "--turns", str(asked.turns))
        print(f"{asked.turns} turns of {TURN} s in one run: {ratio:.1%} of the speed while the window is left alone")


def child(side: str, *more: str) -> float:
    """What that side of the comparison measures in a process and a home of its own."""
    command = [sys.executable, "-c", "import sys; sys.path.insert(0, ''); import benchmarks.__main__"]
    with tempfile.TemporaryDirectory() as home:
        found = subprocess.run(
            [*command, "window", "--side", side, *more],
            env={**os.environ, "LLMSTUDIO_HOME": home}, stdout=subprocess.PIPE, check=True,
        )  # fmt: skip
    return float(found.stdout.split()[-1])


def _begin(session: Any, steps: int) -> Any:
    """A project of nanoGPT's configuration, its run begun. Not compiled: both sides are to do the same all along."""
    from msgspec.structs import replace

    from benchmarks.text import source

    folder = Path(os.environ["LLMSTUDIO_HOME"]) / "P"
    session.wait(session.new(folder, preset="nanogpt-shakespeare-cpu"))
    session.wait(session.data.paste(source()[0]))
    session.wait(session.data.prepare())
    session.train.edit(replace(session.train.recipe, steps=steps, compile=False))
    session.wait(session.train.start())
    return session.train.run


def _bare(steps: int) -> float:
    from llmstudio.session.session import Session

    session = Session()
    run = _begin(session, steps)
    session.wait(run.job)
    session.close()
    return _rate(run)


def _window(steps: int) -> float:
    """Steps a second with the Train workspace in view."""
    window, run = _open(steps)
    _until(lambda: not run.job.running)
    rate = _rate(run)
    window.close()
    return rate


def _turns(turns: int, stage: str, mode: str) -> float:
    """Speed with the window in view over that with it left alone: the median over neighbouring turns, first to last."""
    window, run = _open(1_000_000, stage)
    window.session.build.alive.switch(mode)
    _until(lambda: run.step > WARM)
    rates = []
    for turn in range(turns):
        seen = turn % 4 in (0, 3)  # so that a steady drift favours neither
        window.clock.start() if seen else window.clock.stop()
        start, first = time.perf_counter(), _last(run)
        _until(lambda end=start + TURN: time.perf_counter() > end, poll=None if seen else window.session.poll)
        rates.append((seen, (_last(run) - first) / (time.perf_counter() - start)))
    run.job.stop()
    _until(lambda: not run.job.running)
    window.close()
    pairs = zip(rates[::2], rates[1::2], strict=True)
    return median(a / b if seen else b / a for (seen, a), (_, b) in pairs)


def _until(done: Any, poll: Any = None) -> None:
    """Let the window live until `done`; asked, and polled where it is left alone, ten times a second."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop, watch = QEventLoop(), QTimer()

    def look() -> None:
        if poll:
            poll()
        if done():
            loop.quit()

    watch.timeout.connect(look)
    watch.start(100)
    loop.exec()


def _open(steps: int, stage: str = "train") -> Any:
    from PySide6.QtWidgets import QApplication

    from llmstudio.session.session import Session
    from llmstudio.ui.style import dress
    from llmstudio.ui.window import Window

    app = QApplication([])
    dress(app, "dark")
    session = Session()
    window = Window(session)
    window.resize(1440, 900)
    window.show()
    run = _begin(session, steps)
    window.choose(stage)
    window.app = app  # lives as long as the window
    return window, run


def _last(run: Any) -> int:
    """The newest step, also where nobody has read it yet."""
    return next((event.step for event in reversed(run.job.log) if isinstance(event, Step)), 0)


def _rate(run: Any) -> float:
    """Steps a second, looks and samples included, the first ones left out."""
    seconds = run.seconds.values
    return (len(seconds) - 1 - WARM) / (seconds[-1] - seconds[WARM])


if __name__ == "__main__":
    main()
