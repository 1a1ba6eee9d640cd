"""All runs of the project: what changed from one to the next, and how far each came."""

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedLayout, QVBoxLayout, QWidget

from ....session.run import Run
from ...panel import Panel
from ...widgets.button import button
from ...widgets.empty import EmptyState
from ...widgets.label import label
from ...widgets.run_table import RunTable
from ...words.runs import compared

NOTHING = "No run yet. Each training is kept here, with what was different about it."
GOES_ON = ("stopped", "interrupted", "failed")


class Runs(Panel):
    title = "Runs"
    name = "train.runs"
    hint = "Every training of this project; click one to see its curve, Delete removes it"

    def build(self) -> None:
        self.table = RunTable()
        self.table.picked.connect(self._show)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._menu)
        self.said = label("", "caption", wrap=True)
        self.error = label("", "error", wrap=True)
        self.go_on = button("Go on", "play", "plain", self._go_on, "Train this run further, from where it was saved")
        self.remove = button("Remove", "trash", "plain", self._remove, "Take this run away; it can be undone")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self.go_on)
        row.addWidget(self.remove)
        self.empty, self.filled = EmptyState(NOTHING), QWidget()
        column = QVBoxLayout(self.filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.table, 1)
        column.addWidget(self.error)
        column.addWidget(self.said)
        column.addLayout(row)
        self.stack = QStackedLayout()
        self.body.setContentsMargins(8, 0, 8, 12)
        self.body.addLayout(self.stack)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.filled)
        self.session.train.changed.connect(self._refresh)
        self._refresh()

    def tick(self) -> None:
        self.table.refresh()
        said = compared(self.session.train.run, self.session.train.runs)
        if said != self.said.text():
            self.said.setText(said)
            self.said.setVisible(bool(said))

    def _refresh(self) -> None:
        train = self.session.train
        self.stack.setCurrentWidget(self.filled if train.runs else self.empty)
        self.table.set(train.runs, train.run)
        run = train.run
        self.error.setText(run.error if run and run.error else "")
        self.error.setVisible(bool(self.error.text()))
        self.go_on.setVisible(run is not None and run.state in GOES_ON and run.step < run.steps)
        self.go_on.setEnabled(not train.busy)
        self.go_on.setToolTip("A run is going on" if train.busy else "Train this run further, from where it was saved")
        self.remove.setEnabled(run is not None and not run.live)
        self.remove.setToolTip("Stop it first" if run and run.live else "Take this run away; it can be undone")
        self.tick()

    # what the person does

    def _show(self, run: Run) -> None:
        if run is not self.session.train.run:
            self.session.train.show(run)

    def _menu(self, at: QPoint) -> None:
        index: QModelIndex = self.table.indexAt(at)
        if not index.isValid():
            return
        run = self.table.run(index.row())
        self._show(run)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if run.state in GOES_ON and run.step < run.steps:
            menu.addAction("Go on").triggered.connect(self._go_on)
        entry = menu.addAction("Remove")
        entry.setEnabled(not run.live)
        entry.triggered.connect(self._remove)
        menu.popup(self.table.viewport().mapToGlobal(at))

    def _go_on(self) -> None:
        if run := self.session.train.run:
            try:
                self.session.train.resume(run)
            except ValueError as error:
                self.session.tell(error)

    def _remove(self) -> None:
        run = self.session.train.run
        if run is not None and not run.live:
            self.session.train.remove(run)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self._remove()
        else:
            super().keyPressEvent(event)
