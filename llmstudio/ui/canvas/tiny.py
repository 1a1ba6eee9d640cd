"""From far away: one box for each block or closed group, its kinds of part as stripes, its name as large as fits."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from ...core.model.spec import PARTS
from ..theme import theme
from .layout import FOLDED_X, Box, Place
from .paint import Ink, grounds, pen, rect
from .shown import BlockLook, GroupLook

RUN = {"attn": 2, "mlp": 1, "moe": 4, "conv": 5, "rec": 6}  # the colours of kinds of part, as in the cost
STRIPE = 10
LEAST = 9  # pixels of the smallest letters
NUMBERED = 0.18  # from further away only the number is written


def tint(kind: str) -> QColor:
    """The colour of a kind of part: "attn", "mlp" ..."""
    return theme.run(RUN[kind])


def block(p: QPainter, place: Place, look: BlockLook, zoom: float) -> None:
    kinds = [row.path.rsplit(".", 1)[1] for row in look.rows]
    _box(p, place.card, kinds, look.title, bool(look.selected), bool(look.hovered), bool(look.wrong), zoom)


def group(p: QPainter, box: Box, look: GroupLook, zoom: float) -> None:
    kinds = [kind for kind in PARTS if kind in look.kinds]
    _box(p, box, kinds, look.title, look.selected, look.hovered, bool(look.problem), zoom)


def _box(
    p: QPainter, place: Box, kinds: list[str], title: str, selected: bool, hovered: bool, wrong: bool, zoom: float
) -> None:
    box = rect(place)
    ground, outline, width = grounds(selected, hovered, wrong, "raised", "line_strong")
    p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    line = pen(outline, width)
    line.setCosmetic(True)
    p.setPen(line if box.height() * zoom > 6 or selected or wrong else Qt.PenStyle.NoPen)
    p.setBrush(theme.color(ground))
    p.drawRect(box)
    p.setPen(Qt.PenStyle.NoPen)
    inner = box.adjusted(box.width() * 0.02, box.height() * 0.12, 0, -box.height() * 0.12)
    if place.x <= FOLDED_X:
        inner.setLeft(inner.left() + 66)
    stripe, share = max(STRIPE, 4 / zoom), inner.height() / max(1, len(kinds))
    for k, kind in enumerate(kinds):
        p.setBrush(tint(kind))
        p.drawRect(QRectF(inner.x(), inner.y() + k * share, stripe, 0.86 * share))
    p.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    letters = min(box.height() * 0.7, 12 / zoom)
    if letters * zoom >= LEAST:
        ink = Ink(max(1, round(letters)), 600, "error" if wrong else "text")
        room = inner.adjusted(stripe + letters * 0.6, -40, -8, 40)
        whole = zoom > NUMBERED and ink.width(title) <= room.width()
        ink.write(p, room, title if whole else title.rsplit(" ", 1)[-1])
