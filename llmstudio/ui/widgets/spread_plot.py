"""Settings under one another, each with its runs as points on one axis: the median, and the band of the seeds."""

from collections.abc import Sequence
from math import isfinite

from msgspec import Struct
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip

from ..plot import ticks
from ..theme import faded, theme
from ..words.numbers import fixed

BESIDE, ABOVE = 28, 42  # height of a row with its name at the left, and with its name over it
PAD, FOOT, NUMBER, DOT = 8, 36, 56, 4.5
LABEL = 0.42  # of the width: names that need more stand over their rows
PER_MARK = 60  # pixels
Align = Qt.AlignmentFlag


class Setting(Struct, frozen=True, kw_only=True):
    """`values`: one for each seed; `low` and `high` enclose them, or most of them."""

    key: str
    name: str
    values: tuple[float, ...]
    median: float
    low: float
    high: float
    tip: str = ""


class SpreadPlot(QAbstractScrollArea):
    """`picked` carries the key of the setting that was clicked, or chosen by arrow keys and Enter."""

    picked = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._settings: list[Setting] = []
        self._title = ""
        self._row, self._widest = BESIDE, 0
        self._hovered, self._current = -1, 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportMargins(0, 0, 0, FOOT)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(name)
        self.setMinimumSize(180, FOOT + 2 * BESIDE)
        theme.changed.connect(self.viewport().update)
        theme.changed.connect(self.update)

    def set(self, settings: Sequence[Setting], title: str) -> None:
        """Best first; `title` names the axis."""
        if list(settings) != self._settings or title != self._title:
            self._settings, self._title = list(settings), title
            self._current = min(self._current, max(len(settings) - 1, 0))
            self._lay()

    def settings(self) -> Sequence[Setting]:
        return self._settings

    def rect_of(self, row: int) -> QRectF:
        """Where a setting is, in the viewport."""
        return QRectF(0, row * self._row - self.verticalScrollBar().value(), self.viewport().width(), self._row)

    def sizeHint(self) -> QSize:
        return QSize(360, FOOT + BESIDE * max(3, min(len(self._settings), 8)))

    # places

    def _axis(self) -> tuple[float, float]:
        """Where the axis begins and ends, in pixels."""
        width = self.viewport().width()
        left = 2 * PAD if self._row == ABOVE else 3 * PAD + self._widest
        return left, max(left + 20, width - NUMBER - PAD)

    def _range(self) -> tuple[float, float]:
        ends = [y for each in self._settings for y in (each.low, each.high, *each.values) if isfinite(y)]
        low, high = min(ends, default=0.0), max(ends, default=1.0)
        room = (high - low) * 0.06 or max(abs(high) * 0.05, 0.01)
        return low - room, high + room

    def _x(self, value: float) -> float:
        (left, right), (low, high) = self._axis(), self._range()
        return left + (min(max(value, low), high) - low) / (high - low) * (right - left)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self.viewport())
        p.setPen(QPen(theme.color("grid"), 1))
        for mark in self._marks():
            x = round(self._x(mark))
            p.drawLine(x, 0, x, self.viewport().height())
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        for row, setting in enumerate(self._settings):
            rect = self.rect_of(row)
            if rect.bottom() >= 0 and rect.top() <= self.viewport().height():
                self._paint(p, row, setting, rect)

    def _paint(self, p: QPainter, row: int, setting: Setting, rect: QRectF) -> None:
        focused = self.hasFocus() and row == self._current
        if row == self._hovered or focused:
            p.setPen(QPen(theme.color("accent"), 1) if focused else Qt.PenStyle.NoPen)
            p.setBrush(theme.color("hover"))
            p.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        left, _ = self._axis()
        p.setFont(theme.font(13, 600 if row == 0 else 400))
        p.setPen(theme.color("text"))
        above = self._row == ABOVE
        room = QRectF(PAD, rect.top() + (3 if above else 0), rect.width() - 2 * PAD - NUMBER if above else left - PAD,
                      20 if above else BESIDE)  # fmt: skip
        name = QFontMetrics(p.font()).elidedText(setting.name, Qt.TextElideMode.ElideRight, int(room.width()))
        p.drawText(room, Align.AlignVCenter, name)
        p.drawText(rect.adjusted(0, 0, -PAD, 0), Align.AlignVCenter | Align.AlignRight, fixed(setting.median))
        ink, y = theme.color("text" if row == 0 else "muted"), rect.bottom() - 11 if above else rect.center().y()
        if not isfinite(setting.median):
            return
        band = QRectF(self._x(setting.low), y - 5, max(self._x(setting.high) - self._x(setting.low), 1), 10)
        p.setPen(Qt.PenStyle.NoPen)
        if len(setting.values) > 1:
            p.setBrush(faded(ink, 0.22))
            p.drawRoundedRect(band, 3, 3)
            p.setBrush(faded(ink, 0.6))
            for value in setting.values:
                if isfinite(value):
                    p.drawEllipse(QPointF(self._x(value), y), 2, 2)
        p.setPen(QPen(theme.color("panel"), 1.5))
        p.setBrush(ink)
        p.drawEllipse(QPointF(self._x(setting.median), y), DOT, DOT)

    def _marks(self) -> list[float]:
        left, right = self._axis()
        return ticks.marks(*self._range(), max(2, int((right - left) // PER_MARK)))

    def _paint_axis(self) -> None:
        p = QPainter(self)
        top = self.height() - FOOT
        p.setFont(theme.font(11))
        p.setPen(theme.color("muted"))
        found = self._marks()
        for mark, text in zip(found, ticks.words(found), strict=True):
            p.drawText(QRectF(self._x(mark) - 30, top + 2, 60, 16), Align.AlignCenter, text)
        left, right = self._axis()
        width = QFontMetrics(p.font()).horizontalAdvance(self._title)
        middle = min(max((left + right) / 2, width / 2 + 2), self.width() - width / 2 - 2)
        p.drawText(QRectF(middle - width / 2 - 2, top + 18, width + 4, 16), Align.AlignCenter, self._title)

    # the pointer and the keys

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._settings:
            self._paint_axis()
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._row_at(event.position().y()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and row >= 0:
            self._current = row
            self.picked.emit(self._settings[row].key)
            self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(-1)
        elif event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self._row_at(event.pos().y())
            QToolTip.showText(event.globalPos(), self._settings[row].tip if row >= 0 else "", self)
            return True
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if way and self._settings:
            self._current = min(max(self._current + way, 0), len(self._settings) - 1)
            bar = self.verticalScrollBar()
            top = self._current * self._row
            bar.setValue(max(min(bar.value(), top), top + self._row - self.viewport().height()))
            self.viewport().update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._settings:
            self.picked.emit(self._settings[self._current].key)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay()

    def _row_at(self, y: float) -> int:
        row = int((y + self.verticalScrollBar().value()) // self._row)
        return row if 0 <= row < len(self._settings) else -1

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            self._hovered = row
            self.viewport().update()

    def _lay(self) -> None:
        metrics = QFontMetrics(theme.font(13, 600))
        self._widest = max((metrics.horizontalAdvance(each.name) for each in self._settings), default=0)
        self._row = ABOVE if self._widest > self.viewport().width() * LABEL else BESIDE
        bar = self.verticalScrollBar()
        bar.setPageStep(max(self.viewport().height(), 1))
        bar.setSingleStep(self._row)
        bar.setRange(0, max(0, len(self._settings) * self._row - self.viewport().height()))
        self.viewport().update()
        self.update()
