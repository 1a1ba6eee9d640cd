"""How the text becomes tokens: the kind of tokenizer, what is kept back to test on, and a sample of both."""

from msgspec.structs import replace
from PySide6.QtWidgets import QHBoxLayout, QWidget

from .....core.data.source import Settings
from ....doors import go
from ....panel import Panel
from ....widgets.elide import ElidedLabel
from ....widgets.label import label
from ....widgets.number import NumberField
from ....widgets.segments import Segments
from ....widgets.slider import SliderField
from ....words.text import split
from .deeds import Deeds
from .sample import Sample

KINDS = {"character": "character", "byte": "byte", "BPE": "bpe"}
SPLITS = {"by share": "share", "by document": "document"}
SMALLEST, LARGEST = 257, 65_536  # beyond that a token takes four bytes on disk
STOPS = (512, 1024, 4096, 16_384)
LABEL = 72


class TokenizerPanel(Panel):
    title = "Tokenizer"
    name = "data.tokenizer"
    hint = "How the text is cut into the pieces that a model reads and writes, each with a number"

    def build(self) -> None:
        settings = self.session.data.settings
        self.kinds = Segments(list(KINDS), name="Kind of tokenizer")
        self.kinds.set_hint("character", "Every character of the text is a token: few of them, and long sequences")
        self.kinds.set_hint("byte", "Each of the 256 bytes is a token: any text in any language can be written")
        self.kinds.set_hint("BPE", "Frequent parts of words are tokens too, as many as the vocabulary has room for")
        self.kinds.changed.connect(self._kind_chosen)
        self.add_tool(self.kinds)
        limits = (SMALLEST, LARGEST)
        self.vocabulary = SliderField(
            settings.vocabulary, limits, Settings().vocabulary, "", True, True, STOPS, "Vocabulary, tokens"
        )
        self.vocabulary.setToolTip("How many different tokens BPE learns at most; 256 of them are the bytes")
        self.vocabulary.edited.connect(self._vocabulary_moved)
        self.vocabulary.slider.sliderReleased.connect(self._vocabulary_chosen)
        self.vocabulary_row = _row("Vocabulary", self.vocabulary)
        self.sample = Sample(self.session)
        self.splits = Segments(list(SPLITS), name="How the test text is chosen")
        self.splits.set_hint("by share", "One cut: the end of the whole text is kept back")
        self.splits.set_hint("by document", "Whole texts are kept back: no text is on both sides")
        self.splits.changed.connect(lambda word: self._edit(split=SPLITS[word]))
        self.share = NumberField(10.0, "%", (1, 50), whole=False, name="Share of the text to test on", step=1)
        self.share.edited.connect(lambda percent: self._edit(validation=round(percent / 100, 4)))
        self.share.setFixedWidth(64)
        self.kept = label("", "caption", wrap=True)
        self.deeds = Deeds(self.session)
        self.deeds.build.connect(lambda: go(self, "build"))
        split_row = _row("Test on", self.share, self.splits)
        for widget in (self.vocabulary_row, self.sample, split_row, self.kept, self.deeds):
            self.body.addWidget(widget, 1 if widget is self.sample else 0)
        self.body.setContentsMargins(16, 4, 16, 12)
        for signal in (self.session.data.changed, self.session.train.changed, self.session.project_changed):
            signal.connect(self._refresh)
        self._refresh()

    def tick(self) -> None:
        """Progress, and tokens of what is typed."""
        self.deeds.refresh()
        self.sample.refresh()

    def _refresh(self) -> None:
        settings = self.session.data.settings
        self.kinds.choose(next(word for word, kind in KINDS.items() if kind == settings.tokenizer))
        self.splits.choose(next(word for word, kind in SPLITS.items() if kind == settings.split))
        if not self.vocabulary.slider.isSliderDown():
            self.vocabulary.set_value(settings.vocabulary)
        self.vocabulary_row.setVisible(settings.tokenizer == "bpe")
        self.share.set_value(round(100 * settings.validation, 2))
        self.kept.setText(split(settings))
        able = self.session.project is not None
        for widget in (self.kinds, self.vocabulary, self.splits, self.share):
            widget.setEnabled(able)
        self.deeds.refresh()

    def _kind_chosen(self, word: str) -> None:
        self._edit(tokenizer=KINDS[word])

    def _vocabulary_moved(self, _: float) -> None:
        if not self.vocabulary.slider.isSliderDown():
            self._vocabulary_chosen()

    def _vocabulary_chosen(self) -> None:
        """Once the slider is let go: each edit is saved."""
        self._edit(vocabulary=int(self.vocabulary.value))

    def _edit(self, **fields: object) -> None:
        if self.session.project is not None:
            data = self.session.data
            data.edit(replace(data.settings, **fields), " ".join(fields))


def _row(title: str, *widgets: QWidget) -> QWidget:
    made = QWidget()
    name = ElidedLabel(title, "muted")
    name.setFixedWidth(LABEL)
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    row.addWidget(name)
    for widget in widgets:
        row.addWidget(widget, 1 if isinstance(widget, SliderField) else 0)
    if not any(isinstance(widget, SliderField) for widget in widgets):
        row.addStretch(1)
    return made
