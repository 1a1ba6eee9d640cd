"""Blocks on the canvas. Items hold words and places; the scene says what and where."""

from typing import Any

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from . import near, tiny
from .layout import CARD_X, FOLDED_X, HEADER, PLUS, STREAM_WIDTH, Place
from .layout import SHAPE as SHAPE_AT
from .paint import (
    CENTER,
    CHIP,
    FACTS,
    NAME,
    PATH,
    RIGHT,
    SHAPE,
    SMALL,
    TITLE,
    arrow,
    bus,
    card,
    chevron,
    chips,
    grounds,
    icon,
    joint,
    norm_chip,
    pill,
    plus,
    reading,
    rect,
    severed,
)
from .shown import BlockLook, RowLook
from .words import EMPTY

READABLE = 0.55  # below this zoom only names are written, and what is unusual, larger
TINY = 0.38  # below this a block is one box
IN_X, OUT_X = 46, 28  # where the ways of parallel parts with open insides branch


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


def detail(p: QPainter, option: QStyleOptionGraphicsItem) -> float:
    """How many pixels a unit of the canvas is."""
    return option.levelOfDetailFromTransform(p.worldTransform())


class BlockItem(CanvasItem):
    """A block with its rows, arrows and sums. Drawn with the top of its card at y = 0; loose, the card alone."""

    def __init__(self, loose: bool = False) -> None:
        super().__init__()
        self.loose = loose

    def place(self, place: Place, look: BlockLook) -> None:
        self.show_value((place, look), QRectF(-108, -16, place.card.right + 112, place.card.h + 30))

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        place, look = self.value
        zoom = detail(p, option)
        p.translate(0, -place.card.y)
        if zoom < TINY and not place.near:
            tiny.block(p, place, look, zoom)
        elif place.folded:
            _folded(p, place, look, zoom)
        else:
            _open(p, place, look, zoom, self.loose)


def _folded(p: QPainter, place: Place, look: BlockLook, zoom: float) -> None:
    selected = bool(look.selected)
    box = rect(place.card)
    card(p, box, *grounds(selected, bool(look.hovered), bool(look.wrong), "raised", "line_strong"))
    chevron(p, FOLDED_X + 18, box.center().y(), "muted", False)
    if zoom < READABLE:
        tiny.line(p, box.adjusted(40, 0, -12, 0), look.title, look.marks, zoom)
        return
    icon(p, "block", QRectF(FOLDED_X + 34, box.center().y() - 8, 16, 16), "accent" if selected else "muted")
    NAME.write(p, QRectF(FOLDED_X + 58, box.y(), 80, box.height()), look.title)
    facts = QRectF(FOLDED_X + 138, box.y(), box.width() - 138 - 12, box.height())
    if look.live:
        facts.setRight(facts.right() - reading(p, facts, look.live) - 12)
    else:
        facts.setRight(facts.right() - SMALL.write(p, facts, look.count, RIGHT) - 12)
    if look.wrong:
        FACTS.as_("error").write(p, facts, look.wrong)
    else:
        facts.setRight(facts.right() - chips(p, facts, look.marks, 120))
        FACTS.write(p, facts, look.facts)


def _open(p: QPainter, place: Place, look: BlockLook, zoom: float, loose: bool) -> None:
    whole = place.path in look.selected
    box = rect(place.card)
    ground, *outline = grounds(whole, look.hovered == place.path, bool(look.problem), "panel", "line")
    card(p, box, "panel" if place.near else ground, *outline, radius=6)
    header = QRectF(box.x(), box.y(), box.width(), HEADER if place.rows else box.height())
    chevron(p, box.x() + 18, header.center().y(), "muted", True)
    if zoom >= READABLE:
        _header(p, header, place, look)
        if place.shape is not None and not loose:
            SHAPE.write(p, QRectF(SHAPE_AT[0], place.shape - SHAPE_AT[2] / 2, *SHAPE_AT[1:]), look.shape, RIGHT)
        if place.note:
            note = rect(place.note)
            icon(p, "note", QRectF(note.x() + 2, note.center().y() - 7, 14, 14), "muted")
            SMALL.write(p, note.adjusted(24, 0, 0, 0), look.note)
    else:
        tiny.line(p, header.adjusted(32, 0, -12, 0), look.title, look.marks, zoom)
    if not loose:
        _stream(p, place, look)
    if place.shared:
        _shared(p, place, look)
    if not place.near:
        for row, shown in zip(place.rows, look.rows, strict=True):
            chosen, hovered = row.path in look.selected, look.hovered == row.path
            _row(p, rect(row.box), shown, chosen, hovered, zoom, bool(place.shared))


def _header(p: QPainter, header: QRectF, place: Place, look: BlockLook) -> None:
    rest = header.adjusted(32, 0, -12, 0)
    if look.problem:
        rest.setLeft(rest.left() + TITLE.write(p, rest, look.title) + 12)
        two_lines(p, rest, look.problem, "error")
        return
    if look.live:
        rest.setRight(rest.right() - reading(p, rest, look.live) - 12)
    else:
        rest.setRight(rest.right() - SMALL.write(p, rest, f"{look.count} parameters", RIGHT) - 12)
    rest.setLeft(rest.left() + TITLE.write(p, rest, look.title) + 12)
    rest.setRight(rest.right() - chips(p, rest, look.marks, 60))
    rest.setLeft(rest.left() + PATH.write(p, rest, place.path) + 12)
    if not place.rows:
        SMALL.write(p, rest, EMPTY)


def _stream(p: QPainter, place: Place, look: BlockLook) -> None:
    """What the parts read and where it comes back: a sum, or in place of the stream; and norms on the stream."""
    if place.near and len(place.rows) > 1 and place.rows[0].reads == place.rows[1].reads:
        _together(p, place, look)
        return
    chosen = {row.path: "accent" for row in place.rows if row.path in look.selected or place.path in look.selected}
    done = set()
    for row in place.rows:
        role = chosen.get(row.path, "muted") if not place.shared else next(iter(chosen.values()), "muted")
        left = place.shared.x if place.shared else row.box.x
        if not place.shared or row is place.rows[0]:
            way = QPointF(STREAM_WIDTH / 2, row.reads + 0.5), QPointF(left, row.reads + 0.5)
            bus(p, way, role) if place.near else arrow(p, *way, role)
        if (row.reads, row.adds) in done:
            continue
        done.add((row.reads, row.adds))
        if not look.residual:
            severed(p, row.reads, row.adds)
        if not place.shared:
            ends = PLUS if look.residual else STREAM_WIDTH / 2
            arrow(p, QPointF(row.box.x, row.adds + 0.5), QPointF(ends, row.adds + 0.5), role)
        if look.residual:
            plus(p, 0, row.adds + 0.5, role)
        else:
            joint(p, row.adds + 0.5, role)
        if row.norms is not None:
            pill(p, 0, row.norms, "norm", SMALL, height=16)


def _together(p: QPainter, place: Place, look: BlockLook) -> None:
    """Parallel parts with their insides open: all read at one place of the stream and come back at another."""
    role = "accent" if look.selected else "muted"
    first, last = place.rows[0], place.rows[-1]
    ins = {row: row.box.y + near.READS[row.path.rsplit(".", 1)[1]] for row in place.rows}
    outs = {row: row.box.y + near.ADDS[row.path.rsplit(".", 1)[1]] for row in place.rows}
    if not look.residual:
        severed(p, first.reads, last.adds)
    bus(p, [QPointF(STREAM_WIDTH / 2, first.reads), QPointF(IN_X, first.reads), QPointF(IN_X, ins[last])], role)
    bus(p, [QPointF(OUT_X, outs[first]), QPointF(OUT_X, last.adds)], role)
    for row in place.rows:
        bus(p, [QPointF(IN_X, ins[row]), QPointF(row.box.x, ins[row])], role)
        bus(p, [QPointF(row.box.x, outs[row]), QPointF(OUT_X, outs[row])], role)
    arrow(p, QPointF(OUT_X, last.adds), QPointF(PLUS if look.residual else STREAM_WIDTH / 2, last.adds), role)
    (plus(p, 0, last.adds, role) if look.residual else joint(p, last.adds, role))
    if look.rows[0].after:
        pill(p, OUT_X, last.adds - 13, "norm", SMALL, height=16)
    if last.norms is not None:
        pill(p, 0, last.norms, "norm", SMALL, height=16)


def _shared(p: QPainter, place: Place, look: BlockLook) -> None:
    """Parallel parts: one norm before all of them, and one way back."""
    box, rows = rect(place.shared), place.rows
    role = "accent" if look.selected else "muted"
    if look.rows[0].before:
        card(p, box, "panel", "line_strong", radius=3)
        SMALL.write(p, box, "norm", CENTER)
    else:
        bus(p, [QPointF(box.x(), rows[0].reads), QPointF(box.center().x(), rows[0].reads)], role)
        bus(p, [QPointF(box.center().x(), rows[0].reads), QPointF(box.center().x(), rows[-1].box.middle)], role)
    start = box.right() if look.rows[0].before else box.center().x()
    out = rows[0].box.right + 9
    for row in rows:
        arrow(p, QPointF(start, row.box.middle), QPointF(row.box.x, row.box.middle), role)
        bus(p, [QPointF(row.box.right, row.box.middle), QPointF(out, row.box.middle)], role)
    corners = [QPointF(out, rows[0].box.middle), QPointF(out, rows[0].adds), QPointF(CARD_X, rows[0].adds)]
    bus(p, corners, role)
    arrow(p, corners[-1], QPointF(PLUS if look.residual else STREAM_WIDTH / 2, rows[0].adds), role)
    if look.rows[0].after:
        norm_chip(p, QRectF(CARD_X + 16, rows[0].adds - 8, 38, 16))


def _row(p: QPainter, box: QRectF, row: RowLook, selected: bool, hovered: bool, zoom: float, shared: bool) -> None:
    """`shared`: its norm is that of all parts, and drawn beside it."""
    card(p, box, *grounds(selected, hovered, bool(row.problem), "raised", "line_strong"))
    normed = row.before and not shared
    left = 54 if normed else 12
    if zoom < READABLE:
        tiny.line(p, box.adjusted(10, 0, -10, 0), row.name, row.marks, zoom, "error" if row.problem else "text", 500)
        return
    if normed:
        norm_chip(p, QRectF(box.x() + 8, box.y() + 9, 38, 18))
    icon(p, row.icon, QRectF(box.x() + left, box.y() + 10, 16, 16), "accent" if selected else "text")
    rest = box.adjusted(left + 24, 0, -8, 0)
    rest.setLeft(rest.left() + NAME.write(p, rest, row.name) + 10)
    if row.problem:
        two_lines(p, rest, row.problem, "error")
        return
    if row.after and not shared:
        norm_chip(p, QRectF(rest.right() - 38, box.y() + 9, 38, 18))
        rest.setRight(rest.right() - 44)
    else:
        rest.setRight(rest.right() - 4)
    _facts(p, rest, row)


def _facts(p: QPainter, box: QRectF, row: RowLook) -> None:
    """What it is, what is unusual about it and a number: chips where they fit in one line, otherwise words in two."""
    words = max(SMALL.width(row.facts), SMALL.width(", ".join(row.marks))) if row.marks else FACTS.width(row.facts)
    taken = 8 + (reading(p, box, row.live, words + 8) if row.live else SMALL.width(row.count))
    rest = box.adjusted(0, 0, -taken, 0)
    wanted = sum(SMALL.width(mark) + CHIP for mark in row.marks)
    single = FACTS.width(row.facts) + wanted <= rest.width()
    if not row.live and (single or not row.marks):
        SMALL.write(p, box, row.count, RIGHT)
    if single:
        FACTS.write(p, rest.adjusted(0, 0, -chips(p, rest, row.marks, 0), 0), row.facts)
    elif not row.marks:
        two_lines(p, rest, row.facts, "muted")
    else:
        above, below = rest.adjusted(0, 2, 0, -18), box.adjusted(0, 18, 0, -2)
        if row.live:
            below.setRight(rest.right())
        else:
            SMALL.write(p, box.adjusted(0, 2, 0, -18), row.count, RIGHT)
        _marked(p, above, below, row)


def _marked(p: QPainter, above: QRectF, below: QRectF, row: RowLook) -> None:
    """Facts in the line above, what is unusual in the one below; as much of it as must in the rest of the first."""
    strong, split = SMALL.as_("text"), 0
    while split < len(row.marks) and strong.width(", ".join(row.marks[split:])) > below.width():
        head = f"{row.facts}, {', '.join(row.marks[: split + 1])}"
        if strong.width(head) > above.width():
            break
        split += 1
    head = ", ".join(row.marks[:split])
    taken = SMALL.write(p, above, row.facts + ", " * bool(head))
    strong.write(p, above.adjusted(taken, 0, 0, 0), head)
    strong.write(p, below, ", ".join(row.marks[split:]))


def two_lines(p: QPainter, box: QRectF, text: str, role: str) -> None:
    """In one line where it fits, otherwise small in two."""
    ink, small = FACTS.as_(role), SMALL.as_(role)
    if ink.width(text) <= box.width():
        ink.write(p, box, text)
        return
    head = text
    while small.width(head) > box.width() and " " in head:
        head = head.rpartition(" ")[0]
    middle = box.center().y()
    small.write(p, QRectF(box.x(), middle - 15, box.width(), 15), head)
    small.write(p, QRectF(box.x(), middle, box.width(), 15), text[len(head) :].strip())
