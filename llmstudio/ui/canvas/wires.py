"""Extra wires on the canvas, and what is drawn while something is dragged."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ..theme import theme
from .items import READABLE, TINY, CanvasItem, detail
from .layout import CARD_W, CARD_X, PLUS, Box, Wire
from .paint import CENTER, SHAPE, SMALL, arrow, card, icon, pen, pill, plus, rect
from .shown import WireLook


class WireLabel(CanvasItem):
    """The words on a wire."""

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if detail(p, option) < READABLE:
            return
        wire, look = self.value
        ground = "accent_soft" if look.selected else "error_ground" if look.problem else "canvas"
        ink = SMALL.as_("error" if look.problem else "text")
        gate = 18 if look.gated else 0
        fits = ink.width(look.text) + gate + 16 <= wire.label.w
        text = look.text if fits else look.text.rpartition(", ")[2]  # the sign says that it is gated
        spare = max(0, round((wire.label.w - ink.width(text) - gate - 24) / 2))
        box = rect(wire.label).adjusted(spare, 0, -spare, 0)
        role = "accent" if look.selected else "error" if look.problem else "text"
        card(p, box, ground, role, radius=10)
        if look.gated:
            icon(p, "gate", QRectF(box.x() + 8, box.center().y() - 7, 14, 14), role)
        ink.write(p, box.adjusted(gate, 0, 0, 0), text, CENTER)


class WireItem(CanvasItem):
    """An extra wire, leaving to the left and coming back lower down. Its label lies above all wires."""

    def __init__(self) -> None:
        super().__init__()
        self.label = WireLabel()

    def place(self, wire: Wire, look: WireLook) -> None:
        top, bottom = sorted((wire.leaves, wire.enters))
        bounds = QRectF(min(wire.x, wire.label.x) - 4, top - 12, 24 - min(wire.x, wire.label.x), 0)
        bounds.setBottom(max(bottom, wire.label.bottom) + 12)
        self.show_value((wire, look), bounds)
        self.label.show_value(self.value, rect(wire.label).adjusted(-2, -2, 2, 2))

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        wire, look = self.value
        zoom = detail(p, option)
        role = "accent" if look.selected else "error" if look.problem else "text"
        line = pen(role, 3 if look.hovered and not look.selected else 2)
        line.setCosmetic(zoom < 0.5)
        if zoom < 0.5:
            line.setWidthF(1 + look.selected)
        p.setPen(line)
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.drawPath(wire_path(wire.x, wire.leaves + 0.5, wire.enters + 0.5))
        if zoom < TINY:
            return
        if wire.dotted:
            p.setBrush(theme.color(role))
            p.drawEllipse(QPointF(0, wire.leaves + 0.5), 3, 3)
        arrow(p, QPointF(-PLUS - 10, wire.enters + 0.5), QPointF(-PLUS, wire.enters + 0.5), role, 2)
        plus(p, 0, wire.enters + 0.5, role)


def wire_path(x: float, leaves: float, enters: float) -> QPainterPath:
    """Left out of the stream, along, and back, with corners of 16."""
    r = min(16.0, abs(enters - leaves) / 2, abs(x) / 2)
    along = r if enters >= leaves else -r
    path = QPainterPath(QPointF(-PLUS, leaves))
    path.lineTo(x + r, leaves)
    path.quadTo(x, leaves, x, leaves + along)
    path.lineTo(x, enters - along)
    path.quadTo(x, enters, x + r, enters)
    path.lineTo(-PLUS - 6, enters)
    return path


class DropLine(CanvasItem):
    """Where the dragged thing will go: a line in accent, and the words for it."""

    def place(self, y: float, text: str) -> None:
        self.show_value((y, text), QRectF(-180, y - 12, CARD_X + CARD_W + 184, 24))

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        y, text = self.value
        p.setPen(pen("accent", 3))
        p.drawLine(QPointF(0, y), QPointF(CARD_X + CARD_W, y))
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.color("accent"))
        p.drawEllipse(QPointF(0, y), 5, 5)
        ink = SHAPE.as_("accent")
        pill(p, min(-60, -18 - ink.width(text) / 2), y, text, ink, "accent")


class DropInto(CanvasItem):
    """The card into which the dragged part will go, and the words for what becomes of it."""

    def place(self, box: Box, text: str) -> None:
        self.show_value((box, text), rect(box).adjusted(-180, -24, 4, 4))

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        box, text = rect(self.value[0]), self.value[1]
        p.setPen(pen("accent", 3))
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.drawRoundedRect(box, 6, 6)
        ink = SMALL.as_("accent")
        pill(p, box.x() + ink.width(text) / 2 + 24, box.y(), text, ink, "accent")


class LooseWire(CanvasItem):
    """The wire being drawn by hand, from the stream to the pointer or to the gate it will enter."""

    def place(self, x: float, leaves: float, enters: float) -> None:
        self.show_value((x, leaves, enters), QRectF(x - 4, min(leaves, enters) - 14, 24 - x, abs(enters - leaves) + 28))

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        x, leaves, enters = self.value
        p.setPen(pen("accent", 2))
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.drawPath(wire_path(x, leaves, enters))
        plus(p, 0, enters, "accent")
