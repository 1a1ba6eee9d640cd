"""What the model writes as it learns, always from the same prompt."""

from PySide6.QtWidgets import QStackedLayout

from ....core.chat.sampler import Sampler
from ....session.run import Run
from ...numbers import count, real
from ...panel import Panel
from ...widgets import glyphs
from ...widgets.elide import ElidedLabel
from ...widgets.empty import EmptyState
from ...widgets.sample_list import Entry, SampleList
from ...words.numbers import fixed
from ...words.runs import loss_at

NOTHING = "No sample yet. While it learns, it writes a few lines from the same prompt every now and then."
PROMPT = 24  # characters of the prompt that are shown


class Samples(Panel):
    title = "Samples as it learns"
    name = "train.samples"
    hint = "Text that the model wrote at some steps, from one prompt; click one to look at the model of that step"

    def build(self) -> None:
        self._shown: tuple[object, ...] = ()
        self.facts = ElidedLabel("", "muted", 11)
        self.prompt = ElidedLabel("", "text", 12, mono=True)
        self.add_tool(self.facts)
        self.add_tool(self.prompt)
        self.list = SampleList()
        self.list.picked.connect(self._go)
        self.empty = EmptyState(NOTHING)
        self.stack = QStackedLayout()
        self.body.setContentsMargins(8, 0, 8, 8)
        self.body.addLayout(self.stack)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.list)

    def tick(self) -> None:
        run = self.session.train.run
        samples = run.samples if run else []
        state = (run.name if run else "", len(samples), samples[-1] if samples else None, self.session.inside.moment)
        if state == self._shown:
            return
        self._shown = state
        self.stack.setCurrentWidget(self.list if samples else self.empty)
        if run is None or not samples:
            self.facts.set_text("")
            self.prompt.set_text("")
            return
        newest = samples[-1]
        self.list.set([self._entry(run, i) for i in range(len(samples) - 1, -1, -1)])
        self.list.select(self._selected(run))
        self.facts.set_text(f"seed {newest.seed}, temperature {real(Sampler().temperature)}, prompt")
        prompt = glyphs.plain(newest.prompt).replace("·", " ")
        self.prompt.set_text(prompt if len(prompt) <= PROMPT else "…" + prompt[-PROMPT:])
        self.prompt.set_hint(newest.prompt)

    def _entry(self, run: Run, i: int) -> Entry:
        sample = run.samples[i]
        loss = loss_at(run, sample.step)
        below = "" if loss is None else f"loss {fixed(loss)}"
        return Entry(step=sample.step, head=count(sample.step), below=below, text=sample.text.strip("\n"))

    def _selected(self, run: Run) -> int | None:
        """The sample nearest to the moment looked at; none while live."""
        moment = self.session.inside.moment
        if moment is None:
            return None
        return min((sample.step for sample in run.samples), key=lambda step: abs(step - moment))

    def _go(self, step: int) -> None:
        """Look at the snapshot nearest to the sample; the same again: live."""
        run = self.session.train.run
        if run is None or not run.snapshots:
            return
        nearest = min(run.snapshots, key=lambda snapshot: abs(snapshot - step))
        self.session.inside.go(None if nearest == self.session.inside.moment else nearest)
