"""A matrix of weights as a picture: the value under the pointer, and one cell chosen."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..numbers import MINUS, count
from ..theme import theme
from . import tip
from .heatmap import STEPS, picture

if TYPE_CHECKING:
    import numpy as np

LEAST, MOST = 48, 220  # height


class MatrixView(QWidget):
    """`chosen` says that another cell was clicked: (row, column) of the whole matrix. Arrow keys move it.

    Rows are outputs and stand side by side, so that a column of the picture is what one output is made from.
    """

    chosen = Signal(int, int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._values: np.ndarray | None = None
        self._every, self._end = 1, 1.0
        self._image: QImage | None = None
        self.cell = (0, 0)
        self._pointed: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        theme.changed.connect(self._repaint)

    def set(self, values: "np.ndarray", every: int, end: float) -> None:
        """(r, c) numbers, every `every`-th of the matrix, on a scale from -end to end."""
        same = self._values is not None and self._values.shape == values.shape
        self._values, self._every, self._end = values, every, end
        if not same:
            outs, ins = values.shape
            self.cell = (min(self.cell[0], (outs - 1) * every), min(self.cell[1], (ins - 1) * every))
            self.updateGeometry()
        self._repaint()

    def choose(self, row: int, column: int) -> None:
        """Mark a cell. Silent."""
        self.cell = (row, column)
        self.update()

    def sizeHint(self) -> QSize:
        if self._values is None:
            return QSize(240, LEAST)
        outs, ins = self._values.shape
        return QSize(240, max(LEAST, min(MOST, round(320 * ins / outs))))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def area(self) -> QRectF:
        """Where the picture is: in proportion where there is room, at least a few pixels high."""
        if self._values is None:
            return QRectF()
        outs, ins = self._values.shape
        wide, high = self.width() - 2.0, self.height() - 2.0
        shape = min(max(outs / ins, wide / high / 8), 8.0)
        if wide / high > shape:
            return QRectF(1, 1, high * shape, high)
        return QRectF(1, 1, wide, wide / shape)

    def cell_at(self, at: QPointF) -> tuple[int, int] | None:
        """(row, column) of the whole matrix under a point."""
        area = self.area()
        if self._values is None or not area.contains(at):
            return None
        outs, ins = self._values.shape
        row = min(outs - 1, int((at.x() - area.x()) * outs / area.width()))
        column = min(ins - 1, int((at.y() - area.y()) * ins / area.height()))
        return row * self._every, column * self._every

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointed = self.cell_at(event.position())
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._pointed = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if (cell := self.cell_at(event.position())) is not None:
            self._choose(cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEPS.get(Qt.Key(event.key()))
        if step is None or self._values is None:
            super().keyPressEvent(event)
            return
        outs, ins = self._values.shape
        row = min(max(self.cell[0] // self._every + step[1], 0), outs - 1)
        column = min(max(self.cell[1] // self._every + step[0], 0), ins - 1)
        self._choose((row * self._every, column * self._every))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._values is None:
            return
        if self._image is None:
            self._image = picture(self._values.T, "signed", (-self._end, self._end))
        p = QPainter(self)
        area = self.area()
        p.drawImage(area, self._image)
        p.setPen(QPen(theme.color("line_strong"), 1))
        p.drawRect(area)
        self._mark(p, self.cell, "accent")
        if self._pointed is not None:
            self._mark(p, self._pointed, "text")
            row, column = self._pointed
            value = float(self._values[row // self._every, column // self._every])
            said = [f"{value:.5g}".replace("-", MINUS), f"from {count(column)} to {count(row)}"]
            tip.paint(p, QRectF(self.rect()), self._place(self._pointed).center(), said)

    def _place(self, cell: tuple[int, int]) -> QRectF:
        assert self._values is not None
        area = self.area()
        outs, ins = self._values.shape
        wide, high = area.width() / outs, area.height() / ins
        return QRectF(area.x() + cell[0] // self._every * wide, area.y() + cell[1] // self._every * high, wide, high)

    def _mark(self, p: QPainter, cell: tuple[int, int], role: str) -> None:
        place = self._place(cell)
        around = QRectF(0, 0, max(5.0, place.width()), max(5.0, place.height()))
        around.moveCenter(place.center())
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.setPen(QPen(theme.color(role), 2))
        p.drawRect(around)

    def _choose(self, cell: tuple[int, int]) -> None:
        self.cell = cell
        self.update()
        self.chosen.emit(*cell)

    def _repaint(self) -> None:
        self._image = None
        self.update()
