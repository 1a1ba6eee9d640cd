"""The curve of the shown run before the others. Needs pyqtgraph: imported once the panel is shown."""

from math import log
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from .....session.run import Run
from ....plot.chart import Chart, Flag
from ....plot.marks import Level, Tip
from ....plot.paper import Scale
from ....plot.shared import Shared
from ....theme import theme
from ....words.changes import changes
from ....words.flags import Happened, happened
from ....words.loss import UNITS, written
from .ahead import Ahead
from .curves import MANY, RunCurves
from .figures import compared_with, token
from .told import tip

if TYPE_CHECKING:
    from .....session.session import Session

APPLY = {"nats": lambda y: y, "bits": lambda y: y / log(2), "perplexity": lambda y: np.exp(np.minimum(y, 700))}
PATIENCE = 0.004  # seconds of one tick for the curves of the other runs; the rest has its turn at the next one


class Picture(Chart):
    def __init__(self, session: "Session", unit: str) -> None:
        self.session, self.unit = session, unit
        self.of_runs: dict[str, RunCurves] = {}
        self.happened: list[Happened] = []
        self.ahead = Ahead(session)
        self._words: tuple[object, dict[str, str]] = ((), {})
        super().__init__("step", self._scale(), self._explain)
        self.setAccessibleName("Loss against steps")
        self.named.connect(self._show_named)
        self.shared = Shared(self, session)

    def set_unit(self, unit: str) -> None:
        self.unit = unit
        self.set_scale(self._scale())

    def show_run(self, run: Run, smoothing: float) -> bool:
        """`smoothing`: share of the old value that the thick line keeps at each step. True when all runs are drawn as
        they are; else it goes on at the next call."""
        others = [other for other in self.session.train.overlaid if other is not run and len(other.loss)]
        others.sort(key=lambda other: other.live)
        self.of_runs = {each.name: self._of(each) for each in (run, *others)}
        looked_at, start, done = self.of_runs[run.name], perf_counter(), 0
        for curves in self.of_runs.values():  # the one looked at first
            if done and perf_counter() - start > PATIENCE:
                break
            curves.refresh(smoothing)
            done += 1
        words, many = self._changed(others), len(others) > MANY
        behind = [
            curves.behind(words[curves.run.name], many)  # those that wait for their turn as they were
            for curves in self.of_runs.values()
            if curves is not looked_at and len(curves.smoothed)
        ]
        levels = [
            Level(name=bar.name, y=bar.loss, text=written(bar.loss, self.unit), role=_role(bar.name))
            for bar in compared_with(self.session)
        ]
        self.legend = [
            ("train", theme.run(run.number), "line"),
            ("8 of 10 batches", theme.run(run.number), "ground"),
            ("validation", theme.color("text"), "rings"),
        ]
        self.happened = happened(run)
        self.flags = [
            Flag(step=each.step, text=each.text, role="warning" if each.care else "muted") for each in self.happened
        ]
        span = max(run.steps, *(each.step for each in (run, *others)))
        self.show_curves([*behind, *self.ahead.curves(looked_at, self.unit), *looked_at.shown()], span, levels)
        return done == len(self.of_runs)

    def _of(self, run: Run) -> RunCurves:
        known = self.of_runs.get(run.name)
        return known if known is not None and known.run is run else RunCurves(run)

    def _changed(self, others: list[Run]) -> dict[str, str]:
        """What makes each run another one than the one before it, for the end of its line."""
        runs = self.session.train.runs
        known = tuple((run.name, run.state) for run in runs), len(others)
        if known != self._words[0]:
            found = {}
            for before, run in zip([None, *runs], runs, strict=False):
                differs = changes((before.model, before.recipe), (run.model, run.recipe)) if before else []
                found[run.name] = ", ".join([*differs[:1], *[run.state] * (run.state in ("stopped", "failed"))])
            self._words = known, found
        return self._words[1]

    def _scale(self) -> Scale:
        title = UNITS[self.unit] if self.unit == "perplexity" else f"{UNITS[self.unit]} per {token(self.session)}"
        return Scale(title=title, apply=APPLY[self.unit])

    def _explain(self, step: float) -> Tip | None:
        """What the cross-hair says."""
        run = self.session.train.run
        if run is None or run.name not in self.of_runs:
            return None
        manifest = self.session.data.manifest
        return tip(self, run, step, manifest.train_tokens if manifest else None)

    # what the person does

    def _show_named(self, key: str) -> None:
        """The run whose name was clicked is the one to look at."""
        run = next((curves.run for curves in self.of_runs.values() if curves.key == key), None)
        if run is not None:
            self.session.train.show(run)


def _role(name: str) -> str:
    return "success" if name == "floor" else "muted"
