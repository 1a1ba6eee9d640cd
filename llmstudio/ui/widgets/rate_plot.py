"""The loss against the learning rate, on a log axis: what the learning-rate finder saw, and what it suggests."""

from collections.abc import Sequence
from math import ceil, floor, isfinite, log10

from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..plot import ticks
from ..theme import faded, theme
from ..words.numbers import fixed, rate
from . import tip

LEFT, RIGHT, TOP, BOTTOM = 34, 8, 20, 36
ABOVE = 0.25  # of the fall, how far above the first loss the picture goes
Align = Qt.AlignmentFlag


class RatePlot(QWidget):
    """`set` what was tried; `mark` the suggestion and the recipe's own rate. The arrow keys move the cross."""

    def __init__(self) -> None:
        super().__init__()
        self._rates: list[float] = []
        self._losses: list[float] = []
        self._suggestion: float | None = None
        self._highest: float | None = None
        self._now: float | None = None
        self._pointed = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Loss against learning rate")
        theme.changed.connect(self.update)

    def set(self, rates: Sequence[float], losses: Sequence[float]) -> None:
        """Rising rates, and the smoothed loss at each, nats per token."""
        kept = [(r, loss) for r, loss in zip(rates, losses, strict=True) if isfinite(loss) and r > 0]
        if len(kept) != len(self._rates) or (kept and kept[-1] != (self._rates[-1], self._losses[-1])):
            self._rates, self._losses = [r for r, _ in kept], [loss for _, loss in kept]
            self._pointed = -1
            self.update()

    def mark(self, suggestion: float | None, highest: float | None = None, now: float | None = None) -> None:
        """`highest`: from here on the loss rose."""
        if (suggestion, highest, now) != (self._suggestion, self._highest, self._now):
            self._suggestion, self._highest, self._now = suggestion, highest, now
            self.setAccessibleDescription("" if suggestion is None else f"suggested: {rate(suggestion)}")
            self.update()

    @property
    def pointed(self) -> tuple[float, float] | None:
        """Rate and loss under the cross."""
        return (self._rates[self._pointed], self._losses[self._pointed]) if self._pointed >= 0 else None

    def sizeHint(self) -> QSize:
        return QSize(240, 148)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 110)

    def frame(self) -> QRectF:
        return QRectF(LEFT, TOP, max(self.width() - LEFT - RIGHT, 1), max(self.height() - TOP - BOTTOM, 1))

    def place(self, learning_rate: float, loss: float) -> QPointF:
        frame, (left, right), (low, high) = self.frame(), self._across(), self._up()
        x = frame.left() + (log10(learning_rate) - left) / (right - left) * frame.width()
        return QPointF(x, frame.bottom() - (loss - low) / (high - low) * frame.height())

    # the pointer and the keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        places = [abs(self.place(r, loss).x() - x) for r, loss in zip(self._rates, self._losses, strict=True)]
        self._point_at(places.index(min(places)) if places and self.frame().contains(event.position()) else -1)

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step and self._rates:
            self._point_at(min(max(self._pointed + step, 0), len(self._rates) - 1))
        elif event.key() == Qt.Key.Key_Escape and self._pointed >= 0:
            self._point_at(-1)
        else:
            super().keyPressEvent(event)

    def _point_at(self, n: int) -> None:
        if n != self._pointed:
            self._pointed = n
            self.update()

    # ranges

    def _across(self) -> tuple[float, float]:
        """In powers of ten."""
        rates = [*self._rates, *([self._now] if self._now else [])]
        if not rates:
            return -6.0, 0.0
        low, high = log10(min(rates)), log10(max(rates))
        return (low - 0.05, high + 0.05) if high - low > 0.5 else (low - 0.5, high + 0.5)

    def _up(self) -> tuple[float, float]:
        """What lies far above the first loss is beyond the picture: the rate was much too high there."""
        if not self._losses:
            return 0.0, 1.0
        first, low = self._losses[0], min(self._losses)
        high = min(max(self._losses), first + max(ABOVE * (first - low), 0.2))
        pad = 0.08 * max(high - low, 0.1)
        return low - pad, high + pad

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        frame = self.frame()
        self._paint_axes(p, frame)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_marks(p, frame)
        p.save()
        p.setClipRect(frame)
        p.setPen(QPen(theme.color("accent"), 1.75))
        points = [self.place(r, loss) for r, loss in zip(self._rates, self._losses, strict=True)]
        p.drawPolyline(QPolygonF(points))
        if self._pointed >= 0:
            p.setPen(QPen(theme.color("muted"), 1))
            p.drawLine(QLineF(points[self._pointed].x(), frame.top(), points[self._pointed].x(), frame.bottom()))
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(theme.color("text"))
            p.drawEllipse(points[self._pointed], 3.5, 3.5)
        p.restore()
        if self.pointed:
            r, loss = self.pointed
            said = [f"rate {rate(r)}", f"loss {fixed(loss)}"]
            tip.paint(p, QRectF(self.rect()), QPointF(points[self._pointed].x(), frame.top() + 28), said)

    def _paint_axes(self, p: QPainter, frame: QRectF) -> None:
        (left, right), (low, high) = self._across(), self._up()
        p.setFont(theme.font(11))
        up = ticks.marks(low, high, max(2, int(frame.height() // 24)))
        for value, text in zip(up, ticks.words(up), strict=True):
            y = frame.bottom() - (value - low) / (high - low) * frame.height()
            p.setPen(QPen(theme.color("grid"), 1))
            p.drawLine(QLineF(frame.left(), round(y), frame.right(), round(y)))
            p.setPen(theme.color("muted"))
            p.drawText(QRectF(0, y - 8, LEFT - 6, 16), Align.AlignRight | Align.AlignVCenter, text)
        powers = range(ceil(left), floor(right) + 1)
        every = 1 if frame.width() >= 40 * len(powers) else 2
        for power in powers:
            x = frame.left() + (power - left) / (right - left) * frame.width()
            p.setPen(QPen(theme.color("grid"), 1))
            p.drawLine(QLineF(round(x), frame.top(), round(x), frame.bottom()))
            if power % every:
                continue
            p.setPen(theme.color("muted"))
            p.drawText(QRectF(x - 24, frame.bottom() + 3, 48, 16), Align.AlignCenter, f"1e{power}".replace("-", "−"))
        p.setPen(theme.color("muted"))
        p.drawText(QRectF(frame.left(), frame.bottom() + 18, frame.width(), 16), Align.AlignCenter, "learning rate")
        p.drawText(QRectF(0, 0, 80, 16), Align.AlignVCenter, "loss, nats")

    def _paint_marks(self, p: QPainter, frame: QRectF) -> None:
        left, right = self._across()
        if self._highest is not None:
            x = max(self.place(self._highest, 0).x(), frame.left())
            ground = QRectF(x, frame.top(), frame.right() - x, frame.height())
            p.fillRect(ground.intersected(frame), faded(theme.color("warning_ground"), 0.6))
        names: list[tuple[float | None, str, str]] = [
            (self._now, "muted", ""),
            (self._suggestion, "success", "" if self._suggestion is None else f"suggested {rate(self._suggestion)}"),
        ]
        for value, role, words in names:
            if value is None or not left <= log10(value) <= right:
                continue
            x = self.place(value, 0).x()
            pen = QPen(theme.color(role), 1.5 if words else 1)
            if not words:
                pen.setDashPattern([2, 4])
            p.setPen(pen)
            p.drawLine(QLineF(x, frame.top(), x, frame.bottom()))
            wide = p.fontMetrics().horizontalAdvance(words)
            side = min(max(x - wide / 2, frame.left() + 40), frame.right() - wide)
            p.drawText(QRectF(side, 2, wide + 2, 16), Align.AlignVCenter, words)
