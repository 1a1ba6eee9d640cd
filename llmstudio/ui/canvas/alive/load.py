"""Which experts of a mixture the tokens go to: a bar for each, beside the block."""

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ....session.vitals import percent
from ...theme import theme
from ..paint import SMALL

HIGH, CAPTION = 44, 16
BAR, LEAST = 14, 3  # width of a bar, and the least of it where there are many
WIDE = 208  # of all of them, at most
WORDS = 160  # width of those below the bars
READABLE, SEEN = 0.5, 0.12  # least zoom for words, and for anything


class LoadItem(QGraphicsItem):
    """The bars reach from none of the choices to twice the even share or the largest, whichever is more."""

    def __init__(self) -> None:
        super().__init__()
        self.shares: tuple[float, ...] = ()

    def set(self, shares: tuple[float, ...]) -> None:
        if len(shares) != len(self.shares):
            self.prepareGeometryChange()
        if shares != self.shares:
            self.shares = shares
            self.update()

    @property
    def width(self) -> float:
        return width(len(self.shares))

    @property
    def height(self) -> float:
        return HIGH + CAPTION

    def boundingRect(self) -> QRectF:
        return QRectF(-6, -4, max(self.width, WORDS) + 12, self.height + 8)

    def bar(self, n: int) -> QRectF:
        """That of expert n."""
        wide = self.width / len(self.shares)
        high = HIGH * self.shares[n] / self._top
        return QRectF(n * wide, HIGH - high, max(wide - 2, 1.5), high)

    @property
    def _top(self) -> float:
        return max(2 / len(self.shares), *self.shares)

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        near = option.levelOfDetailFromTransform(p.worldTransform())
        if not self.shares or near < SEEN:
            return
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.probability_bar)
        for n in range(len(self.shares)):
            p.drawRect(self.bar(n))
        p.setPen(QPen(theme.color("line_strong"), 1))
        p.drawLine(QLineF(0, HIGH, self.width, HIGH))
        even = HIGH - HIGH / len(self.shares) / self._top
        line = QPen(theme.color("muted"), 1, Qt.PenStyle.DashLine)
        p.setPen(line)
        p.drawLine(QPointF(0, even), QPointF(self.width, even))
        if near >= READABLE:
            even = percent(1 / len(self.shares))
            words = f"{percent(min(self.shares))} to {percent(max(self.shares))}, evenly {even}"
            SMALL.write(p, QRectF(0, HIGH + 2, max(self.width, WORDS), CAPTION - 2), words)


def width(experts: int) -> float:
    """Of the bars of so many experts."""
    return experts * max(LEAST, min(BAR, WIDE / max(experts, 1)))
