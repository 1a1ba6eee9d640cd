"""Numbers against steps that grow while a run goes on. `array` and not numpy: the window opens without it."""

from array import array
from bisect import bisect_right

from ..core.train.events import Part


class Series:
    """Steps never fall; `values` has one number for each."""

    def __init__(self) -> None:
        self.steps, self.values = array("d"), array("d")

    def __len__(self) -> int:
        return len(self.steps)

    def add(self, step: float, value: float) -> None:
        self.steps.append(step)
        self.values.append(value)

    def cut(self, step: float) -> None:
        """Forget what came after `step`."""
        end = bisect_right(self.steps, step)
        del self.steps[end:], self.values[end:]

    def at(self, step: float) -> float | None:
        """The newest value up to `step`, None before the first."""
        i = bisect_right(self.steps, step) - 1
        return self.values[i] if i >= 0 else None

    def thinned(self, points: int, step: float | None = None) -> list[float]:
        """At most about so many means of equal stretches, up to a step."""
        end = len(self) if step is None else bisect_right(self.steps, step)
        wide = max(1, -(-end // points))
        return [sum(self.values[i : min(i + wide, end)]) / (min(i + wide, end) - i) for i in range(0, end, wide)]

    @property
    def last(self) -> float | None:
        return self.values[-1] if self.values else None


class PartSeries:
    """One part's health over the run: gradient norm, |change| / |weights| of a step, RMS of its output, dead share.

    `dead` stays empty where the part has no hidden units.
    """

    def __init__(self) -> None:
        self.gradient, self.update, self.activation, self.dead = Series(), Series(), Series(), Series()

    def add(self, step: int, part: Part) -> None:
        self.gradient.add(step, part.gradient)
        self.update.add(step, part.update)
        self.activation.add(step, part.activation)
        if part.dead is not None:
            self.dead.add(step, part.dead)

    def cut(self, step: float) -> None:
        for series in (self.gradient, self.update, self.activation, self.dead):
            series.cut(step)
