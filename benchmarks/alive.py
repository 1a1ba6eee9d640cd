"""What it costs a run to be shown on its design: the same training with the canvas alive and with it out of sight.

    python3 run.py bench alive [--pairs 3] [--seconds 6] [--mode attention]

One run trains in one process, on a canvas that is ticked as the window's clock does: in turn for so many seconds in
view, with the readings of that mode, and for as many hidden. The ratio of the two speeds may fall by a tenth at most.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

BEAT = 0.016  # seconds between two ticks
FEWEST = 5  # steps of a stretch
WARM = 3.0  # seconds of training that do not count
LEAST = 0.9  # of the speed out of sight


def main(arguments: list[str] | None = None) -> None:
    wish = argparse.ArgumentParser(prog="bench alive")
    wish.add_argument("--pairs", type=int, default=3)
    wish.add_argument("--seconds", type=float, default=6.0)
    wish.add_argument("--mode", default="attention")
    asked = wish.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        os.environ["LLMSTUDIO_HOME"] = home
        ratios = _measured(Path(home), asked)
    found = median(ratios)
    words = "" if found >= LEAST else "   too slow"
    print(f"with {asked.mode} shown {found:.1%} of the speed with the canvas out of sight{words}")


def _measured(home: Path, asked: Any) -> list[float]:
    from PySide6.QtWidgets import QApplication

    from llmstudio.session.session import Session
    from llmstudio.ui.canvas.alive.overlay import Overlay
    from llmstudio.ui.canvas.scene import Scene
    from llmstudio.ui.canvas.view import CanvasView
    from llmstudio.ui.style import dress

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    dress(app, "dark")
    session = Session()
    ratios = []
    try:
        run = _begin(session, home / "P")
        view = CanvasView(Scene(session))
        overlay = Overlay(view, session)
        session.build.alive.switch(asked.mode)
        view.resize(860, 800)
        view.show()
        _speed(app, session, run, overlay, WARM, True)
        for pair in range(asked.pairs):
            rates = {on: _speed(app, session, run, overlay, asked.seconds, on) for on in (pair % 2 == 0, pair % 2 == 1)}
            ratios.append(rates[True] / rates[False])
            print(f"pair {pair + 1}: {rates[False]:.2f} steps/s hidden, {rates[True]:.2f} shown, {ratios[-1]:.3f}")
        session.train.stop()
        session.wait(run.job)
        view.close()
    finally:
        session.close()
    return ratios


def _begin(session: Any, folder: Path) -> Any:
    """A project of nanoGPT's configuration, its run begun. Not compiled: all stretches are to do the same."""
    from msgspec.structs import replace

    from benchmarks.text import source

    session.wait(session.new(folder, preset="nanogpt-shakespeare-cpu"))
    session.wait(session.data.paste(source()[0]))
    session.wait(session.data.prepare())
    session.train.edit(replace(session.train.recipe, steps=1_000_000, compile=False))
    session.wait(session.train.start())
    return session.train.run


def _speed(app: Any, session: Any, run: Any, overlay: Any, seconds: float, shown: bool) -> float:
    """Steps a second over that time; out of sight the overlay is not ticked, as no hidden panel is."""
    overlay.view.setVisible(shown)
    session.poll()
    first, start = run.step, time.perf_counter()
    while time.perf_counter() - start < seconds or run.step - first < FEWEST:
        session.poll()
        if shown:
            overlay.tick()
        app.processEvents()
        time.sleep(BEAT)
    session.poll()
    return float(run.step - first) / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
