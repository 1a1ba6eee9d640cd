"""A place to write or paste a text of one's own, with what adds it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from ..numbers import count
from .button import button
from .label import label

HEIGHT = 132
LONG = 1000  # characters from which on a text is not looked through for anything but white space
CONTROL = Qt.KeyboardModifier.ControlModifier


class PasteBox(QWidget):
    """`added` carries the text; Ctrl+Enter adds, Esc closes."""

    added = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.text = QPlainTextEdit()
        self.text.setPlaceholderText("Write or paste text here")
        self.text.setAccessibleName("Text to add")
        self.text.setFixedHeight(HEIGHT)
        self.text.setTabChangesFocus(True)
        self.add = button("Add", "plus", "plain", self._add, "Add this text to the sources (Ctrl+Enter)", 24)
        self.cancel = button("Cancel", "", "ghost", self.close_box, "Esc", 24)
        self.size_ = label("", "caption")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.add)
        row.addWidget(self.cancel)
        row.addStretch(1)
        row.addWidget(self.size_)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.text)
        column.addLayout(row)
        self.text.textChanged.connect(self._grew)
        self._grew()

    def open_box(self) -> None:
        self.show()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_box(self) -> None:
        """Hide; what was written is still there at the next opening."""
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_box()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() & CONTROL:
            self._add()
        else:
            super().keyPressEvent(event)

    def _add(self) -> None:
        if self.add.isEnabled():
            text = self.text.toPlainText()
            self.text.clear()
            self.close_box()
            self.added.emit(text)

    def _grew(self) -> None:
        letters = self.text.document().characterCount() - 1  # Qt counts a last paragraph mark
        self.add.setEnabled(letters >= LONG or bool(self.text.toPlainText().strip()))
        self.size_.setText(f"{count(letters)} characters" if letters else "")
