"""What is drawn on the canvas, one item per thing. Items hold words and places; the scene says what and where."""

from typing import Any

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from .. import icons
from ..theme import theme
from .layout import CARD_W, CARD_X, FOLDED_X, GAP, PLUS, STREAM_WIDTH, Box, Layout, Place, Wire
from .layout import SHAPE as SHAPE_AT
from .paint import CENTER, FACTS, NAME, PATH, RIGHT, SHAPE, SMALL, TITLE, arrow, card, chevron, pen, pill, plus, rect

EMPTY = "empty, hands on what it gets"
READABLE = 0.35  # below this zoom only titles are written


class RowLook(Struct, frozen=True):
    path: str
    name: str
    icon: str
    normed: bool
    facts: str
    count: str
    problem: str


class BlockLook(Struct, frozen=True):
    title: str
    facts: str  # of the whole block, when folded
    count: str
    rows: tuple[RowLook, ...]
    problem: str
    shape: str  # of the stream before it, written beside the gap above; "" for none
    selected: str  # the path that is selected, if it is here
    hovered: str


class EndLook(Struct, frozen=True):
    name: str
    icon: str
    facts: str
    problem: str
    selected: bool
    hovered: bool


class CanvasItem(QGraphicsItem):
    """An item that shows a value and repaints when it gets another."""

    def __init__(self) -> None:
        super().__init__()
        self.value: Any = None
        self.bounds = QRectF()

    def show_value(self, value: Any, bounds: QRectF) -> None:
        if bounds != self.bounds:
            self.prepareGeometryChange()
            self.bounds = bounds
        if value != self.value:
            self.value = value
            self.update()

    def boundingRect(self) -> QRectF:
        return self.bounds


class BlockItem(CanvasItem):
    """A block with its rows, arrows and sums. Drawn with the top of its card at y = 0; loose, the card alone."""

    def __init__(self, loose: bool = False) -> None:
        super().__init__()
        self.loose = loose

    def place(self, place: Place, look: BlockLook) -> None:
        self.show_value((place, look), QRectF(-108, -16, CARD_X + CARD_W + 112, place.card.h + 20))

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        place, look = self.value
        readable = option.levelOfDetailFromTransform(p.worldTransform()) >= READABLE
        p.translate(0, -place.card.y)
        if place.folded:
            _folded(p, place, look, readable)
        else:
            _open(p, place, look, readable, self.loose)


def _grounds(selected: bool, hovered: bool, problem: bool, ground: str, outline: str) -> tuple[str, str, float]:
    if selected:
        return "error_ground" if problem else "accent_soft", "accent", 2.0
    if problem:
        return "error_ground", "error", 2.0
    return ground, "control" if hovered else outline, 1.0


def _folded(p: QPainter, place: Place, look: BlockLook, readable: bool) -> None:
    problem = look.problem or next((row.problem for row in look.rows if row.problem), "")
    selected = look.selected.startswith(place.path)
    box = rect(place.card)
    card(p, box, *_grounds(selected, look.hovered.startswith(place.path), bool(problem), "raised", "line_strong"))
    chevron(p, FOLDED_X + 18, box.center().y(), "muted", False)
    if readable:
        icons.draw(p, "block", QRectF(FOLDED_X + 34, box.center().y() - 8, 16, 16), "accent" if selected else "muted")
    NAME.write(p, QRectF(FOLDED_X + 58, box.y(), 80, box.height()), look.title)
    if readable:
        facts = QRectF(FOLDED_X + 138, box.y(), box.width() - 138 - 110, box.height())
        (FACTS.as_("error") if problem else FACTS).write(p, facts, problem or look.facts)
        SMALL.write(p, box.adjusted(box.width() - 100, 0, -12, 0), look.count, RIGHT)


def _open(p: QPainter, place: Place, look: BlockLook, readable: bool, loose: bool) -> None:
    whole = look.selected == place.path
    box = rect(place.card)
    card(p, box, *_grounds(whole, look.hovered == place.path, bool(look.problem), "panel", "line"), radius=6)
    header = QRectF(box.x(), box.y(), box.width(), 32 if place.rows else box.height())
    chevron(p, box.x() + 18, header.center().y(), "muted", True)
    taken = TITLE.write(p, header.adjusted(32, 0, -120, 0), look.title)
    if readable:
        PATH.write(p, header.adjusted(32 + taken + 12, 0, -120, 0), place.path)
        SMALL.write(p, header.adjusted(0, 0, -12, 0), f"{look.count} parameters", RIGHT)
        if look.shape and not loose:
            SHAPE.write(p, QRectF(SHAPE_AT[0], box.y() - GAP / 2 - SHAPE_AT[2] / 2, *SHAPE_AT[1:]), look.shape, RIGHT)
        if look.problem or not place.rows:
            words = header.adjusted(32 + taken + 84, 0, -112, 0)
            (SMALL.as_("error") if look.problem else SMALL).write(
                p, words, look.problem or "empty, hands on what it gets"
            )
    for row, shown in zip(place.rows, look.rows, strict=True):
        selected = look.selected in (row.path, place.path)
        role = "accent" if selected else "muted"
        if not loose:
            arrow(p, QPointF(STREAM_WIDTH / 2, row.reads + 0.5), QPointF(row.box.x, row.reads + 0.5), role)
            arrow(p, QPointF(row.box.x, row.adds + 0.5), QPointF(PLUS, row.adds + 0.5), role)
            plus(p, 0, row.adds + 0.5, role)
        _row(p, rect(row.box), shown, look.selected == row.path, look.hovered == row.path, readable)


def _row(p: QPainter, box: QRectF, row: RowLook, selected: bool, hovered: bool, readable: bool) -> None:
    card(p, box, *_grounds(selected, hovered, bool(row.problem), "raised", "line_strong"))
    if not readable:
        NAME.write(p, box.adjusted(80, 0, -8, 0), row.name)
        return
    if row.normed:
        chip = QRectF(box.x() + 8, box.y() + 9, 38, 18)
        card(p, chip, "panel", "line", radius=3)
        SMALL.write(p, chip, "norm", CENTER)
    icons.draw(p, row.icon, QRectF(box.x() + 54, box.y() + 10, 16, 16), "accent" if selected else "text")
    taken = NAME.write(p, box.adjusted(78, 0, -8, 0), row.name)
    rest = box.adjusted(78 + taken + 12, 0, -12, 0)
    if row.problem:
        _problem(p, rest, row.problem)
        return
    taken = SMALL.as_("muted").write(p, rest, row.count, RIGHT)
    FACTS.write(p, rest.adjusted(0, 0, -taken - 12, 0), row.facts)


def _problem(p: QPainter, box: QRectF, text: str) -> None:
    """In one line where it fits, otherwise small in two."""
    ink = FACTS.as_("error")
    if ink.width(text) <= box.width():
        ink.write(p, box, text)
        return
    small = SMALL.as_("error")
    head = text
    while small.width(head) > box.width() and " " in head:
        head = head.rpartition(" ")[0]
    middle = box.center().y()
    small.write(p, QRectF(box.x(), middle - 15, box.width(), 15), head)
    small.write(p, QRectF(box.x(), middle, box.width(), 15), text[len(head) :].strip())


class EndItem(CanvasItem):
    """The embedding or the head."""

    def place(self, box: Box, look: EndLook) -> None:
        self.show_value((box, look), rect(box).adjusted(-2, -2, 2, 2))

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        box, look = rect(self.value[0]), self.value[1]
        card(p, box, *_grounds(look.selected, look.hovered, bool(look.problem), "raised", "line_strong"))
        role = "accent" if look.selected else "text"
        icons.draw(p, look.icon, QRectF(box.x() + 12, box.y() + 10, 16, 16), role)
        taken = NAME.write(p, box.adjusted(36, 0, -8, 0), look.name)
        ink = FACTS.as_("error") if look.problem else FACTS
        ink.write(p, box.adjusted(36 + taken + 8, 0, -12, 0), look.problem or look.facts, RIGHT)


class StreamLook(Struct, frozen=True):
    stream: str  # its shape
    out: str  # the shape that leaves the head
    pieces: tuple[str, ...]  # of the probe text, as they are shown
    more: int  # pieces left out
    hint: str  # what to do where there are no blocks


CHIP_H, CHIP_STEP = 24, 27


class StreamItem(CanvasItem):
    """The residual stream from the text in to the scores out, with the shapes at both ends."""

    def place(self, plan: Layout, look: StreamLook) -> None:
        self.show_value((plan, look), rect(plan.bounds))

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        plan, look = self.value
        p.setPen(pen("control", STREAM_WIDTH))
        p.drawLine(QPointF(0, plan.embed.bottom), QPointF(0, plan.head.y))
        p.setPen(pen("control", 1.5))
        p.drawLine(QPointF(0, plan.embed.y - 12), QPointF(0, plan.embed.y))
        arrow(p, QPointF(0, plan.head.bottom), QPointF(0, plan.head.bottom + 28), "muted", 1.5)
        if option.levelOfDetailFromTransform(p.worldTransform()) < READABLE:
            return
        pill(p, 0, plan.first_pill, look.stream)
        if plan.blocks:
            pill(p, 0, plan.last_pill, look.stream)
        SHAPE.write(p, QRectF(plan.head.right + 20, plan.head.y, 160, plan.head.h), look.out)
        SMALL.write(p, QRectF(14, plan.head.bottom + 12, 240, 20), "a score for every token, at every place")
        self._chips(p, plan, look)
        if look.hint:
            box = QRectF(24, plan.line(0) - 30, 330, 60)
            p.setPen(theme.color("muted"))
            p.setFont(theme.font(13))
            p.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, look.hint)

    def _chips(self, p: QPainter, plan: Layout, look: StreamLook) -> None:
        y = plan.embed.y - 12 - CHIP_H
        if not look.pieces:
            SMALL.write(p, QRectF(-100, y, 200, CHIP_H), "tokens in", CENTER)
            return
        ink = PATH.as_("text")
        widths = [max(20.0, ink.width(piece) + 10) for piece in look.pieces]
        x = -(sum(widths) + 4 * (len(widths) - 1)) / 2
        for i, (piece, width) in enumerate(zip(look.pieces, widths, strict=True)):
            box = QRectF(round(x), y, round(width), CHIP_H)
            card(p, box, ("raised", "hover")[i % 2], "line", radius=3)
            ink.write(p, box, piece, CENTER)
            x += width + 4
        words = f"text in, and {look.more} more" if look.more else "text in"
        SMALL.write(p, QRectF(x + 12, y, 160, CHIP_H), words)


class WireLabel(CanvasItem):
    """The words on a wire."""

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if option.levelOfDetailFromTransform(p.worldTransform()) < READABLE:
            return
        wire, words, selected, _, problem = self.value
        ground = "accent_soft" if selected else "error_ground" if problem else "canvas"
        ink = SMALL.as_("error" if problem else "text")
        spare = max(0, round((wire.label.w - ink.width(words) - 24) / 2))
        box = rect(wire.label).adjusted(spare, 0, -spare, 0)
        card(p, box, ground, "accent" if selected else "error" if problem else "text", radius=10)
        ink.write(p, box, words, CENTER)


class WireItem(CanvasItem):
    """An extra wire, leaving to the left and coming back lower down. Its label lies above all wires."""

    def __init__(self) -> None:
        super().__init__()
        self.label = WireLabel()

    def place(self, wire: Wire, words: str, selected: bool, hovered: bool, problem: bool) -> None:
        bounds = QRectF(min(wire.x, wire.label.x) - 4, wire.leaves - 12, 24 - min(wire.x, wire.label.x), 0)
        bounds.setBottom(max(wire.enters, wire.label.bottom) + 12)
        self.show_value((wire, words, selected, hovered, problem), bounds)
        self.label.show_value(self.value, rect(wire.label).adjusted(-2, -2, 2, 2))

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        wire, _, selected, hovered, problem = self.value
        role = "accent" if selected else "error" if problem else "text"
        p.setPen(pen(role, 3 if hovered and not selected else 2))
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.drawPath(wire_path(wire.x, wire.leaves + 0.5, wire.enters + 0.5))
        if wire.dotted:
            p.setBrush(theme.color(role))
            p.drawEllipse(QPointF(0, wire.leaves + 0.5), 3, 3)
        arrow(p, QPointF(-PLUS - 10, wire.enters + 0.5), QPointF(-PLUS, wire.enters + 0.5), role, 2)
        plus(p, 0, wire.enters + 0.5, role)


def wire_path(x: float, leaves: float, enters: float) -> QPainterPath:
    """Left out of the stream, down, and back, with corners of 16."""
    r = min(16.0, abs(enters - leaves) / 2, abs(x) / 2)
    path = QPainterPath(QPointF(-PLUS, leaves))
    path.lineTo(x + r, leaves)
    path.quadTo(x, leaves, x, leaves + r)
    path.lineTo(x, enters - r)
    path.quadTo(x, enters, x + r, enters)
    path.lineTo(-PLUS - 6, enters)
    return path


class DropLine(CanvasItem):
    """Where the dragged thing will go: a line in accent, and the path it will have."""

    def place(self, y: float, path: str) -> None:
        self.show_value((y, path), QRectF(-112, y - 12, CARD_X + CARD_W + 116, 24))

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        y, path = self.value
        p.setPen(pen("accent", 3))
        p.drawLine(QPointF(0, y), QPointF(CARD_X + CARD_W, y))
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.color("accent"))
        p.drawEllipse(QPointF(0, y), 5, 5)
        pill(p, -60, y, path, SHAPE.as_("accent"), "accent")


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
