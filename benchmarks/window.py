"""What the window costs: the same run with the Train workspace in view and without a window, one after the other.

    python3 run.py bench window [--pairs 3] [--steps 1200]

Each run is a process of its own, on a display where there is one, else painting off the screen.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

WARM = 200  # steps that do not count


def main(arguments: list[str] | None = None) -> None:
    wish = argparse.ArgumentParser(prog="bench window")
    wish.add_argument("--pairs", type=int, default=3)
    wish.add_argument("--steps", type=int, default=1200)
    wish.add_argument("--side", choices=("window", "none"), help=argparse.SUPPRESS)
    asked = wish.parse_args(arguments)
    if asked.side:
        print(_window(asked.steps) if asked.side == "window" else _bare(asked.steps))
        return
    if not os.environ.get("DISPLAY"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    ratios = []
    for pair in range(asked.pairs):
        order = ("window", "none") if pair % 2 else ("none", "window")
        rates = {side: _child(side, asked.steps) for side in order}
        ratios.append(rates["window"] / rates["none"])
        print(f"pair {pair + 1}: {rates['none']:.2f} steps/s alone, {rates['window']:.2f} in view, {ratios[-1]:.3f}")
    print(f"with the Train workspace in view {median(ratios):.1%} of the speed without a window")


def _child(side: str, steps: int) -> float:
    command = [sys.executable, "-c", "import sys; sys.path.insert(0, ''); import benchmarks.__main__"]
    with tempfile.TemporaryDirectory() as home:
        found = subprocess.run(
            [*command, "window", "--side", side, "--steps", str(steps)],
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
    from PySide6.QtCore import QTimer
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
    window.choose("train")
    watch = QTimer()
    watch.timeout.connect(lambda: run.job.running or app.quit())
    watch.start(100)
    app.exec()
    rate = _rate(run)
    window.close()
    return rate


def _rate(run: Any) -> float:
    """Steps a second, looks and samples included, the first ones left out."""
    seconds = run.seconds.values
    return (len(seconds) - 1 - WARM) / (seconds[-1] - seconds[WARM])


if __name__ == "__main__":
    main()
