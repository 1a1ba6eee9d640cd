"""The table of runs, what waits for its turn, and a sentence on how they stand."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from .....session.run import Run
from ....widgets.button import button
from ....widgets.empty import EmptyState
from ....widgets.label import label
from ....widgets.run_rows import TITLES
from ....widgets.run_table import RunTable
from ....words.runs import compared, note_parts, trust
from .deeds import Deeds
from .queue_box import QueueBox
from .seen import Seen

if TYPE_CHECKING:
    from .....session.session import Session

NOTHING = "No run yet. Each training is kept here, with what was different about it."
MANY = 9  # runs from which on one can search among them
LOW, ROOM = 220, 300  # pixels from which there is room for the sentence, and for the search


class TablePage(QWidget):
    def __init__(self, session: "Session", deeds: Deeds) -> None:
        super().__init__()
        self.session, self.deeds = session, deeds
        self._said_for: tuple[object, ...] = ()
        self.list = RunTable()
        self.list.picked.connect(deeds.show)
        self.list.toggled.connect(deeds.toggle)
        self.list.alone.connect(lambda run: deeds.only([run]))
        self.list.all_eyes.connect(deeds.all_or_one)
        self.list.noted.connect(self._note)
        self.list.chosen.connect(self._buttons)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find by name, setting, note or #tag")
        self.search.setAccessibleName("Find runs")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.list.search)
        self.queue = QueueBox(session)
        self.error = label("", "error", wrap=True)
        self.said = label("", "caption", wrap=True)
        self._lay_out()

    def _lay_out(self) -> None:
        deeds = self.deeds
        self.compare = button("Compare", "chart", "plain", lambda: deeds.only(self.list.chosen_runs()),
                              "Draw the curves of the selected runs and no others")  # fmt: skip
        self.seeds = button("Three seeds", "dice", "plain", lambda: self._with_shown(deeds.more_seeds),
                            "Train the shown run with other seeds too: what they differ by is chance")  # fmt: skip
        self.go_on = button("Go on", "play", "plain", lambda: self._with_shown(deeds.go_on),
                            "Train this run further, from where it was saved")  # fmt: skip
        self.new = button("New run", "plus", "plain", deeds.new)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.compare)
        row.addWidget(self.seeds)
        row.addStretch(1)
        row.addWidget(self.go_on)
        row.addWidget(self.new)
        self.empty, filled = EmptyState(NOTHING), QWidget()
        self.filled = filled
        column = QVBoxLayout(filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.search, self.list, self.error, self.said, self.queue):
            column.addWidget(widget, 100 if widget is self.list else 0)
        column.addStretch(1)
        column.addLayout(row)
        self.stack = QStackedLayout(self)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(filled)
        self.session.train.queue_changed.connect(self.refresh)

    def tick(self) -> None:
        self.list.refresh()
        self._say()

    def refresh(self) -> None:
        train = self.session.train
        self.stack.setCurrentWidget(self.filled if train.runs or train.queue else self.empty)
        self.list.set(train.runs, train.run, train.overlaid, train.shown)
        self._show_find()
        self.queue.refresh()
        run = train.run
        self.error.setText(run.error if run and run.error else "")
        self.error.setVisible(bool(self.error.text()))
        self._buttons()
        self.tick()

    def seen(self) -> Seen:
        """The table, and its texts."""
        rows = self.list.rows
        columns = range(1, rows.columnCount())
        lines = [[rows.text(row, column) for column in columns] for row in range(rows.rowCount())]
        return Seen("runs", self.list, lambda: [TITLES[1:], *lines])

    def _say(self) -> None:
        """How the shown run stands against the others that are drawn, or against all while it is alone."""
        train = self.session.train
        runs = train.overlaid if len(train.overlaid) > 1 else train.runs
        now = tuple((run.name, len(run.validation), run.state) for run in runs) + (train.run and train.run.name,)
        if now == self._said_for:
            return
        self._said_for = now
        said = compared(train.run, runs)
        self.said.setText(f"{said} {trust(runs)}".strip() if said else "")
        self.said.setVisible(bool(said) and self.height() >= LOW)

    def _buttons(self) -> None:
        train, chosen = self.session.train, self.list.chosen_runs()
        run = train.run
        self.compare.setVisible(len(chosen) > 1)
        self.compare.setText(f"Compare {len(chosen)}")
        self.go_on.setVisible(run is not None and self.deeds.can_go_on(run))
        self.go_on.setEnabled(not train.busy)
        self.go_on.setToolTip("A run is going on" if train.busy else "Train this run further, from where it was saved")
        self.seeds.setVisible(run is not None and not self.go_on.isVisibleTo(self))
        self.new.setText("Queue" if train.busy else "New run")
        self.new.setVisible(not self.go_on.isVisibleTo(self))
        why = "" if train.busy else train.why_not or ""
        self.new.setEnabled(not why)
        self.new.setToolTip(why or ("Let the design and recipe as they are now wait for their turn" if train.busy
                                    else "Train the design as it is now"))  # fmt: skip

    def _show_find(self) -> None:
        """Where there are many runs and there is room; while something is searched for, always."""
        many = len(self.session.train.runs) >= MANY and self.height() >= ROOM
        self.search.setVisible(many or bool(self.search.text()))

    def _with_shown(self, deed: Callable[[Run], None]) -> None:
        if self.session.train.run is not None:
            deed(self.session.train.run)

    def _note(self, run: Run, line: str) -> None:
        note, tags = note_parts(line)
        self.session.train.annotate(run, note=note, tags=tags)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._show_find()
        self._said_for = ()  # the sentence goes where there is little room
