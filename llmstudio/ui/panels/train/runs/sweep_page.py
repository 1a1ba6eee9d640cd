"""Sweeps: making one, and what came out of those that were made."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from ....widgets.segments import Segments
from .deeds import Deeds
from .maker import Maker
from .result import Result
from .run_choice import RunChoice
from .seen import Seen

if TYPE_CHECKING:
    from .....session.session import Session

NEW, SETTINGS, TIME = "new", "settings", "time"


class SweepPage(QWidget):
    def __init__(self, session: "Session", deeds: Deeds) -> None:
        super().__init__()
        self.session = session
        self.view = Segments([NEW, SETTINGS, TIME], NEW, "New sweep, or what came out")
        self.view.set_hint(NEW, "Make a sweep")
        self.view.set_hint(SETTINGS, "Each setting with the median and the band of its seeds")
        self.view.set_hint(TIME, "Loss against time; on the line are those that nothing beats in both")
        self.view.changed.connect(lambda _: self.refresh())
        self.of = RunChoice(session, self.refresh, sweeps=True)
        self.maker = Maker(session, self._made)
        self.result = Result(session, deeds)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.maker)
        self.pages.addWidget(self.result)
        row = QHBoxLayout()
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(8)
        row.addWidget(self.view, 0, Qt.AlignmentFlag.AlignLeft)
        row.addWidget(self.of, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self.pages, 1)
        session.train.queue_changed.connect(self._queued)
        session.train.recipe_changed.connect(self._edited)
        session.build.changed.connect(self._edited)

    def tick(self) -> None:
        if self.pages.currentWidget() is self.result:
            self.result.tick()

    def refresh(self) -> None:
        new = self.view.chosen == NEW
        self.of.refresh()
        self.of.setVisible(not new)
        self.pages.setCurrentWidget(self.maker if new else self.result)
        if new:
            self.maker.refresh()
        else:
            self.result.show_runs(self.of.runs(), self.of.waiting(), by_time=self.view.chosen == TIME)

    def seen(self) -> Seen | None:
        """What can be saved of it; nothing while a sweep is being made."""
        return None if self.view.chosen == NEW else self.result.seen()

    def _made(self, group: str) -> None:
        """Look at what comes out of it."""
        self.view.choose(SETTINGS)
        self.of.refresh()
        self.of.choose(group)
        self.refresh()

    def _queued(self) -> None:
        if self.isVisible():
            self.refresh()

    def _edited(self) -> None:
        if self.isVisible() and self.view.chosen == NEW:
            self.maker.refresh()
