"""Tokens with their similarity to one: signed bars from -1 to 1, the length carries the value."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..numbers import MINUS
from ..theme import theme
from . import glyphs

ROW = 26


class Neighbours(QWidget):
    """`clicked` carries the index of a row."""

    clicked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[str, float]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Nearest tokens")
        theme.changed.connect(self.update)

    def set(self, rows: Sequence[tuple[str, float]]) -> None:
        """(token, cosine) of each, nearest first."""
        self._rows = list(rows)
        self.setAccessibleDescription(", ".join(f"{glyphs.plain(text)} {value:.2f}" for text, value in rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(150, ROW * len(self._rows))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if (n := int(event.position().y() // ROW)) < len(self._rows):
            self.clicked.emit(n)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        face = theme.mono(12)
        metrics = QFontMetricsF(face)
        widest = max((glyphs.width(text, metrics) for text, _ in self._rows), default=0)
        token = min(max(22.0, widest + 10), self.width() * 0.45)
        for n, (text, value) in enumerate(self._rows):
            top = n * ROW
            box = QRectF(0, top + 3, token, 20)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("raised"))
            painter.drawRoundedRect(box, 3, 3)
            painter.save()
            painter.setClipRect(box)
            left = max(box.left() + 3, box.center().x() - glyphs.width(text, metrics) / 2)
            base = box.center().y() + (metrics.ascent() - metrics.descent()) / 2
            glyphs.draw(painter, QPointF(left, base), text, face, "text")
            painter.restore()
            track = QRectF(token + 8, top + 10, max(8.0, self.width() - token - 60), 6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("well" if theme.dark else "raised"))
            painter.drawRoundedRect(track, 2, 2)
            painter.setBrush(theme.color("positive" if value >= 0 else "negative"))
            track.setWidth(max(1.0, track.width() * min(1.0, abs(value))))
            painter.drawRoundedRect(track, 2, 2)
            painter.setFont(theme.font(13))
            painter.setPen(theme.color("text"))
            said = f"{value:.2f}".replace("-", MINUS)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, top, self.width(), ROW), right, said)
