"""Names over the curves: what a line is, at its end, and flags on poles where something happened."""

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from ..theme import faded, theme

Align = Qt.AlignmentFlag
HIGH = 16  # of a name
FLAG = 170  # pixels that the words on a flag may take
ROWS = 3  # of flags


class Flag(Struct, frozen=True, kw_only=True):
    """Something that happened at a step, in a few words."""

    step: float
    text: str
    role: str = "muted"


class End(Struct, frozen=True, kw_only=True):
    """The end of a line, in pixels, and what stands there."""

    key: str
    at: QPointF
    name: str
    rest: str
    color: QColor


def ends(
    p: QPainter, frame: QRectF, found: Sequence[End], taken: list[QRectF], lit: str = ""
) -> list[tuple[QRectF, str]]:
    """Names at the ends of lines, the first of `found` most important: moved up or down where another is, left out
    where there is no room near. Where each is, and the key of its line. `lit` always has its name."""
    places = []
    bold, plain = theme.font(11, 500), theme.font(11)
    for end in sorted(found, key=lambda end: end.key != lit):
        rest = _short(end.rest, QFontMetricsF(plain), frame.width() / 2)
        first = QFontMetricsF(bold).horizontalAdvance(end.name)
        width = first + (4 + QFontMetricsF(plain).horizontalAdvance(rest) if rest else 0) + 8 + 12
        if (box := _free(frame, end.at, width, taken)) is None:
            if end.key != lit:
                continue
            box = _beside(frame, end.at, width)
        taken.append(box)
        places.append((box, end.key))
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(QPen(theme.color("line_strong"), 1) if end.key == lit else Qt.PenStyle.NoPen)
        p.setBrush(theme.color("raised") if end.key == lit else faded(theme.color("panel"), 0.8))
        p.drawRoundedRect(box, 3, 3)
        p.fillRect(QRectF(box.left() + 4, box.center().y() - 1, 8, 2), end.color)
        p.setFont(bold)
        p.setPen(theme.color("text"))
        p.drawText(box.adjusted(16, 0, 0, 0), Align.AlignVCenter, end.name)
        p.setFont(plain)
        p.setPen(theme.color("muted"))
        p.drawText(box.adjusted(20 + first, 0, 0, 0), Align.AlignVCenter, rest)
    return places


def _beside(frame: QRectF, at: QPointF, width: float) -> QRectF:
    left = max(frame.left(), min(at.x() + 6, frame.right() - width - 2))
    return QRectF(left, min(max(at.y() - HIGH - 4, frame.top()), frame.bottom() - HIGH), width, HIGH)


def _free(frame: QRectF, at: QPointF, width: float, taken: Sequence[QRectF]) -> QRectF | None:
    """Room for a name near the end of its line, the nearest first."""
    box = _beside(frame, at, width)
    for shift in (0, -18, 24, -36):
        moved = box.translated(0, shift)
        if frame.contains(moved) and not any(moved.intersects(other) for other in taken):
            return moved
    return None


def flags(p: QPainter, frame: QRectF, found: Sequence[tuple[float, Flag]], taken: list[QRectF]) -> None:
    """Dashed poles at pixel places, with their words on a flag, one below the other where they are close; where there
    is no room for words a small cap."""
    inside = [(x, flag) for x, flag in sorted(found, key=lambda each: each[0]) if frame.left() <= x <= frame.right()]
    metrics, rows = QFontMetricsF(theme.font(11)), [frame.left() - 100.0] * max(1, min(ROWS, int(frame.height() // 60)))
    for x, flag in inside:
        text = _short(flag.text, metrics, FLAG)
        width = metrics.horizontalAdvance(text) + 16
        left = min(round(x), frame.right() - width)
        row = next((row for row, last in enumerate(rows) if left >= last + 4), None)
        if row is None:
            box = QRectF(round(x) - 4, frame.top() - 8, 8, 8)
        else:
            box = QRectF(left, frame.top() - 8 + 20 * row, width, 18)
            rows[row] = box.right()
        p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        pen = QPen(theme.color(flag.role), 1)
        pen.setDashPattern([3, 3])
        p.setPen(pen)
        p.drawLine(QLineF(round(x), box.top(), round(x), frame.bottom()))
        _pennant(p, box, "" if row is None else text, flag.role)
        taken.append(box)


def _pennant(p: QPainter, box: QRectF, text: str, role: str) -> None:
    p.setRenderHint(QPainter.RenderHint.Antialiasing)
    p.setPen(QPen(theme.color("line_strong" if role == "muted" else role), 1))
    p.setBrush(theme.color("raised"))
    p.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    p.setFont(theme.font(11))
    p.setPen(theme.color("text"))
    p.drawText(box, Align.AlignCenter, text)


def above(p: QPainter, frame: QRectF, places: Sequence[float], color: QColor) -> None:
    """Small arrows at the top: here the line is higher than what is shown."""
    p.setRenderHint(QPainter.RenderHint.Antialiasing)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(color)
    last = -100.0
    for x in places:
        if x - last >= 12:
            last = x
            top = frame.top() + 1
            p.drawPolygon([QPointF(x - 4, top + 6), QPointF(x + 4, top + 6), QPointF(x, top)])


def _short(text: str, metrics: QFontMetricsF, width: float) -> str:
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
