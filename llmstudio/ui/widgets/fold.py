"""A section that opens and closes: its name, a few words about what is inside, and the inside."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from .. import icons
from ..theme import theme

HEIGHT, CHEVRON, GAP = 24, 12, 6


class Fold(QWidget):
    """`inside` is shown while open. `set_words` says at the right what a closed one holds."""

    turned = Signal(bool)

    def __init__(self, title: str, inside: QWidget, opened: bool = True, quiet: bool = False) -> None:
        super().__init__()
        self.head = _Head(title, quiet)
        self.inside = inside
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.head)
        column.addWidget(inside)
        self.head.clicked.connect(self._turn)
        self.open(opened)

    @property
    def opened(self) -> bool:
        return self.head.opened

    def open(self, on: bool) -> None:
        """Silently."""
        self.head.opened = on
        self.head.setAccessibleDescription("open" if on else "closed")
        self.head.update()
        self.inside.setVisible(on)

    def set_title(self, title: str) -> None:
        self.head.say(title, self.head.words)

    def set_words(self, words: str) -> None:
        self.head.say(self.head.title, words)

    def _turn(self) -> None:
        self.open(not self.opened)
        self.turned.emit(self.opened)


class _Head(QWidget):
    """One row to click, or to press Space or Enter on."""

    clicked = Signal()

    def __init__(self, title: str, quiet: bool) -> None:
        super().__init__()
        self.title, self.words, self.opened = title, "", True
        self._quiet = quiet
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(title)
        theme.changed.connect(self.update)

    def say(self, title: str, words: str) -> None:
        if (title, words) != (self.title, self.words):
            self.title, self.words = title, words
            self.setAccessibleName(title)
            self.setToolTip(words)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ink = "text" if self.underMouse() else "muted"
        font = theme.font(11, 400 if self._quiet else 600)
        painter.setFont(font)
        painter.setPen(theme.color(ink))
        room = self.width() - CHEVRON - GAP
        title = QFontMetrics(font).elidedText(self.title, Qt.TextElideMode.ElideRight, room)
        wide = QFontMetrics(font).horizontalAdvance(title)
        painter.drawText(QRectF(0, 0, room, HEIGHT), Qt.AlignmentFlag.AlignVCenter, title)
        sign = QRectF(wide + GAP, (HEIGHT - CHEVRON) / 2, CHEVRON, CHEVRON)
        icons.draw(painter, "chevron-down" if self.opened else "chevron-right", sign, ink)
        if self.words and not self.opened:
            painter.setFont(theme.font(11))
            painter.setPen(theme.color("muted"))
            left = sign.right() + GAP
            words = QFontMetrics(painter.font()).elidedText(
                self.words, Qt.TextElideMode.ElideRight, int(self.width() - left)
            )
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(left, 0, self.width() - left, HEIGHT), side, words)
