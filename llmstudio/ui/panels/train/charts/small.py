"""One small chart: its name, its value where the cross-hair is, and the curve. Needs pyqtgraph."""

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from .....core.train.schedule import learning_rate
from .....session.run import Run
from .....session.series import Series
from ....numbers import count
from ....plot.chart import Chart, Curve
from ....plot.curve import dash
from ....plot.growing import Growing, Smoothed
from ....plot.marks import Level, Tip
from ....plot.menu import ChartMenu
from ....plot.paper import Scale
from ....plot.shared import Shared
from ....theme import theme
from ....widgets.elide import ElidedLabel
from .kinds import LEARNING_RATE, MEMORY, SPEED, Kind, ahead, of_peak

if TYPE_CHECKING:
    from .....session.session import Session

MARGINS = (46, 6, 12, 22)
SMOOTH = 0.9
PATIENCE = 0.004  # seconds of one tick for the lines of other runs; the rest has its turn at the next one


class Line:
    """One series of one run; what was computed is kept while it grows."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.x, self.y, self.smoothed, self.after = Growing(), Growing(), Smoothed(), Growing()
        self._cuts = -1

    def refresh(self, series: Series, smooth: bool, after: Series | None) -> None:
        if self.run.cuts != self._cuts:
            for grown in (self.x, self.y, self.smoothed, self.after):
                grown.clear()
            self._cuts = self.run.cuts
        self.x.follow(series.steps)
        self.y.follow(series.values)
        if smooth:
            self.smoothed.smooth(self.y.all, SMOOTH)
        if after is not None:
            self.after.follow(after.values)


class SmallChart(QWidget):
    def __init__(self, session: "Session", kind: Kind) -> None:
        super().__init__()
        self.session, self.kind = session, kind
        self._lines: dict[str, Line] = {}
        self._run: Run | None = None
        self.wanted = True  # has something to show
        self.memory = Series()  # what was read while this was looked at
        title = f"{kind.title}, {kind.unit}" if kind.unit else kind.title
        self.caption = ElidedLabel(title, "muted", 11)
        self.value = ElidedLabel("", "text", 13, 600)
        for part in (self.caption, self.value):
            part.set_hint(kind.hint)
        head = QHBoxLayout()
        head.setContentsMargins(6, 0, MARGINS[2], 0)
        head.addWidget(self.caption, 1)
        head.addWidget(self.value)
        scale = Scale(title=title, apply=lambda y: y / kind.scale)
        self.chart = Chart("step", scale, self._explain, MARGINS)
        self.chart.telling = False
        self.chart.log_up = kind.log
        self.chart.setAccessibleName(f"{kind.title} against steps")
        self.chart.hovered.connect(self.say)
        self.shared = Shared(self.chart, session)
        self.menu = ChartMenu(session, self.chart, kind.title.lower(), self._file_name)
        session.train.hovered.connect(self.say)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.chart, 1)

    def show_run(self, run: Run, others: list[Run], span: float) -> bool:
        """`others` are drawn behind it. True when all of them are; else it goes on at the next call."""
        self._run = run
        if self.kind is MEMORY:
            others = []  # only that of the run that goes on was read
        self._lines = {each.name: self._of(each) for each in (run, *others)}
        start, drawn = perf_counter(), list[Line]()
        for line in self._lines.values():
            if drawn and perf_counter() - start > PATIENCE:
                break
            after = self.kind.after if line.run is run else None
            line.refresh(self._series(line.run), self.kind.smooth, after(run) if after else None)
            drawn.append(line)
        curves = self._plan(run) if self.kind is LEARNING_RATE else []
        for line in (*drawn[1:], drawn[0]):
            curves += self._curves(line, line.run is run)
        zero = [Level(name="", y=0.0, text="")] if self.kind.zero and not self.chart.log_up else []
        self.chart.show_curves(curves, span, zero)
        self.say()
        return len(drawn) == len(self._lines)

    def say(self) -> None:
        """The value where the cross-hair is, else the newest."""
        run = self._run
        if run is None:
            return
        step = self.session.train.hover
        value = self._value(run, step)
        self.value.set_text("–" if value is None else self._said(run, value, step))
        if self.session.train.hover is not None:
            self.chart.set_cross(float(self.session.train.hover))

    def _value(self, run: Run, step: int | None) -> float | None:
        """At a step, or the newest; ahead of the run only the plan is known."""
        series = self._series(run)
        if step is None:
            return series.last
        if step > run.step:
            return learning_rate(run.recipe_now, step - 1) if self.kind is LEARNING_RATE and step <= run.steps else None
        return series.at(step)

    def _said(self, run: Run, value: float, step: int | None) -> str:
        words = self.kind.said(value)
        if self.kind.after is not None:
            after = self.kind.after(run)
            let = after.last if step is None else after.at(step)
            if let is not None and let < value:
                words += f" → {self.kind.said(let)}"
        if self.kind is SPEED and (share := of_peak(run, value, self.session.computer.peak)):
            words += f", {share} of peak"
        return words

    def _of(self, run: Run) -> Line:
        known = self._lines.get(run.name)
        return known if known is not None and known.run is run else Line(run)

    def _series(self, run: Run) -> Series:
        return self.memory if self.kind is MEMORY else self.kind.series(run)

    def _curves(self, line: Line, first: bool) -> list[Curve]:
        """The run that is looked at as a band and a line, another as a line."""
        run, color = line.run, theme.run(line.run.number)
        y = line.smoothed.all if self.kind.smooth else line.y.all
        main = Curve(
            key=run.name, name=f"{run.name}, {self.kind.title.lower()}", x=line.x.all, y=y, color=color,
            mean=True, version=run.cuts, width=1.5 if first else 1.0,
            behind=not first and not run.live,
            opacity=1.0 if first else 0.8, dash=0 if first else dash(run.number),
        )  # fmt: skip
        found = [main]
        if first and self.kind.smooth:
            found.insert(0, Curve(
                key=f"{run.name} band", name=f"{run.name}, each step", x=line.x.all, y=line.y.all, color=color,
                band=True, width=1, opacity=0.38, framed=False, version=run.cuts,
            ))  # fmt: skip
        if first and self.kind.after is not None:
            found.append(Curve(
                key=f"{run.name} after", name=f"{run.name}, after clipping", x=line.x.all, y=line.after.all,
                color=theme.color("text"), mean=True, version=run.cuts, label=("clipped", ""),
            ))  # fmt: skip
        return found

    def _plan(self, run: Run) -> list[Curve]:
        steps, rates = ahead(run)
        if len(steps) < 2:
            return []
        return [Curve(
            key="plan", name=f"{run.name}, planned", x=np.array(steps), y=np.array(rates), color=theme.color("muted"),
            dotted=True, mean=True, version=(run.name, run.cuts, run.recipe_now), behind=True,
        )]  # fmt: skip

    def _explain(self, step: float) -> Tip | None:
        run = self._run
        if run is None:
            return None
        at = max(round(step), 1)
        value = self._series(run).at(at)
        if value is None or at > run.step:
            return Tip(x=at, title="", x_text=count(at))
        if self.kind.smooth and run.name in self._lines:  # the dot lies on the line that is drawn
            line = self._lines[run.name]
            place = int(np.searchsorted(line.x.all, at, "right")) - 1
            value = float(line.smoothed.all[place]) if 0 <= place < len(line.smoothed) else value
        return Tip(x=at, y=value, title="", x_text=count(at))

    def _file_name(self) -> str:
        return f"{self._run.name if self._run else 'run'} {self.kind.title.lower()}"
