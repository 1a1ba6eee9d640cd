"""A choice from a list, drawn as a field with a chevron."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy

from .. import icons
from ..theme import theme

HEIGHT, PAD, ARROW = 28, 8, 12


class Combo(QComboBox):
    """`picked` carries the word when the person picks one; `choose` from code is silent."""

    picked = Signal(str)

    def __init__(self, words: Sequence[str] = (), chosen: str = "", name: str = "") -> None:
        super().__init__()
        self.addItems(list(words))
        self.choose(chosen)
        self.setAccessibleName(name)
        self.setFixedHeight(HEIGHT)
        self.setMinimumContentsLength(4)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._locked = False
        self.activated.connect(lambda _: self.picked.emit(self.currentText()))
        theme.changed.connect(self.update)

    def choose(self, word: str) -> None:
        if (n := self.findText(word)) >= 0 and n != self.currentIndex():
            self.setCurrentIndex(n)

    def lock(self, reason: str) -> None:
        """Fix it while something goes on: a padlock instead of the chevron; "" frees it."""
        self._locked = bool(reason)
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme.font())
        widest = max((metrics.horizontalAdvance(self.itemText(n)) for n in range(self.count())), default=40)
        return QSize(widest + 2 * PAD + ARROW + 8, HEIGHT)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        able = self.isEnabled()
        outline = "line" if not able else "line_strong" if self.underMouse() else "edge"
        painter.setPen(QPen(theme.color(outline), 1))
        painter.setBrush(theme.color("well") if able else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        right = self.width() - PAD - ARROW
        sign = ("lock", "faint") if self._locked else ("chevron-down", "muted")
        icons.draw(painter, sign[0], QRectF(right, (self.height() - ARROW) / 2, ARROW, ARROW), sign[1])
        painter.setFont(theme.font())
        painter.setPen(theme.color("text" if able else "faint"))
        room = self.rect().adjusted(PAD, 0, -(PAD + ARROW + 4), 0)
        text = QFontMetrics(painter.font()).elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
