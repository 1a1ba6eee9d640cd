"""The strokes of the canvas: text, cards, pills, arrows and sums, in the theme's colours."""

from collections.abc import Sequence
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPaintEngine, QPainter, QPen, QPixmap, QPolygonF

from .. import icons
from ..theme import theme
from .layout import PLUS, STREAM_WIDTH, Box
from .shown import Live

LEFT, RIGHT, CENTER = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter
CHIP = 15  # what a chip takes beside its words
SPARK = 56  # a curve beside a number, at most
DOTS = 16  # pixels between two dots of the ground
MIDDLE = Qt.AlignmentFlag.AlignVCenter


def rect(box: Box) -> QRectF:
    return QRectF(box.x, box.y, box.w, box.h)


@lru_cache(maxsize=4096)
def _elided(text: str, font: str, width: int) -> str:
    found = QFont()
    found.fromString(font)
    return QFontMetricsF(found).elidedText(text, Qt.TextElideMode.ElideRight, width)


@lru_cache(maxsize=4096)
def _advance(text: str, font: str) -> float:
    found = QFont()
    found.fromString(font)
    return QFontMetricsF(found).horizontalAdvance(text)


@lru_cache(maxsize=64)
def _key(family: bool, size: int, weight: int) -> tuple[QFont, str]:
    font = theme.font(size, weight) if family else theme.mono(size, weight)
    return font, font.toString()


class Ink:
    """A typeface and a colour token to write with."""

    def __init__(self, size: int, weight: int = 400, role: str = "text", mono: bool = False) -> None:
        self.size, self.weight, self.role, self.mono = size, weight, role, mono

    def as_(self, role: str) -> "Ink":
        return Ink(self.size, self.weight, role, self.mono)

    def width(self, text: str) -> float:
        return _advance(text, _key(not self.mono, self.size, self.weight)[1])

    def write(self, p: QPainter, box: QRectF, text: str, align: Qt.AlignmentFlag = LEFT) -> float:
        """Write on one line, elided to the box; the width taken."""
        font, key = _key(not self.mono, self.size, self.weight)
        shown = text if _advance(text, key) <= box.width() else _elided(text, key, int(box.width()))
        p.setFont(font)
        p.setPen(theme.color(self.role))
        p.drawText(box, align | MIDDLE | Qt.TextFlag.TextSingleLine, shown)
        return min(_advance(shown, key), box.width())


TITLE = Ink(13, 600)
NAME = Ink(13, 500)
FACTS = Ink(12, 400, "muted")
SMALL = Ink(11, 400, "muted")
PATH = Ink(12, 400, "muted", mono=True)
SHAPE = Ink(11, 400, "muted", mono=True)


def pen(role: str, width: float = 1.0) -> QPen:
    made = QPen(theme.color(role), width)
    made.setCapStyle(Qt.PenCapStyle.FlatCap)
    return made


def card(p: QPainter, box: QRectF, ground: str, outline: str, width: float = 1.0, radius: float = 4.0) -> None:
    """A rounded ground with its outline on whole pixels."""
    inset = 0.5 if width == 1 else 0.0
    p.setPen(pen(outline, width))
    p.setBrush(theme.color(ground))
    p.drawRoundedRect(box.adjusted(inset, inset, -inset, -inset), radius, radius)


def grounds(selected: bool, hovered: bool, problem: bool, ground: str, outline: str) -> tuple[str, str, float]:
    """Ground, outline and its width of a card in this state."""
    if selected:
        return "error_ground" if problem else "accent_soft", "accent", 2.0
    if problem:
        return "error_ground", "error", 2.0
    return ground, "control" if hovered else outline, 1.0


def pill(
    p: QPainter, x: float, y: float, text: str, ink: Ink = SHAPE, outline: str = "edge", height: float = 20
) -> None:
    """A label centred on (x, y), on a line."""
    width = ink.width(text) + height - 4
    box = QRectF(round(x - width / 2), round(y - height / 2), round(width), height)
    card(p, box, "canvas", outline, radius=height / 2)
    ink.write(p, box, text, CENTER)


def chip(p: QPainter, x: float, y: float, text: str) -> float:
    """A few words on a ground of their own, from x on and centred on y; the width taken."""
    width = SMALL.width(text) + 10
    box = QRectF(round(x), round(y - 9), round(width), 18)
    card(p, box, "hover", "edge", radius=3)
    SMALL.as_("text").write(p, box, text, CENTER)
    return width


def chips(p: QPainter, box: QRectF, texts: Sequence[str], kept: float) -> float:
    """As many as leave `kept` of the box, at its right end; the rest as a number. The width taken."""
    room, shown, width = box.width() - kept, 0, 0.0
    while shown < len(texts):
        rest = len(texts) - shown - 1
        wanted = width + SMALL.width(texts[shown]) + CHIP + (34 if rest else 0)
        if wanted > room:
            break
        width += SMALL.width(texts[shown]) + CHIP
        shown += 1
    names = [*texts[:shown], *([f"+{len(texts) - shown}"] if shown < len(texts) else [])]
    total = sum(SMALL.width(name) + CHIP for name in names)
    if not names or total > box.width():
        return 0.0
    x = box.right() - total + 5
    for name in names:
        x += chip(p, x, box.center().y(), name) + 5
    return total


def icon(p: QPainter, name: str, box: QRectF, role: str) -> None:
    """Into a picture of pixels an icon drawn before at this size; into any other the strokes themselves."""
    if p.paintEngine().type() != QPaintEngine.Type.Raster:
        icons.draw(p, name, box, role)
        return
    scale = p.worldTransform().m11() * p.device().devicePixelRatioF()
    p.drawPixmap(box, _drawn(name, theme.color(role).name(), role, max(1, round(box.width() * scale))), QRectF())


@lru_cache(maxsize=512)
def _drawn(name: str, color: str, role: str, pixels: int) -> QPixmap:
    """`color` is that of the role now: another theme has other pictures."""
    return icons.pixmap(name, role, pixels, 1.0)


def norm_chip(p: QPainter, box: QRectF) -> None:
    card(p, box, "panel", "line", radius=3)
    SMALL.write(p, box, "norm", CENTER)


def reading(p: QPainter, box: QRectF, live: Live, kept: float = 0) -> float:
    """What is measured on a part, at the right end: its colour on the ramp, the number, and how it went.

    The last only as wide as leaves `kept` of the box. The width taken.
    """
    taken = SMALL.as_("text").write(p, box, live.text, RIGHT)
    if live.share is not None:
        swatch = QRectF(box.right() - taken - 15, box.center().y() - 5, 10, 10)
        p.setPen(pen("line_strong"))
        p.setBrush(theme.on_ramp(live.ramp, live.share))
        p.drawRect(swatch)
        taken += 19
    wide = min(SPARK, box.width() - taken - 14 - kept)
    if len(live.spark) > 1 and wide >= SPARK / 2:
        spark(p, QRectF(box.right() - taken - 6 - wide, box.center().y() - 8, wide, 16), live.spark)
        taken += wide + 10
    return taken


def spark(p: QPainter, box: QRectF, values: Sequence[float]) -> None:
    """How a number went, between its least and its greatest."""
    least, most = min(values), max(values)
    span = (most - least) or 1.0
    step = box.width() / (len(values) - 1)
    points = [
        QPointF(box.x() + i * step, box.bottom() - (v - least) / span * box.height()) for i, v in enumerate(values)
    ]
    made = QPen(theme.run(1), 1.25)
    p.setPen(made)
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.drawPolyline(QPolygonF(points))


def bus(p: QPainter, points: Sequence[QPointF], role: str) -> None:
    """A thin line through these points, without a head."""
    p.setPen(pen(role, 1.25))
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.drawPolyline(QPolygonF(list(points)))


def severed(p: QPainter, top: float, bottom: float) -> None:
    """The stream ends here and begins anew below: between them a dotted hint of what is not there."""
    p.fillRect(
        QRectF(-STREAM_WIDTH, top + STREAM_WIDTH / 2, 2 * STREAM_WIDTH, bottom - top - STREAM_WIDTH),
        theme.color("canvas"),
    )
    made = pen("line_strong", 1)
    made.setDashPattern([2, 3])
    p.setPen(made)
    p.drawLine(QPointF(0, top + 4), QPointF(0, bottom - 4))


def joint(p: QPainter, y: float, role: str) -> None:
    """Where an answer becomes the stream."""
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(theme.color("control" if role == "muted" else role))
    p.drawEllipse(QPointF(0, y), 4.5, 4.5)


def arrow(p: QPainter, start: QPointF, end: QPointF, role: str, width: float = 1.25) -> None:
    """A straight, level or upright line with a head at its end."""
    p.setPen(pen(role, width))
    p.drawLine(start, end)
    dx, dy = (end.x() > start.x()) - (end.x() < start.x()), (end.y() > start.y()) - (end.y() < start.y())
    back = QPointF(end.x() - 7 * dx, end.y() - 7 * dy)
    side = QPointF(3.5 * dy, 3.5 * dx)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(theme.color(role))
    p.drawPolygon(QPolygonF([end, back + side, back - side]))


def plus(p: QPainter, x: float, y: float, role: str) -> None:
    """A sum on the stream."""
    p.setPen(pen(role, 1.5))
    p.setBrush(theme.color("canvas"))
    p.drawEllipse(QPointF(x, y), PLUS - 0.75, PLUS - 0.75)
    p.drawLine(QPointF(x - 4, y), QPointF(x + 4, y))
    p.drawLine(QPointF(x, y - 4), QPointF(x, y + 4))


def chevron(p: QPainter, x: float, y: float, role: str, down: bool) -> None:
    """Centred on (x, y): down when open, to the right when folded."""
    points = [(-3.5, -2), (0, 1.5), (3.5, -2)] if down else [(-2, -3.5), (1.5, 0), (-2, 3.5)]
    made = QPen(theme.color(role), 1.4)
    made.setCapStyle(Qt.PenCapStyle.RoundCap)
    p.setPen(made)
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.drawPolyline(QPolygonF([QPointF(x + dx, y + dy) for dx, dy in points]))


@lru_cache(maxsize=2)
def dots(ground: str, color: str, width: int, height: int, ratio: float) -> QPixmap:
    """The dotted ground: one dot every DOTS px. Made once, for drawing it as a brush is slow."""
    image = QPixmap(QSize(width, height) * ratio)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(ground))
    painter = QPainter(image)
    for x in range(0, width, DOTS):
        for y in range(0, height, DOTS):
            painter.fillRect(x, y, 1, 1, QColor(color))
    painter.end()
    return image
