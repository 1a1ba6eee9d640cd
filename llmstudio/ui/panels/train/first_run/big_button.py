"""The one large button: what it does, how long that takes, and the key."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from .... import icons
from ....theme import mixed, theme

HEIGHT, ICON = 64, 24
Align = Qt.AlignmentFlag


class BigButton(QAbstractButton):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.setText(text)
        self._below = ""
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(text)
        theme.changed.connect(self.update)

    def below(self) -> str:
        return self._below

    def set_below(self, text: str) -> None:
        """The second line."""
        if text != self._below:
            self._below = text
            self.setAccessibleDescription(text)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(400, HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        able = self.isEnabled()
        ink = "on_accent" if able else "faint"
        if able:
            ground = theme.color("accent")
            shade = 0.12 if self.isDown() else 0.06 if self.underMouse() else 0.0
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(mixed(ground, theme.color("on_accent" if theme.dark else "text"), shade))
        else:
            p.setPen(QPen(theme.color("line"), 1))
            p.setBrush(Qt.BrushStyle.NoBrush)
        p.drawRoundedRect(rect, 4, 4)
        icons.draw(p, "play", QRectF(22, (HEIGHT - ICON) / 2, ICON, ICON), ink)
        p.setPen(theme.color(ink))
        p.setFont(theme.font(18, 600))
        left = 62.0
        middle = HEIGHT if not self._below else 40
        p.drawText(QRectF(left, 4 if self._below else 0, rect.width() - left, middle), Align.AlignVCenter, self.text())
        p.setFont(theme.font(13))
        p.drawText(QRectF(left, 35, rect.width() - left - 8, 20), Align.AlignVCenter, self._below)
        if able:
            p.setFont(theme.font(11, 500))
            p.drawText(rect.adjusted(0, 0, -20, 0), Align.AlignVCenter | Align.AlignRight, "Enter")
