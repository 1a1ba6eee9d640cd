"""A table of runs: colour and name, what changed, steps, validation loss."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from ...session.run import Run
from ..numbers import count
from ..theme import theme
from ..words.changes import changes
from ..words.numbers import fixed
from ..words.runs import STATES

COLUMNS = ("run", "what changed", "steps", "validation")
HINTS = ("", "Against the run before it", "How often its weights were changed", "Newest, nats per token")
NAME, CHANGED, STEPS, VALIDATION = range(4)
ROW = 32
Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole


class RunTable(QTableView):
    """`picked` carries the run that was clicked or reached by the arrow keys."""

    picked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._model = _Runs()
        self.setModel(self._model)
        self.setItemDelegate(_Cell(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        for column, mode in enumerate(("ResizeToContents", "Stretch", "ResizeToContents", "ResizeToContents")):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode[mode])
        self.setAccessibleName("Runs")
        self.selectionModel().currentRowChanged.connect(self._moved)
        theme.changed.connect(self.viewport().update)

    def set(self, runs: Sequence[Run], shown: Run | None) -> None:
        self._model.set(runs)
        if shown is not None and shown in runs:
            row = list(runs).index(shown)
            if row != self.currentIndex().row():
                self.selectRow(row)

    def refresh(self) -> None:
        """Numbers that grew."""
        self._model.refresh()

    def run(self, row: int) -> Run:
        return self._model.runs[row]

    def sizeHint(self) -> QSize:
        return QSize(360, 28 + ROW * max(3, len(self._model.runs)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            event.ignore()  # the panel's
        else:
            super().keyPressEvent(event)

    def _moved(self, now: QModelIndex, _: QModelIndex) -> None:
        if now.isValid():
            self.picked.emit(self.run(now.row()))


class _Runs(QAbstractTableModel):
    def __init__(self) -> None:
        super().__init__()
        self.runs: list[Run] = []
        self._texts: list[tuple[str, ...]] = []

    def set(self, runs: Sequence[Run]) -> None:
        if list(runs) != self.runs:
            self.beginResetModel()
            self.runs = list(runs)
            self._texts = [self._of(i) for i in range(len(runs))]
            self.endResetModel()
        self.refresh()

    def refresh(self) -> None:
        for i, old in enumerate(self._texts):
            if (new := self._of(i)) != old:
                self._texts[i] = new
                self.dataChanged.emit(self.index(i, 0), self.index(i, len(COLUMNS) - 1))

    def _of(self, i: int) -> tuple[str, ...]:
        run, last = self.runs[i], self.runs[i].validation.last
        return (run.name, self.what(i), count(run.step), "–" if last is None else fixed(last))

    def what(self, i: int) -> str:
        """What changed against the run before, and how it ended."""
        run, before = self.runs[i], self.runs[i - 1] if i else None
        if before is None:
            words = [f"the first, {run.model.name}"]
        else:
            words = changes((before.model, before.recipe), (run.model, run.recipe)) or ["the same again"]
        state = STATES[run.state]
        return ", ".join([*words, *([state] if state else [])])

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.runs)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(COLUMNS)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        if role in (Role.DisplayRole, Role.AccessibleTextRole):
            return self._texts[index.row()][index.column()]
        if role == Role.ToolTipRole:
            run = self.runs[index.row()]
            return run.error if run.error else self._texts[index.row()][CHANGED]
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Role.TextAlignmentRole:
            right = Qt.AlignmentFlag.AlignRight if section >= STEPS else Qt.AlignmentFlag.AlignLeft
            return right | Qt.AlignmentFlag.AlignVCenter
        return {Role.DisplayRole: COLUMNS[section], Role.ToolTipRole: HINTS[section]}.get(Role(role))


class _Cell(QStyledItemDelegate):
    def paint(self, p: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        table = self.parent()
        assert isinstance(table, RunTable)
        run, column = table.run(index.row()), index.column()
        rect = QRectF(option.rect)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = table.indexAt(table.viewport().mapFromGlobal(table.cursor().pos())).row() == index.row()
        if selected or hovered:
            p.fillRect(rect, theme.color("accent_soft" if selected else "hover"))
        font = theme.font(13, 600 if selected and column in (NAME, VALIDATION) else 400)
        p.setFont(font)
        inner = rect.adjusted(8, 0, -8, 0)
        if column == NAME:
            p.setPen(QPen(theme.run(run.number), 3))
            p.drawLine(QPointF(inner.left(), inner.center().y()), QPointF(inner.left() + 12, inner.center().y()))
            inner.adjust(20, 0, 0, 0)
        quiet = column == CHANGED
        p.setPen(theme.color("error" if quiet and run.state == "failed" else "muted" if quiet else "text"))
        side = Qt.AlignmentFlag.AlignRight if column >= STEPS else Qt.AlignmentFlag.AlignLeft
        text = QFontMetrics(font).elidedText(index.data(), Qt.TextElideMode.ElideRight, int(inner.width()) + 1)
        p.drawText(inner, side | Qt.AlignmentFlag.AlignVCenter, text)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width = QFontMetrics(theme.font(13, 600)).horizontalAdvance(index.data())
        return QSize(width + 16 + (20 if index.column() == NAME else 0), ROW)
