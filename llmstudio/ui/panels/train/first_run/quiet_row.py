"""A quiet way to something else: icon, words, a remark, a chevron."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from .... import icons
from ....theme import theme

HEIGHT = 44
Align = Qt.AlignmentFlag


class QuietRow(QAbstractButton):
    def __init__(self, text: str, icon: str, remark: str = "") -> None:
        super().__init__()
        self.setText(text)
        self._icon, self._remark = icon, remark
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(text)
        theme.changed.connect(self.update)

    def set_remark(self, text: str) -> None:
        if text != self._remark:
            self._remark = text
            self.setAccessibleDescription(text)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        rect = QRectF(self.rect())
        if self.underMouse() and self.isEnabled():
            p.fillRect(rect, theme.color("hover"))
        p.fillRect(QRectF(0, HEIGHT - 1, rect.width(), 1), theme.color("line"))
        icons.draw(p, self._icon, QRectF(0, 14, 16, 16))
        icons.draw(p, "chevron-right", QRectF(rect.width() - 14, 16, 12, 12))
        p.setFont(theme.font())
        p.setPen(theme.color("text" if self.isEnabled() else "faint"))
        p.drawText(rect.adjusted(28, 0, 0, 0), Align.AlignVCenter, self.text())
        taken = 28 + QFontMetrics(p.font()).horizontalAdvance(self.text()) + 16
        p.setFont(theme.font(11))
        p.setPen(theme.color("muted"))
        room = rect.adjusted(taken, 0, -26, 0)
        remark = QFontMetrics(p.font()).elidedText(self._remark, Qt.TextElideMode.ElideRight, int(room.width()))
        p.drawText(room, Align.AlignVCenter | Align.AlignRight, remark)
