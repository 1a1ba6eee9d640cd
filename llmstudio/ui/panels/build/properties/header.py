"""What is selected: its icon, name and path, what it computes, and which parts an edit goes to."""

from typing import Literal

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from .... import icons
from ....canvas.paint import card
from ....theme import theme
from ....widgets.elide import ElidedLabel
from ....widgets.segments import Segments

ONE = "This one"


class Header(QWidget):
    """What is selected, and whether edits go to it alone, to all of its kind that are selected, or to all there are."""

    def __init__(self) -> None:
        super().__init__()
        self.tile = Tile()
        self.name = ElidedLabel("", "text", 13, 600)
        self.path = ElidedLabel("", "muted", 11, mono=True)
        self.reach = Reach()
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self.name)
        names.addWidget(self.path)
        self.row = QHBoxLayout()
        self.row.setSpacing(12)
        self.row.addWidget(self.tile)
        self.row.addLayout(names, 1)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 4, 0, 4)
        self.column.setSpacing(8)
        self.column.addLayout(self.row)
        self.row.addWidget(self.reach)

    def show_part(self, name: str, path: str, icon: str, wrong: bool) -> None:
        self.name.set_text(name)
        self.path.set_text(path or "the whole model")
        self.tile.show_icon(icon, wrong)

    def offer(self, some: list[str], every: list[str]) -> None:
        """The switch stands beside the name, or under it where it has three words."""
        self.reach.offer(some, every)
        home = self.column if len(self.reach.words) > 2 else self.row
        if home.indexOf(self.reach) < 0:
            home.addWidget(self.reach)


class Reach(QWidget):
    """Whether an edit goes to this part alone, to the selected ones of its kind, or to all."""

    def __init__(self) -> None:
        super().__init__()
        self.mode: Literal["one", "some", "all"] = "one"
        self.some: list[str] = []
        self.every: list[str] = []
        self.switch = Segments([ONE], name="Edits go to")
        self.switch.changed.connect(self._turned)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.switch)
        row.addStretch()

    @property
    def words(self) -> dict[str, str]:
        """By mode, those there is a choice between."""
        found = {"one": ONE}
        if len(self.some) > 1:
            found["some"] = f"Selected {len(self.some)}"
        if len(self.every) > max(1, len(self.some)):
            found["all"] = f"All {len(self.every)}"
        return found

    @property
    def paths(self) -> list[str]:
        """Where an edit goes."""
        return {"one": self.some[-1:], "some": self.some, "all": self.every}[self.mode]

    def offer(self, some: list[str], every: list[str]) -> None:
        """The selected part is the last of `some`. Selecting several means them; else the choice is kept."""
        grew = len(some) > 1 and {*some} != {*self.some}
        self.some, self.every = some, every
        if grew:
            self.mode = "some"
        if self.mode not in self.words:
            self.mode = "all" if self.mode == "some" and len(some) > 1 else "one"
        self.switch.set_words([*self.words.values()])
        self.switch.choose(self.words.get(self.mode, ONE))
        self.setVisible(len(self.words) > 1)

    def _turned(self, word: str) -> None:
        self.mode = next(mode for mode, each in self.words.items() if each == word)  # type: ignore[assignment]


class Tile(QWidget):
    """The icon of the part on its soft ground."""

    def __init__(self) -> None:
        super().__init__()
        self.icon, self.wrong = "block", False
        self.setFixedSize(QSize(32, 32))
        theme.changed.connect(self.update)

    def show_icon(self, icon: str, wrong: bool) -> None:
        if (icon, wrong) != (self.icon, self.wrong):
            self.icon, self.wrong = icon, wrong
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = "error_ground" if self.wrong else "accent_soft"
        card(p, QRectF(self.rect()), ground, ground)
        icons.draw(p, self.icon, QRectF(8, 8, 16, 16), "error" if self.wrong else "accent")


class Formula(QLabel):
    """What the part computes, as in the code of the network."""

    def __init__(self) -> None:
        super().__init__()
        self.setContentsMargins(12, 6, 12, 6)
        self._face()
        theme.changed.connect(self._face)

    def show_text(self, text: str) -> None:
        self.setText(text)
        self.setToolTip("What it computes, as in the code of the network")

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        card(p, QRectF(self.rect()), "canvas", "canvas")
        p.end()
        super().paintEvent(event)

    def _face(self) -> None:
        self.setFont(theme.mono(12))
        self.update()
