"""The health of every part in one painted table: its name, a curve with its newest number, and a dot on a log axis."""

from collections.abc import Sequence
from math import isfinite, log10

from msgspec import Struct
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QSizePolicy

from .. import icons
from ..theme import faded, theme
from ..words.numbers import rate
from . import tip

HEAD, ROW, FOOT, PAD = 28, 27, 22, 8
CURVE, NUMBER, AXIS, GAP = 60, 48, 80, 12  # widths; of the axis the least
DECADES = (-5, -1)  # the log axis, powers of ten
SIGN = 12
Align = Qt.AlignmentFlag


class PartRow(Struct, frozen=True, kw_only=True):
    """`ratio` is the dot and `range` the least and most of it lately; `tip` what is said on hover."""

    path: str
    curve: Sequence[float]
    number: float | None
    ratio: float | None
    range: tuple[float, float] | None = None
    tip: Sequence[str] = ()


class PartTable(QAbstractScrollArea):
    """`opened` carries the path of the row that was clicked, or reached by the arrow keys and Enter; `other_wanted`
    where the name of the curve was clicked, or the menu key pressed, to see another curve."""

    opened = Signal(str)
    other_wanted = Signal(object)  # a global position

    def __init__(self, healthy: tuple[float, float]) -> None:
        super().__init__()
        self._healthy = healthy
        self._rows: list[PartRow] = []
        self._caption, self._run = "", 1
        self._widest = 60.0  # of the names
        self._hovered = self._current = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName("Health per part")
        self.verticalScrollBar().valueChanged.connect(self.viewport().update)
        theme.changed.connect(self.viewport().update)

    def set(self, rows: Sequence[PartRow], caption: str, run: int) -> None:
        """`caption` names the curve and its number; `run` is whose colour they have."""
        before = [row.path for row in self._rows]
        self._rows, self._caption, self._run = list(rows), caption, run
        self._current = min(self._current, len(rows) - 1)
        self.setAccessibleDescription(", ".join(f"{row.path} {_said(row.number)}" for row in self._rows[:12]))
        if [row.path for row in rows] != before:
            metrics = QFontMetricsF(theme.mono(12))
            self._widest = max((metrics.horizontalAdvance(row.path) for row in rows), default=60.0)
            self._bar()
        self.viewport().update()

    def rows(self) -> list[PartRow]:
        return self._rows

    def rect_of(self, n: int) -> QRectF:
        """Where a row is, in the viewport."""
        return QRectF(0, HEAD + n * ROW - self.verticalScrollBar().value(), self.viewport().width(), ROW)

    def x_of(self, ratio: float) -> float:
        """Where a ratio is on the log axis; what lies beyond its ends is at them."""
        left, right = self._axis()
        low, high = DECADES
        power = log10(ratio) if ratio > 0 else low
        return left + (min(max(power, low), high) - low) / (high - low) * (right - left)

    def sizeHint(self) -> QSize:
        return QSize(356, HEAD + ROW * max(len(self._rows), 4) + FOOT)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, HEAD + 2 * ROW + FOOT)

    # the pointer and the keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._at(event.position().y()))
        on_caption = self.caption_rect().contains(event.position())
        shape = Qt.CursorShape.PointingHandCursor if on_caption or self._hovered >= 0 else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position().y())
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if found >= 0:
            self._current = found
            self.opened.emit(self._rows[found].path)
        elif self.caption_rect().contains(event.position()):
            self._ask_other()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(-1)
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if move and self._rows:
            self._current = min(max(self._current + move, 0), len(self._rows) - 1)
            self._reveal(self._current)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._current >= 0:
            self.opened.emit(self._rows[self._current].path)
        elif event.key() == Qt.Key.Key_Menu:
            self._ask_other()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bar()

    def caption_rect(self) -> QRectF:
        """Where the name of the curve stands, to click."""
        _, number = self._shown()
        left = self._left()
        return QRectF(left, 0, self._axis()[0] - left - GAP, HEAD - 6) if number else QRectF()

    def _ask_other(self) -> None:
        self.other_wanted.emit(self.viewport().mapToGlobal(self.caption_rect().bottomLeft().toPoint()))

    def _at(self, y: float) -> int:
        if not HEAD <= y < self.viewport().height() - FOOT:
            return -1
        return next((n for n in range(len(self._rows)) if self.rect_of(n).top() <= y < self.rect_of(n).bottom()), -1)

    def _hover(self, n: int) -> None:
        if n != self._hovered:
            self._hovered = n
            self.viewport().update()

    def _reveal(self, n: int) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(min(bar.value(), n * ROW))
        bar.setValue(max(bar.value(), (n + 1) * ROW - self._room()))
        self.viewport().update()

    def _room(self) -> int:
        return self.viewport().height() - HEAD - FOOT

    def _bar(self) -> None:
        bar = self.verticalScrollBar()
        bar.setPageStep(max(self._room(), 1))
        bar.setSingleStep(ROW)
        bar.setRange(0, max(0, len(self._rows) * ROW - self._room()))

    # columns: the least important goes first where there is little room

    def _left(self) -> float:
        """Where the names end."""
        return min(self._widest, 0.36 * self.viewport().width()) + PAD + GAP

    def _shown(self) -> tuple[float, float]:
        """Widths of the curve and the number, 0 where they have no room."""
        room = self.viewport().width() - self._left() - AXIS - 2 * GAP
        if room >= CURVE + NUMBER:
            return CURVE, NUMBER
        return (0.0, NUMBER) if room >= NUMBER else (0.0, 0.0)

    def _axis(self) -> tuple[float, float]:
        curve, number = self._shown()
        return self._left() + curve + number + (2 * GAP if number else 0), self.viewport().width() - PAD - 8

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self.viewport())
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_head(p)
        if not self._rows:
            return
        end = min(HEAD + len(self._rows) * ROW, HEAD + self._room())
        self._paint_axis(p, end)
        p.save()
        p.setClipRect(QRectF(0, HEAD, self.viewport().width(), end - HEAD))
        for n, row in enumerate(self._rows):
            rect = self.rect_of(n)
            if rect.bottom() > HEAD and rect.top() < end:
                self._paint_row(p, n, row, rect)
        p.restore()
        if 0 <= self._hovered < len(self._rows):
            at = self.rect_of(self._hovered)
            place = QPointF(self.viewport().width() / 2, at.top() + 4)
            tip.paint(p, QRectF(self.viewport().rect()), place, self._rows[self._hovered].tip)

    def _paint_head(self, p: QPainter) -> None:
        p.setFont(theme.font(11))
        p.setPen(theme.color("muted"))
        left, _ = self._axis()
        p.drawText(QRectF(PAD, 0, self._left() - PAD, HEAD - 6), Align.AlignVCenter, "part")
        p.drawText(QRectF(left, 0, self.viewport().width() - left, HEAD - 6), Align.AlignVCenter, "update / weight")
        box = self.caption_rect()
        if box.width() > SIGN + 8:
            metrics = QFontMetricsF(p.font())
            text = metrics.elidedText(self._caption, Qt.TextElideMode.ElideRight, box.width() - SIGN - 2)
            p.drawText(box, Align.AlignVCenter, text)
            right = box.left() + metrics.horizontalAdvance(text) + 2
            icons.draw(p, "chevron-down", QRectF(right, box.center().y() - SIGN / 2, SIGN, SIGN))

    def _paint_axis(self, p: QPainter, end: float) -> None:
        left, right = self._axis()
        low, high = (self.x_of(edge) for edge in self._healthy)
        p.fillRect(QRectF(low, HEAD, high - low, end - HEAD), theme.color("success_ground"))
        p.setFont(theme.font(11))
        powers = range(DECADES[0], DECADES[1] + 1)
        every = 1 if right - left >= 30 * len(powers) else 2
        for n, power in enumerate(powers):
            x = round(self.x_of(10.0**power)) + 0.5
            p.setPen(QPen(theme.color("grid"), 1))
            p.drawLine(QLineF(x, HEAD, x, end))
            if n % every == 0:
                p.setPen(theme.color("muted"))
                p.drawText(QRectF(x - 20, end + 3, 40, 16), Align.AlignCenter, f"1e{power}".replace("-", "−"))

    def _paint_row(self, p: QPainter, n: int, row: PartRow, rect: QRectF) -> None:
        if n == self._hovered or (n == self._current and self.hasFocus()):
            p.fillRect(rect, faded(theme.color("hover"), 0.5))
        if n == self._current and self.hasFocus():
            p.setPen(QPen(theme.color("accent"), 1))
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        curve, number = self._shown()
        p.setFont(theme.mono(12))
        p.setPen(theme.color("text"))
        name = QRectF(PAD, rect.top(), self._left() - PAD - GAP, ROW)
        path = QFontMetricsF(p.font()).elidedText(row.path, Qt.TextElideMode.ElideMiddle, name.width() + 1)
        p.drawText(name, Align.AlignVCenter, path)
        if curve:
            _spark(p, QRectF(self._left(), rect.top() + 6, curve, ROW - 12), row.curve, self._run)
        if number:
            p.setFont(theme.font(13))
            p.setPen(theme.color("text" if row.number is None or isfinite(row.number) else "error"))
            place = QRectF(self._left() + curve, rect.top(), number, ROW)
            p.drawText(place, Align.AlignVCenter | Align.AlignRight, _said(row.number))
        p.setPen(QPen(theme.color("line"), 1))
        p.drawLine(QLineF(PAD, rect.bottom() - 0.5, self._axis()[0] - GAP, rect.bottom() - 0.5))
        self._paint_dot(p, row, rect.center().y())

    def _paint_dot(self, p: QPainter, row: PartRow, y: float) -> None:
        if row.ratio is None:
            return
        well = isfinite(row.ratio) and self._healthy[0] <= row.ratio <= self._healthy[1]
        color = theme.run(self._run) if well else theme.color("warning")
        if row.range is not None and all(map(isfinite, row.range)):
            p.setPen(QPen(theme.color("muted"), 1.5))
            p.drawLine(QLineF(self.x_of(row.range[0]), y, self.x_of(row.range[1]), y))
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(color)
        x = self.x_of(row.ratio if isfinite(row.ratio) else 1.0)
        beyond = not 10.0 ** DECADES[0] <= row.ratio <= 10.0 ** DECADES[1]
        if beyond:  # an arrow: it lies outside the picture
            side = -1 if row.ratio < 1e-3 else 1
            back = x - 3 * side
            p.drawPolygon(QPolygonF([QPointF(x + 6 * side, y), QPointF(back, y - 5), QPointF(back, y + 5)]))
        else:
            p.drawEllipse(QPointF(x, y), 4.0, 4.0)


def _spark(p: QPainter, box: QRectF, values: Sequence[float], run: int) -> None:
    """A curve on a log scale of its own, from its least to its largest value."""
    logs = [(i, log10(v)) for i, v in enumerate(values) if isfinite(v) and v > 0]
    if len(logs) < 2:
        return
    low, high = min(v for _, v in logs), max(v for _, v in logs)
    span = max(high - low, 0.05)  # a level curve is drawn level, not its last digits
    low = (low + high - span) / 2
    across, up = box.width() / max(len(values) - 1, 1), box.height() / span
    points = [QPointF(box.left() + across * i, box.bottom() - up * (v - low)) for i, v in logs]
    p.setPen(QPen(theme.run(run), 1.25))
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.drawPolyline(QPolygonF(points))


def _said(value: float | None) -> str:
    """Two digits, so that the numbers of a column stand alike."""
    if value is None:
        return "–"
    if not isfinite(value):
        return "∞"
    return f"{value:#.2g}".rstrip(".") if 0.001 <= value < 99.5 else rate(value)
