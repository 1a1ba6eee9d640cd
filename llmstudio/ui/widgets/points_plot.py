"""Points on two axes, with lines and bands between them: one mark for each run or setting, told when pointed at."""

from collections.abc import Callable, Sequence
from math import ceil, floor, hypot, isfinite, log10

from msgspec import Struct
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from ..plot import marks, ticks
from ..theme import faded, theme

LEFT, TOP, RIGHT, FOOT = 60, 10, 16, 42
RADIUS, NEAR, ROOM = 4.5, 14.0, 0.07  # of a point; pixels to the pointer; share of the frame kept free at the edges
PER_MARK = 70  # pixels between marks across


class Dot(Struct, frozen=True, kw_only=True):
    """`rows` are told when it is pointed at. An open one is a forecast; a named one has its name beside it."""

    key: str
    name: str
    x: float
    y: float
    color: QColor
    open: bool = False
    named: bool = False
    rows: tuple[tuple[str, str], ...] = ()


class Line(Struct, frozen=True, kw_only=True):
    xs: Sequence[float]
    ys: Sequence[float]
    role: str = "muted"
    dashed: bool = False


class Band(Struct, frozen=True, kw_only=True):
    xs: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    role: str = "muted"


class PointsPlot(QWidget):
    """Values up on a plain axis, across on a plain or a logarithmic one. `picked` carries a clicked point's key."""

    picked = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._dots: list[Dot] = []
        self._lines: list[Line] = []
        self._bands: list[Band] = []
        self._titles = ("", "")
        self._log = False
        self._words: Callable[[float], str] = ticks.written
        self._ranges = (0.0, 1.0, 0.0, 1.0)
        self._at = -1
        self.setMouseTracking(True)
        self.setMinimumSize(180, 120)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)
        theme.changed.connect(self.update)

    def set(
        self,
        dots: Sequence[Dot],
        titles: tuple[str, str],
        words: Callable[[float], str],
        lines: Sequence[Line] = (),
        bands: Sequence[Band] = (),
        log: bool = False,
    ) -> None:
        """`words` writes a number of the axis across."""
        self._dots, self._lines, self._bands = list(dots), list(lines), list(bands)
        self._titles, self._words, self._log = titles, words, log
        self._at = min(self._at, len(dots) - 1)
        self._fit()
        self.update()

    def dots(self) -> Sequence[Dot]:
        return self._dots

    @property
    def frame(self) -> QRectF:
        return QRectF(self.rect()).adjusted(LEFT, TOP, -RIGHT, -FOOT)

    def place(self, x: float, y: float) -> QPointF:
        """Where a point is, in the widget."""
        left, right, low, high = self._ranges
        frame = self.frame
        across, up = (self._across(x) - left) / (right - left), (y - low) / (high - low)
        return QPointF(frame.left() + across * frame.width(), frame.bottom() - up * frame.height())

    def sizeHint(self) -> QSize:
        return QSize(360, 240)

    # ranges

    def _across(self, x: float) -> float:
        return log10(max(x, 1e-12)) if self._log else x

    def _fit(self) -> None:
        xs = [self._across(dot.x) for dot in self._dots]
        ys = [dot.y for dot in self._dots if isfinite(dot.y)]
        for line in self._lines:
            xs += [self._across(x) for x in line.xs]
        for band in self._bands:
            ys += [y for y in (*band.low, *band.high) if isfinite(y)]
        self._ranges = (*_roomy(xs), *_roomy(ys))

    def _marks_across(self) -> list[float]:
        """Values of the marks."""
        left, right, _, _ = self._ranges
        most = max(2, int(self.frame.width() // PER_MARK))
        if not self._log:
            return ticks.marks(left, right, most)
        factors = (1,) if right - left > most / 2 else (1, 3) if right - left > 1.2 else (1, 2, 5)
        every = max(1, ceil((right - left) / most))
        found = [f * 10.0**power for power in range(floor(left), ceil(right) + 1, every) for f in factors]
        return [value for value in found if left <= log10(value) <= right]

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        frame = self.frame
        if not self._dots or frame.width() < 20 or frame.height() < 20:
            return
        across = self._marks_across()
        up = ticks.marks(self._ranges[2], self._ranges[3], max(2, int(frame.height() // 40)))
        bottom = [(self.place(x, 0).x(), self._words(x)) for x in across]
        side = [(self.place(1, y).y(), text) for y, text in zip(up, ticks.words(up), strict=True)]
        marks.grid(p, frame, [x for x, _ in bottom], [y for y, _ in side])
        marks.axes(p, frame, bottom, side, self._titles, (LEFT, TOP, RIGHT, FOOT))
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setClipRect(frame.adjusted(-RADIUS - 2, -RADIUS - 2, RADIUS + 2, RADIUS + 2))
        for band in self._bands:
            self._paint_band(p, band)
        for line in self._lines:
            self._paint_line(p, line)
        self._paint_dots(p)
        p.setClipping(False)
        if 0 <= self._at < len(self._dots):
            dot = self._dots[self._at]
            at = self.place(dot.x, dot.y)
            rows = tuple(marks.Row(name=name, value=value) for name, value in dot.rows)
            tip = marks.Tip(x=dot.x, title=dot.name, rows=rows)
            marks.tip(p, QRectF(self.rect()).adjusted(4, 0, -4, 0), at.x(), at.y(), tip)

    def _paint_band(self, p: QPainter, band: Band) -> None:
        over = [self.place(x, y) for x, y in zip(band.xs, band.high, strict=True)]
        under = [self.place(x, y) for x, y in zip(band.xs, band.low, strict=True)]
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(faded(theme.color(band.role), 0.16))
        p.drawPolygon(QPolygonF([*over, *reversed(under)]))

    def _paint_line(self, p: QPainter, line: Line) -> None:
        pen = QPen(theme.color(line.role), 1.25)
        if line.dashed:
            pen.setDashPattern([4, 3])
        p.setPen(pen)
        p.drawPolyline(QPolygonF([self.place(x, y) for x, y in zip(line.xs, line.ys, strict=True)]))

    def _paint_dots(self, p: QPainter) -> None:
        taken = [QRectF(at.x() - 6, at.y() - 6, 12, 12) for at in (self.place(dot.x, dot.y) for dot in self._dots)]
        for i, dot in enumerate(self._dots):
            at = self.place(dot.x, dot.y)
            p.setPen(QPen(dot.color if dot.open else theme.color("panel"), 1.5))
            p.setBrush(theme.color("panel") if dot.open else dot.color)
            p.drawEllipse(at, RADIUS, RADIUS)
            if i == self._at:
                p.setPen(QPen(theme.color("text"), 1.5))
                p.setBrush(Qt.BrushStyle.NoBrush)
                p.drawEllipse(at, RADIUS + 3, RADIUS + 3)
        for dot in self._dots:
            if dot.named:
                _name(p, self.frame, self.place(dot.x, dot.y), dot.name, taken)

    # the pointer and the keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        places = [self.place(dot.x, dot.y) for dot in self._dots]
        away = [hypot(place.x() - at.x(), place.y() - at.y()) for place in places]
        nearest = min(range(len(away)), key=away.__getitem__, default=-1)
        self._point(nearest if nearest >= 0 and away[nearest] <= NEAR else -1)

    def leaveEvent(self, event: QEvent) -> None:
        self._point(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._at >= 0:
            self.picked.emit(self._dots[self._at].key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right go from point to point; Enter picks."""
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        order = sorted(range(len(self._dots)), key=lambda i: self._dots[i].x)
        if way and order:
            now = order.index(self._at) if self._at >= 0 else (-1 if way > 0 else len(order))
            self._point(order[min(max(now + way, 0), len(order) - 1)])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._at >= 0:
            self.picked.emit(self._dots[self._at].key)
        else:
            super().keyPressEvent(event)

    def _point(self, i: int) -> None:
        if i != self._at:
            self._at = i
            self.setCursor(Qt.CursorShape.PointingHandCursor if i >= 0 else Qt.CursorShape.ArrowCursor)
            self.update()


def _name(p: QPainter, frame: QRectF, at: QPointF, name: str, taken: list[QRectF]) -> None:
    """Beside the point where there is room, left out where there is none."""
    font = theme.font(11)
    width = min(QFontMetricsF(font).horizontalAdvance(name) + 8, frame.width() * 0.6)
    for x in (at.x() + 7, at.x() - 7 - width):
        for y in (at.y() - 8, at.y() - 22, at.y() + 6):
            box = QRectF(x, y, width, 16)
            if frame.contains(box) and not any(box.intersects(other) for other in taken):
                taken.append(box)
                p.fillRect(box, faded(theme.color("panel"), 0.8))
                p.setFont(font)
                p.setPen(theme.color("text"))
                short = QFontMetricsF(font).elidedText(name, Qt.TextElideMode.ElideRight, width - 6)
                p.drawText(box.adjusted(4, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, short)
                return


def _roomy(values: Sequence[float]) -> tuple[float, float]:
    """Their range and a little more at both ends; one value gets room around it."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if high - low < 1e-9:
        half = abs(low) * 0.1 or 0.5
        return low - half, high + half
    return low - ROOM * (high - low), high + ROOM * (high - low)
