"""What is drawn around and over the curves of a plot: axes, levels, names, cross-hair, badges and the tooltip."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from ..theme import faded, theme

Align = Qt.AlignmentFlag
LEFT, RIGHT, TOP, BOTTOM = 60, 104, 10, 42  # margins of the plot's frame
MARGINS = (LEFT, TOP, RIGHT, BOTTOM)
NAME_H = 15  # least distance of two names at the edge
RING = 12  # least distance of two rings


class Level(Struct, frozen=True, kw_only=True):
    """A horizontal dashed line, named at the right edge."""

    name: str
    y: float  # in the curves' unit
    text: str  # its value, written
    role: str = "muted"


class Row(Struct, frozen=True, kw_only=True):
    name: str
    value: str
    color: QColor | None = None


class Tip(Struct, frozen=True, kw_only=True):
    """What the cross-hair says at one place. `y` is where its horizontal line lies, in the curves' unit."""

    x: float
    title: str
    y: float | None = None
    x_text: str = ""
    y_text: str = ""
    rows: Sequence[Row] = ()


Marks = Sequence[tuple[float, str]]  # pixel place, text
Sign = Literal["line", "rings", "ground"]


def axes(
    p: QPainter,
    frame: QRectF,
    across: Marks,
    up: Marks,
    titles: tuple[str, str],
    margins: tuple[int, int, int, int] = MARGINS,
) -> None:
    """Labels of the marks, at pixel places, and the titles of both axes, as far as the margins have room for them."""
    left, _, right, bottom = margins
    p.setFont(theme.font(11))
    p.setPen(theme.color("muted"))
    for x, text in across:
        half = min(40.0, frame.right() + right - x)  # the last may end at the edge
        align = Align.AlignHCenter if half == 40 or x - half < frame.left() else Align.AlignRight
        box = QRectF(x - 40, frame.bottom() + 4, 40 + half, 16)
        p.drawText(box, align | Align.AlignVCenter, text)
    for y, text in up:
        p.drawText(QRectF(frame.left() - left, y - 8, left - 6, 16), Align.AlignRight | Align.AlignVCenter, text)
    if bottom >= BOTTOM:
        p.drawText(QRectF(frame.left(), frame.bottom() + 24, frame.width(), 16), Align.AlignCenter, titles[0])
    if left < LEFT or QFontMetricsF(p.font()).horizontalAdvance(titles[1]) > frame.height() + TOP + BOTTOM:
        return  # no room for it to be whole
    p.save()
    p.translate(7, frame.center().y())
    p.rotate(-90)
    p.drawText(QRectF(-frame.height(), -8, 2 * frame.height(), 16), Align.AlignCenter, titles[1])
    p.restore()


def grid(p: QPainter, frame: QRectF, across: Sequence[float], up: Sequence[float]) -> None:
    p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    p.setPen(QPen(theme.color("grid"), 1))
    p.drawLines([QLineF(round(x), frame.top(), round(x), frame.bottom()) for x in across])
    p.drawLines([QLineF(frame.left(), round(y), frame.right(), round(y)) for y in up])


def levels(p: QPainter, frame: QRectF, found: Sequence[tuple[float, Level]], right: int = RIGHT) -> None:
    """The dashed lines at pixel heights, and their names in the margin, moved apart where they would touch."""
    shown = [each for each in found if frame.top() - 1 <= each[0] <= frame.bottom() + 1]
    shown.sort(key=lambda each: each[0])
    p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for y, level in shown:
        pen = QPen(theme.color("control" if level.role == "muted" else level.role), 1)
        pen.setDashPattern([2, 4])
        p.setPen(pen)
        p.drawLine(QLineF(frame.left(), round(y), frame.right(), round(y)))
    p.setFont(theme.font(11))
    places = apart([y for y, _ in shown], NAME_H, frame.top() - 8, frame.bottom() + 8)
    for (_, level), y in zip(shown, places, strict=True):
        p.setPen(theme.color(level.role))
        p.drawText(QRectF(frame.right() + 8, y - 8, right - 8, 16), Align.AlignVCenter, f"{level.name} {level.text}")


def apart(places: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """The rising places, moved as little as is simple so that neighbours are `least` apart and all lie within."""
    found: list[float] = []
    for y in places:
        found.append(max(y, found[-1] + least) if found else max(y, low))
    for i in range(len(found) - 1, -1, -1):
        found[i] = min(found[i], high if i == len(found) - 1 else found[i + 1] - least)
    return found


def rings(p: QPainter, frame: QRectF, points: Sequence[QPointF], color: QColor, ground: str = "panel") -> None:
    """Open rings."""
    p.setRenderHint(QPainter.RenderHint.Antialiasing)
    p.setPen(QPen(color, 1.5))
    p.setBrush(theme.color(ground))
    inside = frame.adjusted(-1, -1, 1, 1)
    for point in points:
        if inside.contains(point):
            p.drawEllipse(point, 3.5, 3.5)


def spaced(places: Sequence[float]) -> list[int]:
    """Which of the rising places to mark so that no two marks touch; the last is always among them."""
    found: list[int] = []
    for i in range(len(places) - 1, -1, -1):
        if not found or places[found[-1]] - places[i] >= RING:
            found.append(i)
    return found[::-1]


def vertical(p: QPainter, frame: QRectF, x: float, color: QColor, width: float = 1.0) -> None:
    if frame.left() <= x <= frame.right():
        p.setPen(QPen(color, width))
        p.drawLine(QLineF(x, frame.top(), x, frame.bottom()))


def cross(
    p: QPainter, frame: QRectF, x: float, y: float | None, tip: Tip, margins: tuple[int, int, int, int] = MARGINS
) -> None:
    """The cross-hair with its badges on the axes, where there is an axis."""
    if not frame.left() - 1 <= x <= frame.right() + 1:
        return
    p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    vertical(p, frame, round(x), theme.color("muted"))
    if y is not None and frame.top() <= y <= frame.bottom():
        p.drawLine(QLineF(frame.left(), round(y), frame.right(), round(y)))
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.color("text"))
        p.drawEllipse(QPointF(x, y), 3.5, 3.5)
        if tip.y_text:
            _badge(p, QRectF(frame.left() - 42, y - 9, 38, 18), tip.y_text)
    if margins[3] >= 20:
        _badge(p, QRectF(x - 20, frame.bottom() + 3, 40, 18), tip.x_text)


def _badge(p: QPainter, box: QRectF, text: str) -> None:
    p.setRenderHint(QPainter.RenderHint.Antialiasing)
    p.setFont(theme.font(11, 500))
    wide = QFontMetricsF(p.font()).horizontalAdvance(text) + 10
    if wide > box.width():
        box = box.adjusted((box.width() - wide) / 2, 0, (wide - box.width()) / 2, 0)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(theme.color("text"))
    p.drawRoundedRect(box, 3, 3)
    p.setPen(theme.color("panel"))
    p.drawText(box, Align.AlignCenter, text)


def tip(p: QPainter, frame: QRectF, x: float, y: float, said: Tip) -> None:
    """One box with the values of all curves, beside the cross-hair, within the frame where it fits."""
    bold, plain = theme.font(11, 600), theme.font(11)
    wide, wider = QFontMetricsF(plain), QFontMetricsF(bold)
    names = max((wide.horizontalAdvance(row.name) for row in said.rows), default=0)
    values = max((wider.horizontalAdvance(row.value) for row in said.rows), default=0)
    width = max(24 + names + 24 + values, wider.horizontalAdvance(said.title)) + 24
    height = 16 + 18 + 18 * len(said.rows)
    left = x + 14 if x + 14 + width <= frame.right() else x - 14 - width
    box = QRectF(max(left, 4), min(max(y - height - 12, frame.top() + 4), frame.bottom() - height), width, height)
    p.setRenderHint(QPainter.RenderHint.Antialiasing)
    p.setPen(QPen(theme.color("line_strong"), 1))
    p.setBrush(theme.color("tip"))
    p.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    inner = box.adjusted(12, 8, -12, -8)
    p.setFont(bold)
    p.setPen(theme.color("text"))
    p.drawText(QRectF(inner.left(), inner.top(), inner.width(), 18), Align.AlignVCenter, said.title)
    for i, row in enumerate(said.rows):
        line = QRectF(inner.left(), inner.top() + 18 * (i + 1), inner.width(), 18)
        if row.color is not None:
            p.fillRect(QRectF(line.left(), line.center().y() - 1.5, 12, 3), row.color)
        p.setFont(plain)
        p.setPen(theme.color("muted"))
        p.drawText(line.adjusted(20, 0, 0, 0), Align.AlignVCenter, row.name)
        p.setPen(theme.color("text"))
        p.drawText(line, Align.AlignVCenter | Align.AlignRight, row.value)


def legend(
    p: QPainter, frame: QRectF, entries: Sequence[tuple[str, QColor, Sign]], taken: Sequence[QRectF] = ()
) -> QRectF:
    """(name, colour, how it is drawn) in one row at the upper right, or below the axis where something is there
    already. Where it is."""
    p.setFont(theme.font(11))
    metrics = QFontMetricsF(p.font())
    widths = [metrics.horizontalAdvance(name) for name, _, _ in entries]
    box = QRectF(0, frame.top() + 11, sum(widths) + 44 * len(entries) - 10, 18)
    box.moveRight(frame.right() - 6)
    if box.left() < frame.left() or any(box.intersects(other) for other in taken):
        room = frame.width() / 2 + RIGHT - 40
        while box.width() > room and len(entries) > 1:  # a name less
            entries = [each for each in entries if each[2] != "ground"] if len(entries) > 2 else entries[:-1]
            widths = [metrics.horizontalAdvance(name) for name, _, _ in entries]
            box.setWidth(sum(widths) + 44 * len(entries) - 10)
        box.moveTopRight(QPointF(max(frame.right(), frame.center().x() + 32 + box.width()), frame.bottom() + 23))
    p.fillRect(box, faded(theme.color("panel"), 0.8))
    left, y = box.left() + 4, box.center().y()
    for (name, color, sign), width in zip(entries, widths, strict=True):
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        if sign == "ground":
            p.fillRect(QRectF(left + 1, y - 5, 14, 10), faded(color, 0.3))
        else:
            p.setPen(QPen(color, 2.25 if sign == "line" else 1.25))
            p.drawLine(QLineF(left, y, left + 16, y))
        if sign == "rings":
            rings(p, box, [QPointF(left + 8, y)], color)
        p.setPen(theme.color("muted"))
        p.drawText(QRectF(left + 22, y - 8, width + 2, 16), Align.AlignVCenter, name)
        left += width + 44
    return box
