"""What it costs to draw the loss and the charts below it: 1, 5 and 20 runs of 100 000 steps, in ms for each redraw.

    python3 run.py bench curves

A redraw is what the window's clock does for a panel and what Qt then paints, in processor time of the window's thread,
without a display. A frame of the screen is 16 ms; a panel should take less than 8.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from msgspec.structs import replace
from PySide6.QtWidgets import QApplication

from llmstudio.core.train.events import Evaluated, Event, Step
from llmstudio.session.run import Run
from llmstudio.session.session import Session
from llmstudio.ui.style import dress

STEPS, SIZE, ROUNDS = 100_000, (760, 470), 30
BUDGET = 8.0  # ms
BEAT = 0.008  # seconds between two ticks
PATIENCE = 60.0  # seconds for the charts to be made


class Going:
    """Stands for the job of a run that goes on."""

    running, paused = True, False

    def stop(self) -> None:
        self.running = False


def told(number: int, first: int, last: int, rng: np.random.Generator) -> list[Event]:
    """What a run tells of these steps: noise about a power law."""
    steps = np.arange(first, last + 1)
    losses = 1.4 + 0.05 * number + 2.8 * steps**-0.25 + rng.normal(scale=0.12, size=len(steps))
    norms = rng.lognormal(-0.7, 0.4, len(steps))
    found: list[Event] = []
    for step, loss, norm in zip(steps.tolist(), losses.tolist(), norms.tolist(), strict=True):
        rate = 1e-3 * min(1.0, step / 2000) * (1.05 - step / STEPS)
        found.append(Step(step=step, loss=loss, learning_rate=rate, gradient=norm, seconds=step * 0.01))
        if step % 500 == 0:
            found.append(Evaluated(step=step, loss=loss + 0.1))
    return found


def runs(session: Session, count: int) -> list[Run]:
    """`count` runs, of which the last is still at half its way."""
    recipe = replace(session.train.recipe, steps=STEPS)
    made = []
    for number in range(1, count + 1):
        log = told(number, 1, STEPS // 2 if number == count else STEPS, np.random.default_rng(number))
        run = Run(
            name=f"run {number}", number=number, model=session.build.model, recipe=recipe, state="finished", log=log
        )
        made.append(run)
    made[-1].job = Going()  # type: ignore[assignment]
    return made


def spent(deed: Callable[[], object], panel: Any, rounds: int = ROUNDS, pause: float = 0.0) -> tuple[float, float]:
    """Median and longest, ms, of doing it with the dearest of the ticks that follow and their painting."""
    found = []
    for _ in range(rounds):
        time.sleep(pause)
        ticks = []
        start = time.thread_time()
        deed()
        for _ in range(1 + len(panel.charts())):  # a panel may draw one chart at each tick
            panel.tick()
            QApplication.processEvents()
            ticks.append(1000 * (time.thread_time() - start))
            time.sleep(BEAT)
            start = time.thread_time()
        found.append(max(ticks))
    return median(found), max(found)


def measured(session: Session, panel: Any, count: int) -> None:
    train = session.train
    train.runs = runs(session, count)
    train.shown = {*train.runs}
    train.show(train.runs[-1])
    live, rng = train.runs[-1], np.random.default_rng(0)
    end = time.monotonic() + PATIENCE
    while not panel.charts():  # the library of the plots is fetched on the file thread
        if time.monotonic() > end:
            raise RuntimeError(f"{panel.title} made no chart")
        session.poll()
        panel.tick()
    ticks = [spent(nothing, panel, 1)[0] for _ in range(40)]
    name = f"{count:3} run{'s' if count > 1 else ' '}"
    print(f"{name}  {'first sight':16}{max(ticks):6.1f} ms at most, {sum(ticks):.0f} in all")
    places = iter(range(10_000))

    def grow() -> None:
        live.log.extend(told(count, live.step + 1, live.step + 4, rng))
        live.refresh()

    def hover() -> None:
        train.hover_at(1000 + 100 * next(places))

    def move() -> None:
        low = 100.0 * next(places)
        train.look_at((low, low + 30_000.0))

    deeds = (("nothing new", nothing, 0), ("four new steps", grow, 0.26), ("pointer", hover, 0), ("moving", move, 0))
    for words, deed, pause in deeds:
        usual, most = spent(deed, panel, 10 if pause else ROUNDS, pause)
        print(f"          {words:16}{usual:6.1f} ms, at most {most:.1f}{'' if usual <= BUDGET else '   too slow'}")
    train.hover_at(None)
    train.look_at(None)
    session.poll()


def nothing() -> None:
    """Only the tick and the painting."""


def main(arguments: list[str] | None = None) -> None:
    from llmstudio.ui.panels.train.charts import Charts
    from llmstudio.ui.panels.train.loss import Loss

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    with tempfile.TemporaryDirectory() as home:
        os.environ["LLMSTUDIO_HOME"] = home
        dress(app, "dark")
        session = Session()
        try:
            session.wait(session.new(Path(home) / "Curves", preset="nanogpt-shakespeare-cpu"))
            session.train.poll = nothing  # type: ignore[method-assign]  # two million made events are not for the history
            for kind, size in ((Loss, SIZE), (Charts, (760, 200))):
                panel = kind(session)
                panel.resize(*size)
                panel.show()
                print(f"{panel.title}, {size[0]} x {size[1]} pixels, {STEPS} steps a run")
                for count in (1, 5, 20):
                    measured(session, panel, count)
                panel.deleteLater()
        finally:
            for run in session.train.runs:
                if run.job:
                    run.job.stop()
            session.train.runs = []
            session.close()


if __name__ == "__main__":
    main()
