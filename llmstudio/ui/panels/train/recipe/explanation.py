"""What the chosen optimiser or schedule does: in words, as a formula, and where it is from."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from .....core.train.explained import EXPLAINED, Explained
from .....core.train.recipe import Recipe
from ....theme import theme
from ....widgets.fold import Fold
from ....widgets.label import label

CHOSEN = ("optimizer", "schedule")  # fields whose explanation stands under them; the others have it in their tooltip


class Explanation(QWidget):
    """A line that names the paper; it opens to the words and the formula."""

    def __init__(self, field: str) -> None:
        super().__init__()
        self._field = field
        self.text = label("", "caption", wrap=True)
        self.formula = label("", "body", wrap=True)
        self.formula.setProperty("role", "formula")
        self.formula.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.source = label("", "faint", wrap=True)
        ground = _Ground()
        inner = QVBoxLayout(ground)
        inner.setContentsMargins(8, 6, 8, 6)
        inner.addWidget(self.formula)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(6)
        column.addWidget(self.text)
        column.addWidget(ground)
        column.addWidget(self.source)
        self.fold = Fold("", inside, opened=False, quiet=True)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.fold)
        theme.changed.connect(self._dress)
        self._dress()

    def say(self, value: str) -> None:
        found: Explained | None = EXPLAINED.get((self._field, value))
        self.setVisible(found is not None)
        if found is not None:
            self.fold.set_title(found.source.partition(",")[0])
            self.text.setText(found.text)
            self.formula.setText(_narrow(found.formula))
            self.source.setText(found.source)

    def _dress(self) -> None:
        self.formula.setFont(theme.mono(11))


def explained(recipe: Recipe) -> dict[str, str]:
    """For the tooltips of the other fields: formula and source."""
    found = {}
    for (field, value), about in EXPLAINED.items():
        if field in recipe.__struct_fields__ and field not in CHOSEN and value in ("", getattr(recipe, field)):
            found[field] = "\n".join(part for part in (about.formula, about.source) if part)
    return found


def _narrow(formula: str) -> str:
    """What stands side by side, one below another: the form is narrow."""
    return formula.replace(",   ", "\n")


class _Ground(QFrame):
    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(theme.color("line"))
        p.setBrush(theme.color("well"))
        p.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)
