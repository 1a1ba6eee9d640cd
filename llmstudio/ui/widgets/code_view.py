"""Python to read: selectable, in the monospace face, its words told apart by weight and tone."""

import re

from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from ..theme import theme

KEYWORDS = (
    "and as assert break class continue def elif else except False finally for from global if import in is lambda None "
    "not or pass raise return True try while with yield"
).split()
KEYWORD = re.compile(rf"\b(?:{'|'.join(KEYWORDS)})\b")
NAME = re.compile(r"\b(?:class|def)\s+(\w+)")
STRING = re.compile(r"""[rf]?("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")
QUOTES = '"""'
INSIDE = 1  # state of a line that ends within a text of three quotes


class CodeView(QPlainTextEdit):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setAccessibleName(name)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFont(theme.mono(12))
        self.setTabChangesFocus(True)
        self._tones = Tones(self.document(), self)
        theme.changed.connect(self._themed)

    def show_text(self, text: str) -> None:
        """Another text; where it is read stays."""
        if text == self.toPlainText():
            return
        places = [(bar, bar.value()) for bar in (self.verticalScrollBar(), self.horizontalScrollBar())]
        self.setPlainText(text)
        for bar, value in places:
            bar.setValue(value)

    def _themed(self) -> None:
        self.setFont(theme.mono(12))
        self._tones.rehighlight()


class Tones(QSyntaxHighlighter):
    """Keywords in the accent, what is defined in bold, strings muted, comments and docstrings faint."""

    def __init__(self, document: QTextDocument, owner: QWidget) -> None:
        super().__init__(document)
        self.setParent(owner)

    def highlightBlock(self, text: str) -> None:
        for start, end in self._docstrings(text):
            self._tone(start, end, "faint")
        if self.currentBlockState() == INSIDE or QUOTES in text or self.previousBlockState() == INSIDE:
            return
        for found in KEYWORD.finditer(text):
            self._tone(*found.span(), "accent")
        for found in NAME.finditer(text):
            self._tone(*found.span(1), "text", bold=True)
        for found in STRING.finditer(text):
            self._tone(*found.span(), "muted")
        quoted = [found.span() for found in STRING.finditer(text)]
        for found in re.finditer("#", text):
            if not any(start < found.start() < end for start, end in quoted):
                self._tone(found.start(), len(text), "faint")
                break

    def _docstrings(self, text: str) -> list[tuple[int, int]]:
        """Where texts of three quotes are in this line; sets whether one goes on after it."""
        inside, at, spans = self.previousBlockState() == INSIDE, 0, []
        while True:
            start = at if inside else text.find(QUOTES, at)
            if start < 0:
                break
            end = text.find(QUOTES, start if inside else start + 3)
            if end < 0:
                spans.append((start, len(text)))
                self.setCurrentBlockState(INSIDE)
                return spans
            spans.append((start, end + 3))
            inside, at = False, end + 3
        self.setCurrentBlockState(0)
        return spans

    def _tone(self, start: int, end: int, role: str, bold: bool = False) -> None:
        tone = QTextCharFormat()
        tone.setForeground(theme.color(role))
        if bold:
            tone.setFontWeight(QFont.Weight.DemiBold)
        self.setFormat(start, end - start, tone)
