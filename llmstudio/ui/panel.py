"""A panel: a flat rounded ground with a title bar, on which one thing of the studio is shown."""

from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from .icons import icon
from .theme import theme
from .widgets.chip import Chip, Role
from .widgets.elide import ElidedLabel

if TYPE_CHECKING:
    from ..session.session import Session

TITLE, SIDE, RADIUS = 32, 16, 6


class Panel(QFrame):
    """Subclasses set the class variables and fill `body` in `build`; `tick` redraws what grew since the last one.

    Listen to the session with bound methods: it holds them weakly, so a dropped panel falls silent.
    """

    title: ClassVar[str] = ""
    tab: ClassVar[str] = ""  # a shorter title, where it is a tab
    name: ClassVar[str] = ""  # "train.loss"
    hint: ClassVar[str] = ""  # one sentence: what it shows, with the unit
    titled: ClassVar[bool] = True  # False: a panel of one row says its title in that row
    resized = Signal()  # it asks for another `room`

    def __init__(self, session: "Session") -> None:
        super().__init__()
        self.session = session
        self.room = 0  # pixels along its row or column that it asks for now; 0: as it is arranged
        self.setObjectName(self.name)
        self.setAccessibleName(self.title)
        self.title_bar = TitleBar(self.title, self.hint)
        if not self.titled:
            self.title_bar.hide()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.title_bar)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(SIDE, 4, SIDE, SIDE)
        self.body.setSpacing(8)
        whole.addLayout(self.body, 1)
        theme.changed.connect(self.update)
        self.build()

    def build(self) -> None:
        """Make the widgets, once."""

    def tick(self) -> None:
        """Take in what is new. Called in turn while visible, 15 to 30 times a second; keep it under 8 ms."""

    def add_tool(self, widget: QWidget) -> None:
        """Put a switch or an icon button at the right of the title bar."""
        self.title_bar.tools.addWidget(widget)

    def add_chip(self, text: str = "", role: Role = "plain", icon: str = "") -> Chip:
        """Put a small state after the title; an empty text keeps it hidden until `set`."""
        chip = Chip(text, role, icon)
        chip.setVisible(bool(text))
        self.title_bar.chips.addWidget(chip)
        return chip

    def ask_room(self, room: int) -> None:
        """Ask for another size; given while the person has not arranged the workspace otherwise."""
        if room != self.room:
            self.room = room
            self.resized.emit()

    def rename(self, title: str) -> None:
        """Show another title for now, say the name of the open design."""
        self.title_bar.label.set_text(title)

    def paintEvent(self, event: QPaintEvent) -> None:
        docked = self.titled and self.title_bar.parent() is not self
        ground(self, top=not docked, bottom=True)


class TitleBar(QWidget):
    """Title, chips, stretch, tools. A dock is dragged by it; help, float and close appear on hover."""

    help_wanted, float_wanted, close_wanted = Signal(), Signal(), Signal()

    def __init__(self, title: str, hint: str) -> None:
        super().__init__()
        self.setFixedHeight(TITLE)
        self.label = ElidedLabel(title, "text", 13, 600)
        self.label.set_hint(hint)
        self.chips, self.tools = QHBoxLayout(), QHBoxLayout()
        self._shy = _shy_buttons(self, hint)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 8, 0)
        row.setSpacing(8)
        row.addWidget(self.label)
        row.addLayout(self.chips)
        row.addStretch(1)
        row.addWidget(self._shy)
        row.addLayout(self.tools)
        for box in (self.chips, self.tools):
            box.setSpacing(8)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), TITLE)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, TITLE)

    def show_dock_buttons(self, on: bool) -> None:
        """Whether float and close make sense here: only in a dock."""
        for button in self._shy.findChildren(QToolButton):
            button.setVisible(on or button.objectName() == "help_wanted")

    def enterEvent(self, event: QEnterEvent) -> None:
        self._shy.setVisible(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._shy.setVisible(False)
        super().leaveEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not isinstance(self.parent(), Panel):
            ground(self, top=True, bottom=False)


def _shy_buttons(bar: TitleBar, hint: str) -> QWidget:
    box = QWidget(bar)
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(0)
    for name, word, tip in (
        ("help_wanted", "help", hint or "What this is"),
        ("float_wanted", "float", "Put in a window of its own, or back"),
        ("close_wanted", "close", "Close; the view menu brings it back"),
    ):
        button = QToolButton()
        button.setObjectName(name)
        button.setIcon(icon(word))
        button.setToolTip(tip)
        button.setAccessibleName(word.capitalize())
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(getattr(bar, name))
        row.addWidget(button)
    box.setVisible(False)
    return box


def ground(widget: QWidget, top: bool, bottom: bool, painter: QPainter | None = None) -> None:
    """Paint the panel's flat ground, rounded where it ends."""
    painter = painter or QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    rect = QRectF(widget.rect()).adjusted(0, 0 if top else -2 * RADIUS, 0, 0 if bottom else 2 * RADIUS)
    path = QPainterPath()
    path.addRoundedRect(rect, RADIUS, RADIUS)
    painter.fillPath(path, theme.color("panel"))
