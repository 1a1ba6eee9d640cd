"""What is drawn while the mouse carries something: the card at the pointer, the wire's loose end, where it will go."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from .. import icons
from ..theme import faded, theme
from .items import CanvasItem
from .layout import LANE_X, PLUS, Box
from .paint import NAME, SMALL, card, pen, pill, plus
from .wires import wire_path

CARD_W, CARD_H = 232, 46
ABOVE = 30  # over all that is drawn


class Carried(CanvasItem):
    """Lies over everything else, and is there only while a gesture goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(ABOVE)
        self.hide()


class Card(Carried):
    """What is being moved: its icon, its name and what will become of it."""

    def put(self, at: QPointF, icon: str, title: str, text: str) -> None:
        self.setPos(at + QPointF(12, -CARD_H / 2))
        self.show_value((icon, title, text), QRectF(-2, -2, CARD_W + 4, CARD_H + 4))
        self.setOpacity(0.94)
        self.show()

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        icon, title, text = self.value
        card(p, QRectF(0, 0, CARD_W, CARD_H), "panel", "accent", 2, 6)
        card(p, QRectF(8, 9, 28, 28), "accent_soft", "accent_soft")
        icons.draw(p, icon, QRectF(14, 15, 16, 16), "accent")
        NAME.write(p, QRectF(46, 4, CARD_W - 56, 20), title)
        SMALL.write(p, QRectF(46, 23, CARD_W - 56, 16), text)


class Strand(Carried):
    """A wire by hand: to the place of the stream that it will enter, or to the pointer while it is near none."""

    def put(self, leaves: float, end: QPointF, enters: float | None, words: str) -> None:
        """`enters`: where on the stream it would end; None while its end is loose."""
        x = min(end.x(), 2 * LANE_X, -PLUS) - 90
        low, high = sorted((leaves, end.y() if enters is None else enters))
        bounds = QRectF(x, low - 20, max(end.x(), 24.0) - x + 190, high - low + 40)
        self.show_value((leaves, end, enters, words), bounds)
        self.show()

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        leaves, end, enters, words = self.value
        p.setPen(pen("accent", 2))
        p.setBrush(Qt.BrushStyle.NoBrush)
        ink = SMALL.as_("accent")
        if enters is not None:
            x = min(LANE_X, max(end.x(), 2 * LANE_X))
            p.drawPath(wire_path(x, leaves, enters))
            plus(p, 0, enters, "accent")
            if words:
                pill(p, x, (leaves + enters) / 2, words, ink, "accent")
            return
        p.drawPath(_loose(leaves, end))
        p.setBrush(theme.color("canvas"))
        p.drawEllipse(end, 4, 4)
        if words:
            pill(p, end.x() + 16 + ink.width(words) / 2, end.y(), words, ink, "accent")


def _loose(leaves: float, end: QPointF) -> QPainterPath:
    side = -PLUS if end.x() < 0 else PLUS
    path = QPainterPath(QPointF(side, leaves))
    reach = max(30.0, abs(end.x()) / 2)
    path.cubicTo(QPointF(side + (reach if side > 0 else -reach), leaves), QPointF(end.x(), leaves), end)
    return path


class Spot(Carried):
    """On the stream under the pointer: a click puts something in. Around a sum: a wire can be drawn from it."""

    RADIUS = 12.0

    def put(self, y: float, adds: bool) -> None:
        self.setPos(0, y)
        r = self.RADIUS + 2
        self.show_value(adds, QRectF(-r, -r, 2 * r, 2 * r))
        self.show()

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        p.setPen(pen("accent", 2))
        p.setBrush(theme.color("accent_soft") if self.value else Qt.BrushStyle.NoBrush)
        p.drawEllipse(QPointF(0, 0), self.RADIUS, self.RADIUS)
        if self.value:
            p.drawLine(QPointF(-5, 0), QPointF(5, 0))
            p.drawLine(QPointF(0, -5), QPointF(0, 5))


class Band(Carried):
    """The rectangle that a rubber band draws."""

    def put(self, start: QPointF, end: QPointF) -> Box:
        area = QRectF(start, end).normalized()
        self.show_value(area, area.adjusted(-1, -1, 1, 1))
        self.show()
        return Box(area.x(), area.y(), area.width(), area.height())

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        edge = pen("accent", 1)
        edge.setCosmetic(True)
        p.setPen(edge)
        p.setBrush(faded(theme.color("accent"), 0.12))
        p.drawRect(self.value)
