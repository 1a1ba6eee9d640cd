"""The runs that wait for their turn, and how long all of them will take."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ....widgets.button import button, tool
from ....widgets.label import label
from ....widgets.queue_list import QueueList, Waiting
from ....words.changes import changes
from ....words.numbers import half_minutes, plural
from .timing import seconds

if TYPE_CHECKING:
    from .....session.queued import Queued
    from .....session.session import Session


class QueueBox(QWidget):
    """Hidden while nothing waits."""

    def __init__(self, session: "Session") -> None:
        super().__init__()
        self.session = session
        self._queue: tuple[Queued, ...] | None = None
        self.head = label("", "caption")
        self.begin = button("Begin", "play", "plain", session.train.go, "Let them begin, one after another", 24)
        self.clear = tool("close", "Take all of them out of the queue", session.train.clear)
        self.list = QueueList()
        self.list.dropped.connect(self._drop)
        self.list.moved.connect(self._move)
        row = QHBoxLayout()
        row.addWidget(self.head, 1)
        row.addWidget(self.begin)
        row.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.list)
        session.train.queue_changed.connect(self.refresh)
        self.hide()

    def refresh(self) -> None:
        queue = self.session.train.queue
        self.begin.setVisible(self.session.train.held)
        if queue == self._queue:
            return
        self._queue = queue
        self.setVisible(bool(queue))
        times = [seconds(each.model, each.recipe, self.session.train.runs) for each in queue]
        known = [time for time in times if time is not None]
        said = f", about {half_minutes(sum(known))}" if queue and len(known) == len(queue) else ""
        self.head.setText(f"{plural(len(queue), 'run')} waiting{said}")
        self.list.set([Waiting(each.name or each.group or "new run", self._about(each)) for each in queue])

    def _about(self, each: "Queued") -> str:
        if each.label:
            return each.label
        run = self.session.train.run
        if run is None:
            return each.model.name
        return ", ".join(changes((run.model, run.recipe), (each.model, each.recipe))) or "as the shown run"

    def _drop(self, row: int) -> None:
        if self._queue:
            self.session.train.unqueue(self._queue[row].id)

    def _move(self, row: int, to: int) -> None:
        if self._queue:
            self.session.train.move(self._queue[row].id, to)
