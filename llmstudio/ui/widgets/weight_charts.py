"""Two small charts of a matrix: how its values are spread, and its singular values."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..numbers import MINUS, count
from ..theme import faded, theme

HIGH, TITLE, AXIS = 66, 20, 18
Align = Qt.AlignmentFlag


class WeightCharts(QWidget):
    """The histogram above, the spectrum under it where there is one."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: Sequence[int] = ()
        self._low, self._high = -1.0, 1.0
        self._spectrum: Sequence[float] = ()
        self._rank: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Spread and spectrum of the weights")
        theme.changed.connect(self.update)

    def set(self, counts: Sequence[int], low: float, high: float, spectrum: Sequence[float], rank: int | None) -> None:
        """Counts of equally wide bins from low to high; singular values, falling; how many hold 90 % of the energy."""
        self._counts, self._low, self._high, self._spectrum, self._rank = counts, low, high, spectrum, rank
        self.setAccessibleDescription(self.said)
        self.updateGeometry()
        self.update()

    @property
    def said(self) -> str:
        """The sentence on the spectrum."""
        if self._rank is None:
            return ""
        return f"90{chr(0x2009)}% of the energy in {count(self._rank)} of {count(len(self._spectrum))}"

    def sizeHint(self) -> QSize:
        charts = 2 if self._rank is not None else 1
        return QSize(240, charts * (HIGH + AXIS) + (TITLE + 8 if charts == 2 else 0))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._counts:
            return
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._bars(p, QRectF(0, 0, self.width(), HIGH))
        if self._rank is not None:
            y = HIGH + AXIS + 8
            p.setFont(theme.font(11, 600))
            p.setPen(theme.color("text"))
            p.drawText(QRectF(0, y, 80, TITLE), Align.AlignVCenter, "Spectrum")
            p.setFont(theme.font(11))
            p.drawText(QRectF(80, y, self.width() - 80, TITLE), Align.AlignVCenter | Align.AlignRight, self.said)
            self._line(p, QRectF(0, y + TITLE, self.width(), HIGH))

    def _bars(self, p: QPainter, box: QRectF) -> None:
        most = max(self._counts) or 1
        wide = box.width() / len(self._counts)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.run(1))
        for n, value in enumerate(self._counts):
            high = box.height() * value / most
            p.drawRect(QRectF(box.x() + n * wide, box.bottom() - high, max(1.0, wide - 1), high))
        p.setPen(QPen(theme.color("line"), 1))
        p.drawLine(box.bottomLeft(), box.bottomRight())
        places = [(self._low, Align.AlignLeft), (self._high, Align.AlignRight)]
        self._axis(p, box, [(_said(value), side) for value, side in places])
        if self._low < 0 < self._high:
            x = box.width() * -self._low / (self._high - self._low)
            if 50 < x < box.width() - 50:
                p.drawText(QRectF(x - 20, box.bottom(), 40, AXIS), Align.AlignCenter, "0")

    def _line(self, p: QPainter, box: QRectF) -> None:
        top = float(self._spectrum[0]) or 1.0
        last = max(1, len(self._spectrum) - 1)
        points = [
            QPointF(box.x() + box.width() * n / last, box.bottom() - 0.95 * box.height() * float(s) / top)
            for n, s in enumerate(self._spectrum)
        ]
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(faded(theme.run(1), 0.2))
        p.drawPolygon(QPolygonF([box.bottomLeft(), *points, box.bottomRight()]))
        p.setPen(QPen(theme.run(1), 1.5))
        p.drawPolyline(QPolygonF(points))
        p.setPen(QPen(theme.color("line"), 1))
        p.drawLine(box.bottomLeft(), box.bottomRight())
        if self._rank:
            x = box.x() + box.width() * (self._rank - 1) / last
            p.setPen(QPen(theme.color("muted"), 1, Qt.PenStyle.DashLine))
            p.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
        ends = [("1", Align.AlignLeft), (f"singular value {count(len(self._spectrum))}", Align.AlignRight)]
        self._axis(p, box, ends)

    def _axis(self, p: QPainter, box: QRectF, words: Sequence[tuple[str, Qt.AlignmentFlag]]) -> None:
        p.setFont(theme.font(11))
        p.setPen(theme.color("muted"))
        for text, side in words:
            p.drawText(QRectF(box.x(), box.bottom(), box.width(), AXIS), side | Align.AlignVCenter, text)


def _said(x: float) -> str:
    return f"{x:+.3g}".replace("-", MINUS)
