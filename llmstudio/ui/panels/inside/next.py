"""What the model expects after a token of the probe text."""

from math import log2

import numpy as np
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from ....core.inside.reading import next_tokens
from ...numbers import count
from ...panel import Panel
from ...widgets import glyphs
from ...widgets.bars import ROW, ProbabilityBars, Row
from ...widgets.elide import ElidedLabel
from ...widgets.empty import EmptyState
from ...widgets.label import label

SHOWN, AROUND = 20, 112


class NextPanel(Panel):
    title = "Next token"
    name = "inside.next"
    hint = "The model's probabilities for the token that follows: at the end of the probe text, or after the kept token"

    def build(self) -> None:
        inside = self.session.inside
        self._shown: object = None
        self.chip = self.add_chip("", "warning", "clock")
        self.where = ElidedLabel("", "muted", 11)
        self.bars = ProbabilityBars()
        self.spread = label("", "caption", wrap=True)
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.where)
        column.addWidget(self.bars)
        column.addWidget(self.spread)
        column.addStretch(1)
        self.stack = QStackedLayout()
        self.body.addLayout(self.stack, 1)
        self.empty = EmptyState("")
        self.stack.addWidget(self.empty)
        self.stack.addWidget(full)
        inside.looking.changed.connect(self.show_now)
        inside.focus_changed.connect(self.show_now)
        inside.moment_changed.connect(self.show_now)
        self.show_now()

    def tick(self) -> None:
        self.session.inside.looking.keep()
        self.show_now()

    def show_now(self) -> None:
        inside = self.session.inside
        look, query = inside.looking.value, inside.focus.query
        state = (id(look), query, inside.moment, inside.looking.error, self.height())
        if state == self._shown:
            return
        self._shown = state
        self.chip.set(f"step {count(inside.moment)}" if inside.moment is not None else "")
        self.stack.setCurrentIndex(1 if look else 0)
        if look is None:
            self.empty.set_text(inside.looking.error or inside.why_not or "Looking")
            return
        place = query if query is not None and query < len(look.texts) else len(look.texts) - 1
        scores = look.watched.logits[place]
        ids, chances = next_tokens(scores, min(SHOWN, max(3, (self.height() - AROUND) // ROW)))
        came = int(look.watched.ids[place + 1]) if place + 1 < len(look.texts) else -1
        rows = [
            Row(look.names[int(i)], float(p), "came true" if int(i) == came else "")
            for i, p in zip(ids, chances, strict=True)
        ]
        others = len(scores) - len(rows)
        other = (f"other {count(others)} tokens", max(0.0, 1 - float(chances.sum()))) if others else None
        self.bars.set(rows, other)
        self.where.set_text(f"after {glyphs.plain(''.join(look.texts[max(0, place - 24) : place + 1]))}")
        bits = entropy(scores)
        self.spread.setText(f"Spread {bits:.1f} bits: as unsure as a choice among {2**bits:.1f} equal tokens.")


def entropy(scores: np.ndarray) -> float:
    """Of the softmax of all scores (V,), in bits."""
    _, chances = next_tokens(scores, len(scores))
    return -sum(float(p) * log2(float(p)) for p in chances if p > 0)
