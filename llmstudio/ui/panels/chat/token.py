"""One written token opened: how likely it was, and what else it could have been."""

from itertools import accumulate
from math import exp

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from ....session.chat import Message
from ...numbers import count, percent
from ...panel import Panel
from ...theme import theme
from ...widgets import glyphs
from ...widgets.bars import ROW, ProbabilityBars, Row
from ...widgets.button import tool
from ...widgets.empty import EmptyState
from ...widgets.label import label

SHOWN = 20  # likeliest tokens in the bars, where there is room
AROUND = 240  # pixels of the panel that are not bars
NOTHING = "Click a token of an answer to see how sure the model was, and what else it could have been."
ORDINALS = {1: "its first choice", 2: "its second choice", 3: "its third choice"}


class TokenPanel(Panel):
    title = "One token"
    name = "chat.token"
    hint = "The model's own probabilities where it chose this token: temperature 1, before any filter"

    def build(self) -> None:
        chat = self.session.chat
        self._shown: object = None
        self.back = tool("chevron-left", "The token before", lambda: self._walk(-1))
        self.on = tool("chevron-right", "The token after", lambda: self._walk(1))
        self.add_tool(self.back)
        self.add_tool(self.on)
        self.chip = self.add_chip("newest")
        self.head = Head()
        self.note = label("", "caption", wrap=True)
        self.bars = ProbabilityBars("What else it could have been")
        self.sentence = label("", "caption", wrap=True)
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.head)
        column.addWidget(label("What else it could have been", "section"))
        column.addWidget(self.note)
        column.addWidget(self.bars)
        column.addWidget(self.sentence)
        column.addStretch(1)
        self.stack = QStackedLayout()
        self.body.addLayout(self.stack, 1)
        self.empty = EmptyState(NOTHING)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(full)
        chat.changed.connect(self.tick)
        chat.picked_changed.connect(self.tick)
        self.tick()

    def tick(self) -> None:
        chat = self.session.chat
        found = chat.opened
        state = (id(found[0]), found[1], chat.picked, self.height()) if found else None
        if state == self._shown:
            return
        self._shown = state
        self.chip.set("newest" if found and chat.picked is None else "")
        for button in (self.back, self.on):
            button.setEnabled(found is not None)
        self.stack.setCurrentIndex(1 if found else 0)
        if found:
            self._show(*found)

    def _show(self, message: Message, index: int) -> None:
        said = message.said[index]
        before = "".join(token.text for token in message.said[max(0, index - 12) : index])
        scores = getattr(said, "logits", None)
        self.bars.setVisible(scores is not None)
        self.note.setVisible(scores is None)
        self.sentence.setVisible(scores is not None)
        if scores is None or message.vocabulary is None:
            self.head.set(said.text, before, percent(said.probability), f"{said.bits:.2f} bits of surprise", index + 1)
            self.note.setText("The other tokens' scores are kept only until the project is closed.")
            return
        rows_seen = min(SHOWN, max(3, (self.height() - AROUND) // ROW))
        ids = [int(i) for i in said.ids[:rows_seen]]
        chances = [exp(float(score) - said.log_sum) for score in scores[:rows_seen]]
        place = [int(i) for i in said.ids].index(said.id) + 1 if said.id in said.ids else 0
        rank = ORDINALS.get(place, f"its choice number {count(place)}" if place else "far down its list")
        below = f"{said.bits:.2f} bits of surprise, {rank}"
        self.head.set(said.text, before, percent(said.probability), below, index + 1)
        words = message.vocabulary
        rows = [Row(words.token(i), p, "chosen" if i == said.id else "") for i, p in zip(ids, chances, strict=True)]
        others = words.vocab_size - len(rows)
        other = (f"other {count(others)} tokens", max(0.0, 1 - sum(chances))) if others else None
        self.bars.set(rows, other, chosen=ids.index(said.id) if said.id in ids else -1)
        self.sentence.setText(_sentence(chances))

    def _walk(self, step: int) -> None:
        chat = self.session.chat
        found = chat.opened
        if found:
            message, index = found
            new = min(max(index + step, 0), len(message.said) - 1)
            if new != index:
                chat.pick(chat.messages.index(message), new)


class Head(QWidget):
    """The token in a box, with its probability and the words before it."""

    def __init__(self) -> None:
        super().__init__()
        self._text = self._before = self._chance = self._below = ""
        self._place = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set(self, text: str, before: str, chance: str, below: str, place: int) -> None:
        self._text, self._before, self._chance, self._below, self._place = text, before, chance, below, place
        self.setAccessibleName(f"{glyphs.plain(text)}: {chance}, {below}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 66)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        face = theme.mono(14)
        metrics = QFontMetricsF(face)
        text = metrics.elidedText(glyphs.plain(self._text), Qt.TextElideMode.ElideRight, 110)
        box = QRectF(1, 1, max(38.0, metrics.horizontalAdvance(text) + 20), 40)
        painter.setPen(QPen(theme.color("accent"), 2))
        painter.setBrush(theme.color("accent_soft"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setFont(face)
        painter.setPen(theme.color("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        left = box.right() + 12
        room = self.width() - left
        painter.setFont(theme.font(18, 600))
        painter.drawText(QRectF(left, 0, room, 24), Qt.AlignmentFlag.AlignVCenter, self._chance)
        painter.setFont(theme.font(11))
        painter.setPen(theme.color("muted"))
        below = QFontMetricsF(painter.font()).elidedText(self._below, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, 26, room, 16), Qt.AlignmentFlag.AlignVCenter, below)
        self._paint_place(painter)

    def _paint_place(self, painter: QPainter) -> None:
        """The last words before the token, and the token, in its place."""
        face = theme.mono(12)
        metrics = QFontMetricsF(face)
        words = f"token {self._place}, after "
        caption = QFontMetricsF(theme.font(11)).horizontalAdvance(words)
        painter.setFont(theme.font(11))
        line = QRectF(0, 48, self.width(), 18)
        first = f"token {self._place}, the first"
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, words if self._before else first)
        if self._before:
            room = self.width() - caption
            shown = metrics.elidedText(glyphs.plain(self._before), Qt.TextElideMode.ElideLeft, room)
            painter.setFont(face)
            painter.drawText(line.adjusted(caption, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, shown)


def _sentence(chances: list[float]) -> str:
    """What the first bars mean together."""
    sums = [*accumulate(chances)]
    half = 1 + sum(total < 0.5 for total in sums)
    if half > len(sums):
        return "It was very unsure: all tokens shown together have less than half of the probability."
    if half == 1:
        return "It was rather sure: one token alone has more than half of the probability."
    return f"It wavered: {half} tokens together have half of the probability."
