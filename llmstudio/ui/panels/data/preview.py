"""The text of the selected source, line by line."""

from functools import partial

from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from ....core.data.source import Source
from ...numbers import count
from ...panel import Panel
from ...widgets.chip import Chip
from ...widgets.elide import ElidedLabel
from ...widgets.empty import EmptyState
from ...widgets.facts import Facts
from ...widgets.line_view import LineView
from ...words.text import encoding

NOTHING = "Nothing to read yet. Drop files or folders anywhere on the window, or paste some text."

GUESSED = "The file does not say how its letters are written; this is what fits best. Look whether it reads well"


class PreviewPanel(Panel):
    title = "Preview"
    name = "data.preview"
    hint = "The selected source as it was read; ↵ marks the end of a line"

    def build(self) -> None:
        self.guess: Chip = self.add_chip("", "warning")
        self.guess.setToolTip(GUESSED)
        self.file = ElidedLabel("", "muted", 11)
        self.add_tool(self.file)
        self._shown: Source | None = None
        self.facts = Facts()
        self.lines = LineView()
        self.lines.wanted.connect(self._ask)
        self.empty = EmptyState(NOTHING)
        filled = QWidget()
        column = QVBoxLayout(filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.facts)
        column.addWidget(self.lines, 1)
        self.stack = QStackedLayout()
        self.body.addLayout(self.stack)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(filled)
        self.body.setContentsMargins(16, 4, 8, 8)

    def tick(self) -> None:
        source = self.session.data.shown
        if source == self._shown:
            return
        self._shown = source
        self.stack.setCurrentIndex(0 if source is None else 1)
        self.guess.set("" if source is None or source.confident else "encoding guessed")
        self.file.set_text(source.name if source else "")
        if source is None:
            self.empty.set_text(NOTHING)
            return
        self.facts.set(
            [
                (count(source.characters), "characters"),
                (count(source.lines), "lines"),
                (encoding(source.encoding), "" if source.confident else "guessed"),
            ]
        )
        self.lines.set(source.lines)

    def _ask(self, first: int, many: int) -> None:
        source = self._shown
        if source is not None:
            asked = self.session.data.preview(source.id, first, many)
            self.session.then(asked, partial(self._fill, source, first), partial(self._failed, source))

    def _fill(self, source: Source, first: int, lines: list[str]) -> None:
        if source == self._shown:
            self.lines.fill(first, lines)

    def _failed(self, source: Source, error: BaseException) -> None:
        """Say in its place why the text cannot be read."""
        if source == self._shown:
            self.empty.set_text(str(error))
            self.stack.setCurrentIndex(0)
