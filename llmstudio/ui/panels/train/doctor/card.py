"""One finding of the run doctor: its colour and sign, the sentence, its step, and the button that cures it."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from .....core.train.finding import Finding
from .... import icons
from ....theme import theme
from ....widgets.button import button
from ....widgets.label import label

LOOKS = {"good": ("success", "check"), "care": ("warning", "warning"), "bad": ("error", "error")}
SIDES = {"good": "Nothing to do", "care": "Worth a look", "bad": "Needs you"}


class Card(QFrame):
    """`cured` is called with the finding when its button is pressed."""

    def __init__(self, finding: Finding, note: str, cured: Callable[[Finding], object]) -> None:
        super().__init__()
        self.role, sign = LOOKS[finding.severity]
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.setAccessibleName(f"{SIDES[finding.severity]}: {finding.text}")
        self.text = label(finding.text, "body", wrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.note = label(note, "caption")
        self.cure = None
        if finding.cure is not None:
            self.cure = button(finding.cure.label, "", "plain", lambda: cured(self.finding), _about(finding), 24)
        words = QVBoxLayout()
        words.setSpacing(6)
        words.addWidget(self.text)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(8)
        row.addWidget(_Sign(sign, self.role), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        if self.cure is None:
            row.addWidget(self.note)
        else:
            foot = QHBoxLayout()
            foot.addWidget(self.cure)
            foot.addStretch(1)
            foot.addWidget(self.note)
            words.addLayout(foot)
        self.say(finding, note)
        theme.changed.connect(self.update)

    def say(self, finding: Finding, note: str) -> None:
        """The same with other numbers."""
        self.finding = finding
        self.text.setText(finding.text)
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.color(f"{self.role}_ground"))
        p.drawRoundedRect(self.rect(), 4, 4)


class _Sign(QWidget):
    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self._name, self._role = name, role
        self.setFixedSize(QSize(16, 20))

    def paintEvent(self, event: QPaintEvent) -> None:
        icons.draw(QPainter(self), self._name, self.rect().adjusted(0, 2, 0, -2), self._role)


def _about(finding: Finding) -> str:
    """What pressing the button will do."""
    assert finding.cure is not None
    acts = {
        "change": "Change the recipe; a run that goes on takes it at its next step where it can",
        "model": "Change the design, for the next run",
        "stop": "Stop the run and save it; it can go on later",
        "best": "Stop the run, and go on with its best weights",
        "data": "Open the text",
        "find_rate": "Try all learning rates on a copy of the model",
        "go_on": "Train the run further",
    }
    return acts[finding.cure.action]
