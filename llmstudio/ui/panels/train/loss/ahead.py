"""Where the loss of the run that goes on will end, worked out on the file thread now and then."""

from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from .....core.train.forecast import Forecast, forecast
from ....plot.curve import Curve
from ....theme import theme
from ....words.loss import written
from .curves import RunCurves

if TYPE_CHECKING:
    from .....session.session import Session

EVERY = 2.0  # seconds between two forecasts
STEERING = {"steps", "batch", "learning_rate", "matrix_rate", "min_learning_rate", "schedule", "warmup", "dropout"}


class Ahead:
    """One forecast, of one run: the newest that is known."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._of: tuple[str, int] = ("", 0)
        self.known: Forecast | None = None
        self._working = False
        self._at = -EVERY
        self._step = -1

    def curves(self, curves: RunCurves, unit: str) -> list[Curve]:
        """Dots to the end, and the ground that 8 of 10 runs end in; nothing where there is too little to go by."""
        run = curves.run
        if not run.live or (run.name, run.cuts) != self._of:
            self._of, self.known, self._step = (run.name, run.cuts), None, -1
        if run.live:
            self._ask(curves)
        found = self.known
        if found is None or len(found.steps) < 2 or run.step >= run.steps:
            return []
        color, version = theme.run(run.number), found
        x, (y, low, high) = np.array(found.steps), np.array([found.values, found.low, found.high])
        words = f"forecast, about {written(found.end, unit)}"
        return [
            Curve(key=f"{run.name} band ahead", name=f"{run.name}, forecast, low", x=x, y=low, top=high, color=color,
                  version=version, behind=True),
            Curve(key=f"{run.name} ahead", name=f"{run.name}, forecast", x=x, y=y, color=color, width=1.5, dotted=True,
                  mean=True, version=version, label=(run.name, words), behind=True),
        ]  # fmt: skip

    def _ask(self, curves: RunCurves) -> None:
        run = curves.run
        if self._working or run.step == self._step or monotonic() - self._at < EVERY:
            return
        steered = [change.step for change in run.changes if STEERING & change.fields.keys()]
        since = steered[-1] if steered else 0
        steps, losses = (part.copy() for part in curves.since(since))
        self._working, self._at, self._step = True, monotonic(), run.step
        asked = self._session.files.ask(forecast, steps, losses, run.recipe_now)
        of = self._of

        def take(found: Forecast | None) -> None:
            self._working = False
            if of == self._of:
                self.known = found

        self._session.then(asked, take)

    def at(self, step: float) -> tuple[float, float] | None:
        """Between which losses it lies at a step, None where nothing is said."""
        found = self.known
        if found is None or not found.steps or not found.steps[0] <= step <= found.steps[-1]:
            return None
        return float(np.interp(step, found.steps, found.low)), float(np.interp(step, found.steps, found.high))
