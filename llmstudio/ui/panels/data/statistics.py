"""What the text is like: which tokens come how often, what counting them can do, how much is kept back."""

from collections.abc import Callable
from math import log2

from PySide6.QtWidgets import QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from ....core.data.frequencies import Frequencies
from ....core.data.ngrams import Ngrams
from ....core.data.tokens import Manifest
from ...numbers import count, percent
from ...panel import Panel
from ...widgets import glyphs
from ...widgets.button import button
from ...widgets.columns import MOST, Column, Columns
from ...widgets.empty import EmptyState
from ...widgets.label import label
from ...widgets.measures import Measure, Measures
from ...widgets.shares import Shares
from ...words.loss import Bar, bars
from ...words.numbers import fixed, plural
from ...words.text import counting, spread

NO_TEXT = "Nothing to count yet. Add some text first."
NO_TOKENS = "What comes how often is counted once you use this text."
TOO_SHORT = "Too little text to count pairs and triples on: add more of it"
ROOM = 12  # characters of a token that are written under its column


class StatisticsPanel(Panel):
    title = "Statistics"
    name = "data.statistics"
    hint = "Counts of the tokens that a model learns from, and what counting alone can predict, in nats per token"

    def build(self) -> None:
        self._manifest: Manifest | None = None
        self._frequencies: Frequencies | None = None
        self.old = self.add_chip("", "warning")
        self.old.setToolTip("The text or its settings changed since these tokens were made")
        self.columns = Columns("Commonest tokens")
        self.columns.resized.connect(self._say_spread)
        self.spread = label("", "caption", wrap=True)
        self.models = Measures("What counting alone can do, nats per token")
        self.counted = label("", "caption", wrap=True)
        self.parts = Shares("Training and validation")
        self.use = button("Use this text", "check", "plain", self._use, "Make the tokens that a model learns from")
        self.empty = EmptyState(NO_TEXT, self.use)
        self.stack = QStackedLayout()
        self.body.addLayout(self.stack)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self._scroll())
        self.body.setContentsMargins(16, 4, 8, 8)

    def _scroll(self) -> QScrollArea:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 8)
        column.setSpacing(6)
        column.addWidget(label("How often each token comes in the training text", "section"))
        column.addWidget(self.columns)
        column.addWidget(self.spread)
        column.addSpacing(14)
        column.addWidget(label("What counting alone can do, nats per token of the validation text", "section", True))
        column.addWidget(self.models)
        column.addWidget(self.counted)
        column.addSpacing(14)
        column.addWidget(label("Training and validation", "section"))
        column.addWidget(self.parts)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        inner.setAutoFillBackground(False)
        return area

    def tick(self) -> None:
        data = self.session.data
        self.old.set("before the last change" if data.manifest is not None and data.stale else "")
        if data.manifest is None:
            self.empty.set_text(NO_TOKENS if data.sources else NO_TEXT)
            self.use.setVisible(bool(data.sources))
            self.use.setEnabled(not data.busy)
        if data.manifest is self._manifest:
            return
        manifest = self._manifest = data.manifest
        self._frequencies = None
        self.stack.setCurrentIndex(0 if manifest is None else 1)
        if manifest is not None:
            self.columns.set([])
            self.spread.setText("")
            self._show_models(manifest)
            self._show_parts(manifest)
            self.session.then(data.count(), self._if_still(manifest))

    def _if_still(self, manifest: Manifest) -> Callable[[Frequencies], None]:
        def show(frequencies: Frequencies) -> None:
            if manifest is self._manifest:
                self._show_columns(frequencies)

        return show

    def _show_columns(self, frequencies: Frequencies) -> None:
        self._frequencies = frequencies
        self.columns.set([self._column(frequencies, id) for id in frequencies.commonest(MOST)])
        self._say_spread()

    def _column(self, frequencies: Frequencies, id: int) -> Column:
        text, n, share = self._token(id), int(frequencies.counts[id]), frequencies.share(id)
        times = "once" if n == 1 else f"{count(n)} times"
        bits = fixed(-log2(share))
        hint = f"{glyphs.plain(text)}, {times}\n{percent(share)} of the tokens, {bits} bits when it comes"
        return Column(text if len(text) <= ROOM else text[: ROOM - 1] + "…", n, hint)

    def _token(self, id: int) -> str:
        tokenizer = self.session.data.tokenizer
        return tokenizer.token(id) if tokenizer is not None and id < tokenizer.vocab_size else str(id)

    def _say_spread(self) -> None:
        found = self._frequencies
        if found is not None and found.rarest is not None:
            self.spread.setText(spread(found, self.columns.fits, glyphs.plain(self._token(found.rarest))))

    def _show_models(self, manifest: Manifest) -> None:
        ngrams, project = manifest.ngrams, self.session.project
        self.models.setVisible(ngrams is not None)
        if ngrams is None:
            self.counted.setText(TOO_SHORT)
            return
        character = project is not None and project.prepared is not None and project.prepared.tokenizer == "character"
        shown = bars(ngrams, project.floor if project and character else None)  # the floor is of one character
        self.models.set([_measure(bar, ngrams) for bar in shown], ngrams.uniform)
        self.counted.setText(counting(ngrams, manifest, shown))

    def _show_parts(self, manifest: Manifest) -> None:
        learned, tested = manifest.train_tokens, manifest.validation_tokens
        self.parts.set(learned, tested, (f"{plural(learned, 'token')} to learn from", f"{count(tested)} to test on"))

    def _use(self) -> None:
        try:
            self.session.data.prepare()
        except ValueError as error:
            self.session.tell(error)


def _measure(bar: Bar, ngrams: Ngrams) -> Measure:
    numbers = dict(zip(("unigram", "bigram", "trigram"), ngrams.counts, strict=True))
    if bar.name == "floor":
        return Measure(bar.name, bar.loss, "its entropy", "success")
    return Measure(bar.name, bar.loss, plural(numbers[bar.name], "count") if bar.name in numbers else "1 number")
