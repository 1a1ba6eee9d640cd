"""Tokens as chips, all painted by one widget however many there are."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ..theme import theme
from . import glyphs

Scale = Literal["probability", "surprise", "signed"]
CHIP, GAP, LINE, PAD, LEAST, IDS = 24, 2, 4, 5, 20, 16


class TokenStrip(QWidget):
    """`values` colour the grounds: 0 ... 1 (probability), bits (surprise) or -1 ... 1 (signed); without, two greys
    alternate. `ids` are written beneath. `wrap` breaks lines; else it is one line as wide as it needs.

    `hovered` and `clicked` carry the index of a token; `hovered` carries -1 when the pointer leaves. Arrow keys move.
    """

    hovered = Signal(int)
    clicked = Signal(int)
    double_clicked = Signal()

    def __init__(self, wrap: bool = True, name: str = "Tokens") -> None:
        super().__init__()
        self._wrap = wrap
        self._pieces: list[str] = []
        self._values: Sequence[float] | None = None
        self._ids: Sequence[int | str] | None = None
        self._hints: Sequence[str] | None = None
        self._scale: Scale = "probability"
        self._rects: list[QRect] = []
        self._lines: list[int] = []  # the first token of each line
        self._hovered = self._selected = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        vertical = QSizePolicy.Policy.Preferred if wrap else QSizePolicy.Policy.Fixed
        policy = QSizePolicy(QSizePolicy.Policy.Expanding if wrap else QSizePolicy.Policy.Minimum, vertical)
        policy.setHeightForWidth(wrap)
        self.setSizePolicy(policy)
        self.setAccessibleName(name)
        theme.changed.connect(self.update)

    def set(
        self,
        pieces: Sequence[str],
        values: Sequence[float] | None = None,
        ids: Sequence[int | str] | None = None,
        scale: Scale = "probability",
        hints: Sequence[str] | None = None,
    ) -> None:
        """Show these tokens. `hints`: a tooltip for each."""
        same = list(pieces) == self._pieces and (ids is None) == (self._ids is None)
        self._pieces, self._values, self._ids, self._scale, self._hints = list(pieces), values, ids, scale, hints
        if not same:
            self._selected = self._selected if self._selected < len(self._pieces) else -1
            self._place(self.width())
            self.updateGeometry()
        self.update()

    def set_values(self, values: Sequence[float] | None) -> None:
        self._values = values
        self.update()

    @property
    def count(self) -> int:
        return len(self._pieces)

    @property
    def selected(self) -> int:
        return self._selected

    @property
    def pointed(self) -> int:
        """The token under the pointer, or -1."""
        return self._hovered

    def select(self, index: int) -> None:
        """Ring one token, -1 for none. Silent."""
        if index != self._selected:
            self._selected = index
            self.update()

    def hover(self, index: int) -> None:
        """Show another view's hover here. Silent."""
        if index != self._hovered:
            self._hovered = index
            self.update()

    def index_at(self, point: QPoint) -> int:
        """The token under `point`, or -1."""
        if not self._rects:
            return -1
        line = bisect_right([self._rects[n].top() for n in self._lines], point.y()) - 1
        if line < 0:
            return -1
        end = self._lines[line + 1] if line + 1 < len(self._lines) else len(self._rects)
        hits = (n for n in range(self._lines[line], end) if self._rects[n].adjusted(0, 0, GAP, LINE).contains(point))
        return next(hits, -1)

    def rect_of(self, index: int) -> QRect:
        return self._rects[index]

    def hasHeightForWidth(self) -> bool:
        return self._wrap

    def heightForWidth(self, width: int) -> int:
        return self._place(width, keep=False)

    def sizeHint(self) -> QSize:
        if self._wrap:
            return QSize(240, self._place(max(self.width(), 120), keep=False))
        return QSize(self._rects[-1].right() + 1 if self._rects else 40, self._row() - LINE)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, CHIP) if self._wrap else self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._wrap:
            self._place(self.width())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self.index_at(event.position().toPoint()))

    def leaveEvent(self, event: object) -> None:
        self._point_at(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and (n := self.index_at(event.position().toPoint())) >= 0:
            self.clicked.emit(n)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.double_clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step and self._pieces:
            self.clicked.emit(min(max(self._selected + step, 0), len(self._pieces) - 1))
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and self._hints:
            n = self.index_at(event.pos())
            QToolTip.showText(event.globalPos(), self._hints[n] if n >= 0 else "", self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = event.rect()
        tops = [self._rects[n].top() for n in self._lines]
        first = max(0, bisect_right(tops, area.top()) - 1)
        last = bisect_right(tops, area.bottom())
        start = self._lines[first] if self._lines else 0
        end = self._lines[last] if last < len(self._lines) else len(self._rects)
        font, below = theme.mono(12), theme.font(11)
        metrics = QFontMetricsF(font)
        for n in range(start, end):
            self._paint_chip(painter, n, font, metrics)
            if self._ids is not None:
                painter.setFont(below)
                painter.setPen(theme.color("accent" if n == self._selected else "faint"))
                under = self._rects[n].translated(0, CHIP).adjusted(-8, 0, 8, IDS - CHIP)
                painter.drawText(under, Qt.AlignmentFlag.AlignCenter, str(self._ids[n]))

    def _paint_chip(self, painter: QPainter, n: int, font: QFont, metrics: QFontMetricsF) -> None:
        box = QRectF(self._rects[n])
        ground, ink = self._ground(n)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 3, 3)
        text = self._pieces[n]
        left = box.center().x() - glyphs.width(text, metrics) / 2
        base = box.center().y() + (metrics.ascent() - metrics.descent()) / 2
        painter.setPen(ink)
        glyphs.draw(painter, QPointF(left, base), text, font, "text" if self._plain(n) else None)
        if n == self._selected or n == self._hovered:
            width = 2 if n == self._selected else 1
            painter.setPen(QPen(theme.color("accent" if n == self._selected else "text"), width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(width / 2, width / 2, -width / 2, -width / 2), 3, 3)

    def _plain(self, n: int) -> bool:
        return self._values is None or n >= len(self._values) or self._scale == "surprise"

    def _ground(self, n: int) -> tuple[QColor, QColor]:
        if self._values is None or n >= len(self._values):
            ground = "accent_soft" if n == self._selected else "hover" if n % 2 else "raised"
            return theme.color(ground), theme.color("text")
        value = float(self._values[n])
        if self._scale == "surprise":
            return theme.surprise(value), theme.color("text")
        ground = theme.on_ramp(self._scale, value if self._scale == "probability" else (value + 1) / 2)
        return ground, theme.ink(ground)

    def _row(self) -> int:
        return CHIP + LINE + (IDS if self._ids is not None else 0)

    def _place(self, width: int, keep: bool = True) -> int:
        """Lay the chips out in lines of `width`; the height they need."""
        metrics, under = QFontMetricsF(theme.mono(12)), QFontMetricsF(theme.font(11))
        rects, lines = [], [0] if self._pieces else []
        x = y = 0
        for n, text in enumerate(self._pieces):
            wide = max(LEAST, round(glyphs.width(text, metrics)) + 2 * PAD)
            if self._ids is not None:
                wide = max(wide, round(under.horizontalAdvance(str(self._ids[n]))) + 4)
            if self._wrap and x and x + wide > width:
                x, y = 0, y + self._row()
                lines.append(n)
            rects.append(QRect(x, y, wide, CHIP))
            x += wide + GAP
        if keep:
            self._rects, self._lines = rects, lines
        return y + self._row() - LINE if rects else CHIP

    def _point_at(self, n: int) -> None:
        if n != self._hovered:
            self._hovered = n
            self.update()
            self.hovered.emit(n)
