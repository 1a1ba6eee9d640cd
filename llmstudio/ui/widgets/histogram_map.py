"""Histograms over time: steps across, values up, colour is the share that lies there; beside it the one pointed at."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..numbers import count, percent
from ..plot import ticks
from ..theme import theme
from ..words.numbers import rate
from . import tip
from .heatmap import picture

if TYPE_CHECKING:
    import numpy as np

ROWS, COLUMNS = 48, 256  # of the picture
MOST = 200  # histograms
FULL = 0.1  # share of all values in one row from which on the colour is the last of its ramp
LEFT, TOP, BOTTOM, SIDE, GAP = 46, 6, 38, 64, 8
FAR = 0.005  # share of the values of one step that may do so
OUTER = 0.1  # share of the steps that may reach beyond the picture at either end
Align = Qt.AlignmentFlag


class Binned(Struct, frozen=True, kw_only=True):
    """Counts of equally wide bins from `low` to `high`, at a step."""

    step: int
    low: float
    high: float
    counts: Sequence[int]


class HistogramMap(QWidget):
    """`hovered` says that `pointed` changed. The left and right arrow keys go through the steps."""

    hovered = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self._binned: list[Binned] = []
        self._noun = "values"
        self._range = (-1.0, 1.0)
        self._shares: np.ndarray | None = None
        self._image: QImage | None = None
        self._at = (-1, -1)  # histogram and row that are pointed at
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)
        theme.changed.connect(self._repaint)

    def set(self, binned: Sequence[Binned], noun: str) -> None:
        """By rising step; of very many every second, third ... is taken. `noun`: of what, "weights"."""
        kept = [each for each in binned if sum(each.counts) and each.high >= each.low]
        every = max(1, -(-len(kept) // MOST))
        kept = kept[(len(kept) - 1) % every :: every]  # the newest is always among them
        if kept == self._binned and noun == self._noun:
            return
        self._binned, self._noun = kept, noun
        self._range = value_range(kept)
        self._shares = shares(kept, self._range) if kept else None
        self._at = (-1, -1)
        self._repaint()

    @property
    def pointed(self) -> int | None:
        """The step pointed at."""
        return self._binned[self._at[0]].step if self._at[0] >= 0 else None

    def share(self, n: int, row: int) -> float:
        """Of histogram n, of all values, in a row counted from below."""
        assert self._shares is not None
        return float(self._shares[row, n])

    def sizeHint(self) -> QSize:
        return QSize(340, 220)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 100)

    def frame(self) -> QRectF:
        side = SIDE + GAP if self.width() >= 260 else 0
        return QRectF(LEFT, TOP, max(self.width() - LEFT - side - 2, 1), max(self.height() - TOP - BOTTOM, 1))

    # the pointer and the keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        frame, at = self.frame(), event.position()
        if not self._binned or not frame.contains(at):
            self._point_at((-1, -1))
            return
        row = int((frame.bottom() - at.y()) / frame.height() * ROWS)
        self._point_at((self._nearest((at.x() - frame.left()) / frame.width()), min(max(row, 0), ROWS - 1)))

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at((-1, -1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
        step = move.get(Qt.Key(event.key()))
        if step is None or not self._binned:
            super().keyPressEvent(event)
            return
        n, row = self._at if self._at[0] >= 0 else (len(self._binned) - 1, ROWS // 2)
        self._point_at((min(max(n + step[0], 0), len(self._binned) - 1), min(max(row + step[1], 0), ROWS - 1)))

    def _point_at(self, at: tuple[int, int]) -> None:
        if at != self._at:
            self._at = at
            self.update()
            self.hovered.emit()

    def _span(self) -> tuple[float, float]:
        first, last = self._binned[0].step, self._binned[-1].step
        return float(first), float(max(last, first + 1))

    def _nearest(self, share: float) -> int:
        """The newest histogram at that share of the width."""
        first, last = self._span()
        step = first + share * (last - first)
        return max((n for n, each in enumerate(self._binned) if each.step <= step), default=0)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._binned or self._shares is None:
            return
        p = QPainter(self)
        frame = self.frame()
        if self._image is None:
            self._image = self._drawn()
        p.drawImage(frame, self._image)
        p.setPen(QPen(theme.color("line_strong"), 1))
        p.drawRect(frame.adjusted(-1, -1, 0, 0))
        self._paint_axes(p, frame)
        n, row = self._at
        if self.width() >= 260:
            self._paint_one(p, QRectF(frame.right() + GAP, frame.top(), SIDE, frame.height()), n)
        if n < 0:
            return
        first, last = self._span()
        x = frame.left() + (self._binned[n].step - first) / (last - first) * frame.width()
        y = frame.bottom() - (row + 0.5) / ROWS * frame.height()
        p.setPen(QPen(theme.color("muted"), 1))
        p.drawLine(QLineF(x, frame.top(), x, frame.bottom()))
        p.drawLine(QLineF(frame.left(), y, frame.right() + SIDE, y))
        tip.paint(p, QRectF(self.rect()), QPointF(x, y), self._said(n, row))

    def _drawn(self) -> QImage:
        import numpy as np

        assert self._shares is not None
        first, last = self._span()
        steps = np.array([each.step for each in self._binned])
        at = np.searchsorted(steps, np.linspace(first, last, COLUMNS), "right") - 1
        return picture(self._shares[::-1, np.maximum(at, 0)], "probability", (0.0, FULL))

    def _paint_axes(self, p: QPainter, frame: QRectF) -> None:
        (first, last), (low, high) = self._span(), self._range
        p.setFont(theme.font(11))
        p.setPen(theme.color("muted"))
        for value in ticks.marks(low, high, max(2, int(frame.height() // 26))):
            y = frame.bottom() - (value - low) / (high - low) * frame.height()
            text = "0" if abs(value) < 1e-12 else rate(value)
            p.drawText(QRectF(0, y - 8, LEFT - 6, 16), Align.AlignRight | Align.AlignVCenter, text)
        for step in ticks.steps(first, last, max(2, int(frame.width() // 72))):
            x = frame.left() + (step - first) / (last - first) * frame.width()
            p.drawText(QRectF(x - 30, frame.bottom() + 3, 60, 16), Align.AlignCenter, count(round(step)))
        p.drawText(QRectF(frame.left(), frame.bottom() + 20, frame.width(), 16), Align.AlignCenter, "step")

    def _paint_one(self, p: QPainter, box: QRectF, n: int) -> None:
        """The histogram pointed at, or the newest, as bars that grow to the right."""
        assert self._shares is not None
        one = self._shares[:, n if n >= 0 else -1]
        most = max(float(one.max()), 1e-9) * 1.05
        high = box.height() / ROWS
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.probability_bar)
        for row, share in enumerate(one.tolist()):
            if share > 0:
                p.drawRect(QRectF(box.left(), box.bottom() - (row + 1) * high, box.width() * share / most, high))
        p.setFont(theme.font(11))
        p.setPen(theme.color("muted"))
        step = self._binned[n if n >= 0 else -1].step
        words = QRectF(box.left() - 40, box.bottom() + 20, box.width() + 40, 16)
        p.drawText(words, Align.AlignRight | Align.AlignVCenter, f"at step {count(step)}")

    def _said(self, n: int, row: int) -> list[str]:
        low, high = self._range
        wide = (high - low) / ROWS
        ends = rate(low + row * wide), rate(low + (row + 1) * wide)
        between = f"up to {ends[1]}" if row == 0 else f"from {ends[0]} on" if row == ROWS - 1 else " to ".join(ends)
        return [f"step {count(self._binned[n].step)}", f"{percent(self.share(n, row))} of its {self._noun}", between]

    def _repaint(self) -> None:
        self._image = None
        self.update()


def value_range(binned: Sequence[Binned]) -> tuple[float, float]:
    """From low to high such that few values, and at most a tenth of the steps, reach beyond at either end: a wild start
    is cut, and so are a few values far from all others."""
    if not binned:
        return -1.0, 1.0
    lows, highs = sorted(_at_share(each, FAR) for each in binned), sorted(_at_share(each, 1 - FAR) for each in binned)
    out = int(OUTER * (len(binned) - 1))
    low, high = lows[out], highs[len(highs) - 1 - out]
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _at_share(binned: Binned, share: float) -> float:
    """The value below which that share of all values lie."""
    wide, wanted, seen = (binned.high - binned.low) / len(binned.counts), share * sum(binned.counts), 0.0
    for n, each in enumerate(binned.counts):
        if each and seen + each >= wanted:
            return binned.low + wide * (n + (wanted - seen) / each)
        seen += each
    return binned.high


def shares(binned: Sequence[Binned], limits: tuple[float, float]) -> "np.ndarray":
    """(ROWS, len(binned)) shares of each histogram in equal rows from low to high; what lies outside is in the last
    row at that end. Inside one bin the values are taken as evenly spread."""
    import numpy as np

    edges = np.linspace(*limits, ROWS + 1)
    found = np.empty((ROWS, len(binned)))
    for n, each in enumerate(binned):
        counts = np.asarray(each.counts, dtype=float)
        high = each.high if each.high > each.low else each.low + 1e-12
        below = np.concatenate([[0.0], np.cumsum(counts)]) / counts.sum()
        up_to = np.interp(edges, np.linspace(each.low, high, len(counts) + 1), below)
        up_to[0], up_to[-1] = 0.0, 1.0
        found[:, n] = np.diff(up_to)
    return found
