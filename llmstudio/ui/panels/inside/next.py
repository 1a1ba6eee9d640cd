"""What the model expects after a token of the probe text."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from ....core.inside.reading import next_tokens
from ....session.inside import Look
from ...numbers import count, percent
from ...panel import Panel
from ...widgets import glyphs
from ...widgets.bars import ROW, ProbabilityBars, Row
from ...widgets.elide import ElidedLabel
from ...widgets.empty import EmptyState
from ...words.moment import past
from ...words.numbers import choices
from ...words.tokens import called

LEAST, MOST = 3, 20
BEFORE = 24  # tokens of the text that are said
AROUND = 76  # pixels above and below the rows


class NextPanel(Panel):
    title = "Next token"
    name = "inside.next"
    hint = "The model's probabilities for the token that follows: at the end of the probe text, or after the kept token"

    def build(self) -> None:
        inside = self.session.inside
        self._shown: object = None
        self._read: tuple[Look, int] | None = None
        self._ids, self._chances = np.empty(0, np.int64), np.empty(0)
        self.chip = self.add_chip("", "warning", "clock")
        self.where = ElidedLabel("", "muted", 11)
        self.bars = ProbabilityBars()
        self.bars.hovered.connect(self._hover)
        self.bars.clicked.connect(self._pick)
        self.spread = ElidedLabel("", "muted", 11)
        self.spread.set_hint("The entropy of these probabilities, and among how many equally likely ones it is as high")
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.where)
        column.addWidget(self.bars)
        column.addWidget(self.spread)
        column.addStretch(1)
        self.stack = QStackedLayout()
        self.body.setContentsMargins(16, 0, 16, 8)
        self.body.addLayout(self.stack, 1)
        self.empty = EmptyState("")
        self.stack.addWidget(self.empty)
        self.stack.addWidget(full)
        inside.looking.changed.connect(self.show_now)
        inside.focus_changed.connect(self.show_now)
        inside.moment_changed.connect(self.show_now)
        self.session.train.changed.connect(self.show_now)
        self.show_now()

    def tick(self) -> None:
        self.session.inside.looking.keep()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.show_now()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.session.inside.hover()
            self.session.inside.unlock()
        else:
            super().keyPressEvent(event)

    def show_now(self) -> None:
        inside = self.session.inside
        look = inside.looking.value
        self.chip.set(past(inside.moment, look))
        self.stack.setCurrentIndex(1 if look else 0)
        if look is None:
            self._read = None
            self.empty.set_text(inside.empty(inside.looking))
            return
        query = inside.focus.query
        self._show_after(look, query if query is not None and query < len(look.texts) else len(look.texts) - 1)

    def _show_after(self, look: Look, place: int) -> None:
        if self._read is None or self._read[0] is not look or self._read[1] != place:
            self._read = (look, place)
            scores = look.watched.logits[place]
            self._ids, self._chances = next_tokens(scores, len(scores))
        kind = called(look.names)
        self.rename(f"Next {kind}")
        shown = min(len(self._ids), MOST, max(LEAST, (self.height() - AROUND) // ROW))
        came = int(look.watched.ids[place + 1]) if place + 1 < len(look.texts) else -1
        ids = self._ids[:shown].tolist()
        rows = [
            Row(look.names[n], float(p), "came next" if n == came else "")
            for n, p in zip(ids, self._chances, strict=False)
        ]
        rest = len(self._ids) - shown
        other = (f"other {count(rest)} {kind}s", float(self._chances[shown:].sum())) if rest else None
        token = self.session.inside.focus.token
        self.bars.set(rows, other, chosen=ids.index(token) if token in ids else -1)
        self.where.set_text(self._said(look, place, came))
        bits = entropy(self._chances)
        self.spread.set_text(f"spread {bits:.1f} bits, as unsure as {choices(2**bits)} equal choices")

    def _said(self, look: Look, place: int, came: int) -> str:
        before = glyphs.plain("".join(look.texts[max(0, place - BEFORE) : place + 1]))
        if came < 0:
            return f"after {before}"
        rank = int(np.flatnonzero(self._ids == came)[0])
        chance = percent(float(self._chances[rank]))
        return f"after {before}, where {glyphs.plain(look.names[came])} came: {chance}, rank {rank + 1}"

    def _hover(self, n: int) -> None:
        if 0 <= n < len(self._ids):
            self.session.inside.hover(token=int(self._ids[n]))
        else:
            self.session.inside.hover()

    def _pick(self, n: int) -> None:
        inside = self.session.inside
        token = int(self._ids[n])
        inside.lock(token=None if inside.locked.token == token else token)


def entropy(chances: np.ndarray) -> float:
    """Of probabilities, in bits."""
    some = chances[chances > 0]
    return float(-(some * np.log2(some)).sum())
