"""Where a number comes from: the number, the strips of its operands, and a line for each operation."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..numbers import MINUS, real
from ..theme import Ramp, theme
from . import glyphs
from .heatmap import picture

if TYPE_CHECKING:
    from ...core.inside.working import Number

HEAD, STRIP, ROW, LABEL, TOTAL = 64, 22, 26, 84, 48
Align = Qt.AlignmentFlag


class WorkingView(QWidget):
    """`set` a number with the ramp and limits it is coloured by where it was pointed at."""

    def __init__(self) -> None:
        super().__init__()
        self.number: Number | None = None
        self._ramp: Ramp = "signed"
        self._end = 1.0  # of its scale
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Where the number comes from")
        theme.changed.connect(self.update)

    def set(self, number: "Number | None", ramp: Ramp = "signed", end: float = 1.0) -> None:
        self.number, self._ramp, self._end = number, ramp, end
        if number is not None:
            self.setAccessibleDescription(f"{_shown(number.value)}, {self._title()}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        if self.number is None:
            return QSize(240, 0)
        strips = len(self.number.operands) * STRIP + (30 if self.number.operands else 0)
        return QSize(240, HEAD + 8 + strips + ROW * len(self.number.lines) + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.number is None:
            return
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._head(p)
        y = self._strips(p, HEAD + 8.0)
        self._lines(p, y)

    def _title(self) -> str:
        assert self.number
        return " ".join(glyphs.plain(word) if token else word for word, token in self.number.title)

    def _head(self, p: QPainter) -> None:
        assert self.number
        text = _shown(self.number.value)
        p.setFont(theme.font(24, 600))
        p.setPen(theme.color("text"))
        wide = QFontMetricsF(p.font()).horizontalAdvance(text)
        p.drawText(QRectF(0, 0, wide + 4, 36), Align.AlignVCenter, text)
        swatch = QRectF(wide + 12, 5, 26, 26)
        p.setPen(QPen(theme.color("line_strong"), 1))
        p.setBrush(self._color())
        p.drawRect(swatch)
        x = swatch.right() + 12
        end = self._say(p, x)
        p.setFont(theme.mono(12))
        p.setPen(theme.color("muted"))
        left = Qt.TextElideMode.ElideLeft
        path = QFontMetricsF(p.font()).elidedText(self.number.spot.text, left, self.width() - x)
        p.drawText(QRectF(x, end, self.width() - x, 18), Align.AlignVCenter, path)

    def _say(self, p: QPainter, left: float) -> float:
        """The title in up to two lines, its tokens on grounds; where it ends, downwards."""
        assert self.number
        x, y = left, 1.0
        for text, token in [each for word in self.number.title for each in _pieces(*word)]:
            face = theme.mono() if token else theme.font()
            wide = QFontMetricsF(face).horizontalAdvance(text) + (8 if token else 0)
            if x > left and x + wide > self.width():
                x, y = left, y + 20
            if y > 21:
                break
            box = QRectF(x, y, wide, 20)
            if token:
                p.setPen(Qt.PenStyle.NoPen)
                p.setBrush(theme.color("hover"))
                p.drawRoundedRect(box, 3, 3)
            p.setFont(face)
            p.setPen(theme.color("text"))
            p.drawText(box, Align.AlignCenter, text)
            x += wide + 5
        return min(y, 21.0) + 21

    def _strips(self, p: QPainter, y: float) -> float:
        from ...core.inside.anatomy import limit

        assert self.number
        for operand in self.number.operands:
            span = limit(operand.values)
            p.setFont(theme.mono())
            p.setPen(theme.color("muted"))
            p.drawText(QRectF(0, y, LABEL, STRIP - 6), Align.AlignVCenter, operand.name)
            box = QRectF(LABEL, y, self.width() - LABEL - TOTAL, STRIP - 6)
            image = picture(operand.values[None], "signed", (-span, span))
            p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            p.drawImage(box, image)
            p.setPen(QPen(theme.color("line_strong"), 1))
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.drawRect(box)
            p.setRenderHint(QPainter.RenderHint.Antialiasing)
            p.setFont(theme.font(11))
            p.setPen(theme.color("muted"))
            row = QRectF(0, y, self.width(), STRIP - 6)
            p.drawText(row, Align.AlignVCenter | Align.AlignRight, f"±{real(span)}")
            y += STRIP
        if self.number.operands:
            self._bar(p, y)
            y += 30
        return y

    def _bar(self, p: QPainter, y: float) -> None:
        right = self.width() - TOTAL
        bar = QRectF(right - 110, y, 110, 6)
        fill = QLinearGradient(bar.topLeft(), bar.topRight())
        for n in range(17):
            fill.setColorAt(n / 16, theme.on_ramp("signed", n / 16))
        p.setPen(QPen(theme.color("line_strong"), 1))
        p.setBrush(fill)
        p.drawRect(bar)
        p.setFont(theme.font(11))
        p.setPen(theme.color("muted"))
        under = QRectF(bar.x() - 8, y + 6, bar.width() + 16, 16)
        for text, side in ((MINUS, Align.AlignLeft), ("0", Align.AlignHCenter), ("+", Align.AlignRight)):
            p.drawText(under, side | Align.AlignVCenter, text)

    def _lines(self, p: QPainter, y: float) -> None:
        assert self.number
        for n, line in enumerate(self.number.lines):
            row = QRectF(0, y, self.width(), ROW)
            p.setPen(QPen(theme.color("line"), 1))
            p.drawLine(QPointF(0, y), QPointF(self.width(), y))
            p.setFont(theme.font())
            p.setPen(theme.color("muted"))
            p.drawText(row, Align.AlignVCenter, line.name)
            last = n == len(self.number.lines) - 1
            result = line.result
            face = theme.mono(12, 600 if last else 400)
            p.setFont(face)
            p.setPen(theme.color("text" if last else "muted"))
            p.drawText(row, Align.AlignVCenter | Align.AlignRight, result)
            room = self.width() - LABEL - QFontMetricsF(face).horizontalAdvance(result) - 12
            p.setFont(theme.mono())
            p.setPen(theme.color("text"))
            text = QFontMetricsF(p.font()).elidedText(line.text, Qt.TextElideMode.ElideRight, room)
            p.drawText(row.adjusted(LABEL, 0, 0, 0), Align.AlignVCenter, text)
            y += ROW

    def _color(self) -> QColor:
        assert self.number
        low = 0.0 if self._ramp == "probability" else -self._end
        share = (self.number.value - low) / (self._end - low)
        return theme.on_ramp(self._ramp, min(1.0, max(0.0, share))) if share == share else theme.color("raised")


def _shown(x: float) -> str:
    return f"{x:.3g}".replace("-", MINUS) if x == x else "none"


def _pieces(word: str, token: bool) -> list[tuple[str, bool]]:
    return [(glyphs.plain(word), True)] if token else [(each, False) for each in word.split()]
