"""From far away: one box for each block or closed group, its kinds of part as stripes, its name as large as fits."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from ...core.model.spec import PARTS
from ..theme import theme
from .layout import FOLDED_X, Box, Place
from .paint import RIGHT, Ink, grounds, pen, rect
from .shown import BlockLook, GroupLook

RUN = {"attn": 2, "mlp": 1, "moe": 5, "conv": 4, "rec": 6}  # the colours of kinds of part, as in the cost
STRIPE = 10
LARGEST = 26  # letters that fit into a row
LEAST = 9  # pixels of the smallest letters
NUMBERED = 0.18  # from further away only the number is written


def tint(kind: str) -> QColor:
    """The colour of a kind of part: "attn", "mlp" ..."""
    return theme.run(RUN[kind])


def line(
    p: QPainter, box: QRectF, name: str, marks: Sequence[str], zoom: float, role: str = "text", weight: int = 600
) -> None:
    """A name, and what is unusual, in letters that can be read at this zoom."""
    size = round(min(LARGEST, 12 / zoom))
    taken = Ink(size, weight, role).write(p, box, name)
    rest = box.adjusted(taken + size, 0, 0, 0)
    if marks and rest.width() > 3 * size:
        Ink(size, 400, "muted").write(p, rest, ", ".join(marks), RIGHT)


def block(p: QPainter, place: Place, look: BlockLook, zoom: float) -> None:
    kinds = [row.path.rsplit(".", 1)[1] for row in look.rows]
    marks = [*look.marks, *(mark for row in look.rows for mark in row.marks)]
    _box(p, place.card, kinds, look.title, marks, bool(look.selected), bool(look.hovered), bool(look.wrong), zoom)


def group(p: QPainter, box: Box, look: GroupLook, zoom: float) -> None:
    kinds = [kind for kind in PARTS if kind in look.kinds]
    chosen = look.selected or look.within
    _box(p, box, kinds, look.title, look.marks, chosen, look.hovered, bool(look.problem), zoom)


def _box(
    p: QPainter,
    place: Box,
    kinds: list[str],
    title: str,
    marks: Sequence[str],
    selected: bool,
    hovered: bool,
    wrong: bool,
    zoom: float,
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
    letters = round(min(box.height() * 0.7, 12 / zoom))
    if letters * zoom < LEAST:
        return
    ink = Ink(letters, 600, "error" if wrong else "text")
    room = inner.adjusted(stripe + letters * 0.6, -40, -letters * 0.6, 40)
    whole = zoom > NUMBERED and ink.width(title) <= room.width()
    room.setLeft(room.left() + ink.write(p, room, title if whole else title.rsplit(" ", 1)[-1]) + letters)
    if marks and whole and room.width() > 2.5 * letters:
        Ink(letters, 400, "muted").write(p, room, ", ".join(marks), RIGHT)
