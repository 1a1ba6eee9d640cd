"""A table of runs: whether its curve is drawn, colour and name, what changed, steps, validation loss, time, a note."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from ...session.run import Run
from ..numbers import count
from ..theme import theme
from .run_cell import PAD, SWATCH, RunCell
from .run_rows import CHANGED, EYE, KEYS, NAME, NOTE, STEPS, TIME, VALIDATION, Against, RunRows

ROW, EYE_WIDTH, WIDEST_NAME = 32, 32, 180
LEAST = {STEPS: 330, TIME: 440, NOTE: 640}  # the table's width from which a column is there
Flag = QItemSelectionModel.SelectionFlag


class RunTable(QTableView):
    """Click shows a run, shift and control select several; the eye draws curves, with Alt only that one's.

    F2 or a double-click writes a note, in the row of what changed where the column of notes has no room.
    """

    picked = Signal(object)  # the run that was clicked or reached by the arrow keys
    toggled = Signal(object)  # runs whose eyes were clicked, or Space was pressed on
    alone = Signal(object)  # a run whose curve shall be the only one
    all_eyes = Signal()  # the eye over the column
    noted = Signal(object, str)  # a run, and the line written about it
    asked = Signal(QPoint)  # a menu is wanted there
    chosen = Signal()  # other runs are selected

    def __init__(self) -> None:
        super().__init__()
        self.rows = RunRows()
        self._setting = False
        self._shown: Run | None = None
        self._bring = QTimer(
            self, singleShot=True, interval=0, timeout=self._come_into_view
        )  # after rows and room settled
        self._latest: tuple[Sequence[Run], Run | None, Collection[Run], Collection[Run]] = ((), None, (), ())
        self.setModel(self.rows)
        cell = RunCell(self, self.rows)
        self.setItemDelegate(cell)
        cell.closeEditor.connect(self._again)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW)
        self._dress_header()
        self.setAccessibleName("Runs")
        self.rows.noted.connect(self.noted)
        self.selectionModel().currentRowChanged.connect(self._moved)
        self.selectionModel().selectionChanged.connect(self._selected)
        theme.changed.connect(self.viewport().update)

    def _dress_header(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(EYE_WIDTH)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._sort)

    def set(
        self, runs: Sequence[Run], shown: Run | None, drawn: Collection[Run] = (), kept: Collection[Run] = ()
    ) -> None:
        """Show these; what was selected stays so, and where other runs come the view stays where it was, unless another
        is shown: that one comes into view.

        `drawn`: those that have curves; `kept`: those of them that keep theirs when another is shown. While a note is
        being written no row moves.
        """
        self._latest = (runs, shown, drawn, kept)
        if self.state() == QAbstractItemView.State.EditingState:
            return
        chosen, at = self.chosen_runs(), self.verticalScrollBar().value()
        self._setting = True
        moved = self.rows.set(runs, shown)
        if moved:
            self._choose(chosen)
            self.verticalScrollBar().setValue(at)
        row = self.rows.row(shown)
        if row >= 0 and row != self.currentIndex().row():
            keep = shown in chosen and len(chosen) > 1
            how = Flag.NoUpdate if keep else Flag.ClearAndSelect | Flag.Rows
            self.selectionModel().setCurrentIndex(self.rows.index(row, NAME), how)
        self._setting = False
        self._fit()
        self.setMaximumHeight(self.horizontalHeader().sizeHint().height() + ROW * max(3, len(self.rows.runs)) + 2)
        if row >= 0 and shown is not self._shown:
            self._shown = shown
            self._bring.start()
        if moved:
            self.chosen.emit()
        self.rows.drawn, self.rows.kept = frozenset(drawn), frozenset(kept)
        self.viewport().update()

    def refresh(self) -> None:
        """Numbers that grew."""
        self.rows.refresh(everything=False)

    def run(self, row: int) -> Run:
        return self.rows.runs[row]

    def chosen_runs(self) -> list[Run]:
        """The selected ones, in the table's order."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self.rows.runs[row] for row in rows if row < len(self.rows.runs)]

    def choose(self, runs: Sequence[Run]) -> None:
        """Select these."""
        self._setting = True
        self._choose(runs)
        self._setting = False
        self.chosen.emit()

    def compare_with(self, against: Against) -> None:
        self.rows.against = against
        self.rows.refresh()

    def search(self, words: str) -> None:
        """Only the runs in whose row all of these words are."""
        self.rows.wanted = words
        self._again()

    def write_note(self) -> None:
        """Open the field for the current run's note."""
        if self.currentIndex().isValid():
            self.edit(self.rows.index(self.currentIndex().row(), CHANGED if self.isColumnHidden(NOTE) else NOTE))

    def sizeHint(self) -> QSize:
        return QSize(360, 28 + ROW * max(3, len(self.rows.runs)))

    # the pointer and the keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == EYE and event.button() == Qt.MouseButton.LeftButton:
            run = self.run(index.row())
            if event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self.alone.emit(run)
            else:
                chosen = self.chosen_runs()
                self.toggled.emit(chosen if run in chosen else [run])
            return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.indexAt(event.position().toPoint()).column() == EYE:
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.indexAt(event.position().toPoint()).column() != EYE or not event.buttons():
            super().mouseMoveEvent(event)
        self._hover(self.indexAt(event.position().toPoint()).row())

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = event.pos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            at = self.visualRect(self.currentIndex()).bottomLeft()
        if self.indexAt(at).isValid():
            self.asked.emit(self.viewport().mapToGlobal(at))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            event.ignore()  # the panel's
        elif event.key() == Qt.Key.Key_Space:
            self.toggled.emit(self.chosen_runs())
        elif event.key() == Qt.Key.Key_F2:
            self.write_note()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        seen = QRect(QPoint(), event.oldSize()).intersects(self.visualRect(self.currentIndex()))
        super().resizeEvent(event)
        self._fit()
        if seen:
            self._bring.start()

    def _come_into_view(self) -> None:
        """The run that is shown."""
        self.scrollTo(self.currentIndex())

    def _hover(self, row: int) -> None:
        if row != self.rows.hovered:
            self.rows.hovered = row
            self.viewport().update()

    def _selected(self) -> None:
        if not self._setting:
            self.chosen.emit()

    def _moved(self, now: QModelIndex, _: QModelIndex) -> None:
        if now.isValid() and not self._setting:
            self.picked.emit(self.run(now.row()))

    def _sort(self, column: int) -> None:
        """By this column, then the other way round, then in the order they were made."""
        if column == EYE:
            self.all_eyes.emit()
        if column not in KEYS:
            return
        before, falling = self.rows.order
        self.rows.order = (column, False) if before != column else (NAME, False) if falling else (column, True)
        self._again()

    def _again(self) -> None:
        self.set(*self._latest)
        self.horizontalHeader().viewport().update()

    def _choose(self, runs: Sequence[Run]) -> None:
        selection = self.selectionModel()
        selection.clearSelection()
        for run in runs:
            if (row := self.rows.row(run)) >= 0:
                selection.select(self.rows.index(row, 0), Flag.Select | Flag.Rows)

    # widths

    def _fit(self) -> None:
        """Each column as wide as its longest text, wide enough for all planned steps so that nothing shifts; what
        changed and the note share the rest."""
        bold, small = QFontMetrics(theme.font(13, 600)), QFontMetrics(theme.font(11))
        rows = range(len(self.rows.runs))
        whole = self.viewport().width()
        for column, least in LEAST.items():
            self.setColumnHidden(column, whole < least)

        def widest(column: int, *more: str) -> int:
            texts = [self.rows.text(row, column) for row in rows]
            title = str(self.rows.headerData(column, Qt.Orientation.Horizontal))
            longest = max((bold.horizontalAdvance(text) for text in (*texts, *more)), default=0)
            return max(longest, small.horizontalAdvance(title)) + 2 * PAD

        planned = [count(run.steps) for run in self.rows.runs]
        widths = {EYE: EYE_WIDTH, NAME: min(widest(NAME) + SWATCH, WIDEST_NAME), VALIDATION: widest(VALIDATION, "0.00")}
        widths |= {STEPS: 0 if whole < LEAST[STEPS] else widest(STEPS, *planned)}
        widths |= {TIME: 0 if whole < LEAST[TIME] else widest(TIME, "00:00")}
        rest = max(whole - sum(widths.values()), 60)
        note = 0 if whole < LEAST[NOTE] else rest * 2 // 5
        for column, width in {**widths, CHANGED: rest - note, NOTE: note}.items():
            if width:
                self.setColumnWidth(column, width)
