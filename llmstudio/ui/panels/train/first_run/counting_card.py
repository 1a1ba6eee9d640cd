"""Card 3: the losses of models that only count: the bar that the network has to pass."""

from typing import TYPE_CHECKING

from ....numbers import count
from ....widgets.count_bars import CountBar, CountBars
from ....widgets.label import label
from ....words.loss import bars
from ....words.numbers import fixed
from .card import Card

if TYPE_CHECKING:
    from .....core.data.ngrams import Ngrams
    from .....session.session import Session

WAITS = "Counted as soon as the text has been read."
SHORT = "The text is too short to count on."


class CountingCard(Card):
    def __init__(self, session: "Session") -> None:
        super().__init__(3, "What counting alone reaches", "data")
        self.session = session
        self.about = label("", "label", wrap=True)
        self.bars = CountBars()
        self.means = label("", "caption", wrap=True)
        for widget in (self.about, self.bars, self.means):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self.refresh()

    def refresh(self) -> None:
        manifest, project = self.session.data.manifest, self.session.project
        ngrams = manifest.ngrams if manifest else None
        if ngrams is None:
            self.about.setText(SHORT if manifest else WAITS)
            self.bars.set([])
            self.means.setText("")
            return
        self.about.setText("Mean surprise at the next token of the test text, in nats: less is better.")
        floor = project.floor if project and self.session.data.settings.tokenizer == "character" else None
        facts = facts_of(ngrams)
        self.bars.set(
            [
                CountBar(name=bar.name, loss=bar.loss, text=fixed(bar.loss), facts=facts.get(bar.name, ""))
                for bar in bars(ngrams, floor)
            ]
        )
        self.means.setText(meaning(ngrams, floor))


def facts_of(ngrams: "Ngrams") -> dict[str, str]:
    """How much each model has to remember."""
    names = ("unigram", "bigram", "trigram")
    return {name: f"{count(n)} counts" for name, n in zip(names, ngrams.counts, strict=True)}


def meaning(ngrams: "Ngrams", floor: float | None) -> str:
    best = min(("unigram", "bigram", "trigram"), key=lambda name: getattr(ngrams, name))
    words = f"The model starts where guessing is, {fixed(ngrams.uniform)}. "
    words += f"Below {fixed(getattr(ngrams, best))} it has learned more than a table of {_counted(best)} can hold."
    return words + (f" Nothing can go below {fixed(floor)}: that much of this text is chance." if floor else "")


def _counted(name: str) -> str:
    return {"unigram": "single tokens", "bigram": "pairs", "trigram": "triples"}[name]
