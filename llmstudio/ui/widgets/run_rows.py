"""What the table of runs shows: the texts of every row, in the order and with the filter that the person chose."""

from collections.abc import Callable, Collection, Sequence
from math import inf
from typing import Any, Literal

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from ...session.run import Run
from ..icons import icon
from ..numbers import clock, count
from ..words.numbers import fixed
from ..words.runs import STATES, difference, note_line, summary

Against = Literal["before", "shown", "all"]  # what "what changed" means; "all": every setting instead
Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
EYE, NAME, CHANGED, STEPS, VALIDATION, TIME, NOTE = range(7)
TITLES = ("", "run", "what changed", "steps", "validation", "time", "note")
HINTS = (
    "Click: all curves, or only the shown run's",
    "The order in which they were made",
    "Only the settings that differ",
    "How often its weights were changed",
    "Newest, nats per token; the lowest is bold",
    "Spent on training",
    "Yours: double-click to write. Words that begin with # are tags",
)
KEYS: dict[int, Callable[[Run], float]] = {
    NAME: lambda run: run.number,
    STEPS: lambda run: run.step,
    VALIDATION: lambda run: inf if run.validation.last is None else run.validation.last,
    TIME: lambda run: run.seconds.last or 0.0,
}


class RunRows(QAbstractTableModel):
    noted = Signal(object, str)  # a run, and the line written about it

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[Run] = []  # those in the table, in its order
        self.drawn: Collection[Run] = ()  # those that have curves
        self.kept: Collection[Run] = ()  # those of them that keep theirs when another is shown
        self.best: Run | None = None
        self.against: Against = "before"
        self.order = (NAME, False)  # column, falling
        self.hovered = -1  # row under the pointer
        self.wanted = ""  # only rows that hold all of these words
        self.everything: list[Run] = []
        self.shown: Run | None = None
        self._texts: list[tuple[str, ...]] = []
        self._states: list[tuple[object, ...]] = []
        self._differences: dict[tuple[str, str], str] = {}

    def set(self, runs: Sequence[Run], shown: Run | None) -> bool:
        """True where rows came, went or changed places."""
        self.everything, self.shown = list(runs), shown
        self._differences = {key: said for key, said in self._differences.items() if self._known(key)}
        rows = self._ordered()
        moved = rows != self.runs
        if moved:
            self.beginResetModel()
            self.runs = rows
            self._states = [self._state(run) for run in rows]
            self._texts = [self._of(run) for run in rows]
            self.endResetModel()
        self._find_best()
        self.refresh(moved)
        return moved

    def refresh(self, everything: bool = True) -> None:
        """Write anew the rows of runs that have grown, or all."""
        for i, run in enumerate(self.runs):
            state = self._state(run)
            if not everything and state == self._states[i]:
                continue
            self._states[i] = state
            if (new := self._of(run)) != self._texts[i]:
                self._texts[i] = new
                self._find_best()
                self.dataChanged.emit(self.index(i, 0), self.index(i, NOTE))

    def text(self, row: int, column: int) -> str:
        return self._texts[row][column]

    def row(self, run: Run | None) -> int:
        return self.runs.index(run) if run in self.runs else -1

    def difference(self, run: Run) -> str:
        if self.against == "all":
            return summary(run)
        if self.against == "before" and run.about.label:
            return run.about.label
        place = self.everything.index(run)
        base = self.shown if self.against == "shown" else self.everything[place - 1] if place else None
        if base is run:
            return "the shown run"
        key = (run.name, base.name if base else "")
        if key not in self._differences:
            self._differences[key] = difference(run, base)
        return self._differences[key]

    def _known(self, key: tuple[str, str]) -> bool:
        names = {run.name for run in self.everything}
        return key[0] in names and key[1] in names | {""}

    def _ordered(self) -> list[Run]:
        column, falling = self.order
        rows = sorted(self.everything, key=KEYS[column], reverse=falling)
        words = self.wanted.lower().split()
        return [run for run in rows if all(word in self._said(run) for word in words)] if words else rows

    def _said(self, run: Run) -> str:
        parts = (run.name, run.group, self.difference(run), note_line(run.note, run.tags), STATES[run.state])
        return " ".join(parts).lower()

    def _find_best(self) -> None:
        tested = [run for run in self.everything if run.validation.last is not None]
        self.best = min(tested, key=KEYS[VALIDATION]) if len(tested) > 1 else None

    def _state(self, run: Run) -> tuple[object, ...]:
        return (len(run.log), run.state, run.note, run.tags)

    def _of(self, run: Run) -> tuple[str, ...]:
        last, seconds = run.validation.last, run.seconds.last
        state = STATES[run.state]
        return (
            "",
            run.name,
            ", ".join([self.difference(run), *([state] if state else [])]),
            count(run.step),
            "–" if last is None else fixed(last),
            "–" if seconds is None else clock(seconds),
            note_line(run.note, run.tags),
        )

    # Qt

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.runs)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(TITLES)

    def flags(self, index: Index) -> Qt.ItemFlag:
        editable = index.column() in (CHANGED, NOTE)
        return super().flags(index) | (Qt.ItemFlag.ItemIsEditable if editable else Qt.ItemFlag.NoItemFlags)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        run, column = self.runs[index.row()], index.column()
        if role == Role.AccessibleTextRole and column == EYE:
            return "curve drawn" if run in self.drawn else "curve not drawn"
        if role in (Role.DisplayRole, Role.AccessibleTextRole):
            return self._texts[index.row()][column]
        if role == Role.EditRole:
            return self._texts[index.row()][NOTE]
        if role == Role.ToolTipRole:
            return self._tip(run, column)
        return None

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        run = self.runs[index.row()]
        if role == Role.EditRole and value.strip() != note_line(run.note, run.tags):
            self.noted.emit(run, value.strip())
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Role.TextAlignmentRole:
            right = Qt.AlignmentFlag.AlignRight if STEPS <= section <= TIME else Qt.AlignmentFlag.AlignLeft
            return right | Qt.AlignmentFlag.AlignVCenter
        if role == Role.DecorationRole and section == EYE:
            return icon("eye")
        if role == Role.DisplayRole:
            column, falling = self.order
            arrow = " ↓" if falling else " ↑"
            return TITLES[section] + (arrow if section == column and self.order != (NAME, False) else "")
        return HINTS[section] if role == Role.ToolTipRole else None

    def _tip(self, run: Run, column: int) -> str:
        if column == EYE:
            if run in self.kept:
                return "Its curve is drawn; click to hide it"
            alone = "Drawn while it is the shown run; click to keep it drawn beside others"
            return alone if run in self.drawn else "Click to draw its curve too; with Alt only this one"
        if run.error:
            return run.error
        parts = (self._texts[self.row(run)][CHANGED], run.group, note_line(run.note, run.tags))
        return "\n".join(part for part in parts if part)
