"""How each part of the model is doing: its gradient, its activations, and how far a step moves it."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QStackedLayout

from .....core.train.finding import HEALTHY
from .....session.run import Run
from ....numbers import count
from ....panel import Panel
from ....widgets.empty import EmptyState
from ....widgets.legend import Legend
from ....widgets.part_table import PartRow, PartTable
from ....words.health import at, curve, facts, lately
from .part import PartPage

NO_RUN = "No run yet. How every part of the model is doing will be shown here."
NEVER = "Not measured: “Health every” in the recipe is 0. Set it to a number of steps."
SOON = "The first measurement comes at step {}."
NOTHING = "Nothing was measured in this run."
CURVES = {  # caption of the column: series of a part, what it is
    "gradient norm": ("gradient", "Gradient norm: its length over all weights of the part, before clipping"),
    "activations": ("activation", "Activations: root of the mean square of what the part puts out"),
    "dead units": ("dead", "Dead units: share that put out nothing but zero"),
}
NARROW = 300  # below this the legend goes


class HealthPanel(Panel):
    title = "Health per part"
    name = "train.health"
    hint = "The gradient of each part, and how much a step changes its weights: near 1e−3 is usual, green is healthy"

    def build(self) -> None:
        self._drawn: tuple[object, ...] = ()
        self.past = self.add_chip("", "warning", "clock")
        self.legend = Legend([("healthy", "success_ground")], "Legend of the dots")
        self.legend.setToolTip("Update / weight from 1e−4 to 3e−2; the line at a dot shows where it was lately")
        self.add_tool(self.legend)
        self.shown = next(iter(CURVES))
        self.table = PartTable(HEALTHY)
        self.table.opened.connect(self._open)
        self.table.other_wanted.connect(self._offer)
        self.page = PartPage()
        self.page.left.connect(self._close)
        self.page.map.hovered.connect(self._hover)
        self.empty = EmptyState(NO_RUN)
        self.stack = QStackedLayout()
        self.body.setContentsMargins(8, 0, 8, 8)
        self.body.addLayout(self.stack)
        for widget in (self.empty, self.table, self.page):
            self.stack.addWidget(widget)
        train, inside = self.session.train, self.session.inside
        for signal in (train.changed, train.hovered, inside.moment_changed):
            signal.connect(self.tick)

    def tick(self) -> None:
        run, moment, hover = self.session.train.run, self.session.inside.moment, self.session.train.hover
        if run is None or not run.health:
            self.empty.set_text(_why_empty(run))
            self._drawn = ()
            self._put(self.empty)
            return
        step = hover if hover is not None else moment
        newest = max((series.gradient.steps[-1] for series in run.health.values() if len(series.gradient)), default=0.0)
        histograms = len(run.histograms)
        state = (run, newest, run.cuts, histograms, step, self.shown, self.page.path, self.page.noun)
        if state == self._drawn:
            return
        self._drawn = state
        self.past.set("" if moment is None else f"step {count(moment)}")
        if self.page.path in run.health:
            self.page.show_histograms(run.histograms, step)
            self._put(self.page)
            return
        self.page.path = ""
        self.table.set([self._row(run, path, step) for path in run.health], self.shown, run.number)
        self._put(self.table)

    def _row(self, run: Run, path: str, step: int | None) -> PartRow:
        part = run.health[path]
        series = getattr(part, CURVES[self.shown][0])
        return PartRow(
            path=path,
            curve=curve(series, step),
            number=at(series, step),
            ratio=at(part.update, step),
            range=lately(part.update, step),
            tip=facts(path, part, step),
        )

    def _put(self, widget: object) -> None:
        table = widget is self.table
        self.legend.setVisible(table and self.width() >= NARROW)
        if self.stack.currentWidget() is not widget:
            self.stack.setCurrentIndex((self.empty, self.table, self.page).index(widget))

    # what the person does

    def _open(self, path: str) -> None:
        self.page.path = path
        self.tick()
        self.page.map.setFocus()

    def _offer(self, at: QPoint) -> None:
        """Which curve to see."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        run = self.session.train.run
        for name, (series, words) in CURVES.items():
            if run is not None and any(len(getattr(part, series)) for part in run.health.values()):
                entry = menu.addAction(words)
                entry.setCheckable(True)
                entry.setChecked(name == self.shown)
                entry.triggered.connect(lambda _=False, name=name: self._choose(name))
        menu.popup(at)

    def _choose(self, name: str) -> None:
        self.shown = name
        self.tick()

    def _close(self) -> None:
        self.page.path = ""
        self.tick()
        self.table.setFocus()

    def _hover(self) -> None:
        self.session.train.hover_at(self.page.map.pointed)


def _why_empty(run: Run | None) -> str:
    if run is None:
        return NO_RUN
    every = run.recipe_now.watch_every
    if not every:
        return NEVER
    return SOON.format(count((run.step // every + 1) * every)) if run.live else NOTHING
