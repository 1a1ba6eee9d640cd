"""Lines of a name and a value, and lines of a place, what was there and what is there now."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ....canvas.paint import RIGHT, Ink
from ....theme import theme

ROW = 20
NAME, VALUE, PATH = Ink(11, role="muted"), Ink(12), Ink(12, mono=True)


class Rows(QWidget):
    """`set` takes (name, value) or (path, before, after)."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[str, ...]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set(self, rows: Sequence[tuple[str, ...]]) -> None:
        if list(rows) != self._rows:
            self._rows = list(rows)
            self.setFixedHeight(ROW * len(self._rows))
            words = "\n".join(": ".join([row[0], " to ".join(row[1:])]) for row in rows)
            self.setToolTip(words)
            self.setAccessibleName(words)
            self.update()

    @property
    def rows(self) -> list[tuple[str, ...]]:
        return self._rows

    def sizeHint(self) -> QSize:
        return QSize(200, ROW * len(self._rows))

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        for i, row in enumerate(self._rows):
            line = QRectF(0, i * ROW, self.width(), ROW)
            taken = VALUE.write(p, line, row[-1], RIGHT)
            if len(row) == 3:
                taken += 8 + NAME.write(p, line.adjusted(0, 0, -taken - 8, 0), f"{row[1]} \N{RIGHTWARDS ARROW}", RIGHT)
            (PATH if len(row) == 3 else NAME).write(p, line.adjusted(0, 0, -taken - 12, 0), row[0])
