"""Groups of blocks on the canvas: one card, or a frame around them."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from . import tiny
from .items import READABLE, TINY, CanvasItem, detail, two_lines
from .layout import FOLDED_X, Frame
from .paint import (
    CENTER,
    NAME,
    PATH,
    RIGHT,
    SMALL,
    TITLE,
    card,
    chevron,
    chips,
    grounds,
    icon,
    pen,
    reading,
    rect,
)
from .shown import GroupLook


class GroupItem(CanvasItem):
    """A closed group stands on the stream like a folded block, with others under it; an open one lies behind."""

    def place(self, frame: Frame, look: GroupLook) -> None:
        self.show_value((frame, look), rect(frame.box).adjusted(-2, -2, 2, 2))

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        frame, look = self.value
        zoom = detail(p, option)
        if frame.shut and zoom < TINY:
            tiny.group(p, frame.box, look, zoom)
        elif frame.shut:
            _shut(p, frame, look, zoom)
        else:
            _open(p, frame, look, zoom)


def _shut(p: QPainter, frame: Frame, look: GroupLook, zoom: float) -> None:
    box = rect(frame.head)
    for k in (2, 1):
        card(p, box.adjusted(6 * k, 10, -6 * k, 3 * k), "panel", "line_strong")
    chosen = look.selected or look.within
    card(p, box, *grounds(chosen, look.hovered, bool(look.problem), "raised", "line_strong"))
    chevron(p, FOLDED_X + 18, box.center().y(), "muted", False)
    if zoom < READABLE:
        tiny.line(p, box.adjusted(40, 0, -12, 0), look.title, look.marks, zoom, "error" if look.problem else "text")
        return
    icon(p, "group", QRectF(box.x() + 34, box.center().y() - 8, 16, 16), "accent" if chosen else "muted")
    rest = box.adjusted(58, 0, -12, 0)
    if look.live:
        rest.setRight(rest.right() - reading(p, rest, look.live) - 12)
    else:
        rest.setRight(rest.right() - SMALL.write(p, rest, look.count, RIGHT) - 12)
    if look.problems:
        rest.setRight(rest.right() - _badge(p, rest, look.problems) - 8)
    else:
        rest.setRight(rest.right() - chips(p, rest, look.marks, 190))
    rest.setLeft(rest.left() + NAME.write(p, rest, look.title) + 16)
    two_lines(p, rest, look.problem or look.facts, "error" if look.problem else "muted")


def _badge(p: QPainter, box: QRectF, problems: int) -> float:
    """How many problems there are inside; the width taken."""
    text = f"{problems} problem{'s' * (problems != 1)}"
    ink = SMALL.as_("error")
    width = ink.width(text) + 16
    badge = QRectF(box.right() - width, box.center().y() - 9, width, 18)
    card(p, badge, "error_ground", "error", radius=9)
    ink.write(p, badge, text, CENTER)
    return width


def _open(p: QPainter, frame: Frame, look: GroupLook, zoom: float) -> None:
    outline = "accent" if look.selected else "control" if look.hovered else "line_strong"
    line = pen(outline, 2 if look.selected else 1)
    line.setCosmetic(True)
    p.setPen(line)
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.drawRoundedRect(rect(frame.box), 8, 8)
    head = rect(frame.head)
    if zoom < TINY:
        return
    chevron(p, head.x() + 18, head.center().y(), "muted", True)
    rest = head.adjusted(32, 0, -12, 0)
    if zoom < READABLE:
        tiny.line(p, rest, look.title, look.marks, zoom)
        return
    rest.setRight(rest.right() - SMALL.write(p, rest, f"{look.count} parameters", RIGHT) - 12)
    if look.problems:
        rest.setRight(rest.right() - _badge(p, rest, look.problems) - 8)
    rest.setLeft(rest.left() + TITLE.write(p, rest, look.title) + 12)
    PATH.write(p, rest, frame.path)
    p.setPen(pen("line"))
    p.drawLine(QPointF(head.x(), head.bottom()), QPointF(head.right(), head.bottom()))
