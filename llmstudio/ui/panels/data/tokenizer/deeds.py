"""Making the tokens: the button, where the text stands, how far it is, and what comes next."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QStackedLayout, QWidget

from ....widgets.button import button
from ....widgets.label import label
from ....widgets.progress import ProgressRow
from ....words.text import TWO, state

if TYPE_CHECKING:
    from .....session.session import Session

HIGH, NARROW = 58, 440
PURPOSE = "Make the tokens that a model learns from"


class Deeds(QWidget):
    build = Signal()

    def __init__(self, session: "Session") -> None:
        super().__init__()
        self.session = session
        self.use = button("Use this text", "check", "primary", self._use, PURPOSE, 32)
        self.sentence = label("", "caption", wrap=True)
        self.next = button("Build", "chevron-right", "plain", self.build.emit, "Go on to the design of the model", 32)
        self.progress = ProgressRow("", session.data.cancel)
        self.setFixedHeight(HIGH)
        rest = QWidget()
        self.row = QGridLayout(rest)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setHorizontalSpacing(12)
        self.row.setVerticalSpacing(4)
        self.row.setColumnStretch(1, 1)
        self.row.addWidget(self.use, 1, 0)
        self.row.addWidget(self.sentence, 1, 1)
        self.row.addWidget(self.next, 1, 2)
        self.stack = QStackedLayout(self)
        self.stack.addWidget(rest)
        self.stack.addWidget(self.progress)
        self.refresh()

    def refresh(self) -> None:
        data, project = self.session.data, self.session.project
        working = data.doing == "preparing"
        self.stack.setCurrentIndex(1 if working else 0)
        if working and data.progress is not None:
            self.progress.set(data.progress)
        made = project.prepared if project else None
        said = state(data.manifest, data.stale, data.settings, made, len(data.sources))
        live = self.session.train.live
        if live is not None and data.stale:
            said += f". {live.name[0].upper()}{live.name[1:]} keeps the text it started with"
        self.sentence.setText(said)
        why = said if not data.sources or said == TWO else "Text is being read" if data.busy else ""
        self.use.setEnabled(not why)
        self.use.setToolTip(why or PURPOSE)
        self.next.setEnabled(data.manifest is not None)
        self.next.setToolTip("Go on to the design of the model" if data.manifest else "Waits for the tokens")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow panel the sentence stands over the buttons."""
        super().resizeEvent(event)
        over = event.size().width() < NARROW
        if over != (self.row.rowCount() > 0 and self.row.itemAtPosition(0, 0) is not None):
            self.row.removeWidget(self.sentence)
            place = (0, 0, 1, 3) if over else (1, 1, 1, 1)
            self.row.addWidget(self.sentence, *place)

    def _use(self) -> None:
        try:
            self.session.data.prepare()
        except ValueError as error:
            self.session.tell(error)
