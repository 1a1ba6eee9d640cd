"""A box with a few words beside what is pointed at, painted at once and not after a wait."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from ..theme import theme

LINE, PAD, OFF = 16, 10, 10


def paint(painter: QPainter, bounds: QRectF, at: QPointF, lines: Sequence[str]) -> QRectF:
    """The first of `lines` is the title. Above `at` where there is room, always within `bounds`; gives its place."""
    if not lines:
        return QRectF()
    bold, plain = theme.font(11, 600), theme.font(11)
    wide = max(QFontMetricsF(bold if n == 0 else plain).horizontalAdvance(line) for n, line in enumerate(lines))
    box = QRectF(0, 0, wide + 2 * PAD + 2, LINE * len(lines) + 12)
    above = at.y() - OFF - box.height()
    box.moveTo(at.x() - box.width() / 2, above if above >= bounds.top() else at.y() + OFF)
    box.moveLeft(min(max(box.left(), bounds.left()), max(bounds.left(), bounds.right() - box.width())))
    box.moveTop(min(box.top(), bounds.bottom() - box.height()))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.color("line_strong"), 1))
    painter.setBrush(theme.color("tip"))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    for n, line in enumerate(lines):
        painter.setFont(plain if n else bold)
        painter.setPen(theme.color("muted" if n else "text"))
        place = QRectF(box.left() + PAD, box.top() + 6 + n * LINE, box.width() - PAD, LINE)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, line)
    painter.restore()
    return box
