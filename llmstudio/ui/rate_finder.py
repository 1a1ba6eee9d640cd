"""The learning-rate finder: start it, watch the loss against the rate, take what it suggests."""

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from .widgets.button import button
from .widgets.label import label
from .widgets.rate_plot import RatePlot
from .words.numbers import plural, rate

if TYPE_CHECKING:
    from ..session.session import Session
    from ..session.worker import Job

RATES = ("learning_rate", "matrix_rate", "min_learning_rate")  # what the finder moves together
HINT = "Tries rates from tiny to too large on a copy of the model, and suggests one (Smith 2017)"
NOT_FOUND = "No rate could be told from this: the loss never fell. Take a larger batch, or look at the design."


class RateFinder(QWidget):
    """A button; while the finder goes on and after it, the plot. `roomy`: with a sentence about what is seen."""

    def __init__(self, session: "Session", roomy: bool = False) -> None:
        super().__init__()
        self.session = session
        self.roomy = roomy
        self.job: Job | None = None
        self._read = 0
        self._tried: tuple[list[float], list[float]] = ([], [])
        self.plot = RatePlot()
        self.said = label("", "caption", wrap=True)
        self.start = button("Find a rate", "search", "plain", self._start, HINT, 24)
        self.cancel = button("Cancel", "close", "plain", self._cancel, "Stop looking", 24)
        self.use = button("Use", "", "plain", self._use, "", 24)
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget in (self.start, self.use, self.cancel):
            row.addWidget(widget)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.plot, 1)
        column.addWidget(self.said)
        column.addLayout(row)
        self.tick()

    def tick(self) -> None:
        """Take in what was tried since the last look."""
        train = self.session.train
        going = train.finder is not None and train.finder.running
        if train.finder is not self.job:
            self.job, self._read, self._tried = train.finder, 0, ([], [])
        if self.job is not None and self._read < len(self.job.log):
            for tried in self.job.log[self._read :]:
                self._tried[0].append(tried.rate)
                self._tried[1].append(tried.loss)
            self._read = len(self.job.log)
        found = None if going else train.found
        nothing: tuple[list[float], list[float]] = ([], [])  # or what is no longer true: another design, another recipe
        rates, losses = self._tried if going else (found.rates, found.losses) if found is not None else nothing
        self.plot.set(rates, losses)
        self.plot.setVisible(self.roomy or bool(rates))
        suggestion, highest = (found.suggestion, found.highest) if found else (None, None)
        self.plot.mark(suggestion, highest, train.in_force.learning_rate)
        self._offer(going, found)

    def _offer(self, going: bool, found: Any) -> None:
        train = self.session.train
        self.start.setVisible(not going)
        self.start.setText("Find again" if found else "Find a rate")
        why = train.why_not
        self.start.setEnabled(why is None)
        self.start.setToolTip(why or HINT)
        self.cancel.setVisible(going)
        usable = found is not None and found.suggestion is not None
        self.use.setVisible(usable)
        if usable:
            self.use.setText(f"Use {rate(found.suggestion)}")
            self.use.setEnabled(rate(train.in_force.learning_rate) != rate(found.suggestion))
        words = f"{HINT}." if self.roomy and not found else ""
        if going:
            words = f"{plural(len(self._tried[0]), 'rate')} tried"
        elif found and not usable:
            words = NOT_FOUND
        if words != self.said.text():
            self.said.setText(words)
        self.said.setVisible(bool(words))

    def _start(self) -> None:
        try:
            self.session.train.find_rate()
        except ValueError as error:
            self.session.tell(error)
        self.tick()

    def _cancel(self) -> None:
        if self.job is not None:
            self.job.stop()

    def _use(self) -> None:
        """Take the suggested peak; the other rates keep their proportion to it, as they had while it was looked for."""
        train = self.session.train
        if train.found is None or train.found.suggestion is None:
            return
        recipe = train.in_force
        factor = train.found.suggestion / recipe.learning_rate
        rates = {name: two_digits(getattr(recipe, name) * factor) for name in RATES}
        train.edit(replace(recipe, **rates), "learning_rate")


def two_digits(value: float) -> float:
    """A rate as it is written, at most the largest that a recipe takes."""
    return min(10.0, float(f"{value:.2g}"))
