"""Numbers with their words, side by side: "1 115 394 characters   40 000 lines"."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import theme

HEIGHT, GAP = 20, 20


class Facts(QWidget):
    """Pairs of (number, words); the last ones go where there is no room. `right` aligns them so."""

    def __init__(self, right: bool = False) -> None:
        super().__init__()
        self._pairs: list[tuple[str, str]] = []
        self._right = right
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set(self, pairs: Sequence[tuple[str, str]]) -> None:
        if list(pairs) != self._pairs:
            self._pairs = list(pairs)
            whole = ", ".join(" ".join(pair) for pair in pairs)
            self.setAccessibleName(whole)
            self.setToolTip(whole)
            self.update()

    def text(self) -> str:
        return ", ".join(" ".join(pair).strip() for pair in self._pairs)

    def sizeHint(self) -> QSize:
        return QSize(160, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        strong, plain = theme.font(13, 600), theme.font(13)
        wide = [
            (QFontMetricsF(strong).horizontalAdvance(number), QFontMetricsF(plain).horizontalAdvance(f" {words}"))
            for number, words in self._pairs
        ]
        kept = len(wide)
        while kept > 1 and sum(map(sum, wide[:kept])) + GAP * (kept - 1) > self.width():
            kept -= 1
        x = max(0.0, self.width() - sum(map(sum, wide[:kept])) - GAP * (kept - 1)) if self._right else 0.0
        for (number, words), (first, second) in zip(self._pairs[:kept], wide, strict=False):
            painter.setFont(strong)
            painter.setPen(theme.color("text"))
            painter.drawText(QRectF(x, 0, first + 1, HEIGHT), Qt.AlignmentFlag.AlignVCenter, number)
            painter.setFont(plain)
            painter.setPen(theme.color("muted"))
            painter.drawText(QRectF(x + first, 0, second + 1, HEIGHT), Qt.AlignmentFlag.AlignVCenter, f" {words}")
            x += first + second + GAP
