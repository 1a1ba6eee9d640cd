"""Which runs a picture is made from: those of a sweep, the drawn ones, or all."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from .....core.train.outcome import setting
from .....session.run import Run
from ....widgets.combo import Combo

if TYPE_CHECKING:
    from .....session.session import Session

DRAWN, ALL = "the drawn runs", "all runs"


class RunChoice(Combo):
    """Sweeps are listed newest first; the first that is made becomes the chosen one if `sweeps` is set."""

    def __init__(self, session: "Session", changed: Callable[[], object], sweeps: bool) -> None:
        super().__init__([ALL], ALL, "Of which runs")
        self.session, self._sweeps = session, sweeps
        self.picked.connect(lambda _: changed())

    def refresh(self) -> None:
        groups = dict.fromkeys(run.group for run in reversed(self.session.train.runs) if run.group)
        words = [*groups, ALL, DRAWN]
        if words != [self.itemText(i) for i in range(self.count())]:
            chosen, first = self.currentText(), self.count() == 1
            self.clear()
            self.addItems(words)
            self.choose(words[0] if self._sweeps and (first or chosen not in words) else chosen)

    def runs(self) -> list[Run]:
        """Those of a sweep with others that differ from one of them in the seed alone."""
        train, word = self.session.train, self.currentText()
        if word in (ALL, DRAWN):
            return list(train.runs if word == ALL else train.overlaid)
        group = [run for run in train.runs if run.group == word]
        same = {setting(run.model, run.recipe) for run in group}
        return [run for run in train.runs if run.group == word or setting(run.model, run.recipe) in same]

    def waiting(self) -> int:
        """How many of them have not begun."""
        return sum(each.group == self.currentText() for each in self.session.train.queue)
