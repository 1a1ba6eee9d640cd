"""How often things come: an upright bar for each, the commonest first."""

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ..numbers import THIN
from ..plot.ticks import steps, words
from ..theme import faded, theme
from . import glyphs

HEIGHT, AXIS, BELOW, GAP, LEAST, MOST = 190, 38, 22, 3, 12, 30
Align = Qt.AlignmentFlag


class Column(Struct, frozen=True):
    text: str  # of the token
    count: int
    hint: str = ""


class Columns(QWidget):
    """As many of the columns as fit with their names under them; `fits` says how many, `resized` when that changes."""

    resized = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self._columns: list[Column] = []
        self._hovered = -1
        self._fits = 0
        self.setFixedHeight(HEIGHT)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        theme.changed.connect(self.update)

    def set(self, columns: Sequence[Column]) -> None:
        self._columns = list(columns)
        said = ", ".join(f"{glyphs.plain(column.text)} {column.count}" for column in self._columns[:5])
        self.setAccessibleDescription(said)
        self._fit()
        self.update()

    @property
    def fits(self) -> int:
        return self._fits

    def rect_of(self, n: int) -> QRectF:
        """The slot of a column, from the top of the plot to its foot."""
        slot = (self.width() - AXIS) / max(self._fits, 1)
        return QRectF(AXIS + n * slot, 6, slot, HEIGHT - BELOW - 6)

    def sizeHint(self) -> QSize:
        return QSize(320, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, HEIGHT)

    def resizeEvent(self, event: QEvent) -> None:
        self._fit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._at(event.position().x()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            n = self._at(event.pos().x())
            QToolTip.showText(event.globalPos(), self._columns[n].hint if n >= 0 else "", self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._fits:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top, foot = 6.0, float(HEIGHT - BELOW)
        high = max(column.count for column in self._columns) * 1.02
        painter.setFont(theme.font(11))
        for mark, said in axis(high):
            y = foot - (foot - top) * mark / high
            painter.setPen(theme.color("line_strong" if not mark else "grid"))
            painter.drawLine(QPointF(AXIS, y), QPointF(self.width(), y))
            painter.setPen(theme.color("muted"))
            painter.drawText(QRectF(0, y - 8, AXIS - 8, 16), Align.AlignRight | Align.AlignVCenter, said)
        mono = theme.mono(12)
        metrics = QFontMetricsF(mono)
        painter.setPen(Qt.PenStyle.NoPen)
        for n, column in enumerate(self._columns[: self._fits]):
            slot = self.rect_of(n)
            bar = QRectF(slot.left() + GAP / 2, 0, slot.width() - GAP, max(1.0, (foot - top) * column.count / high))
            bar.moveBottom(foot)
            color = theme.run(1)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color if n == self._hovered else faded(color, 0.72))
            painter.drawRoundedRect(bar, 2, 2)
            left = slot.center().x() - glyphs.width(column.text, metrics) / 2
            glyphs.draw(painter, QPointF(left, HEIGHT - 6), column.text, mono, "text")

    def _fit(self) -> None:
        """The most columns whose names all find room under them."""
        metrics = QFontMetricsF(theme.mono(12))
        room = max(self.width() - AXIS, 0)
        widest, fits = float(LEAST), 0
        for column in self._columns[:MOST]:
            widest = max(widest, glyphs.width(column.text, metrics) + 4)
            if (fits + 1) * widest > room:
                break
            fits += 1
        fits = fits or min(len(self._columns), 1)
        if fits != self._fits:
            self._fits = fits
            self.resized.emit()

    def _at(self, x: float) -> int:
        return next((n for n in range(self._fits) if self.rect_of(n).left() <= x < self.rect_of(n).right()), -1)

    def _hover(self, n: int) -> None:
        if n != self._hovered:
            self._hovered = n
            self.update(QRect(0, 0, self.width(), HEIGHT))


def axis(high: float) -> list[tuple[float, str]]:
    """Marks from 0 up to `high`, all in the same unit: 0, 50 k, 100 k, 150 k."""
    marks = steps(0, high, 4)
    unit, sign = next(((u, s) for u, s in ((1e6, "M"), (1e3, "k")) if marks[-1] >= u), (1.0, ""))
    texts = words([mark / unit for mark in marks])
    return [(mark, f"{text}{THIN}{sign}" if mark and sign else text) for mark, text in zip(marks, texts, strict=True)]
