"""What the colours of a ramp mean: the ramp itself, with its ends and its middle named."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import SURPRISE_BITS, Ramp, theme


class ColorBar(QWidget):
    """A ramp 8 high with (low, middle, high) written under it. `surprise` shows the grounds behind text."""

    def __init__(self, low: str, middle: str, high: str, ramp: Ramp = "probability", surprise: bool = False) -> None:
        super().__init__()
        self._words, self._ramp, self._surprise = (low, middle, high), ramp, surprise
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{middle}, from {low} to {high}")
        theme.changed.connect(self.update)

    def set(self, low: str, middle: str, high: str, ramp: Ramp | None = None) -> None:
        new = (low, middle, high), ramp or self._ramp
        if new != (self._words, self._ramp):
            self._words, self._ramp = new
            self.setAccessibleName(f"{middle}, from {low} to {high}")
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        bar = QRectF(0.5, 0.5, self.width() - 1, 8)
        fill = QLinearGradient(bar.topLeft(), bar.topRight())
        for n in range(17):
            share = n / 16
            color = theme.surprise(share * SURPRISE_BITS) if self._surprise else theme.on_ramp(self._ramp, share)
            fill.setColorAt(share, color)
        painter.setPen(QPen(theme.color("line_strong"), 1))
        painter.setBrush(fill)
        painter.drawRect(bar)
        painter.setFont(theme.font(11))
        painter.setPen(theme.color("muted"))
        below = QRectF(0, 10, self.width(), 16)
        sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
        for word, side in zip(self._words, sides, strict=True):
            painter.drawText(below, side | Qt.AlignmentFlag.AlignVCenter, word)
