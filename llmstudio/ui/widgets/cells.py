"""Numbers under their captions, in as many columns and rows as there is room for."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ..theme import theme
from ..words.computer import Cell

LEAST, HIGH, GAP = 108, 40, 8  # of a cell; between two columns or rows


class Cells(QWidget):
    """The first ones are the most important: the last ones go where there is no room. Each says its hint."""

    def __init__(self) -> None:
        super().__init__()
        self._cells: list[Cell] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    def set(self, cells: Sequence[Cell]) -> None:
        if list(cells) != self._cells:
            self._cells = list(cells)
            words = (" ".join(filter(None, (each.caption, each.value, each.rest))) for each in cells)
            self.setAccessibleName(", ".join(words))
            self.update()

    def shown(self) -> list[tuple[Cell, QRectF]]:
        """What there is room for, and where."""
        if not self._cells:
            return []
        fit = max(1, int((self.width() + GAP) // (LEAST + GAP)))
        rows = max(1, int((self.height() + GAP) // (HIGH + GAP)))
        columns = min(fit, len(self._cells))
        wide = (self.width() + GAP) / columns
        return [
            (cell, QRectF(n % columns * wide, n // columns * (HIGH + GAP), wide - GAP, HIGH))
            for n, cell in enumerate(self._cells[: columns * rows])
        ]

    def sizeHint(self) -> QSize:
        return QSize(3 * LEAST + 2 * GAP, HIGH)

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST, HIGH)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            under = next((each for each, place in self.shown() if place.contains(event.pos())), None)
            QToolTip.showText(event.globalPos(), under.hint if under else "", self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        strong, small = theme.font(13, 600), theme.font(11)
        for cell, place in self.shown():
            painter.setFont(small)
            painter.setPen(theme.color("muted"))
            above = QRectF(place.left(), place.top(), place.width(), 16)
            caption = QFontMetricsF(small).elidedText(cell.caption, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(above, Qt.AlignmentFlag.AlignVCenter, caption)
            painter.setFont(strong)
            painter.setPen(theme.color(cell.role))
            below = QRectF(place.left(), place.top() + 18, place.width(), 20)
            painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, cell.value)
            left = QFontMetricsF(strong).horizontalAdvance(cell.value) + 5
            room = place.width() - left
            if cell.rest and QFontMetricsF(small).horizontalAdvance(cell.rest) <= room:
                painter.setFont(small)
                painter.setPen(theme.color("muted"))
                painter.drawText(below.adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, cell.rest)
