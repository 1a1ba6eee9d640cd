"""What it costs to draw the loss and the charts below it: 1, 5 and 20 runs of 100 000 steps, in ms for each redraw.

    python3 run.py bench curves

A redraw is what the window's clock does for a panel and what Qt then paints, on the processor, without a display. A
frame of the screen is 16 ms; a panel should take less than 8.
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


def spent(deed: Callable[[], object], panel: Any, rounds: int = ROUNDS) -> tuple[float, float]:
    """Median and longest of doing, ticking and painting, ms."""
    found = []
    for _ in range(rounds):
        start = time.thread_time()
        deed()
        panel.tick()
        panel.repaint()
        QApplication.processEvents()
        found.append(1000 * (time.thread_time() - start))
    return median(found), max(found)


def measured(session: Session, panel: Any, charts: list[Any], count: int) -> None:
    train = session.train
    train.runs = runs(session, count)
    train.shown = {*train.runs}
    train.show(train.runs[-1])
    live, rng = train.runs[-1], np.random.default_rng(0)
    start = time.thread_time()
    ticks = [spent(lambda: None, panel, 1)[0] for _ in range(25)]
    whole = time.thread_time() - start
    while not charts:  # the library of the plots is fetched on the file thread
        session.poll()
        panel.tick()
        charts += panel.charts()
        ticks = [spent(lambda: None, panel, 1)[0] for _ in range(25)]
    chart, places = charts[0], iter(range(10_000))

    def grow() -> None:
        live.log.extend(told(count, live.step + 1, live.step + 4, rng))
        live.refresh()

    def zoom() -> None:
        low = 100.0 * next(places)
        chart.set_span((low, low + 30_000.0))

    def hover() -> None:
        chart.set_cross(float(1000 + 100 * next(places)))

    print(
        f"{count:3} run{'s' * (count > 1):1}  {'first sight':18}{max(ticks):6.1f} ms at most, {1000 * whole:.0f} in all"
    )
    for words, deed in (
        ("nothing new", lambda: None),
        ("four new steps", grow),
        ("pointer", hover),
        ("moving along", zoom),
    ):
        usual, most = spent(deed, panel)
        over = "" if usual <= BUDGET else f"   above {BUDGET:.0f}"
        print(f"          {words:18}{usual:6.2f} ms, at most {most:.1f}{over}")
    chart.follow()
    session.poll()


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
            for kind, size in ((Loss, SIZE), (Charts, (760, 320))):
                panel = kind(session)
                panel.resize(*size)
                panel.show()
                print(f"{panel.title}, {size[0]} x {size[1]} pixels, {STEPS} steps a run")
                charts: list[Any] = []
                for count in (1, 5, 20):
                    measured(session, panel, charts, count)
                panel.deleteLater()
        finally:
            for run in session.train.runs:
                if run.job:
                    run.job.stop()
            session.train.runs = []
            session.close()


if __name__ == "__main__":
    main()
