"""The run doctor: before, during and after a run, what is well and what is not, each with the button that cures it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from .....core.train.finding import Finding
from ....doors import go
from ....numbers import count
from ....panel import Panel
from ....widgets.empty import EmptyState
from ....widgets.label import label
from .card import Card

NOTHING = "With a text and a design, what speaks for or against training them will stand here."
PLACES = {"data": "data", "model": "build"}  # cure: the workspace where it can be seen
SHOWN = 6  # cards


class DoctorPanel(Panel):
    title = "Run doctor"
    name = "train.doctor"
    hint = "What is well and what is not with the run, before it, during it and after it, and what to do about it"

    def build(self) -> None:
        self._shown: list[Finding] | None = None
        self.cards: list[Card] = []
        inner = QWidget()
        self.column = QVBoxLayout(inner)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(6)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(inner)
        self.area.verticalScrollBar().rangeChanged.connect(self._scrolls)
        inner.setAutoFillBackground(False)  # the panel's ground shows through
        self.empty = EmptyState(NOTHING)
        self.body.setContentsMargins(12, 0, 12, 12)
        self.body.addWidget(self.empty, 1)
        self.body.addWidget(self.area, 1)
        self.session.train.changed.connect(self.tick)
        self.tick()

    def tick(self) -> None:
        findings = list(self.session.train.findings)
        if findings == self._shown:
            return
        self._shown = findings
        self.empty.setVisible(not findings)
        self.area.setVisible(bool(findings))
        if [_same(card.finding) for card in self.cards] == [_same(each) for each in findings[:SHOWN]]:
            for card, finding in zip(self.cards, findings, strict=False):
                card.say(finding, _note(finding))
            return
        self._fill(findings)

    def _fill(self, findings: list[Finding]) -> None:
        while item := self.column.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        self.cards = [Card(finding, _note(finding), self._cure) for finding in findings[:SHOWN]]
        for card in self.cards:
            self.column.addWidget(card)
        if len(findings) > SHOWN:
            self.column.addWidget(label(f"and {len(findings) - SHOWN} more", "caption"))
        self.column.addStretch(1)

    def _cure(self, finding: Finding) -> None:
        try:
            self.session.train.cure(finding)
        except ValueError as error:
            self.session.tell(error)
            return
        if finding.cure is not None and finding.cure.action in PLACES:
            go(self, PLACES[finding.cure.action])

    def _scrolls(self, low: int, high: int) -> None:
        """Keep off the scroll bar while there is one."""
        self.column.setContentsMargins(0, 0, 8 if high > low else 0, 0)


def _same(finding: Finding) -> object:
    """What makes a card another one: not its sentence, whose numbers change."""
    return finding.kind, finding.severity, finding.cure, finding.where


def _note(finding: Finding) -> str:
    if finding.step is None:
        return ""
    return f"{'checked at' if finding.severity == 'good' else 'at'} step {count(finding.step)}"
