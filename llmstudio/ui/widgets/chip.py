"""A small state in a title bar: "step 600", "2 changes"."""

from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from .. import icons
from ..theme import theme

Role = Literal["plain", "warning", "error", "success", "accent"]
GROUNDS = {
    "plain": "raised",
    "warning": "warning_ground",
    "error": "error_ground",
    "success": "success_ground",
    "accent": "accent_soft",
}
INKS = {"plain": "muted"}
HEIGHT, PAD, ICON = 20, 6, 12


class Chip(QWidget):
    """Text on a coloured ground. `role`: plain, warning (a past moment, care), error, success, accent."""

    def __init__(self, text: str = "", role: Role = "plain", icon: str = "") -> None:
        super().__init__()
        self._text, self._role, self._icon = text, role, icon
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)
        theme.changed.connect(self.update)

    def text(self) -> str:
        return self._text

    def set(self, text: str, role: Role | None = None, icon: str | None = None) -> None:
        """Change what it says. An empty text hides it."""
        self.setVisible(bool(text))
        new = (text, role or self._role, self._icon if icon is None else icon)
        if new != (self._text, self._role, self._icon):
            self._text, self._role, self._icon = new
            self.setAccessibleName(text)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        width = QFontMetrics(theme.font(11)).horizontalAdvance(self._text) + 2 * PAD
        return QSize(width + (ICON + 4 if self._icon else 0), HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(GROUNDS[self._role]))
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        ink = INKS.get(self._role, self._role)
        left = PAD
        if self._icon:
            icons.draw(painter, self._icon, QRectF(left, (HEIGHT - ICON) / 2, ICON, ICON), ink)
            left += ICON + 4
        painter.setFont(theme.font(11))
        painter.setPen(theme.color(ink))
        painter.drawText(self.rect().adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self._text)
