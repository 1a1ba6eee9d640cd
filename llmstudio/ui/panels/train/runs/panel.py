"""All runs of the project: what changed from one to the next, what waits, and what many of them say together."""

from PySide6.QtCore import QPoint
from PySide6.QtGui import QActionGroup, QKeyEvent
from PySide6.QtWidgets import QMenu, QStackedWidget

from ....icons import icon
from ....panel import Panel
from ....saving import save_view
from ....widgets.button import tool
from ....widgets.run_rows import Against
from ....widgets.segments import Segments
from .deeds import Deeds
from .scaling_page import ScalingPage
from .sweep_page import SweepPage
from .table_page import TablePage

WORDS = ("runs", "sweep", "scaling")
HINTS = {
    "runs": "Every training of this project",
    "sweep": "Train with several values of a setting, and see which is best",
    "scaling": "How the loss falls with size, text and arithmetic, and what a bigger model would reach",
}
AGAINST: dict[Against, str] = {
    "before": "Differences from the run before",
    "shown": "Differences from the shown run",
    "all": "All main settings",
}


class Runs(Panel):
    title = "Runs"
    name = "train.runs"
    hint = "Every training of this project: click one to see it, its eye to draw its curve beside the others"

    def build(self) -> None:
        self.deeds = Deeds(self.session, self)
        self.pages = QStackedWidget()
        self.table = TablePage(self.session, self.deeds)
        self.sweep = SweepPage(self.session, self.deeds)
        self.scaling = ScalingPage(self.session)
        for page in (self.table, self.sweep, self.scaling):
            self.pages.addWidget(page)
        self.switch = Segments(WORDS, "runs", "What of the runs")
        for word, hint in HINTS.items():
            self.switch.set_hint(word, hint)
        self.switch.changed.connect(self.turn_to)
        self.add_tool(self.switch)
        self.more = tool("more", "What can be done with the selected runs, and how they are compared", self._more)
        self.add_tool(self.more)
        self.body.setContentsMargins(8, 0, 8, 12)
        self.body.addWidget(self.pages, 1)
        self.table.list.asked.connect(self._menu)
        self.session.train.changed.connect(self._refresh)
        self._refresh()

    def turn_to(self, page: str) -> None:
        """Show "runs", "sweep" or "scaling"."""
        self.switch.choose(page)
        self.pages.setCurrentIndex(WORDS.index(page))
        self._refresh()

    def tick(self) -> None:
        self.page.tick()

    def _refresh(self) -> None:
        self.page.refresh()

    @property
    def page(self) -> TablePage | SweepPage | ScalingPage:
        return (self.table, self.sweep, self.scaling)[self.pages.currentIndex()]

    def _more(self) -> None:
        """The menu of the selected runs, how they are compared, and saving what is seen."""
        menu = self._made()
        if self.page is self.table:
            self.deeds.fill(menu, self.table.list.chosen_runs(), self.table.list.write_note)
            menu.addSeparator()
            group = QActionGroup(menu)
            for against, words in AGAINST.items():
                entry = menu.addAction(words)
                entry.setCheckable(True)
                entry.setChecked(self.table.list.rows.against == against)
                group.addAction(entry)
                entry.triggered.connect(lambda _, kind=against: self.table.list.compare_with(kind))
            menu.addSeparator()
        entry = menu.addAction(icon("export", "text"), "Save this picture or its numbers")
        entry.triggered.connect(lambda: self._save())
        entry.setEnabled(self.page.seen() is not None)
        menu.popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def _save(self) -> None:
        if seen := self.page.seen():
            save_view(self, *seen)

    def _menu(self, at: QPoint) -> None:
        menu = self._made()
        self.deeds.fill(menu, self.table.list.chosen_runs(), self.table.list.write_note)
        menu.popup(at)

    def _made(self) -> QMenu:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.deeds.key(event, self.table.list.chosen_runs()):
            super().keyPressEvent(event)
