"""A matrix as square cells, its tokens on both axes, the value under the pointer on hover."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import Ramp, theme
from . import tip
from .cell_names import CellNames

if TYPE_CHECKING:
    import numpy as np

STEPS = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}


def picture(
    matrix: "np.ndarray",
    ramp: Ramp = "probability",
    limits: tuple[float, float] = (0.0, 1.0),
    masked: "np.ndarray | None" = None,
) -> QImage:
    """(R, C) numbers as an image, a pixel each. The limits are fixed, never the data's; masked cells are flat grey."""
    import numpy as np

    low, high = limits
    places = np.clip((np.nan_to_num(matrix) - low) * (255.0 / (high - low)) + 0.5, 0, 255).astype(np.uint8)
    pixels = theme.ramp(ramp)[places]
    if masked is not None:
        pixels[masked] = (*theme.color("raised").getRgb()[:3], 255)
    pixels = np.ascontiguousarray(pixels)
    rows, columns = places.shape
    return QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888).copy()


class Heatmap(QWidget):
    """`hovered` and `clicked` carry (row, column); (-1, -1) when the pointer leaves. Rows are queries, columns keys.

    Arrow keys point, Enter clicks. What `set_hint` says of a cell stands beside it while it is pointed at or ringed.
    """

    hovered = Signal(int, int)
    clicked = Signal(int, int)

    def __init__(self, name: str = "Heat map", row_axis: str = "", column_axis: str = "") -> None:
        super().__init__()
        self._matrix: np.ndarray | None = None
        self._masked: np.ndarray | None = None
        self._ramp: Ramp = "probability"
        self._limits = (0.0, 1.0)
        self._image: QImage | None = None
        self._names = CellNames(row_axis, column_axis)
        self._cross = self._ring = (-1, -1)
        self._hint: Callable[[int, int], str] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(name)
        theme.changed.connect(self._repaint)

    def set(
        self,
        matrix: "np.ndarray",
        rows: Sequence[str] = (),
        columns: Sequence[str] = (),
        ramp: Ramp = "probability",
        limits: tuple[float, float] = (0.0, 1.0),
        masked: "np.ndarray | None" = None,
    ) -> None:
        """Show (R, C) numbers. `rows` and `columns`: a token for each; `masked`: (R, C) bool, drawn flat."""
        self._matrix, self._ramp, self._limits, self._masked = matrix, ramp, limits, masked
        if self._names.set(rows, columns):
            self.updateGeometry()
        self._image = None
        self.update()

    @property
    def matrix(self) -> "np.ndarray | None":
        """What is shown."""
        return self._matrix

    def set_hint(self, hint: Callable[[int, int], str]) -> None:
        """What is said of (row, column); its first line is the title."""
        self._hint = hint

    def cross(self, row: int, column: int) -> None:
        """Mark the hovered cell, or only its row, -1 for none. Silent."""
        if (row, column) != self._cross:
            self._cross = (row, column)
            self.update()

    def ring(self, row: int, column: int) -> None:
        """Mark the locked cell and its row, -1 for none. Silent."""
        if (row, column) != self._ring:
            self._ring = (row, column)
            self.update()

    def cell_at(self, point: QPoint) -> tuple[int, int]:
        if self._matrix is None:
            return -1, -1
        area = self.area()
        rows, columns = self._matrix.shape
        column = int((point.x() - area.left()) * columns / max(1, area.width()))
        row = int((point.y() - area.top()) * rows / max(1, area.height()))
        return (row, column) if area.contains(point) and row < rows and column < columns else (-1, -1)

    def area(self) -> QRect:
        """Where the cells are: square cells, as large as there is room."""
        if self._matrix is None:
            return QRect()
        rows, columns = self._matrix.shape
        left, right, foot = self._names.left, self._names.right, self._names.foot
        cell = 0.0
        for upright in (False, True):  # names of columns that are wider than a cell stand on end
            top = self._names.top(upright)
            cell = min((self.width() - left - right - 2) / columns, (self.height() - top - foot - 2) / rows)
            cell = float(int(cell)) if cell >= 2 else max(cell, 0.2)
            if self._names.fit(cell):
                break
        self._names.upright = not self._names.fit(cell)
        return QRect(left + 1, top + 1, round(cell * columns), round(cell * rows))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        """As high as the cells get at that width, so that what stands below stays near."""
        if self._matrix is None:
            return width
        rows, columns = self._matrix.shape
        cell = max(1, (width - self._names.left - self._names.right - 2) // columns)
        return self._names.top(not self._names.fit(cell)) + self._names.foot + 4 + rows * cell

    def sizeHint(self) -> QSize:
        return QSize(360, 360)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 120)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self.cell_at(event.position().toPoint()))

    def leaveEvent(self, event: object) -> None:
        self._point_at((-1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and cell[0] >= 0:
            self.clicked.emit(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEPS.get(Qt.Key(event.key()))
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and min(self._cross) >= 0:
            self.clicked.emit(*self._cross)
        elif step is None or self._matrix is None:
            super().keyPressEvent(event)
        else:
            at = self._cross if min(self._cross) >= 0 else self._ring
            rows, columns = self._matrix.shape
            self._point_at((min(max(at[0] + step[0], 0), rows - 1), min(max(at[1] + step[1], 0), columns - 1)))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._matrix is None:
            return
        if self._image is None:
            self._image = picture(self._matrix, self._ramp, self._limits, self._masked)
        painter = QPainter(self)
        area = self.area()
        painter.drawImage(area, self._image)
        painter.setPen(QPen(theme.color("line_strong"), 1))
        painter.drawRect(area.adjusted(-1, -1, 0, 0))
        pointed = self._cross if self._cross[0] >= 0 else self._ring
        locked = self._ring[0] == pointed[0]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._names.paint(painter, QRectF(area), self._matrix.shape, pointed, locked)
        self._paint_marks(painter, QRectF(area))
        if self._hint is not None and min(pointed) >= 0 and max(pointed) < len(self._matrix):
            cell = self._cell(QRectF(area), *pointed)
            tip.paint(painter, QRectF(self.rect()), QPointF(cell.center().x(), cell.top()), self._said(*pointed))

    def _said(self, row: int, column: int) -> list[str]:
        return self._hint(row, column).split("\n") if self._hint else []

    def _cell(self, area: QRectF, row: int, column: int) -> QRectF:
        rows, columns = self._matrix.shape
        high, wide = area.height() / rows, area.width() / columns
        return QRectF(area.left() + column * wide, area.top() + row * high, wide, high)

    def _paint_marks(self, painter: QPainter, area: QRectF) -> None:
        """The locked row and cell, and the cross-hair of the pointed one."""
        rows, columns = self._matrix.shape
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for (row, column), ink in ((self._ring, "accent"), (self._cross, "text")):
            if not 0 <= row < rows:
                continue
            line = self._cell(area, row, 0).united(self._cell(area, row, columns - 1))
            painter.setPen(QPen(theme.color(ink), 2 if ink == "accent" else 1))
            if ink == "accent" or column < 0:
                painter.drawRect(line)
            if 0 <= column < columns:
                cell = self._cell(area, row, column)
                painter.setPen(QPen(theme.color("muted"), 1, Qt.PenStyle.DotLine))
                x, y = cell.center().x(), cell.center().y()
                painter.drawLine(QPointF(x, area.top()), QPointF(x, cell.top()))
                if ink == "text":
                    painter.drawLine(QPointF(area.left(), y), QPointF(cell.left(), y))
                painter.setPen(QPen(theme.color("text"), 2))
                painter.drawRect(cell)

    def _repaint(self) -> None:
        self._image = None
        self.update()

    def _point_at(self, cell: tuple[int, int]) -> None:
        if cell != self._cross:
            self._cross = cell
            self.update()
            self.hovered.emit(*cell)
