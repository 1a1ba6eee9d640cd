"""The selected part over the run: histograms of what it reads and puts out, of its weights and their gradients."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from ....session.looking_back import NOUNS, Noun
from ...canvas import words
from ...numbers import count
from ...panel import Panel
from ...widgets.color_bar import ColorBar
from ...widgets.empty import EmptyState
from ...widgets.histogram_map import FULL, Binned, HistogramMap
from ...widgets.label import label
from ...widgets.segments import Segments
from ...words.health import spread
from ...words.numbers import plural

NO_RUN = "No run yet. How a part changes while it learns will be shown here."
CHOOSE = "Choose a part on the canvas to see how it changed over the run."
OTHER = "This part is not as it was in {}. Undo the change, or train the design."
NO_PROBE = "There is no probe text to read yet. Write one in Inside."
NONE: dict[Noun, str] = {
    "inputs": "This part reads tokens, not numbers.",
    "outputs": "The run has kept no snapshot yet.",
    "weights": "Told by its parts: choose one of them.",
    "gradients": "Told by its parts: choose one of them.",
}
SOON = "They come with the next measurement of the run."
HINTS: dict[Noun, str] = {
    "inputs": "What the part reads, after its norm, on the probe text; from the run's snapshots",
    "outputs": "What the part puts out on the probe text, before it is added to the stream; from the run's snapshots",
    "weights": "All weights of the part, as the run told them while it learned",
    "gradients": "The gradients of all weights of the part, as the run told them while it learned",
}
HIGH = 210  # below this the sentence goes


class HistoryPanel(Panel):
    title = "Over time"
    name = "build.history"
    hint = "The selected part over the run: steps across, values up, colour is the share of the values that lie there"

    def build(self) -> None:
        self._drawn: object = None
        self.back = self.session.build.alive.back
        self.noun = Segments(NOUNS, "outputs", "Histograms of")
        for noun in NOUNS:
            self.noun.set_hint(noun, HINTS[noun])
        self.noun.changed.connect(self._choose)
        self.map = HistogramMap("Histograms over the run")
        self.map.hovered.connect(self._hover)
        self.said = label("", "caption", wrap=True)
        self.bar = ColorBar("0 %", "share in one row", f"{100 * FULL:.0f} % or more")
        self.past = self.add_chip("", "warning", "clock")
        self.empty = EmptyState(NO_RUN)
        self._lay_out()
        build, train = self.session.build, self.session.train
        for signal in (build.changed, build.selected_changed, train.changed, train.hovered, self.back.changed,
                       self.session.inside.moment_changed):  # fmt: skip
            signal.connect(self._changed)
        self._show()

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(self.noun)
        head.addStretch(1)
        column.addLayout(head)
        self.why = EmptyState("")
        self.inner = QStackedLayout()
        self.inner.addWidget(self.map)
        self.inner.addWidget(self.why)
        column.addLayout(self.inner, 1)
        column.addWidget(self.said)
        column.addWidget(self.bar)
        self.stack = QStackedLayout()
        self.body.addLayout(self.stack)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(page)

    def tick(self) -> None:
        """While it is on the screen the snapshots are looked at, and what the run tells is taken in."""
        if self._noun in ("inputs", "outputs") and self._path:
            self.back.keep()
        run = self.session.train.run
        state = (run, run and len(run.histograms), run and run.cuts, run and len(run.snapshots))
        if state != self._drawn:
            self._drawn = state
            self._show()

    def _changed(self) -> None:
        """Out of sight nothing is drawn; `tick` draws it later."""
        self._drawn = None
        if self.isVisible():
            self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.said.setVisible(event.size().height() >= HIGH)

    @property
    def _noun(self) -> Noun:
        return self.noun.chosen  # type: ignore[return-value]

    @property
    def _path(self) -> str:
        """Of the selected part in the run's design; "" where there is none."""
        return self.session.build.alive.trained(self.session.build.selected) or ""

    def _show(self) -> None:
        run, selected, path = self.session.train.run, self.session.build.selected, self._path
        moment = self.session.inside.moment
        self.past.set("" if moment is None else f"step {count(moment)}")
        kind = selected.split(".")[0]
        why = NO_RUN if run is None else CHOOSE if kind not in ("blocks", "embed", "head") else ""
        if run is not None and not why and not path:
            why = OTHER.format(run.name)
        self.empty.set_text(why)
        self.stack.setCurrentIndex(0 if why else 1)
        if why:
            self.rename(self.title)
            return
        self.rename(f"{words.title(self.session.build.model, selected)} over time")
        self._show_histograms(path, moment)

    def _show_histograms(self, path: str, moment: int | None) -> None:
        noun, hover = self._noun, self.session.train.hover
        found = self.back.histograms(path, noun)
        made = [Binned(step=step, low=h.low, high=h.high, counts=h.counts) for step, h in found]
        self.map.set(made, noun)
        step = hover if hover is not None else moment
        before = [pair for pair in found if step is None or pair[0] <= step]
        done, there = self.back.progress
        said = [spread(before[-1][1], before[-1][0], noun)] if before else []
        if said and noun in ("inputs", "outputs"):
            said.append(f"From {done} of {plural(there, 'snapshot')}.")
        self.said.setText(" ".join(said))
        self.bar.setVisible(bool(found))
        self.why.set_text(self._why_none(path, noun, done, there))
        self.inner.setCurrentIndex(0 if found else 1)

    def _why_none(self, path: str, noun: Noun, done: int, there: int) -> str:
        if noun in ("weights", "gradients"):
            return SOON if path in ("embed", "head") or path.count(".") == 2 else NONE[noun]
        if noun == "inputs" and path == "embed":
            return NONE[noun]
        if not self.session.inside.probe:
            return NO_PROBE
        if self.back.error:
            return self.back.error
        return "Looking at the run's snapshots." if there and done < there else NONE["outputs"]

    def _choose(self, noun: str) -> None:
        self._show()

    def _hover(self) -> None:
        self.session.train.hover_at(self.map.pointed)
