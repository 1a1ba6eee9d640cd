"""Losses of models that only count, as bars: the shorter, the better."""

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import theme

ROW, BAR, NAME, VALUE = 32, 12, 76, 48
Align = Qt.AlignmentFlag


class CountBar(Struct, frozen=True, kw_only=True):
    name: str  # "bigram"
    loss: float
    text: str  # the loss, written
    facts: str = ""  # "1 380 counts"


class CountBars(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._bars: list[CountBar] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set(self, bars: Sequence[CountBar]) -> None:
        if list(bars) != self._bars:
            self._bars = list(bars)
            self.setAccessibleName(", ".join(f"{bar.name} {bar.text}" for bar in bars))
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, ROW * len(self._bars))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._bars:
            return
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        facts = QFontMetricsF(theme.font(11))
        last = max(facts.horizontalAdvance(bar.facts) for bar in self._bars)
        room = max(self.width() - NAME - VALUE - last - 16, 20.0)
        longest = max(bar.loss for bar in self._bars) or 1.0  # a text of one letter has no surprise
        for n, bar in enumerate(self._bars):
            row = QRectF(0, n * ROW, self.width(), ROW)
            track = QRectF(NAME, row.center().y() - BAR / 2, room, BAR)
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(theme.color("well" if theme.dark else "raised"))
            p.drawRoundedRect(track, 2, 2)
            p.setBrush(theme.color("control"))
            p.drawRoundedRect(QRectF(track.left(), track.top(), room * bar.loss / longest, BAR), 2, 2)
            p.setFont(theme.font())
            p.setPen(theme.color("muted"))
            p.drawText(row, Align.AlignVCenter, bar.name)
            p.setFont(theme.font(13, 600))
            p.setPen(theme.color("text"))
            p.drawText(QRectF(NAME + room, row.top(), VALUE, ROW), Align.AlignVCenter | Align.AlignRight, bar.text)
            p.setFont(theme.font(11))
            p.setPen(theme.color("muted"))
            p.drawText(row, Align.AlignVCenter | Align.AlignRight, bar.facts)
