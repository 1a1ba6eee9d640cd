"""A text to try the tokenizer on: its tokens, their ids, and how often each comes in the training text."""

from concurrent.futures import Future
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from .....core.data.frequencies import Frequencies
from .....core.data.tokenizer import Piece
from .....core.data.tokens import Manifest
from ....numbers import count
from ....widgets import glyphs
from ....widgets.elide import ElidedLabel
from ....widgets.facts import Facts
from ....widgets.token_strip import TokenStrip
from ....words.numbers import fixed, plural
from ....words.text import KINDS, times

if TYPE_CHECKING:
    from .....core.data.tokenizer import Tokenizer
    from .....session.session import Session

LONGEST, PASSAGE = 1000, 48  # characters that are looked at; of a passage taken from the text
NOT_YET = "Its tokens appear here once you use this text"
POINT = "Point at a token to see its number and how often it comes"


class Sample(QWidget):
    """Tokens are cut on the file thread, where the tokenizer lives. `refresh` is cheap while nothing changed."""

    def __init__(self, session: "Session") -> None:
        super().__init__()
        self.session = session
        self.pieces: list[Piece] = []
        self.frequencies: Frequencies | None = None
        self._of: tuple[Tokenizer | None, str] | None = None  # what the pieces are of
        self._counted: Manifest | None = None
        self._taken = ""  # the source that the passage is from
        self.text = QPlainTextEdit()
        self.text.setPlaceholderText("Write something to see its tokens")
        self.text.setAccessibleName("Text to try")
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(54)
        self.kind = ElidedLabel("", "text", 13, 600)
        self.vocabulary = ElidedLabel("", "muted", 11)
        self.facts = Facts(right=True)
        self.strip = TokenStrip(name="Tokens of the text to try")
        self.strip.hovered.connect(lambda _: self._say())
        self.strip.clicked.connect(self._clicked)
        self.pointed = ElidedLabel(NOT_YET, "muted", 11)
        self._lay_out()

    def _lay_out(self) -> None:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(self.strip)
        self.strip.setAutoFillBackground(False)
        area.setMinimumHeight(44)
        self.cut = QWidget()  # what only a tokenizer fills
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.kind)
        head.addWidget(self.vocabulary, 1)
        head.addWidget(self.facts, 1)
        inner = QVBoxLayout(self.cut)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(8)
        inner.addLayout(head)
        inner.addWidget(area, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.text)
        column.addWidget(self.cut, 1)
        column.addWidget(self.pointed)
        column.addStretch(0)
        self.cut.hide()

    def refresh(self) -> None:
        data = self.session.data
        self._take_passage()
        if data.manifest is not self._counted:
            self._counted, self.frequencies = data.manifest, None
            if data.manifest is not None:
                self.session.then(data.count(), self._count)
        state = (data.tokenizer, self.text.toPlainText()[:LONGEST])
        if state == self._of:
            return
        self._of = state
        tokenizer, text = state
        if tokenizer is None:
            self._show([])
        else:
            cut: Future[list[Piece]] = self.session.files.ask(tokenizer.pieces, text)
            self.session.then(cut, lambda pieces: self._show(pieces) if state == self._of else None)

    def _take_passage(self) -> None:
        """Until the person writes something, the beginning of the text is shown."""
        source = self.session.data.shown
        new = source.id if source else ""
        if new == self._taken or self.text.document().isModified():
            return
        self._taken = new
        if source is None:
            self.text.setPlainText("")
            return

        def show(lines: list[str]) -> None:
            if self._taken == new and not self.text.document().isModified():
                self.text.setPlainText(passage(lines))

        self.session.then(self.session.data.preview(new, 0, 8), show)

    def _show(self, pieces: list[Piece]) -> None:
        tokenizer = self.session.data.tokenizer
        self.pieces = pieces
        self.cut.setVisible(tokenizer is not None)
        self.kind.set_text(KINDS[tokenizer.kind] if tokenizer else "")
        self.vocabulary.set_text(f"{count(tokenizer.vocab_size)} in the vocabulary" if tokenizer else "")
        known = [piece for piece in pieces if piece.known]
        written = len(self._of[1]) - (len(pieces) - len(known)) if self._of else 0
        ids = [str(piece.id) if piece.known else "–" for piece in pieces]
        self.strip.select(-1)
        self.strip.set([piece.text for piece in pieces], ids=ids)
        each = [(fixed(written / len(known), 1), "characters each")] if known else []
        self.facts.set([(count(len(known)), "token" if len(known) == 1 else "tokens"), *each] if pieces else [])
        self._say()

    def _count(self, frequencies: Frequencies) -> None:
        self.frequencies = frequencies
        self._say()

    def _clicked(self, n: int) -> None:
        self.strip.select(-1 if n == self.strip.selected else n)
        self._say()

    def _say(self) -> None:
        """About the token under the pointer, else the chosen one."""
        n = self.strip.pointed if self.strip.pointed >= 0 else self.strip.selected
        if not 0 <= n < len(self.pieces):
            self.pointed.set_text(self._overall())
            return
        piece, found = self.pieces[n], self.frequencies
        if not piece.known:
            self.pointed.set_text(f"{glyphs.plain(piece.text)}  is not in the vocabulary: it is left out")
            return
        often = f", {times(found, piece.id)}" if found is not None and piece.id < len(found.counts) else ""
        self.pointed.set_text(f"{glyphs.plain(piece.text)}  id {piece.id}{often}")

    def _overall(self) -> str:
        if self.session.data.tokenizer is None:
            return NOT_YET
        if missing := sum(not piece.known for piece in self.pieces):
            one = missing == 1
            verb = "is not in the vocabulary and is left out" if one else "are not in the vocabulary and are left out"
            return f"{plural(missing, 'character')} {verb}"
        if len(self.text.toPlainText()) > LONGEST:
            return f"The first {count(LONGEST)} characters"
        return POINT if self.pieces else ""


def passage(lines: list[str]) -> str:
    """The beginning of a text, up to the end of a word."""
    text = "\n".join(lines).strip("\n")
    if len(text) <= PASSAGE:
        return text
    end = max(text.rfind(" ", 0, PASSAGE + 1), text.rfind("\n", 0, PASSAGE + 1))
    return text[: end if end > 0 else PASSAGE]
