"""Named quantities of one unit as bars from zero, each with its number and a note: losses, sizes."""

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import theme
from ..words.numbers import fixed

ROW, BAR, NUMBER = 24, 12, 44
Align = Qt.AlignmentFlag


class Measure(Struct, frozen=True):
    name: str
    value: float
    note: str = ""
    role: str = "control"  # colour of its bar


class Measures(QWidget):
    """Bars on one scale from 0 to `full`; the notes go where there is little room."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._rows: list[Measure] = []
        self._full = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        theme.changed.connect(self.update)

    def set(self, rows: Sequence[Measure], full: float) -> None:
        self._rows, self._full = list(rows), full or 1.0  # all are 0 for a text of one letter
        said = ", ".join(f"{row.name} {fixed(row.value)}" for row in self._rows)
        self.setAccessibleDescription(said)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, ROW * len(self._rows))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, ROW * len(self._rows))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plain, small = theme.font(13), theme.font(11)
        names = max((QFontMetricsF(plain).horizontalAdvance(row.name) for row in self._rows), default=0) + 12
        notes = max((QFontMetricsF(small).horizontalAdvance(row.note) for row in self._rows), default=0) + 16
        if self.width() - names - notes < 170:
            notes = 0.0
        for n, row in enumerate(self._rows):
            line = QRectF(0, n * ROW, self.width() - notes, ROW)
            painter.setFont(plain)
            painter.setPen(theme.color("muted"))
            painter.drawText(line, Align.AlignVCenter, row.name)
            painter.setFont(theme.font(13, 600))
            painter.setPen(theme.color("text"))
            painter.drawText(line, Align.AlignVCenter | Align.AlignRight, fixed(row.value))
            if notes:
                painter.setFont(small)
                painter.setPen(theme.color("muted"))
                painter.drawText(line.adjusted(0, 0, notes, 0), Align.AlignVCenter | Align.AlignRight, row.note)
            track = QRectF(names, line.top() + (ROW - BAR) / 2, line.width() - names - NUMBER - 8, BAR)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("well" if theme.dark else "raised"))
            painter.drawRoundedRect(track, 2, 2)
            track.setWidth(max(1.5, track.width() * min(row.value / self._full, 1.0)))
            painter.setBrush(theme.color(row.role))
            painter.drawRoundedRect(track, 2, 2)
