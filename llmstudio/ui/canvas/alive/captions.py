"""Small words on the canvas that follow the run: captions, and the tokens likely to come next."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ...theme import theme
from ...widgets import glyphs
from ..paint import LEFT, PATH, SMALL, Ink, card

READABLE = 0.5  # least zoom
CHIP_W, CHIP_H = 30, 22
SAID = 3  # tokens whose probability is written


class Caption(QGraphicsItem):
    """A line of small words."""

    def __init__(self, align: Qt.AlignmentFlag = LEFT, ink: Ink = SMALL) -> None:
        super().__init__()
        self._text, self._box, self._align, self._ink = "", QRectF(), align, ink
        self.hide()

    def show_words(self, text: str, box: QRectF) -> None:
        if (text, box) != (self._text, self._box):
            self.prepareGeometryChange()
            self._text, self._box = text, box
            self.update()
        self.setVisible(bool(text))

    @property
    def text(self) -> str:
        return self._text if self.isVisible() else ""

    def boundingRect(self) -> QRectF:
        return self._box

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if option.levelOfDetailFromTransform(p.worldTransform()) >= READABLE:
            self._ink.write(p, self._box, self._text, self._align)


class NextItem(QGraphicsItem):
    """The likeliest next tokens below the head, on grounds of their probability."""

    def __init__(self) -> None:
        super().__init__()
        self._tokens: tuple[tuple[str, float], ...] = ()
        self._box = QRectF()

    def show_tokens(self, tokens: tuple[tuple[str, float], ...], box: QRectF) -> None:
        if (tokens, box) != (self._tokens, self._box):
            self.prepareGeometryChange()
            self._tokens, self._box = tokens, box
            self.update()
        self.setVisible(bool(tokens))

    def boundingRect(self) -> QRectF:
        return self._box

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if option.levelOfDetailFromTransform(p.worldTransform()) < READABLE:
            return
        x = self._box.left()
        for text, share in self._tokens:
            wide = max(CHIP_W, PATH.width(glyphs.plain(text)) + 12)
            ground = theme.on_ramp("probability", share)
            box = QRectF(x, self._box.top(), wide, CHIP_H)
            card(p, box, "raised", "line", radius=3)
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(ground)
            p.drawRoundedRect(box, 3, 3)
            p.setPen(theme.ink(ground))
            p.setFont(theme.mono(12))
            p.drawText(box, Qt.AlignmentFlag.AlignCenter, glyphs.plain(text))
            x += wide + 6
        rest = QRectF(x + 8, self._box.top(), self._box.right() - x - 8, CHIP_H)
        words = "next: "
        for n, (text, share) in enumerate(self._tokens[:SAID]):
            more = f"{', ' * bool(n)}{glyphs.plain(text)} {100 * share:.0f}\u2009%"
            if share < 0.01 or SMALL.width(words + more) > rest.width():
                break
            words += more
        SMALL.write(p, rest, words)
