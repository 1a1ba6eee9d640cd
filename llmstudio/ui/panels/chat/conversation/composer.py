"""Where the person writes: Enter sends, Shift+Enter breaks the line."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout

from ....theme import theme
from ....widgets.button import button
from ....widgets.chip import Chip

LINES = 3  # of the field
LONGEST = 100_000  # characters that are sent at once


class Composer(QFrame):
    sent = Signal(str)
    stopped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.field = Field()
        self.field.entered.connect(self._send)
        self.speaker, self.length, self.seed = Chip(), Chip(), Chip()
        self.stop = button("Stop", "stop", "plain", self.stopped.emit, "Keep what is written so far (Esc)")
        self.send = button("Send", "send", "primary", self._send, "Enter sends, Shift+Enter breaks the line")
        foot = QHBoxLayout()
        foot.setSpacing(8)
        for chip in (self.speaker, self.length, self.seed):
            foot.addWidget(chip)
        foot.addStretch(1)
        foot.addWidget(self.stop)
        foot.addWidget(self.send)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 8)
        column.setSpacing(4)
        column.addWidget(self.field)
        column.addLayout(foot)
        theme.changed.connect(self.update)

    def set_state(self, writing: bool, why_not: str) -> None:
        """`why_not`: the reason why nothing can be sent, "" if it can."""
        self.stop.setVisible(writing)
        self.send.setEnabled(not writing and not why_not)
        self.send.setToolTip(why_not or "Enter sends, Shift+Enter breaks the line")

    def set_facts(self, speaker: str, tokens: int, seed: int, talk: bool) -> None:
        self.speaker.set(f"as {speaker}" if talk else "")
        self.length.set(f"up to {tokens} tokens")
        self.seed.set(f"seed {seed}", icon="dice")
        self.send.setText("Send" if talk else "Go on")
        words = "Write something" if talk else "Write the beginning of a text; it goes on from there"
        self.field.setPlaceholderText(words)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("accent" if self.field.hasFocus() else "edge"), 1))
        painter.setBrush(theme.color("well"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)

    def _send(self) -> None:
        text = self.field.toPlainText()
        if self.send.isEnabled() and text.strip():
            self.sent.emit(text[:LONGEST])
            self.field.clear()


class Field(QPlainTextEdit):
    entered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("quiet", True)
        self.setAccessibleName("What to say")
        self.setTabChangesFocus(True)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * LINES + 12)

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.entered.emit()
        else:
            super().keyPressEvent(event)
