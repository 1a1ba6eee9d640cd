"""How a cell of the table of runs is drawn and edited."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from .. import icons
from ..theme import faded, theme
from .run_rows import CHANGED, EYE, NAME, NOTE, STEPS, TIME, VALIDATION, Index, RunRows

PAD, SWATCH, ROW, EYE_SIZE = 6, 20, 32, 16
COLORS = 8  # of runs; from the ninth on a line is dashed


class RunCell(QStyledItemDelegate):
    def __init__(self, table: QTableView, rows: RunRows) -> None:
        super().__init__(table)
        self._table, self._rows = table, rows

    def paint(self, p: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        table, rows, column = self._table, self._rows, index.column()
        run = rows.runs[index.row()]
        rect = QRectF(option.rect)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = rows.hovered == index.row()
        drawn, kept = run in rows.drawn, run in rows.kept
        if selected or hovered:
            p.fillRect(rect, theme.color("accent_soft" if selected else "hover"))
        inner = rect.adjusted(PAD, 0, -PAD, 0)
        if column == EYE:
            place = QRectF(0, 0, EYE_SIZE, EYE_SIZE)
            place.moveCenter(rect.center())
            icons.draw(p, "eye" if drawn else "eye-off", place, "text" if kept else "muted" if drawn else "faint")
            return
        if column == NAME:
            _swatch(p, run.number, inner, drawn)
            inner.adjust(SWATCH, 0, 0, 0)
        if column == CHANGED:
            note = rows.text(index.row(), NOTE) if table.isColumnHidden(NOTE) else ""
            _changed(p, inner, index.data(), note, "error" if run.state == "failed" else "muted")
            return
        best = column == VALIDATION and run is rows.best
        current = index.row() == table.currentIndex().row() and column in (NAME, VALIDATION)
        font = theme.font(13, 600 if best or current else 400)
        _text(p, inner, index.data(), font, "muted" if column == TIME else "text", right=STEPS <= column <= TIME)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(60, ROW)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        line = QLineEdit(parent)
        line.setAccessibleName(f"Note on {self._rows.runs[index.row()].name}")
        line.setPlaceholderText("a note, #tags")
        line.setAcceptDrops(False)
        return line

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """The row of a run that goes on changes all the time: what is being typed stays."""
        if not (isinstance(editor, QLineEdit) and editor.isModified()):
            super().setEditorData(editor, index)


def _swatch(p: QPainter, number: int, inner: QRectF, drawn: bool) -> None:
    pen = QPen(theme.run(number) if drawn else faded(theme.run(number), 0.45), 3)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if number > COLORS:
        pen.setDashPattern([1.6, 0.8])
    p.setPen(pen)
    y = inner.center().y()
    p.drawLine(QPointF(inner.left(), y), QPointF(inner.left() + 12, y))


def _changed(p: QPainter, inner: QRectF, changed: str, note: str, ink: str) -> None:
    """What changed, small and in two lines where it is long; a note has the second line."""
    if not note and QFontMetrics(theme.font()).horizontalAdvance(changed) <= inner.width():
        _text(p, inner, changed, theme.font(), ink)
        return
    small = theme.font(11)
    lines = [changed, note] if note else _halves(changed, QFontMetrics(small), inner.width())
    for top, line in zip((2, 16), lines, strict=True):
        place = QRectF(inner.left(), inner.top() + top, inner.width(), 14)
        _text(p, place, line, small, "text" if note and line is note else ink)


def _halves(text: str, metrics: QFontMetrics, width: float) -> list[str]:
    """As much as fits in a line, broken after a comma or else between words, and the rest."""
    parts = text.split(", ")
    for n in range(len(parts) - 1, 0, -1):
        if metrics.horizontalAdvance(head := ", ".join(parts[:n]) + ",") <= width:
            return [head, ", ".join(parts[n:])]
    words = text.split(" ")
    n = len(words)
    while n > 1 and metrics.horizontalAdvance(" ".join(words[:n])) > width:
        n -= 1
    return [" ".join(words[:n]), " ".join(words[n:])]


def _text(p: QPainter, inner: QRectF, text: str, font: QFont, ink: str, right: bool = False) -> None:
    p.setFont(font)
    p.setPen(theme.color(ink))
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    short = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, int(inner.width()) + 1)
    p.drawText(inner, side | Qt.AlignmentFlag.AlignVCenter, short)
