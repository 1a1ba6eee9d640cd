"""A matrix as square cells, its tokens on both axes, the value under the pointer on hover."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ..theme import Ramp, theme
from . import glyphs

if TYPE_CHECKING:
    import numpy as np

LEAST_LABEL = 10  # pixels of a cell that can still carry a letter


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
    """`hovered` and `clicked` carry (row, column); (-1, -1) when the pointer leaves. Rows are queries, columns keys."""

    hovered = Signal(int, int)
    clicked = Signal(int, int)

    def __init__(self, name: str = "Heat map", row_axis: str = "", column_axis: str = "") -> None:
        super().__init__()
        self._matrix: np.ndarray | None = None
        self._masked: np.ndarray | None = None
        self._ramp: Ramp = "probability"
        self._limits = (0.0, 1.0)
        self._image: QImage | None = None
        self._row_names: list[str] = []
        self._column_names: list[str] = []
        self._axes = (row_axis, column_axis)
        self._cross = self._ring = (-1, -1)
        self._hint: Callable[[int, int], str] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
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
        self._row_names, self._column_names = list(rows), list(columns)
        self._image = None
        self.update()

    def set_hint(self, hint: Callable[[int, int], str]) -> None:
        """What the tooltip says of (row, column)."""
        self._hint = hint

    def cross(self, row: int, column: int) -> None:
        """Mark the hovered cell, -1 for none. Silent."""
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
        left = (self._row_label() + 6 if self._row_names else 0) + (18 if self._axes[0] else 0)
        top = (18 if self._column_names else 0) + (18 if self._axes[1] else 0)
        cell = min((self.width() - left - 2) / columns, (self.height() - top - 2) / rows)
        cell = float(int(cell)) if cell >= 2 else max(cell, 0.2)
        return QRect(left + 1, top + 1, round(cell * columns), round(cell * rows))

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
        steps = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}
        step = steps.get(Qt.Key(event.key()))
        if step is None or self._matrix is None:
            super().keyPressEvent(event)
            return
        at = self._cross if self._cross[0] >= 0 else self._ring
        rows, columns = self._matrix.shape
        self._point_at((min(max(at[0] + step[0], 0), rows - 1), min(max(at[1] + step[1], 0), columns - 1)))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and self._hint is not None:
            row, column = self.cell_at(event.pos())
            QToolTip.showText(event.globalPos(), self._hint(row, column) if row >= 0 else "", self)
            return True
        return super().event(event)

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
        self._paint_names(painter, area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_marks(painter, QRectF(area))

    def _paint_names(self, painter: QPainter, area: QRect) -> None:
        rows, columns = self._matrix.shape
        if self._axes[0] and self._row_names:
            painter.setFont(theme.font(11))
            painter.setPen(theme.color("muted"))
            painter.save()
            painter.translate(12, area.center().y())
            painter.rotate(-90)
            painter.drawText(QRectF(-80, -12, 160, 16), Qt.AlignmentFlag.AlignCenter, self._axes[0])
            painter.restore()
        if self._axes[1] and self._column_names:
            painter.setFont(theme.font(11))
            painter.setPen(theme.color("muted"))
            painter.drawText(QRectF(area.left(), 0, area.width(), 16), Qt.AlignmentFlag.AlignLeft, self._axes[1])
        high, wide = area.height() / rows, area.width() / columns
        font = self._face(min(high, wide))
        metrics = QFontMetricsF(font)
        base = (metrics.ascent() - metrics.descent()) / 2
        marked = self._cross if self._cross[0] >= 0 else self._ring
        every = max(1, -(-LEAST_LABEL // max(1, int(min(high, wide)))))  # too small: every n-th is named
        for n in range(0, min(rows, len(self._row_names)), every):
            text = glyphs.plain(self._row_names[n])
            x = area.left() - 6 - min(metrics.horizontalAdvance(text), self._row_label())
            at = QPointF(x, area.top() + (n + 0.5) * high + base)
            self._name(painter, at, self._row_names[n], font, n == marked[0])
        for n in range(0, min(columns, len(self._column_names)), every):
            text = glyphs.plain(self._column_names[n])
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, wide * every + 2)
            x = area.left() + (n + 0.5) * wide - metrics.horizontalAdvance(text) / 2
            self._name(painter, QPointF(x, area.top() - 6), self._column_names[n], font, n == marked[1], text)

    def _name(self, painter: QPainter, at: QPointF, token: str, font: QFont, marked: bool, text: str = "") -> None:
        painter.setFont(font)
        unseen = all(run_unseen for _, run_unseen in glyphs.shown(token))
        painter.setPen(theme.color("accent" if marked else "faint" if unseen else "text"))
        painter.drawText(at, text or glyphs.plain(token))

    def _paint_marks(self, painter: QPainter, area: QRectF) -> None:
        rows, columns = self._matrix.shape
        high, wide = area.height() / rows, area.width() / columns
        painter.setBrush(Qt.BrushStyle.NoBrush)
        row, column = self._ring
        if 0 <= row < rows:
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRect(QRectF(area.left(), area.top() + row * high, area.width(), high))
            if 0 <= column < columns:
                painter.setPen(QPen(theme.color("text"), 2))
                painter.drawRect(QRectF(area.left() + column * wide, area.top() + row * high, wide, high))
        row, column = self._cross
        if 0 <= row < rows and 0 <= column < columns:
            painter.setPen(QPen(theme.color("muted"), 1, Qt.PenStyle.DotLine))
            x, y = area.left() + (column + 0.5) * wide, area.top() + (row + 0.5) * high
            painter.drawLine(QPointF(area.left(), y), QPointF(x, y))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, y))
            painter.setPen(QPen(theme.color("text"), 1.5))
            painter.drawRect(QRectF(area.left() + column * wide, area.top() + row * high, wide, high))

    def _face(self, cell: float) -> QFont:
        return theme.mono(12 if cell >= 13 else 11)

    def _row_label(self) -> int:
        metrics = QFontMetricsF(theme.mono(12))
        widest = max((metrics.horizontalAdvance(glyphs.plain(name)) for name in self._row_names), default=0)
        return round(min(widest, 96))

    def _repaint(self) -> None:
        self._image = None
        self.update()

    def _point_at(self, cell: tuple[int, int]) -> None:
        if cell != self._cross:
            self._cross = cell
            self.update()
            self.hovered.emit(*cell)
