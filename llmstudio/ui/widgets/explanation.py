"""What a choice does: a line that names the paper, which opens to words, formula and source."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from ...core.train.explained import Explained
from ..theme import theme
from .fold import Fold
from .label import label


class Explanation(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.text = label("", "caption", wrap=True)
        self.formula = label("", "body", wrap=True)
        self.formula.setProperty("role", "formula")
        self.formula.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.source = label("", "faint", wrap=True)
        self.ground = _Ground()
        inner = QVBoxLayout(self.ground)
        inner.setContentsMargins(8, 6, 8, 6)
        inner.addWidget(self.formula)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(6)
        column.addWidget(self.text)
        column.addWidget(self.ground)
        column.addWidget(self.source)
        self.fold = Fold("", inside, opened=False, quiet=True)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.fold)
        theme.changed.connect(self._dress)
        self._dress()

    def say(self, found: Explained | None, title: str = "") -> None:
        """Show it under a title, the paper's authors and year if none is given; nothing for None."""
        self.setVisible(found is not None)
        if found is not None:
            self.fold.set_title(title or found.source.partition(",")[0])
            self.text.setText(found.text)
            self.formula.setText(_narrow(found.formula))
            self.ground.setVisible(bool(found.formula))
            self.source.setText(found.source)
            self.source.setVisible(bool(found.source))

    def _dress(self) -> None:
        self.formula.setFont(theme.mono(11))


def _narrow(formula: str) -> str:
    """What stands side by side, one below another: forms are narrow."""
    return formula.replace(",   ", "\n")


class _Ground(QFrame):
    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(theme.color("line"))
        p.setBrush(theme.color("well"))
        p.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)
