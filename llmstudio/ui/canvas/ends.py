"""The two ends of the model on the canvas, and the stream between them."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ..theme import theme
from .items import READABLE, TINY, CanvasItem, detail
from .layout import CARD_W, CARD_X, STREAM_WIDTH, Box, Layout
from .paint import (
    CENTER,
    FACTS,
    NAME,
    PATH,
    RIGHT,
    SHAPE,
    SMALL,
    arrow,
    card,
    chip,
    grounds,
    icon,
    pen,
    pill,
    rect,
)
from .shown import EndLook, StreamLook
from .tiny import LARGEST, LEAST, line

CHIP_H = 24
NOTE_W = 264
WORDS_W = 130  # behind the tokens


class EndItem(CanvasItem):
    """The embedding or the head. What is unusual stands to its right, from `aside` on."""

    def place(self, box: Box, look: EndLook, aside: float) -> None:
        self.show_value((box, look, aside), rect(box).adjusted(-2, -2, aside + 260, 2))

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        box, look, aside = rect(self.value[0]), *self.value[1:]
        zoom = detail(p, option)
        card(p, box, *grounds(look.selected, look.hovered, bool(look.problem), "raised", "line_strong"))
        if zoom < READABLE:
            if LARGEST * zoom >= LEAST:
                line(p, box.adjusted(10, 0, -4, 0), look.name, (), zoom, "error" if look.problem else "text")
            return
        role = "accent" if look.selected else "text"
        icon(p, look.icon, QRectF(box.x() + 12, box.y() + 10, 16, 16), role)
        taken = NAME.write(p, box.adjusted(36, 0, -8, 0), look.name)
        rest, words = box.adjusted(36 + taken + 8, 0, -12, 0), look.problem or look.facts
        ink = FACTS if FACTS.width(words) <= rest.width() else SMALL
        (ink.as_("error") if look.problem else ink).write(p, rest, words, RIGHT)
        x = box.right() + aside
        for mark in look.marks:
            x += chip(p, x, box.center().y(), mark) + 6


class StreamItem(CanvasItem):
    """The residual stream from the text in to the scores out, with the shapes at both ends."""

    def place(self, plan: Layout, look: StreamLook) -> None:
        self.show_value((plan, look), rect(plan.bounds))

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        plan, look = self.value
        zoom = detail(p, option)
        p.setPen(pen("control", max(STREAM_WIDTH, 2 / zoom)))
        p.drawLine(QPointF(0, plan.embed.bottom), QPointF(0, plan.head.y))
        if zoom < TINY:
            return
        p.setPen(pen("control", 1.5))
        p.drawLine(QPointF(0, plan.embed.y - 12), QPointF(0, plan.embed.y))
        arrow(p, QPointF(0, plan.head.bottom), QPointF(0, plan.head.bottom + 28), "muted", 1.5)
        if zoom < READABLE:
            return
        pill(p, 0, plan.first_pill, look.stream)
        if plan.blocks:
            pill(p, 0, plan.last_pill, look.stream)
        SHAPE.write(p, QRectF(plan.head.right + 20, plan.head.y, 160, plan.head.h), look.out)
        SMALL.write(p, QRectF(14, plan.head.bottom + 12, 240, 20), "a score for every token, at every place")
        self._chips(p, plan, look)
        if look.note:
            box = QRectF(CARD_X + 22, plan.embed.bottom + 4, NOTE_W, 32)
            icon(p, "note", QRectF(box.x() - 22, box.center().y() - 7, 14, 14), "muted")
            _words(p, box, look.note, 11)
        if look.hint:
            _words(p, QRectF(24, plan.line(0) - 30, 330, 60), look.hint, 13)

    def _chips(self, p: QPainter, plan: Layout, look: StreamLook) -> None:
        y = plan.embed.y - 12 - CHIP_H
        if not look.pieces:
            SMALL.write(p, QRectF(-100, y, 200, CHIP_H), "tokens in", CENTER)
            return
        ink = PATH.as_("text")
        x, shown = plan.embed.x, 0
        for i, piece in enumerate(look.pieces):
            width = max(20, round(ink.width(piece)) + 10)
            if x + width > CARD_X + CARD_W - WORDS_W:
                break
            box = QRectF(x, y, width, CHIP_H)
            card(p, box, ("raised", "hover")[i % 2], "line", radius=3)
            ink.write(p, box, piece, CENTER)
            x, shown = x + width + 4, i + 1
        more = look.more + len(look.pieces) - shown
        words = f"text in, and {more} more" if more else "text in"
        SMALL.write(p, QRectF(x + 12, y, 160, CHIP_H), words)


def _words(p: QPainter, box: QRectF, text: str, size: int) -> None:
    """Some lines of text."""
    p.setPen(theme.color("muted"))
    p.setFont(theme.font(size))
    p.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, text)
