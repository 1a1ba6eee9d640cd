"""A dashed field that says where files go; it lights up while some are held over it."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from .. import icons
from ..theme import theme

HEIGHT, ICON = 100, 20


class DropZone(QWidget):
    """`clicked` by mouse, Enter or space. What is dropped is the panel's affair."""

    clicked = Signal()

    def __init__(self, title: str, below: str) -> None:
        super().__init__()
        self._title, self._below = title, below
        self._over = False
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(title)
        self.setToolTip("Files are copied into the project, never moved; click to choose them")
        theme.changed.connect(self.update)

    @property
    def over(self) -> bool:
        return self._over

    def set_over(self, over: bool) -> None:
        """Whether something that can be dropped is held here."""
        if over != self._over:
            self._over = over
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lit = self._over and self.isEnabled()
        pen = QPen(theme.color("accent" if lit else "control"), 1.5)
        pen.setDashPattern([3.2, 2.4])
        painter.setPen(pen)
        painter.setBrush(theme.color("accent_soft" if lit else "raised" if self.underMouse() else "well"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        middle = self.width() / 2
        able = self.isEnabled()
        icons.draw(painter, "drop", QRectF(middle - ICON / 2, 18, ICON, ICON), "accent" if able else "faint")
        strong = theme.font(13, 600)
        self._line(painter, 44, 20, self._title, strong, "text" if able else "faint")
        self._line(painter, 66, 16, self._below, theme.font(11), "muted" if able else "faint")

    def _line(self, painter: QPainter, top: int, high: int, text: str, font: QFont, ink: str) -> None:
        painter.setFont(font)
        painter.setPen(theme.color(ink))
        room = QRectF(12, top, self.width() - 24, high)
        short = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, short)
