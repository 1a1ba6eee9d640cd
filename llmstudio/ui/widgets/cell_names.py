"""The tokens along the rows and columns of a heat-map: thinned where cells are small, on end where they are long."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from ..theme import theme
from . import glyphs

HIGH, WIDE, TURNED = 10, 8, 13  # pixels of a cell that can still carry a letter: row, column, column on end
LONGEST, TALLEST, GAP, LINE = 96, 64, 6, 16


class CellNames:
    """`rows` stand at the left, `columns` above; the words for the two axes in the corners."""

    def __init__(self, row_axis: str, column_axis: str) -> None:
        self.axes = (row_axis, column_axis)
        self.rows: list[str] = []
        self.columns: list[str] = []
        self.upright = False
        self._widest = (0.0, 0.0)  # of the rows' and the columns' names

    def set(self, rows: Sequence[str], columns: Sequence[str]) -> bool:
        """Whether they are others than before."""
        if self.rows == list(rows) and self.columns == list(columns):
            return False
        self.rows, self.columns = list(rows), list(columns)
        metrics = QFontMetricsF(theme.mono(12))
        first, second = (max((glyphs.width(n, metrics) for n in names), default=0.0) for names in (rows, columns))
        self._widest = (first, second)
        return True

    # the room they take

    @property
    def left(self) -> int:
        words = max(QFontMetricsF(theme.font(11)).horizontalAdvance(word) for word in self.axes)
        names = min(self._widest[0], LONGEST)
        return round(max(words if self.rows else 0, names)) + (GAP + 2 if self.rows else 0)

    @property
    def right(self) -> int:
        return 4 if self.columns else 0  # a chip around the last name

    @property
    def foot(self) -> int:
        return LINE + 2 if self.axes[0] and self.rows else 0

    def top(self, upright: bool) -> int:
        if not self.columns:
            return 0
        return round(min(self._widest[1], TALLEST)) + GAP + 4 if upright else LINE + 4

    def fit(self, cell: float) -> bool:
        """Whether the names of columns have room side by side."""
        return self._widest[1] <= max(cell, WIDE) + 1

    # painting

    def paint(
        self, painter: QPainter, area: QRectF, shape: tuple[int, ...], pointed: tuple[int, int], locked: bool
    ) -> None:
        """`pointed`: the row and column that stand out, -1 for none; `locked`: the row is kept."""
        rows, columns = shape
        cell = area.height() / rows
        self._paint_axes(painter, area)
        face = theme.mono(12 if cell >= 13 else 11)
        every = _every(TURNED if self.upright else WIDE, cell)
        for n in self._named(min(columns, len(self.columns)), every, pointed[1]):
            self._paint_column(painter, area, n, area.width() / columns, face, n == pointed[1])
        every = _every(HIGH, cell)
        for n in self._named(min(rows, len(self.rows)), every, pointed[0]):
            self._paint_row(painter, area, n, cell, face, "" if n != pointed[0] else "accent" if locked else "text")

    @staticmethod
    def _named(count: int, every: int, marked: int) -> list[int]:
        """Every n-th; one that is marked has room around it."""
        found = [n for n in range(0, count, every) if not 0 < abs(n - marked) < every or marked < 0]
        return found + ([marked] if 0 <= marked < count and marked % every else [])

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(theme.font(11))
        painter.setPen(theme.color("muted"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if self.axes[0] and self.rows:
            painter.drawText(QRectF(0, area.bottom() + 2, self.left - GAP + 2, LINE), right, self.axes[0])
        if self.axes[1] and self.columns:
            painter.drawText(QRectF(0, area.top() - LINE - 4, self.left - GAP + 2, LINE), right, self.axes[1])

    def _paint_row(self, painter: QPainter, area: QRectF, n: int, cell: float, face: QFont, ground: str) -> None:
        metrics = QFontMetricsF(face)
        text = metrics.elidedText(glyphs.plain(self.rows[n]), Qt.TextElideMode.ElideMiddle, LONGEST)
        wide = metrics.horizontalAdvance(text)
        middle = area.top() + (n + 0.5) * cell
        box = QRectF(area.left() - GAP - wide - 4, middle - 8, wide + 6, 16)
        self._name(painter, box, text, self.rows[n], face, ground)

    def _paint_column(self, painter: QPainter, area: QRectF, n: int, cell: float, face: QFont, marked: bool) -> None:
        metrics = QFontMetricsF(face)
        text = metrics.elidedText(glyphs.plain(self.columns[n]), Qt.TextElideMode.ElideMiddle, TALLEST)
        wide = metrics.horizontalAdvance(text)
        middle = area.left() + (n + 0.5) * cell
        ground = "text" if marked else ""
        if not self.upright:
            self._name(
                painter,
                QRectF(middle - wide / 2 - 3, area.top() - LINE - 4, wide + 6, 16),
                text,
                self.columns[n],
                face,
                ground,
            )
            return
        painter.save()
        painter.translate(middle, area.top() - GAP)
        painter.rotate(-90)
        self._name(painter, QRectF(-3, -8, wide + 6, 16), text, self.columns[n], face, ground)
        painter.restore()

    @staticmethod
    def _name(painter: QPainter, box: QRectF, text: str, token: str, face: QFont, ground: str) -> None:
        """`ground` is the token of a filled chip, or "" for none."""
        ink = "faint" if all(unseen for _, unseen in glyphs.shown(token)) else "text"
        if ground:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color(ground))
            painter.drawRoundedRect(box, 2, 2)
            ink = "on_accent" if ground == "accent" else "panel"
        painter.setPen(theme.color(ink))
        metrics = QFontMetricsF(face)
        painter.setFont(face)
        base = box.center().y() + (metrics.ascent() - metrics.descent()) / 2
        painter.drawText(QPointF(box.left() + 3, base), text)


def _every(least: int, cell: float) -> int:
    """Cells are too small for all names: every n-th is written."""
    return max(1, -(-least // max(1, round(cell))))
