"""A menu to search in: what fits at a place of the canvas, by typing or by pointing."""

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QVBoxLayout, QWidget

from ..widgets.label import label
from .lists import Row, RowList
from .paint import card

WIDTH, HEIGHT = 336, 420
NOTHING = "Nothing here is called that"


class Choice(NamedTuple):
    title: str
    text: str
    icon: str
    do: Callable[[], object]
    words: str = ""  # what else one may call it


class Search(QFrame):
    """A popup of choices. Typing leaves those that have all the words; Enter or a click takes one; Esc none."""

    def __init__(self, parent: QWidget, caption: str, choices: list[Choice]) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAccessibleName(caption)
        self.choices = choices
        rows = [Row(str(n), choice.title, choice.text, choice.icon) for n, choice in enumerate(choices)]
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search")
        self.field.setAccessibleName(f"Search: {caption}")
        self.field.setClearButtonEnabled(True)
        self.list = RowList(rows, self._take, by_click=True, name=caption)
        self.list.setFixedHeight(min(self.list.height(), HEIGHT))
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.none = label(NOTHING, "caption")
        self.none.setContentsMargins(8, 4, 8, 8)
        self.none.hide()
        self._lay(label(caption, "caption"))
        self.field.textChanged.connect(self._narrow)
        self.field.installEventFilter(self)
        self._mark(0)

    def _lay(self, caption: QLabel) -> None:
        caption.setContentsMargins(8, 0, 8, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(4)
        for widget in (caption, self.field, self.list, self.none):
            column.addWidget(widget)
        self.setFixedWidth(WIDTH)

    def popup(self, at: QPoint) -> None:
        """Open with its corner at a point of the screen, moved so that all of it is on the screen."""
        self.adjustSize()
        screen = QGuiApplication.screenAt(at) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        x = max(room.left(), min(at.x(), room.right() - self.width()))
        y = max(room.top(), min(at.y(), room.bottom() - self.height()))
        self.move(x, y)
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def _narrow(self, text: str) -> None:
        wanted = text.lower().split()
        first = None
        for n, choice in enumerate(self.choices):
            said = f"{choice.title} {choice.text} {choice.words}".lower()
            fits = all(word in said for word in wanted)
            self.list.setRowHidden(n, not fits)
            first = n if fits and first is None else first
        self.list.setVisible(first is not None)
        self.none.setVisible(first is None)
        if first is not None:
            self._mark(first)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up, down and Enter in the field are the list's."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = event.key()
            if key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
                self._step(1 if key in (Qt.Key.Key_Down, Qt.Key.Key_PageDown) else -1)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                index = self.list.currentIndex()
                if index.isValid() and not self.list.isHidden():
                    self._take(str(index.row()))
                return True
            if key == Qt.Key.Key_Escape:
                self.close()
                return True
        return super().eventFilter(watched, event)

    def _step(self, by: int) -> None:
        row = self.list.currentIndex().row() + by
        while 0 <= row < len(self.choices) and self.list.isRowHidden(row):
            row += by
        if 0 <= row < len(self.choices):
            self._mark(row)

    def _mark(self, row: int) -> None:
        """Show which row Enter takes."""
        self.list.setCurrentIndex(self.list.rows.index(row))
        self.list.scrollTo(self.list.rows.index(row))
        self.list.use(str(row))

    def _take(self, key: str) -> None:
        choice = self.choices[int(key)]
        self.close()
        choice.do()

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        card(p, QRectF(self.rect()), "panel", "line_strong", radius=6)
