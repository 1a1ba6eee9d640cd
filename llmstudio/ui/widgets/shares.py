"""A whole in two parts, as one bar: what is learned from and what is kept back."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import faded, theme

BAR, LINE, GAP = 20, 20, 2
Align = Qt.AlignmentFlag


class Shares(QWidget):
    """`set(a, b, words)`: two amounts and what is written under each of them."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._parts = (1.0, 1.0)
        self._words = ("", "")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        theme.changed.connect(self.update)

    def set(self, first: float, second: float, words: tuple[str, str]) -> None:
        self._parts, self._words = (first, second), words
        self.setAccessibleDescription(", ".join(words))
        self.updateGeometry()
        self.update()

    def words(self) -> tuple[str, str]:
        return self._words

    def sizeHint(self) -> QSize:
        return QSize(320, BAR + 4 + LINE * (1 if self._side_by_side() else 2))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def resizeEvent(self, event: object) -> None:
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole = self.width() - GAP
        first = min(max(whole * self._parts[0] / max(sum(self._parts), 1e-9), 2.0), whole - 2.0)
        painter.setBrush(faded(theme.run(1), 0.85))
        painter.drawRoundedRect(QRectF(0, 0, first, BAR), 2, 2)
        painter.setBrush(theme.color("muted"))
        painter.drawRoundedRect(QRectF(first + GAP, 0, whole - first, BAR), 2, 2)
        painter.setFont(theme.font(12))
        painter.setPen(theme.color("text"))
        below = QRectF(0, BAR + 4, self.width(), LINE)
        painter.drawText(below, Align.AlignVCenter, self._words[0])
        if not self._side_by_side():
            below.translate(0, LINE)
        painter.drawText(below, Align.AlignVCenter | Align.AlignRight, self._words[1])

    def _side_by_side(self) -> bool:
        metrics = QFontMetricsF(theme.font(12))
        return sum(metrics.horizontalAdvance(words) for words in self._words) + 16 < self.width()
