"""Texts that a model wrote, newest on top: the step and its loss at the left, line breaks visible."""

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip

from ..theme import theme
from .glyphs import plain

TEXT_X, LINE, PAD, NEWEST, LINES = 84, 20, 6, 4, 2
BREAK = "↵"
SIGNS = {"\n": BREAK + " ", "\t": "→ "}
Align = Qt.AlignmentFlag


class Entry(Struct, frozen=True, kw_only=True):
    step: int
    head: str  # "800"
    below: str  # "loss 2.15"
    text: str


class SampleList(QAbstractScrollArea):
    """`picked` carries the step of the sample that was clicked, or chosen by arrow keys and Enter."""

    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Entry] = []
        self._lines: list[list[str]] = []
        self._tops: list[float] = [0.0]
        self._hovered, self._selected, self._current = -1, -1, 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName("Samples, newest first")
        theme.changed.connect(self._lay)

    def entries(self) -> Sequence[Entry]:
        return self._entries

    def set(self, entries: Sequence[Entry]) -> None:
        """Newest first. What is being read stays in place when another comes on top."""
        if list(entries) == self._entries:
            return
        offset = self.verticalScrollBar().value()
        reading = self._at(offset) if offset else -1
        kept = self._entries[reading] if reading >= 0 else None
        into = offset - self._tops[reading] if kept else 0.0
        self._entries = list(entries)
        self._lay()
        if kept in self._entries:
            self.verticalScrollBar().setValue(round(self._tops[self._entries.index(kept)] + into))

    def select(self, step: int | None) -> None:
        """Mark the sample of a step; None: none."""
        found = next((i for i, entry in enumerate(self._entries) if entry.step == step), -1)
        if found != self._selected:
            self._selected = found
            self.viewport().update()

    def rect_of(self, index: int) -> QRectF:
        """Where an entry is, in the viewport."""
        top = self._tops[index] - self.verticalScrollBar().value()
        return QRectF(0, top, self.viewport().width(), self._tops[index + 1] - self._tops[index])

    def sizeHint(self) -> QSize:
        return QSize(480, 220)

    # layout

    def _lay(self) -> None:
        room = self.viewport().width() - TEXT_X - 12
        self._lines, self._tops = [], [0.0]
        for i, entry in enumerate(self._entries):
            lines = wrapped(entry.text, room, NEWEST if i == 0 else LINES)
            self._lines.append(lines)
            self._tops.append(self._tops[-1] + max(2, len(lines)) * LINE + 2 * PAD)
        bar = self.verticalScrollBar()
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(LINE)
        bar.setRange(0, max(0, round(self._tops[-1]) - self.viewport().height()))
        self.viewport().update()

    def _at(self, y: float) -> int:
        return next((i for i in range(len(self._entries)) if self._tops[i] <= y < self._tops[i + 1]), -1)

    def _under(self, event: QMouseEvent | QHelpEvent) -> int:
        y = event.position().y() if isinstance(event, QMouseEvent) else event.pos().y()
        return self._at(y + self.verticalScrollBar().value())

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self.viewport())
        for i in range(len(self._entries)):
            rect = self.rect_of(i)
            if rect.bottom() >= 0 and rect.top() <= self.viewport().height():
                self._paint(p, i, rect)

    def _paint(self, p: QPainter, i: int, rect: QRectF) -> None:
        entry, lit = self._entries[i], i in (self._hovered, self._selected)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(Qt.PenStyle.NoPen)
        if i == 0 or lit:
            ground = "accent_soft" if i == self._selected else "hover" if i == self._hovered else "raised"
            p.setBrush(theme.color(ground))
            p.drawRoundedRect(rect, 4, 4)
        else:
            p.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), theme.color("line"))
        if self.hasFocus() and i == self._current:
            p.setPen(theme.color("accent"))
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        p.setFont(theme.font(13, 600))
        p.setPen(theme.color("text"))
        p.drawText(QRectF(12, rect.top() + PAD, TEXT_X - 16, LINE), Align.AlignVCenter, entry.head)
        p.setFont(theme.font(11))
        p.setPen(theme.color("muted"))
        p.drawText(QRectF(12, rect.top() + PAD + LINE - 2, TEXT_X - 16, 16), Align.AlignVCenter, entry.below)
        p.setFont(theme.mono(12))
        metrics = QFontMetricsF(p.font())
        for n, line in enumerate(self._lines[i]):
            baseline = rect.top() + PAD + n * LINE + (LINE + metrics.ascent() - metrics.descent()) / 2
            _line(p, QPointF(TEXT_X, baseline), line, metrics, "text" if i == 0 or lit else "muted")

    # the pointer and the keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._under(event))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._under(event)
        if event.button() == Qt.MouseButton.LeftButton and found >= 0:
            self._current = found
            self.picked.emit(self._entries[found].step)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(-1)
        elif event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self._under(event)
            QToolTip.showText(event.globalPos(), self._entries[found].text if found >= 0 else "", self)
            return True
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if move and self._entries:
            self._current = min(max(self._current + move, 0), len(self._entries) - 1)
            self._reveal(self._current)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._entries:
            self.picked.emit(self._entries[min(self._current, len(self._entries) - 1)].step)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay()

    def _reveal(self, i: int) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(round(min(bar.value(), self._tops[i])))
        bar.setValue(round(max(bar.value(), self._tops[i + 1] - self.viewport().height())))
        self.viewport().update()

    def _hover(self, i: int) -> None:
        if i != self._hovered:
            self._hovered = i
            self.viewport().update()


def wrapped(text: str, width: float, most: int) -> list[str]:
    """Lines of the mono face; a line break is a sign and a gap. What does not fit is cut with three dots."""
    shown = "".join(letter if letter == " " else SIGNS.get(letter) or plain(letter) for letter in text)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout = QTextLayout(shown, theme.mono(12))
    layout.setTextOption(option)
    starts: list[int] = []
    layout.beginLayout()
    while (line := layout.createLine()).isValid() and len(starts) <= most:
        line.setLineWidth(max(width, 40.0))
        starts.append(line.textStart())
    layout.endLayout()
    lines = [shown[a:b].rstrip() for a, b in zip(starts, [*starts[1:], len(shown)], strict=True)]
    if len(lines) <= most:
        return lines
    rest = shown[starts[most - 1] :]
    last = QFontMetricsF(theme.mono(12)).elidedText(rest, Qt.TextElideMode.ElideRight, max(width, 40.0))
    return [*lines[: most - 1], last]


def _line(p: QPainter, at: QPointF, text: str, metrics: QFontMetricsF, ink: str) -> None:
    x = at.x()
    for n, part in enumerate(text.split(BREAK)):
        if n:
            p.setPen(theme.color("faint"))
            p.drawText(QPointF(x, at.y()), BREAK)
            x += metrics.horizontalAdvance(BREAK)
        p.setPen(theme.color(ink))
        p.drawText(QPointF(x, at.y()), part)
        x += metrics.horizontalAdvance(part)
