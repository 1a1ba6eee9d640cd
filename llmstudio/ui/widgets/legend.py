"""What the colours beside it mean, in one line; entries that have no room are left out whole, the last first."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import theme

SWATCH, PAD, BETWEEN = 10, 6, 16


class Legend(QWidget):
    """Entries of (words, a colour token or the number of a run's colour)."""

    def __init__(self, entries: Sequence[tuple[str, str | int]] = (), name: str = "Legend") -> None:
        super().__init__()
        self._entries = list(entries)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        theme.changed.connect(self.update)

    def set(self, entries: Sequence[tuple[str, str | int]]) -> None:
        if list(entries) != self._entries:
            self._entries = list(entries)
            self.setAccessibleDescription(", ".join(words for words, _ in entries))
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme.font(11))
        widths = [SWATCH + PAD + metrics.horizontalAdvance(words) for words, _ in self._entries]
        return QSize(sum(widths) + BETWEEN * max(0, len(widths) - 1) + 2, 18)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(11))
        metrics = painter.fontMetrics()
        x = 0
        for words, role in self._entries:
            wide = metrics.horizontalAdvance(words)
            if x + SWATCH + PAD + wide > self.width():
                break
            run = isinstance(role, int)
            painter.setPen(QPen(theme.run(role) if isinstance(role, int) else theme.color("line_strong"), 1))
            painter.setBrush(theme.run(role) if isinstance(role, int) else theme.color(role))
            side = SWATCH - 2 if run else SWATCH
            painter.drawRect(QRectF(x + 0.5, (18 - side) // 2 + 0.5, side - 1, side - 1))
            painter.setPen(theme.color("muted"))
            place = QRectF(x + SWATCH + PAD, 0, wide + 2, 18)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)
            x += SWATCH + PAD + wide + BETWEEN
