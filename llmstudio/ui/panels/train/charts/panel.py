"""Small charts of what lies behind a loss, in step with it: the same steps in view, the same cross-hair."""

import importlib
from math import ceil
from time import perf_counter
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QGridLayout, QMenu, QStackedLayout, QWidget

from .....session.run import Run
from ....panel import Panel
from ....theme import theme
from ....widgets.button import tool
from ....widgets.empty import EmptyState

if TYPE_CHECKING:
    from .small import SmallChart

NO_RUN = "No run yet. Learning rate, gradients, speed and memory will be drawn here, step by step."
NARROWEST, LOWEST = 160, 112  # pixels of a chart
EVERY = 0.25  # seconds between two redraws of a run that goes on: these are looked at beside the loss


class Charts(Panel):
    title = "Charts"
    name = "train.charts"
    hint = "What lies behind the loss, at the same steps: learning rate, gradients, speed, memory"

    def build(self) -> None:
        self.small: list[SmallChart] = []
        self._asked = False
        self._drawn: tuple[object, ...] = ()
        self._turn = 0  # which chart is drawn next
        self._left = 0  # charts that are not up to date
        self._at = 0.0
        self._remembered = ""  # run whose memory is being read
        self._reading: object = None  # the last that was noted
        self._arranged: tuple[object, ...] = ()
        self.export = tool("export", "Save a chart or its numbers", self._menu)
        self.add_tool(self.export)
        self.body.setContentsMargins(8, 0, 4, 8)
        self.empty, self.filled = EmptyState(NO_RUN), QWidget()
        self.stack = QStackedLayout()
        self.body.addLayout(self.stack)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.filled)
        self.grid = QGridLayout(self.filled)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setSpacing(4)
        theme.changed.connect(self._again)

    def charts(self) -> list[Any]:
        """The charts that there are now."""
        return [small.chart for small in self.small]

    def tick(self) -> None:
        """At most one chart is drawn at a time, so that no frame is late."""
        run = self.session.train.run
        self.stack.setCurrentWidget(self.empty if run is None else self.filled)
        self.export.setEnabled(bool(self.small) and run is not None)
        if run is None:
            return
        if not self.small:
            self._ask_for_plots()
            return
        self._read_memory()
        self._arrange()
        for small in self.small:
            small.chart.set_moment(self.session.inside.moment)
        runs = [each for each in self.session.train.overlaid if each is run or each.step]
        still = run.name, self.width(), self.height(), tuple((each.name, each.cuts, each.state) for each in runs)
        grown = tuple(len(each.log) for each in runs)
        new = (still, grown) != self._drawn
        if new and (self._drawn[:1] != (still,) or perf_counter() - self._at > EVERY):
            self._drawn, self._left, self._at = (still, grown), len(self.small), perf_counter()
        if self._left:
            self._draw_next(run, runs)

    def _draw_next(self, run: Run, runs: list[Run]) -> None:
        others = sorted((each for each in runs if each is not run), key=lambda each: each.live)
        span = max(run.steps, *(each.step for each in runs))
        if self.small[self._turn].show_run(run, others, span):
            self._left -= 1
            self._turn = (self._turn + 1) % len(self.small)

    def _again(self) -> None:
        self._drawn = ()  # the curves hold colours

    def _ask_for_plots(self) -> None:
        """pyqtgraph takes 0.4 s to import: that happens on the file thread."""
        if not self._asked:
            self._asked = True
            self.session.then(self.session.files.ask(importlib.import_module, "pyqtgraph"), self._make)

    def _make(self, _: object) -> None:
        from .kinds import KINDS
        from .small import SmallChart

        self.small = [SmallChart(self.session, kind) for kind in KINDS]
        for small in self.small:
            small.setParent(self.filled)

    def _read_memory(self) -> None:
        """Note what the program holds, at the step of the run that goes on."""
        run = self.session.train.live
        small = self.small[-1]
        small.wanted = len(small.memory) > 1 and self._remembered == getattr(self.session.train.run, "name", "")
        if run is None or run.state != "training":
            return
        if run.name != self._remembered or (small.memory.steps and run.step < small.memory.steps[-1]):
            self._remembered = run.name
            small.memory.cut(-1)
        self.session.computer.watch()
        reading = self.session.computer.reading
        if reading is None or reading is self._reading or not reading.memory:
            return
        self._reading = reading
        if not small.memory.steps or run.step > small.memory.steps[-1]:
            small.memory.add(run.step, float(reading.memory))

    def _arrange(self) -> None:
        """As many as there is room for, the most important first, in as few rows as their width allows."""
        wanted = [small for small in self.small if small.wanted]
        columns = max(1, self.filled.width() // NARROWEST)
        rows = max(1, self.filled.height() // LOWEST)
        kept = wanted[: rows * columns]
        across = ceil(len(kept) / ceil(len(kept) / columns)) if kept else 1
        arranged = across, tuple(small.kind.name for small in kept)
        if arranged == self._arranged:
            return
        self._arranged = arranged
        for small in self.small:
            self.grid.removeWidget(small)
            small.setVisible(small in kept)
        for place, small in enumerate(kept):
            self.grid.addWidget(small, place // across, place % across)
        self._drawn = ()

    def _menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        at = self.export.mapToGlobal(QPoint(0, self.export.height()))
        for small in self.small:
            if small.isVisible():
                entry = menu.addAction(small.kind.title)
                entry.triggered.connect(lambda _=False, small=small: small.menu.offer_saves(at))
        menu.popup(at)
