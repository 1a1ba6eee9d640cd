"""The curves of runs, smoothed as the person wants, and the values of all of them at one step."""

from bisect import bisect_right

import numpy as np

from .....session.run import Run, Series
from ....plot.chart import Curve
from ....plot.series import Floats, floats, smooth
from ....theme import theme


class RunCurves:
    """Of one run; what was computed is kept while the run grows."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.smoothed: Floats = np.empty(0)
        self._raw: Floats = np.empty(0)
        self._steps: Floats = np.empty(0)
        self._share = -1.0

    def refresh(self, share: float) -> None:
        """Take in the new steps. `share`: how much of the old value the smoothed curve keeps at each step."""
        series = self.run.loss
        grown = len(series) >= len(self._raw) > 0 and series.values[0] == self._raw[0] and share == self._share
        grown = grown and series.values[len(self._raw) - 1] == self._raw[-1]
        if not grown or len(series) != len(self._raw):
            self._raw, self._steps = floats(series.values), floats(series.steps)
            self.smoothed = smooth(self._raw, share, self.smoothed if grown else None)
            self._share = share

    def shown(self) -> list[Curve]:
        """As the run that is looked at: this batch thin, smoothed thick, validation with rings."""
        color, name = theme.run(self.run.number), self.run.name
        dashed = self.run.number > 8  # the colours begin again
        raw = Curve(
            key=f"{name} raw", name=f"{name}, this batch", x=self._steps, y=self._raw, color=color, width=1,
            opacity=0.38, framed=False,
        )  # fmt: skip
        line = Curve(
            key=f"{name} smooth", name=f"{name}, smoothed", x=self._steps, y=self.smoothed, color=color, width=2.25,
            mean=True, dot=self.run.live, dashed=dashed,
        )  # fmt: skip
        x, y = floats(self.run.validation.steps), floats(self.run.validation.values)
        points = Curve(
            key=f"{name} validation", name=f"{name}, validation", x=x, y=y, color=theme.color("text"), ringed=True
        )
        return [raw, line, points]

    def behind(self, word: str) -> Curve:
        """As one of the others: one thin line with its name at the end."""
        name = self.run.name
        return Curve(
            key=f"{name} smooth", name=f"{name}, smoothed", x=self._steps, y=self.smoothed,
            color=theme.run(self.run.number), mean=True, dashed=self.run.number > 8, label=(name, word),
        )  # fmt: skip

    def at(self, step: float) -> float | None:
        """The smoothed loss at a step, None outside the run."""
        i = bisect_right(self._steps, step) - 1
        return float(self.smoothed[i]) if 0 <= i < len(self.smoothed) and step <= self._steps[-1] + 1 else None


def last_before(series: Series, step: float) -> tuple[float, float] | None:
    """(step, value) of the newest entry at or before `step`."""
    i = bisect_right(series.steps, step) - 1
    return (series.steps[i], series.values[i]) if i >= 0 else None
