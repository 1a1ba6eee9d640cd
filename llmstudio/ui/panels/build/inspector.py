"""The number that is pointed at inside an opened block, and where it comes from."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from ....session.inner import Opened
from ...numbers import count
from ...panel import Panel
from ...theme import Ramp
from ...widgets import glyphs
from ...widgets.button import button
from ...widgets.empty import EmptyState
from ...widgets.label import label
from ...widgets.working import WorkingView
from ...words.moment import past

LIKELY = ("weights", "chances", "mix", "keep")  # numbers from 0 to 1
HINT = "Open a block on the canvas and point at a number in it: here is where it comes from. A click keeps it."
SHOWN = 16  # tokens of the text that are said


class InspectorPanel(Panel):
    title = "Number inspector"
    tab = "Number"
    name = "build.inspector"
    hint = (
        "Where the number under the pointer comes from: its operands and every operation, with the model's own values"
    )

    def build(self) -> None:
        self.inner = self.session.inside.inner
        self.state = self.add_chip()
        self.moment = self.add_chip("", "warning", "clock")
        self.view = WorkingView()
        self.copy = button("Copy as Python", "copy", "plain", self._copy, "The operands and the arithmetic, to run", 24)
        self.keep = button("Keep", "pin", "plain", self._keep, "Keep showing this number; Esc lets go", 24)
        self.about = label("", "caption", wrap=True)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 10, 0)
        column.setSpacing(8)
        column.addWidget(self.view)
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget in (self.copy, self.keep):
            row.addWidget(widget)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.about)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(inner)
        inner.setAutoFillBackground(False)
        self.stack = QStackedLayout()
        self.empty = EmptyState(HINT)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.area)
        self.body.addLayout(self.stack, 1)
        self.inner.pointed.connect(self._show)
        self._show()

    def _show(self) -> None:
        spot = self.inner.spot
        found = self.inner.number(spot) if spot else None
        self.stack.setCurrentIndex(1 if found else 0)
        self.state.set("" if found is None else "kept" if spot == self.inner.locked else "pointed at")
        self.moment.set(past(self.session.inside.moment, found[1]) if found else "")
        if found is None or spot is None:
            self.empty.set_text(HINT if spot is None else "This number is not there any more. Point at another one.")
            return
        number, opened = found
        from ....core.inside.anatomy import limit

        ramp: Ramp = "probability" if spot.name in LIKELY else "signed"
        part = opened.anatomy.parts[spot.path.split(".")[2]]
        self.view.set(number, ramp, 1.0 if ramp == "probability" else limit(part.tensors[spot.name]))
        self.copy.setEnabled(bool(number.operands))
        self.keep.setText("Let go" if spot == self.inner.locked else "Keep")
        self.about.setText(self._about(opened, part.steps))

    def _about(self, opened: Opened, steps: dict[str, tuple[int, ...]]) -> str:
        """What is seen, and what was left out."""
        end = glyphs.plain("".join(opened.texts[-SHOWN:]))
        read, all_texts = len(opened.texts), opened.all_texts
        said = [f"From {opened.run} at step {count(opened.step)}, in float32 and eval mode."]
        said.append(f"The text on the probe, {'…' if read > SHOWN else ''}{end}, {read} of {all_texts} positions.")
        if steps:
            most = max(max(each) for each in steps.values())
            said.append(f"Of large matrices every {most}th row and column is shown.")
        return " ".join(said)

    def _copy(self) -> None:
        if self.view.number is not None:
            QGuiApplication.clipboard().setText(self.view.number.python)
            self.session.say("Copied as Python")

    def _keep(self) -> None:
        if self.view.number is not None:
            self.inner.lock(self.view.number.spot)
