"""The strokes of the insides: matrices in their frames, operations, curved arrows, words."""

from collections.abc import Sequence
from math import isfinite

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPainterPath, QPen, QPolygonF

from ...numbers import real
from ...theme import Ramp, theme
from ..paint import CENTER, NAME, RIGHT, SHAPE, SMALL, Ink, card, pen
from .sketch import Frame, Sketch

BOLD = Ink(11, 600)
LOW = Ink(9, 600)  # subscripts


def matrix(p: QPainter, sketch: Sketch, frame: Frame, opened: bool = False) -> None:
    """The numbers of a frame, or an empty one where there are none."""
    box = frame.rect
    image = sketch.image(frame)
    if image is None:
        card(p, box, "raised", "line_strong", radius=0)
        return
    p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    p.drawImage(box, image)
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.setPen(QPen(theme.color("accent" if opened else "line_strong"), 2 if opened else 1))
    p.drawRect(box)
    p.setRenderHint(QPainter.RenderHint.Antialiasing)


def called(p: QPainter, x: float, y: float, name: str, low: str = "") -> float:
    """A name with its subscript, "W" and "Q", baseline box 16 high at y. Where it ends."""
    end = x + BOLD.write(p, QRectF(x, y, 120, 16), name)
    return end + LOW.write(p, QRectF(end, y + 4, 90, 14), low) if low else end


def right(p: QPainter, x: float, y: float, text: str, ink: Ink = SHAPE) -> None:
    """Words that end at x."""
    ink.write(p, QRectF(x - 200, y, 200, 16), text, RIGHT)


def middle(p: QPainter, x: float, y: float, text: str, ink: Ink = SMALL, wide: float = 200) -> None:
    ink.write(p, QRectF(x - wide / 2, y, wide, 16), text, CENTER)


def scale(p: QPainter, x: float, y: float, wide: float, ramp: Ramp, end: float) -> None:
    """A colour bar with its ends named."""
    bar = QRectF(x, y, wide, 6)
    fill = QLinearGradient(bar.topLeft(), bar.topRight())
    for n in range(17):
        fill.setColorAt(n / 16, theme.on_ramp(ramp, n / 16))
    p.setPen(pen("line_strong"))
    p.setBrush(fill)
    p.drawRect(bar)
    low, centre, high = ("0", "", "1") if ramp == "probability" else (f"\u2212{real(end)}", "0", real(end))
    under = QRectF(x - 20, y + 6, wide + 40, 14)
    SMALL.write(p, under.adjusted(20 - 4 * (ramp == "signed"), 0, 0, 0), low)
    SMALL.write(p, under, centre, CENTER)
    SMALL.write(p, under.adjusted(0, 0, -20 + 4 * (ramp == "signed"), 0), high, RIGHT)


def norm_ground(p: QPainter, box: QRectF, facts: str) -> None:
    """A norm; the frame of what it hands on is drawn into it."""
    card(p, box, "raised", "line_strong")
    NAME.write(p, QRectF(box.x(), box.y() + 3, box.width(), 18), "norm", CENTER)
    SMALL.write(p, QRectF(box.x(), box.y() + 20, box.width(), 15), facts, CENTER)


def op(p: QPainter, x: float, y: float, text: str) -> float:
    """A named operation on a line, centred on (x, y); half its width."""
    wide = SMALL.width(text) + 18
    card(p, QRectF(x - wide / 2, y - 10, wide, 20), "raised", "line_strong", radius=10)
    SMALL.as_("text").write(p, QRectF(x - wide / 2, y - 10, wide, 20), text, CENTER)
    return wide / 2


def times(p: QPainter, x: float, y: float) -> None:
    """A product."""
    p.setPen(pen("control", 1.5))
    p.setBrush(theme.color("panel"))
    p.drawEllipse(QPointF(x, y), 10, 10)
    p.setPen(pen("text", 1.4))
    p.drawLine(QPointF(x - 4, y - 4), QPointF(x + 4, y + 4))
    p.drawLine(QPointF(x - 4, y + 4), QPointF(x + 4, y - 4))


def line(p: QPainter, *points: tuple[float, float], headed: bool = True) -> None:
    """Straight pieces, with a head at the end."""
    p.setPen(pen("muted", 1.25))
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.drawPolyline(QPolygonF([QPointF(*point) for point in points]))
    if headed:
        _head(p, QPointF(*points[-2]), QPointF(*points[-1]))


def bow(p: QPainter, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A curve that leaves and arrives level."""
    a, b = QPointF(*start), QPointF(*end)
    half = (a.x() + b.x()) / 2
    path = QPainterPath(a)
    path.cubicTo(QPointF(half, a.y()), QPointF(half, b.y()), b)
    p.setPen(pen("muted", 1.25))
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.drawPath(path)
    _head(p, QPointF(b.x() - 10, b.y()), b)


def _head(p: QPainter, before: QPointF, end: QPointF) -> None:
    dx, dy = end.x() - before.x(), end.y() - before.y()
    size = max(abs(dx), abs(dy)) or 1.0
    dx, dy = dx / size, dy / size
    back = QPointF(end.x() - 7 * dx, end.y() - 7 * dy)
    side = QPointF(-3.5 * dy, 3.5 * dx)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(theme.color("muted"))
    p.drawPolygon(QPolygonF([end, back + side, back - side]))


def plot(p: QPainter, box: QRectF, curve: Sequence[tuple[float, float]], bars: Sequence[float]) -> None:
    """A curve over -1 ... 1 both ways, and under it how many fall where (0 ... 1, evenly spaced)."""
    p.save()
    p.setClipRect(box)
    middle = box.center()
    p.setPen(pen("grid"))
    p.drawLine(QPointF(box.left(), middle.y()), QPointF(box.right(), middle.y()))
    p.drawLine(QPointF(middle.x(), box.top()), QPointF(middle.x(), box.bottom()))
    ink = theme.run(1)
    if bars:
        wide = box.width() / len(bars)
        soft = theme.run(1)
        soft.setAlphaF(0.3)
        for n, value in enumerate(bars):
            high = value * box.height() * 0.45
            p.fillRect(QRectF(box.left() + n * wide, box.bottom() - high, max(1.0, wide - 0.5), high), soft)
    p.setPen(QPen(ink, 1.5))
    p.setBrush(Qt.BrushStyle.NoBrush)
    places = [(x, y) for x, y in curve if isfinite(y)]
    p.drawPolyline(
        QPolygonF([QPointF(middle.x() + x * box.width() / 2, middle.y() - y * box.height() / 2) for x, y in places])
    )
    p.restore()


def pill_on(p: QPainter, x: float, y: float, text: str) -> None:
    """A shape on a line, centred on (x, y)."""
    wide = SHAPE.width(text) + 16
    box = QRectF(x - wide / 2, y - 10, wide, 20)
    card(p, box, "panel", "edge", radius=10)
    SHAPE.write(p, box, text, CENTER)
