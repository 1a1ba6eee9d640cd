"""The number that a part shows while it lives: its colour, where it was before, and how it is painted in a row."""

from collections.abc import Sequence
from math import isfinite, log10

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from ....session.session import Session
from ...theme import Ramp, theme
from ..paint import NAME, RIGHT

STRIP, GAP, SPARK, NUMBER = 4, 8, 52, 44  # widths from right to left: colour, space, number, space, curve
FULL = STRIP + GAP + NUMBER + GAP + SPARK  # what all of it takes
LEAST = STRIP + GAP + NUMBER  # without the curve


class Live(Struct, frozen=True):
    text: str
    share: float  # along the ramp
    ramp: Ramp
    spark: tuple[float, ...]
    powers: bool  # the curve is drawn on a log scale
    bars: tuple[float, ...]  # shares of experts, drawn instead of the curve
    run: int  # whose colour the curve has


def live(session: Session, path: str) -> Live | None:
    """What the part at `path` shows now; None where there is nothing to show."""
    alive = session.build.alive
    reading, scale, run = alive.reading(path), alive.scale(), alive.run
    if reading is None or scale is None or run is None:
        return None
    return Live(reading.text, reading.share, scale.ramp, reading.spark, scale.powers, reading.bars, run.number)


def said(session: Session, path: str) -> str:
    """A line for the tooltip of a part; "" where there is nothing to say."""
    reading = session.build.alive.reading(path)
    return reading.said if reading else ""


def paint(p: QPainter, box: QRectF, value: Live) -> float:
    """At the right end of `box`: curve, number, colour. The curve is left out where it has no room. The width taken."""
    p.save()
    strip = QRectF(box.right() - STRIP, box.center().y() - 10, STRIP, 20)
    p.setPen(QPen(theme.color("line_strong"), 1))
    p.setBrush(theme.on_ramp(value.ramp, value.share))
    p.drawRect(strip)
    number = QRectF(strip.left() - GAP - NUMBER, box.top(), NUMBER, box.height())
    NAME.write(p, number, value.text, RIGHT)
    wide = box.width() >= FULL
    if wide:
        curve = QRectF(number.left() - GAP - SPARK, box.center().y() - 8, SPARK, 16)
        _bars(p, curve, value) if value.bars else _spark(p, curve, value)
    p.restore()
    return FULL if wide else LEAST


def _spark(p: QPainter, box: QRectF, value: Live) -> None:
    """From its least to its largest value; a level curve is drawn level, not its last digits."""
    points = _points(value.spark, value.powers)
    if len(points) < 2:
        return
    low, high = min(y for _, y in points), max(y for _, y in points)
    span = max(high - low, 0.05)
    low = (low + high - span) / 2
    across = box.width() / max(len(value.spark) - 1, 1)
    line = [QPointF(box.left() + across * i, box.bottom() - box.height() * (y - low) / span) for i, y in points]
    p.setPen(QPen(theme.run(value.run), 1.25))
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.drawPolyline(QPolygonF(line))


def _points(values: Sequence[float], powers: bool) -> list[tuple[int, float]]:
    good = [(i, v) for i, v in enumerate(values) if isfinite(v)]
    return [(i, log10(v)) for i, v in good if v > 0] if powers else good


def _bars(p: QPainter, box: QRectF, value: Live) -> None:
    """A bar for each expert, from none of the tokens to twice its even share."""
    wide = box.width() / len(value.bars)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(theme.run(value.run))
    for n, share in enumerate(value.bars):
        high = box.height() * min(1.0, share * len(value.bars) / 2)
        p.drawRect(QRectF(box.left() + n * wide, box.bottom() - high, max(wide - 1, 0.75), high))
