"""Card 1: the first lines of the real text, some of it as tokens, how much there is and how it is split."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ....numbers import count
from ....theme import theme
from ....widgets.label import label
from ....widgets.progress import ProgressRow
from ....widgets.token_strip import TokenStrip
from .card import Card

if TYPE_CHECKING:
    from .....core.data.tokens import Manifest
    from .....session.session import Session

LINES, LINE, TOKENS = 14, 20, 48
NOTHING = "There is no text yet. Drop files or folders anywhere on this window."


class TextCard(Card):
    def __init__(self, session: "Session") -> None:
        super().__init__(1, "The text it reads", "data")
        self.session = session
        self._asked = ""  # the source whose lines are here or on their way
        self.lines = Lines()
        self.tokens = TokenStrip(wrap=False, name="The text as tokens")
        self.tokens.hide()
        self.counts = label("", "caption", wrap=True)
        self.split = SplitBar()
        self.progress = ProgressRow("", session.data.cancel)
        self.body.addWidget(self.lines, 1)
        for widget in (self.tokens, self.progress, self.counts, self.split):
            self.body.addWidget(widget)
        self.refresh()

    def refresh(self) -> None:
        data = self.session.data
        source = data.sources[0].id if data.sources else ""
        if source != self._asked:
            self._asked = source
            self.lines.set([])
            if source:
                asked = data.preview(source, 0, LINES)
                self.session.then(asked, lambda lines: self._take(source, lines))
        self.counts.setText(said(data.manifest, data.settings.tokenizer) if data.sources else NOTHING)
        if not data.sources and (data.busy or self.session.project is None):
            self.counts.setText("")
        self.counts.setVisible(bool(self.counts.text()))
        self.split.set(data.manifest)
        self._show_tokens()
        self.tick()

    def tick(self) -> None:
        progress = self.session.data.progress
        self.progress.setVisible(progress is not None)
        if progress is not None:
            self.progress.set(progress)

    def _take(self, source: str, lines: list[str]) -> None:
        if source == self._asked:  # else the text changed meanwhile
            self.lines.set(lines)
            self._show_tokens()

    def _show_tokens(self) -> None:
        tokenizer, line = self.session.data.tokenizer, self.lines.example()
        self.tokens.setVisible(tokenizer is not None and bool(line))
        if tokenizer is not None and line:
            pieces = tokenizer.pieces(line + "\n")[:TOKENS]
            self.tokens.set([piece.text for piece in pieces], hints=[f"token {piece.id}" for piece in pieces])


def said(manifest: "Manifest | None", kind: str) -> str:
    """How much text there is and how it is used: only what has been counted."""
    if manifest is None:
        return ""
    characters = manifest.train_characters + manifest.validation_characters
    tokens = manifest.train_tokens + manifest.validation_tokens
    if kind == "character":
        much = f"{count(characters)} characters, {count(manifest.vocab)} different ones."
    else:
        much = f"{count(characters)} characters, read as {count(tokens)} tokens of {count(manifest.vocab)} kinds."
    share = round(100 * manifest.train_tokens / max(tokens, 1))
    return f"{much} It learns from {share}\u202f% of the text and is tested on the rest."


class Lines(QWidget):
    """The beginning of the text, with its line breaks. As many lines as there is room for."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(2 * LINE)
        theme.changed.connect(self.update)

    def set(self, lines: list[str]) -> None:
        self._lines = [line.rstrip("\r\n") for line in lines]
        self.setAccessibleName("\n".join(self._lines))
        self.update()

    def example(self) -> str:
        """A line that shows something as tokens."""
        shown = self._lines[: max(1, self.height() // LINE)]
        return next((line for line in shown if 12 <= len(line) <= TOKENS), shown[0] if shown else "")

    def sizeHint(self) -> QSize:
        return QSize(200, LINES * LINE)

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        font = theme.mono(12)
        p.setFont(font)
        metrics = QFontMetricsF(font)
        mark = metrics.horizontalAdvance("↵")
        for n, line in enumerate(self._lines[: self.height() // LINE]):
            y = n * LINE + (LINE + metrics.ascent() - metrics.descent()) / 2
            text = metrics.elidedText(line, Qt.TextElideMode.ElideRight, self.width() - mark - 2)
            p.setPen(theme.color("text"))
            p.drawText(QPointF(0, y), text)
            p.setPen(theme.color("faint"))
            p.drawText(QPointF(metrics.horizontalAdvance(text), y), "↵")


class SplitBar(QWidget):
    """Learned from, and tested on."""

    def __init__(self) -> None:
        super().__init__()
        self._share: float | None = None
        self.setFixedHeight(10)
        theme.changed.connect(self.update)

    def set(self, manifest: "Manifest | None") -> None:
        tokens = manifest.train_tokens + manifest.validation_tokens if manifest else 0
        self._share = manifest.train_tokens / tokens if manifest and tokens else None
        self.setVisible(self._share is not None)
        self.setToolTip("" if self._share is None else f"{100 * self._share:.1f} % to learn from, the rest to test on")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._share is None:
            return
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(Qt.PenStyle.NoPen)
        edge = (self.width() - 2) * self._share
        p.setBrush(theme.run(1))
        p.drawRoundedRect(QRectF(0, 0, edge, self.height()), 2, 2)
        p.setBrush(theme.color("control"))
        p.drawRoundedRect(QRectF(edge + 2, 0, self.width() - edge - 2, self.height()), 2, 2)
