"""Making a sweep: which settings, which values, how many seeds; how many runs that is, and how long they take."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from .....core.train.fields import Range, paths
from .....core.train.sweep import Sweep, Variant, variants
from ....widgets.button import button
from ....widgets.elide import ElidedLabel
from ....widgets.label import label, set_role
from ....widgets.number import NumberField
from ....widgets.segments import Segments
from ....words.sweep import cost
from .field_row import FieldRow
from .timing import seconds

if TYPE_CHECKING:
    from .....session.session import Session

FIRST = ("recipe.learning_rate", "model.width", "recipe.batch", "recipe.optimizer", "recipe.schedule")  # tried most
KINDS: dict[str, Literal["grid", "random"]] = {"every combination": "grid", "at random": "random"}
LABEL = 104


class Maker(QWidget):
    """`made` is called with the group's name after the runs were put into the queue."""

    def __init__(self, session: "Session", made: Callable[[str], object]) -> None:
        super().__init__()
        self.session, self._made = session, made
        self.rows: list[FieldRow] = []
        self.runs: list[Variant] = []
        self._plan: Sweep | None = None
        self._fields = QVBoxLayout()
        self._fields.setSpacing(8)
        self.more = button("Another setting", "plus", "ghost", self._add, "Try values of one more setting", 24)
        self.seeds = NumberField(1, "each", (1, 20), name="Seeds")
        self.seeds.setToolTip("Runs of each setting that differ in the seed alone: their spread says what is chance")
        self.kind = Segments(list(KINDS), name="Which combinations")
        self.draws = NumberField(8, "settings", (1, 200), name="Settings drawn")
        self.said = label("", "caption", wrap=True)
        self.deed = button("Queue", "play", "plain", self._start, height=32)
        for changed in (self.seeds.edited, self.draws.edited, self.kind.changed):
            changed.connect(lambda _: self.refresh())
        self._lay_out()
        self._add()

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 0, 8, 0)
        column.setSpacing(8)
        column.addWidget(label("What to try", "section"))
        column.addLayout(self._fields)
        row = QHBoxLayout()
        row.addWidget(self.more)
        row.addStretch(1)
        column.addLayout(row)
        self._combinations = _row("Combinations", self.kind, self.draws)
        column.addWidget(self._combinations)
        column.addWidget(_row("Seeds", self.seeds))
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        inner.setAutoFillBackground(False)
        area.viewport().setAutoFillBackground(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        whole.addWidget(area, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 0, 8, 0)
        foot.setSpacing(12)
        foot.addWidget(self.said, 1)
        foot.addWidget(self.deed)
        whole.addLayout(foot)

    def refresh(self) -> None:
        """Count the runs again: a value, the design or the recipe is another."""
        read = {row.path: row.read() for row in self.rows}
        values = {path: each for path, each in read.items() if each is not None}
        several = len(self.rows) > 1 or any(isinstance(each, Range) for each in values.values())
        self._combinations.setVisible(several)
        self.draws.setVisible(self.kind.chosen == "at random")
        self.runs, self._plan, wrong = [], None, ""
        if len(read) < len(self.rows):
            wrong = "The same setting is there twice."
        elif len(values) == len(read):
            try:
                self._plan = self._sweep(values)
                self.runs = variants(self._plan, self.session.build.model, self.session.train.recipe)
            except ValueError as error:
                wrong = str(error)
        self._say(wrong)

    def _sweep(self, values: dict[str, tuple[object, ...] | Range]) -> Sweep:
        kind = KINDS[self.kind.chosen] if self._combinations.isVisibleTo(self) else "grid"
        return Sweep(fields=values, kind=kind, draws=int(self.draws.value), seeds=int(self.seeds.value), limit=200)

    def _say(self, wrong: str) -> None:
        set_role(self.said, "error" if wrong else "caption")
        times = [seconds(each.model, each.recipe, self.session.train.runs) for each in self.runs]
        known = [time for time in times if time is not None]
        total = sum(known) if len(known) == len(times) and times else None
        self.said.setText(wrong or (cost(len(self.runs), total) if self.runs else ""))
        self.said.setToolTip("\n".join(each.label for each in self.runs[:40]))
        why = wrong or self.session.train.why_never or ""
        self.deed.setEnabled(bool(self.runs) and not why)
        self.deed.setToolTip(why or "They are made one after another, from the design and recipe as they are now")
        self.deed.setText(f"Queue {len(self.runs)}" if self.runs else "Queue")

    def _add(self) -> None:
        there = paths(self.session.build.model)
        order = [path for path in FIRST if path in there] + [path for path in there if path not in FIRST]
        taken = {row.path for row in self.rows}
        path = next(path for path in order if path not in taken)
        row = FieldRow(self.session, order, path, self.refresh, self._take_away)
        self.rows.append(row)
        self._fields.addWidget(row)
        self._show_crosses()
        self.refresh()

    def _take_away(self, row: FieldRow) -> None:
        self.rows.remove(row)
        row.hide()
        row.deleteLater()
        self._show_crosses()
        self.refresh()

    def _show_crosses(self) -> None:
        for row in self.rows:
            row.cross.setVisible(len(self.rows) > 1)

    def _start(self) -> None:
        if self._plan is None:
            return
        try:
            group = self.session.train.sweep(self._plan)
        except ValueError as error:
            self.session.tell(error)
        else:
            self._made(group)


def _row(name: str, *fields: QWidget) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    title = ElidedLabel(name, "muted")
    title.setFixedWidth(LABEL)
    row.addWidget(title)
    for field in fields:
        row.addWidget(field)
    row.addStretch(1)
    return made
