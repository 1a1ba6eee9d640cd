"""One of the four cards: its number, its title, and a door to the stage that shows more."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from .... import doors
from ....panel import SIDE, TITLE, ground
from ....theme import theme
from ....widgets.button import button
from ....widgets.elide import ElidedLabel


class Card(QFrame):
    def __init__(self, number: int, title: str, stage: str) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.door = button(stage.capitalize(), "chevron-right", "ghost", lambda: doors.go(self, stage), height=24)
        self.door.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.door.setToolTip(f"Show more of this in {stage.capitalize()}")
        head = QHBoxLayout()
        head.setContentsMargins(12, 0, 8, 0)
        head.setSpacing(8)
        head.addWidget(_Number(number))
        head.addWidget(ElidedLabel(title, "text", 13, 600), 1)
        head.addWidget(self.door)
        top = QWidget()
        top.setFixedHeight(TITLE)
        top.setLayout(head)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(SIDE, 4, SIDE, SIDE)
        self.body.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(top)
        column.addLayout(self.body, 1)
        theme.changed.connect(self.update)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 120)

    def paintEvent(self, event: QPaintEvent) -> None:
        ground(self, top=True, bottom=True)


class _Number(QWidget):
    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.setFixedSize(20, 20)
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.color("raised"))
        p.drawEllipse(QRectF(self.rect()))
        p.setFont(theme.font(11, 600))
        p.setPen(theme.color("muted"))
        p.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self._number))
