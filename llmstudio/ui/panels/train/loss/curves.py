"""The curves of runs, smoothed as the person wants, and the values of all of them at one step."""

from bisect import bisect_left, bisect_right

import numpy as np

from .....session.run import Run
from .....session.series import Series
from ....plot.curve import Curve, dash
from ....plot.growing import Growing, Smoothed
from ....plot.series import Floats
from ....theme import theme

NEARBY = 32  # batches to each side that count as near
MANY = 3  # lines behind from which on they are as thin as can be


class RunCurves:
    """Of one run; what was computed is kept while the run grows."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.smoothed = np.empty(0)
        self._steps, self._raw, self._smooth = Growing(), Growing(), Smoothed()
        self._tested, self._tests = Growing(), Growing()
        self._version: tuple[object, ...] = ()

    def refresh(self, share: float) -> None:
        """Take in the new steps. `share`: how much of the old value the smoothed curve keeps at each step."""
        version = (self.run.cuts, share)
        if version != self._version:
            if version[:1] != self._version[:1]:  # what was there has changed: the run went back
                for grown in (self._steps, self._raw, self._smooth, self._tested, self._tests):
                    grown.clear()
            self._version = version
        self._steps.follow(self.run.loss.steps)
        self._tested.follow(self.run.validation.steps)
        self._tests.follow(self.run.validation.values)
        self.smoothed = self._smooth.smooth(self._raw.follow(self.run.loss.values), share)

    @property
    def key(self) -> str:
        return f"{self.run.name} smooth"

    def shown(self) -> list[Curve]:
        """As the run that is looked at: the batches a band, or thin; smoothed thick, validation with rings."""
        color, name = theme.run(self.run.number), self.run.name
        raw = Curve(
            key=f"{name} raw", name=f"{name}, this batch", x=self._steps.all, y=self._raw.all, color=color, width=1,
            opacity=0.38, framed=False, band=True, version=self.run.cuts,
        )  # fmt: skip
        line = Curve(
            key=self.key, name=f"{name}, smoothed", x=self._steps.all, y=self.smoothed, color=color, width=2.25,
            mean=True, dot=self.run.live, version=self._version,
        )  # fmt: skip
        points = Curve(
            key=f"{name} validation", name=f"{name}, validation", x=self._tested.all, y=self._tests.all,
            color=theme.color("text"), ringed=True, version=self.run.cuts,
        )  # fmt: skip
        return [raw, line, points]

    def behind(self, word: str, many: bool) -> Curve:
        """As one of the others: one thin line with its name at the end."""
        name = self.run.name
        return Curve(
            key=self.key, name=f"{name}, smoothed", x=self._steps.all, y=self.smoothed,
            color=theme.run(self.run.number), width=1.0 if many else 1.25, mean=True, label=(name, word),
            behind=not self.run.live, version=self._version, dash=dash(self.run.number),
        )  # fmt: skip

    def at(self, step: float) -> float | None:
        """The smoothed loss at a step, None outside the run."""
        steps = self._steps.all
        i = bisect_right(steps, step) - 1
        if not (0 <= i < len(self.smoothed) and step <= steps[-1] + 1 and np.isfinite(self.smoothed[i])):
            return None
        return float(self.smoothed[i])

    def since(self, step: float) -> tuple[Floats, Floats]:
        """Steps and losses of the batches after a step."""
        first = bisect_right(self._steps.all, step)
        return self._steps.all[first:], self._raw.all[first:]

    def near(self, step: float) -> tuple[float, float] | None:
        """Between which losses eight of ten batches near a step are, None where there are too few."""
        i = bisect_left(self._steps.all, step)
        part = self._raw.all[max(0, i - NEARBY) : i + NEARBY]
        part = part[np.isfinite(part)]
        return tuple(np.percentile(part, (10, 90)).tolist()) if len(part) >= NEARBY else None  # type: ignore[return-value]


def last_before(series: Series, step: float) -> tuple[float, float] | None:
    """(step, value) of the newest entry at or before `step`."""
    i = bisect_right(series.steps, step) - 1
    return (series.steps[i], series.values[i]) if i >= 0 else None
