"""Probabilities of tokens as bars: the length carries the value, 0 to 1 over the whole track."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..numbers import percent
from ..theme import theme
from . import glyphs

ROW, BAR, TOKEN, NUMBER = 27, 12, 22, 64


@dataclass(frozen=True)
class Row:
    """One token. `text` as the tokenizer has it, `note` is written after the number where there is room."""

    text: str
    probability: float
    note: str = ""


class ProbabilityBars(QWidget):
    """`clicked` carries the index of a row, `hovered` too (-1: none). `cut` = (rows kept, words): the filter's line."""

    hovered = Signal(int)
    clicked = Signal(int)

    def __init__(self, name: str = "Next token probabilities") -> None:
        super().__init__()
        self._rows: list[Row] = []
        self._other: tuple[str, float] | None = None
        self._cut: tuple[int, str] | None = None
        self._chosen = self._hovered = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        theme.changed.connect(self.update)

    def set(
        self,
        rows: Sequence[Row],
        other: tuple[str, float] | None = None,
        cut: tuple[int, str] | None = None,
        chosen: int = -1,
    ) -> None:
        """`other`: ("other 56 characters", their sum), the last line."""
        grew = (len(rows), other is None, cut is None) != (len(self._rows), self._other is None, self._cut is None)
        self._rows, self._other, self._cut, self._chosen = list(rows), other, cut, chosen
        said = ", ".join(f"{glyphs.plain(row.text)} {percent(row.probability)}" for row in self._rows[:5])
        self.setAccessibleDescription(said)
        if grew:
            self.updateGeometry()
        self.update()

    def row_at(self, y: float) -> int:
        tops = [self._top(n) for n in range(len(self._rows))]
        return next((n for n, top in enumerate(tops) if top <= y < top + ROW), -1)

    def sizeHint(self) -> QSize:
        return QSize(260, self._top(len(self._rows)) + (ROW if self._other else 0))

    def minimumSizeHint(self) -> QSize:
        return QSize(140, self.sizeHint().height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self.row_at(event.position().y()))

    def leaveEvent(self, event: object) -> None:
        self._point_at(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and (n := self.row_at(event.position().y())) >= 0:
            self.clicked.emit(n)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if step and self._rows:
            self._point_at(min(max(self._hovered + step, 0), len(self._rows) - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Space) and self._hovered >= 0:
            self.clicked.emit(self._hovered)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        mono = theme.mono(12)
        notes = self._note_width()
        tokens = self._token_width(mono)
        for n, row in enumerate(self._rows):
            self._paint_row(painter, n, row, mono, tokens, notes)
        if self._cut is not None:
            self._paint_cut(painter, *self._cut)
        if self._other is not None:
            top = self._top(len(self._rows))
            painter.setFont(theme.font())
            painter.setPen(theme.color("muted"))
            line = QRectF(0, top, self.width() - notes, ROW)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, self._other[0])
            self._number(painter, line, percent(self._other[1]), "muted")

    def _paint_row(self, painter: QPainter, n: int, row: Row, mono: QFont, tokens: float, notes: float) -> None:
        top = self._top(n)
        kept = self._cut is None or n < self._cut[0]
        if n in (self._chosen, self._hovered):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("raised"))
            painter.drawRoundedRect(QRectF(0, top, self.width(), ROW), 4, 4)
        chip = QRectF(0, top + (ROW - 20) / 2, tokens, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("hover" if n == self._chosen else "raised"))
        painter.drawRoundedRect(chip, 3, 3)
        metrics = QFontMetricsF(mono)
        left = chip.center().x() - glyphs.width(row.text, metrics) / 2
        base = chip.center().y() + (metrics.ascent() - metrics.descent()) / 2
        painter.save()
        painter.setClipRect(chip)
        glyphs.draw(painter, QPointF(max(left, 3), base), row.text, mono, "text" if kept else "faint")
        painter.restore()
        track = QRectF(tokens + 10, top + (ROW - BAR) / 2, self.width() - notes - NUMBER - tokens - 10, BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("well" if theme.dark else "raised"))
        painter.drawRoundedRect(track, 2, 2)
        if row.probability > 0:
            painter.setBrush(theme.probability_bar if kept else theme.color("control"))
            track.setWidth(max(1.5, track.width() * min(row.probability, 1.0)))
            painter.drawRoundedRect(track, 2, 2)
        painter.setFont(theme.font())
        line = QRectF(0, top, self.width() - notes, ROW)
        self._number(painter, line, percent(row.probability), "text" if kept else "faint")
        if row.note and notes:
            painter.setFont(theme.font(11))
            painter.setPen(theme.color("muted"))
            side = QRectF(self.width() - notes + 12, top, notes - 12, ROW)
            painter.drawText(side, Qt.AlignmentFlag.AlignVCenter, row.note)

    def _paint_cut(self, painter: QPainter, kept: int, words: str) -> None:
        middle = self._top(kept) - 8
        font = theme.font(11)
        wide = QFontMetricsF(font).horizontalAdvance(words)
        painter.setFont(font)
        painter.setPen(theme.color("accent"))
        painter.drawLine(QPointF(0, middle), QPointF(self.width() - wide - 8, middle))
        painter.drawText(QRectF(self.width() - wide, middle - 8, wide + 1, 16), Qt.AlignmentFlag.AlignVCenter, words)

    def _number(self, painter: QPainter, line: QRectF, text: str, role: str) -> None:
        painter.setPen(theme.color(role))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)

    def _top(self, n: int) -> int:
        return n * ROW + (16 if self._cut is not None and n >= self._cut[0] else 0)

    def _token_width(self, mono: QFont) -> float:
        metrics = QFontMetricsF(mono)
        widest = max((glyphs.width(row.text, metrics) for row in self._rows), default=0)
        return min(max(TOKEN, widest + 10), max(TOKEN, self.width() * 0.3))

    def _note_width(self) -> float:
        """Room for the notes; none where the bars would get too short."""
        metrics = QFontMetricsF(theme.font(11))
        widest = max((metrics.horizontalAdvance(row.note) for row in self._rows), default=0)
        return widest + 16 if widest and self.width() - widest > 220 else 0

    def _point_at(self, n: int) -> None:
        if n != self._hovered:
            self._hovered = n
            self.update()
            self.hovered.emit(n)
