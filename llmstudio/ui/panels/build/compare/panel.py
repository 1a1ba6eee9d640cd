"""This design beside a run's or a known one: what differs, what each costs, and a button to take the other over."""

from msgspec.structs import replace
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from .....core.model.presets import PRESETS
from .....core.model.spec import Model
from ....panel import Panel
from ....widgets.button import button
from ....widgets.combo import Combo
from ....widgets.label import label
from .lines import bills, lines, sentence
from .table import Table

RUNS = 20  # the newest that are offered


class ComparePanel(Panel):
    title = "Compare"
    name = "build.compare"
    hint = "What this design does otherwise than a run's or a known one, and what each of them costs."

    def build(self) -> None:
        self.choice = Combo(name="Compare with")
        self.take = button(
            "Take it over", "", "plain", self._take, "Make this design the other one; undo brings it back"
        )
        self.sentence = label("", "strong", wrap=True)
        self.differences, self.costs = Table("What differs"), Table("What each costs")
        self._names: list[str] = []
        self._chosen = ""
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(12)
        for widget in (self.sentence, self.differences, self.costs):
            column.addWidget(widget)
        column.addStretch()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        inner.setAutoFillBackground(False)  # the panel's ground shows through
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.choice, 1)
        top.addWidget(self.take)
        self.body.setSpacing(12)
        self.body.addLayout(top)
        self.body.addWidget(area, 1)
        self.choice.picked.connect(self._choose)
        self.differences.picked.connect(self.session.build.select)
        build, train = self.session.build, self.session.train
        self._stale = True
        for signal in (build.changed, build.estimate.changed, train.changed, train.recipe_changed):
            signal.connect(self._changed)
        self._refresh()

    def tick(self) -> None:
        if self._stale:
            self._refresh()

    def _changed(self) -> None:
        """Out of sight nothing is compared."""
        self._stale = True
        if self.isVisible():
            self._refresh()

    @property
    def others(self) -> dict[str, Model]:
        """What can be compared with, by name: the newest runs first."""
        runs = sorted(self.session.train.runs, key=lambda run: run.number, reverse=True)[:RUNS]
        found = {run.name: run.model for run in runs}
        return found | {preset.title: preset.model for preset in PRESETS.values() if preset.title not in found}

    def _refresh(self) -> None:
        self._stale = False
        others = self.others
        if [*others] != self._names:
            self._names = [*others]
            self.choice.clear()
            self.choice.addItems(self._names)
        if self._chosen not in others:
            self._chosen = self._names[0]
        self.choice.choose(self._chosen)
        this = self.session.build.model
        other = self._other()
        found = lines(other, this)
        self.sentence.setText(sentence(found, other, this))
        self.differences.show_lines(found, self._chosen, "this")
        self.differences.setVisible(bool(found))
        build = self.session.build
        costs = bills(other, this, self.session.train.recipe, build.estimate.memory_of)
        self.costs.show_lines(costs, self._chosen, "this")
        self.take.setEnabled(bool(found))

    def _other(self) -> Model:
        """With the vocabulary of the project, which no design brings along."""
        return replace(self.others[self._chosen], vocab=self.session.build.model.vocab)

    def _choose(self, name: str) -> None:
        self._chosen = name
        self._refresh()

    def _take(self) -> None:
        build = self.session.build
        before = build.model
        build.edit(self._other())
        self.session.say(f"The design is that of {self._chosen} now", undo=lambda: build.edit(before))
