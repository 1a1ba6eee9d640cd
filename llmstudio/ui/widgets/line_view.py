"""Lines of a text of any length with their numbers: only those on the screen, and some around them, are ever there."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea

from ..numbers import count
from ..theme import theme
from .glyphs import shown

LINE, GAP, AHEAD, KEPT = 20, 20, 128, 4096
BREAK = "↵"


class LineView(QAbstractScrollArea):
    """Ask for lines with `wanted` (first, count), one request at a time, and answer each with `fill`."""

    wanted = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._lines: dict[int, str] = {}
        self._asked: tuple[int, int] | None = None
        self._longest = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName("Text")
        self.verticalScrollBar().valueChanged.connect(self._look)
        self.horizontalScrollBar().valueChanged.connect(self.viewport().update)
        theme.changed.connect(self._lay)

    def set(self, lines: int) -> None:
        """Show another text, of so many lines, from its beginning."""
        self._count, self._lines, self._asked, self._longest = lines, {}, None, 0
        self.verticalScrollBar().setValue(0)
        self.horizontalScrollBar().setValue(0)
        self._lay()

    def fill(self, first: int, lines: Sequence[str]) -> None:
        """The lines from `first` on that were asked for; fewer where the text ends."""
        if self._asked is None or self._asked[0] != first:
            return
        asked, self._asked = self._asked[1], None
        if len(self._lines) > KEPT:
            self._lines.clear()
        self._lines.update((first + i, lines[i] if i < len(lines) else "") for i in range(asked))
        self._longest = max(self._longest, max(map(len, lines), default=0))
        self._lay()

    def line(self, n: int) -> str | None:
        """Line `n` (0-based) if it is there."""
        return self._lines.get(n)

    def visible(self) -> tuple[int, int]:
        """The first line on the screen and the one behind the last."""
        top = self.verticalScrollBar().value()
        return top, min(self._count, top + max(1, self.viewport().height() // LINE))

    def sizeHint(self) -> QSize:
        return QSize(480, 300)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.verticalScrollBar()
        places = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: bar.maximum()}
        if (place := places.get(Qt.Key(event.key()))) is not None:
            bar.setValue(place)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        font = theme.mono(12)
        metrics = QFontMetricsF(font)
        base = (LINE + metrics.ascent() - metrics.descent()) / 2
        gutter = self._gutter(metrics)
        column = self.horizontalScrollBar().value()
        room = int((self.viewport().width() - gutter) / metrics.horizontalAdvance("x")) + 2
        first, end = self.visible()
        painter.setFont(font)
        painter.setPen(theme.color("faint"))
        for n in range(first, end):
            number = count(n + 1)
            right = gutter - GAP - metrics.horizontalAdvance(number)
            painter.drawText(QPointF(right, (n - first) * LINE + base), number)
        painter.setClipRect(QRect(int(gutter), 0, self.viewport().width(), self.viewport().height()))
        for n in range(first, end):
            text = self._lines.get(n)
            if text is not None:
                mark = BREAK if n < self._count - 1 and len(text) < column + room else ""
                at = QPointF(gutter, (n - first) * LINE + base)
                _draw(painter, at, text[column : column + room], mark, metrics)

    def _gutter(self, metrics: QFontMetricsF) -> float:
        return max(32.0, metrics.horizontalAdvance(count(max(self._count, 1)))) + GAP

    def _lay(self) -> None:
        metrics = QFontMetricsF(theme.mono(12))
        lines = max(1, self.viewport().height() // LINE)
        columns = max(1, int((self.viewport().width() - self._gutter(metrics)) / metrics.horizontalAdvance("x")))
        for bar, whole, page in (
            (self.verticalScrollBar(), self._count, lines),
            (self.horizontalScrollBar(), self._longest + 1, columns),
        ):
            bar.setPageStep(page)
            bar.setRange(0, max(0, whole - page))
        self.horizontalScrollBar().setSingleStep(4)
        self._look()

    def _look(self) -> None:
        """Ask for what is missing on the screen."""
        self.viewport().update()
        first, end = self.visible()
        if self._asked is None and any(n not in self._lines for n in range(first, end)):
            start = max(0, first - AHEAD)
            self._asked = (start, min(self._count, end + AHEAD) - start)
            self.wanted.emit(*self._asked)


def _draw(painter: QPainter, at: QPointF, text: str, mark: str, metrics: QFontMetricsF) -> None:
    """A line: spaces as they are, tabs and other unseen characters as faint signs."""
    x = at.x()
    for run, unseen in (*shown(text), (mark, True)):
        said = run.replace("·", " ") if unseen else run
        painter.setPen(theme.color("faint" if unseen else "text"))
        painter.drawText(QPointF(x, at.y()), said)
        x += metrics.horizontalAdvance(said)
