"""What came out of several runs: each setting with its seeds, or what is reached in what time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from .....core.train.outcome import Outcome, Summary, front, summaries
from .....session.run import Run
from ....numbers import clock
from ....theme import theme
from ....widgets.empty import EmptyState
from ....widgets.label import label
from ....widgets.points_plot import Dot, Line, PointsPlot
from ....widgets.spread_plot import Setting, SpreadPlot
from ....words.numbers import fixed, plural
from ....words.settings import named
from ....words.sweep import outcome
from .deeds import Deeds
from .seen import Seen

if TYPE_CHECKING:
    from .....session.session import Session

NONE = "Nothing has been tested on validation text yet. Settings are shown here as their runs end."
LOSS, TIME = "validation loss, nats per token", "training time"
ENDED = ("finished", "stopped")


class Result(QWidget):
    def __init__(self, session: "Session", deeds: Deeds) -> None:
        super().__init__()
        self.session, self.deeds = session, deeds
        self._runs: list[Run] = []
        self._waiting, self._by_time = 0, False
        self._drawn_for: object = None
        self._found: list[Summary] = []
        self._names: list[str] = []
        self._keys: dict[str, tuple[str, ...]] = {}  # names of the runs behind what can be clicked
        self.settings = SpreadPlot("Settings, best first")
        self.times = PointsPlot("Loss against time")
        self.settings.picked.connect(self._pick)
        self.times.picked.connect(self._pick)
        self.empty = EmptyState(NONE)
        self.views = QStackedWidget()
        for view in (self.empty, self.settings, self.times):
            self.views.addWidget(view)
        self.said = label("", "caption", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 8, 0)
        column.setSpacing(8)
        column.addWidget(self.views, 1)
        column.addWidget(self.said)
        theme.changed.connect(self._again)

    def show_runs(self, runs: Sequence[Run], waiting: int, by_time: bool) -> None:
        self._runs, self._waiting, self._by_time = list(runs), waiting, by_time
        self.tick()

    def tick(self) -> None:
        now = (self._by_time, self._waiting, [(run.name, len(run.validation), run.state) for run in self._runs])
        if now == self._drawn_for:
            return
        self._drawn_for = now
        ended = [run for run in self._runs if run.state in ENDED and run.validation.last is not None]
        found = summaries([_outcome(run) for run in ended])
        by_name = {run.name: run for run in ended}
        firsts = [by_name[each.names[0]] for each in found]
        names = [name or firsts[i].name for i, name in enumerate(named([(run.model, run.recipe) for run in firsts]))]
        self._found, self._names = found, names
        self._keys = {each.names[0]: each.names for each in found}
        self.views.setCurrentWidget(self.empty if not found else self.times if self._by_time else self.settings)
        if self._by_time:
            self._show_times(found, names)
        else:
            self.settings.set([_setting(each, name) for each, name in zip(found, names, strict=True)], LOSS)
        going = len(self._runs) - len(ended) + self._waiting
        left = f"{plural(going, 'run is', 'runs are')} still to come." if going else ""
        self.said.setText(" ".join(part for part in (outcome(found, names), left) if part))

    def seen(self) -> Seen | None:
        """The view, and its numbers: one row for each run."""
        if not self._found:
            return None
        rows: list[tuple[object, ...]] = [("setting", "run", "validation_loss", "median", "low", "high", "seconds")]
        for each, name in zip(self._found, self._names, strict=True):
            middle = (each.loss, each.low, each.high, each.seconds)
            rows += [(name, run, loss, *middle) for run, loss in zip(each.names, each.losses, strict=True)]
        return Seen("sweep", self.times if self._by_time else self.settings, lambda: rows)

    def _show_times(self, found: Sequence[Summary], names: Sequence[str]) -> None:
        best = front([(each.seconds, each.loss) for each in found])
        dots = [
            Dot(
                key=each.names[0], name=name, x=max(each.seconds, 1e-3), y=each.loss, named=i in best,
                color=theme.color("text" if i in best else "control"),
                rows=(("validation loss", fixed(each.loss)), ("time", clock(each.seconds)),
                      ("runs", str(len(each.names)))),
            )
            for i, (each, name) in enumerate(zip(found, names, strict=True))
        ]  # fmt: skip
        line = Line(xs=[dots[i].x for i in best], ys=[dots[i].y for i in best], role="text")
        self.times.set(dots, (TIME, LOSS), clock, [line] if len(best) > 1 else [])

    def _pick(self, key: str) -> None:
        """Draw the curves of the setting's runs."""
        self.deeds.only([run for run in self._runs if run.name in self._keys.get(key, ())])

    def _again(self) -> None:
        self._drawn_for = None  # dots hold colours
        if self.isVisible():
            self.tick()


def _outcome(run: Run) -> Outcome:
    loss = run.validation.last if run.whole is None else run.whole
    assert loss is not None
    return Outcome(name=run.name, model=run.model, recipe=run.recipe, loss=loss, seconds=run.seconds.last or 0.0)


def _setting(each: Summary, name: str) -> Setting:
    seeds = f"{plural(len(each.losses), 'seed')}: {', '.join(fixed(loss, 3) for loss in sorted(each.losses))}"
    return Setting(
        key=each.names[0], name=name, values=each.losses, median=each.loss, low=each.low, high=each.high,
        tip=f"{name}\n{seeds}\nClick to draw {'its curve' if len(each.losses) == 1 else 'their curves'}",
    )  # fmt: skip
