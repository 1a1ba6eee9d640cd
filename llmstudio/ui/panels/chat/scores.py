"""From the score of every token to the one that is drawn: divided by the temperature, softmax, filters."""

from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from ....core.chat.sample import Stages, stages
from ....core.chat.sampler import Sampler
from ...numbers import MINUS, count, percent, real
from ...panel import Panel
from ...theme import theme
from ...widgets import glyphs
from ...widgets.empty import EmptyState
from ...widgets.label import label
from ...widgets.readout import Readout

ROWS = 16
ROW, HEAD, CUT = 26, 22, 18
NOTHING = "Once it has written a token, its scores are here, and the sampler acts on them at once."
CUTS = {"top_k": "top k {:,} ends here", "top_p": "top p {} ends here", "temperature": "temperature 0 takes the first"}


class ScoresPanel(Panel):
    title = "From scores to one token"
    name = "chat.scores"
    hint = "Logit, divided by the temperature, softmax, and what the filters leave: the chance to be drawn"

    def build(self) -> None:
        chat = self.session.chat
        self._shown: object = None
        self.table = ScoreTable()
        self.before = Readout("", "spread before filters", hint="Entropy after the temperature: 1 bit is a fair coin")
        self.after = Readout("", "spread after filters", hint="Entropy of what can still be drawn")
        self.note = label("", "caption", wrap=True)
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.table, 1)
        readouts = QHBoxLayout()
        readouts.addWidget(self.before)
        readouts.addWidget(self.after)
        readouts.addStretch(1)
        column.addLayout(readouts)
        column.addWidget(self.note)
        self.stack = QStackedLayout()
        self.body.addLayout(self.stack, 1)
        self.stack.addWidget(EmptyState(NOTHING))
        self.stack.addWidget(full)
        for signal in (chat.changed, chat.picked_changed, chat.sampler_changed):
            signal.connect(self.tick)
        self.tick()

    def tick(self) -> None:
        chat = self.session.chat
        found = chat.opened
        said: Any = found[0].said[found[1]] if found else None
        scores = getattr(said, "logits", None)
        state = (id(said), chat.sampler)
        if state == self._shown:
            return
        self._shown = state
        vocabulary = found[0].vocabulary if found else None
        self.stack.setCurrentIndex(0 if scores is None or vocabulary is None else 1)
        if scores is None or vocabulary is None:
            return
        way = stages(np.asarray(scores), chat.sampler, said.rest)
        shown = way.ids[:ROWS]
        texts = [vocabulary.token(int(said.ids[i])) for i in shown]
        chosen = next((n for n, i in enumerate(shown) if int(said.ids[i]) == said.id), -1)
        self.table.set(texts, way, chat.sampler, chosen)
        self.before.set(f"{spread(way.softmax, way.rest):.1f} bits")
        self.after.set(f"{spread(way.chances):.1f} bits")
        listed = f"The {count(len(scores))} likeliest tokens are kept; " if said.rest else ""
        self.note.setText(f"{listed}the rest is summed up{'' if way.exact else ', estimated'}." if listed else "")


class ScoreTable(QWidget):
    """Token, logit, scaled logit, softmax, and a bar with the chance after the filters."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: list[str] = []
        self._way: Stages | None = None
        self._sampler = Sampler()
        self._chosen = -1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumHeight(HEAD + CUT + 3 * ROW)
        self.setAccessibleName("From scores to one token")
        theme.changed.connect(self.update)

    def set(self, texts: list[str], way: Stages, sampler: Sampler, chosen: int) -> None:
        self._texts, self._way, self._sampler, self._chosen = texts, way, sampler, chosen
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, HEAD + ROW * ROWS + CUT + ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        way = self._way
        if way is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        columns = self._columns()
        self._paint_head(painter, columns)
        top = float(HEAD)
        room = int(self.height() - HEAD - CUT - ROW) // ROW  # rows that are seen whole
        texts = self._texts[:room]
        for n, text in enumerate(texts):
            if way.cut is not None and n == way.kept:
                self._paint_cut(painter, top, way)
                top += CUT
            self._paint_row(painter, n, text, top, columns, way)
            top += ROW
        painter.setFont(theme.font(13))
        painter.setPen(theme.color("muted"))
        more = len(way.ids) - len(texts)
        rest = float(way.softmax[len(texts) :].sum()) + way.rest
        if more > 0:
            line = QRectF(0, top, self.width(), ROW)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, f"the others together {percent(rest)} before filters")

    def _columns(self) -> tuple[float, float, float, float]:
        """Right edges of logit, scaled and softmax, and where the bar begins; the narrow window drops the second."""
        wide = float(self.width())
        if wide < 300:
            return (40 + wide * 0.2, 0.0, 40 + wide * 0.45, 40 + wide * 0.48)
        return (40 + wide * 0.14, 40 + wide * 0.29, 40 + wide * 0.47, 40 + wide * 0.5)

    def _paint_head(self, painter: QPainter, columns: tuple[float, float, float, float]) -> None:
        painter.setFont(theme.font(11))
        painter.setPen(theme.color("muted"))
        words = ("logit", f"÷ {real(self._sampler.temperature)}" if self._sampler.temperature else "÷ 1", "softmax")
        for word, right in zip(words, columns[:3], strict=True):
            if right:
                painter.drawText(QRectF(right - 70, 0, 70, HEAD), _RIGHT, word)
        painter.drawText(QRectF(0, 0, self.width(), HEAD), _RIGHT, "after filters")

    def _paint_row(
        self, painter: QPainter, n: int, text: str, top: float, columns: tuple[float, float, float, float], way: Stages
    ) -> None:
        kept = n < way.kept
        ink = "text" if kept else "faint"
        painter.setPen(Qt.PenStyle.NoPen)
        if n == self._chosen:
            painter.setBrush(theme.color("raised"))
            painter.drawRoundedRect(QRectF(-4, top, self.width() + 8, ROW), 4, 4)
        self._paint_token(painter, text, top, ink)
        painter.setFont(theme.font(13))
        painter.setPen(theme.color(ink))
        values = (_two(way.logits[n]), _two(way.scaled[n]), percent(float(way.softmax[n])))
        for value, right in zip(values, columns[:3], strict=True):
            if right:
                painter.drawText(QRectF(right - 80, top, 80, ROW), _RIGHT, value)
        chance = float(way.chances[n])
        painter.setFont(theme.font(13, 600 if kept else 400))
        painter.drawText(QRectF(0, top, self.width(), ROW), _RIGHT, percent(chance) if kept else "0")
        bar = QRectF(columns[3] + 8, top + (ROW - 12) / 2, self.width() - columns[3] - 76, 12)
        if bar.width() > 12 and kept:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("well" if theme.dark else "raised"))
            painter.drawRoundedRect(bar, 2, 2)
            painter.setBrush(theme.probability_bar)
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), max(1.5, bar.width() * chance), 12), 2, 2)

    def _paint_token(self, painter: QPainter, text: str, top: float, ink: str) -> None:
        face = theme.mono(12)
        metrics = QFontMetricsF(face)
        box = QRectF(0, top + 3, min(max(22.0, glyphs.width(text, metrics) + 10), 40 + self.width() * 0.06), 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("raised"))
        painter.drawRoundedRect(box, 3, 3)
        painter.save()
        painter.setClipRect(box)
        left = max(box.left() + 3, box.center().x() - glyphs.width(text, metrics) / 2)
        base = box.center().y() + (metrics.ascent() - metrics.descent()) / 2
        glyphs.draw(painter, QPointF(left, base), text, face, ink)
        painter.restore()

    def _paint_cut(self, painter: QPainter, top: float, way: Stages) -> None:
        values = {"top_k": self._sampler.top_k, "top_p": self._sampler.top_p, "temperature": 0}
        words = CUTS[str(way.cut)].format(values[str(way.cut)])
        words += f", {count(len(way.ids) - way.kept)} cut" if way.rest == 0 else ""
        font = theme.font(11)
        wide = QFontMetricsF(font).horizontalAdvance(words)
        painter.setFont(font)
        painter.setPen(theme.color("accent"))
        middle = top + CUT / 2
        painter.drawLine(QPointF(0, middle), QPointF(self.width() - wide - 8, middle))
        painter.drawText(QRectF(self.width() - wide, middle - 8, wide + 1, 16), Qt.AlignmentFlag.AlignVCenter, words)


_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


def spread(chances: NDArray[Any], rest: float = 0.0) -> float:
    """Entropy in bits; `rest` counts as one token, so the true one is a little more."""
    parts = [float(p) for p in chances if p > 0] + ([rest] if rest > 0 else [])
    return sum(-p * log2(p) for p in parts)


def _two(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)
