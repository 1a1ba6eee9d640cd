"""One turn of a conversation, laid out and painted: a bubble for the person, coloured tokens for the model."""

from bisect import bisect_right
from itertools import accumulate

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPen,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)

from .....session.chat import Message
from ....theme import theme

HEAD, GAP, PAD = 24, 24, 12
LINE = 22.0  # pixels from line to line
WIDEST = 0.8  # share of the width that a bubble may take
RETURN = "↵\u2028"  # a new line, made visible; the second sign breaks the line


class Turn:
    """Call `lay` after the message grew or the width changed; `height` and `paint` follow."""

    def __init__(self, message: Message, name: str) -> None:
        self.message, self.name = message, name
        self.height = 0.0
        self._layout = QTextLayout()
        self._starts: list[int] = []  # of each token in the text that is drawn
        self._laid = (-1, -1.0)  # tokens and width of the last layout

    @property
    def own(self) -> bool:
        return self.message.role == "user"

    @property
    def grown(self) -> bool:
        return len(self.message.said) != self._laid[0]

    def lay(self, width: float) -> None:
        tokens = len(self.message.said)
        self._laid = (tokens, width)
        pieces = [self.message.typed] if self.own else [token.text for token in self.message.said[:tokens]]
        if pieces and not self.own:
            pieces[0] = pieces[0].lstrip(" ")
        shown = [piece.replace("\n", RETURN if not self.own else "\u2028") for piece in pieces]
        self._starts = [0, *accumulate(map(_units, shown))]
        self._layout = QTextLayout("".join(shown), _face(self.own))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._layout.setTextOption(option)
        room = width * WIDEST - 2 * PAD if self.own else width
        y = 0.0
        self._layout.beginLayout()
        while (line := self._layout.createLine()).isValid():
            line.setLineWidth(room)
            line.setPosition(QPointF(0, y + max(0.0, (LINE - line.height()) / 2)))
            y += max(line.height(), LINE)
        self._layout.endLayout()
        self._text_height = y or LINE
        self.height = self._text_height + (PAD if self.own else HEAD)

    def token_at(self, x: float, y: float) -> int:
        """Index of the model's token under a point of this turn, or -1."""
        if self.own or not self.message.said:
            return -1
        for n in range(self._layout.lineCount()):
            line = self._layout.lineAt(n)
            top = HEAD + line.y()
            if top - 3 <= y < top + line.height() + 3 and 0 <= x <= line.naturalTextWidth():
                at = line.xToCursor(x, line.CursorPosition.CursorOnCharacter)
                return min(bisect_right(self._starts, at) - 1, len(self.message.said) - 1)
        return -1

    def token_rect(self, index: int) -> QRectF:
        """Where a token begins, in this turn's coordinates."""
        at = self._starts[min(index, len(self._starts) - 1)]
        line = self._layout.lineForTextPosition(at)
        if not line.isValid():
            return QRectF(0, HEAD, 1, 22)
        x = line.cursorToX(at)
        left = x[0] if isinstance(x, tuple) else x
        end = line.cursorToX(min(self._starts[index + 1], line.textStart() + line.textLength()))
        right = end[0] if isinstance(end, tuple) else end
        return QRectF(left, HEAD + line.y(), max(right - left, 2), line.height())

    def paint(
        self, painter: QPainter, left: float, top: float, colours: bool, picked: int, hovered: int, writing: bool
    ) -> None:
        if self.own:
            self._paint_bubble(painter, left, top)
            return
        self._paint_head(painter, left, top, writing)
        painter.setPen(theme.color("text"))
        formats = self._formats(colours)
        self._layout.draw(painter, QPointF(left, top + HEAD), formats)
        for index, width in ((hovered, 1), (picked, 2)):
            if 0 <= index < len(self.message.said):
                painter.setPen(QPen(theme.color("accent" if width == 2 else "text"), width))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(self.token_rect(index).translated(left, top).adjusted(-1, -1, 1, 1), 3, 3)
        if writing:
            self._paint_cursor(painter, left, top)

    def _paint_bubble(self, painter: QPainter, left: float, top: float) -> None:
        room = self._laid[1]
        widest = max((self._layout.lineAt(n).naturalTextWidth() for n in range(self._layout.lineCount())), default=0.0)
        box = QRectF(left + room - widest - 2 * PAD, top, widest + 2 * PAD, self._text_height + PAD)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("raised"))
        painter.drawRoundedRect(box, 8, 8)
        painter.drawRoundedRect(QRectF(box.right() - 8, box.bottom() - 8, 8, 8), 2, 2)  # the corner at its speaker
        painter.setPen(theme.color("text"))
        self._layout.draw(painter, QPointF(box.left() + PAD, top + PAD / 2))

    def _paint_head(self, painter: QPainter, left: float, top: float, writing: bool) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.run(max(1, self.message.number)))
        painter.drawEllipse(QPointF(left + 4, top + 10), 4, 4)
        font = theme.font(13, 600)
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        name = QFontMetricsF(font).horizontalAdvance(self.name)
        centre = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(left + 16, top, name + 2, 20), centre, self.name)
        painter.setFont(theme.font(11))
        painter.setPen(theme.color("muted"))
        where = "writing" if writing else f"{self.message.run}, step {self.message.step}"
        painter.drawText(QRectF(left + 16 + name + 10, top, 400, 20), centre, where)

    def _paint_cursor(self, painter: QPainter, left: float, top: float) -> None:
        n = self._layout.lineCount() - 1
        line = self._layout.lineAt(n) if n >= 0 else None
        x, y = (line.naturalTextWidth(), line.y()) if line is not None else (0.0, 0.0)
        painter.fillRect(QRectF(left + x + 1, top + HEAD + y + 2, 2, 18), theme.color("accent"))

    def _formats(self, colours: bool) -> list[QTextLayout.FormatRange]:
        """A ground for each token by its surprise, and faint signs for new lines."""
        formats = []
        if colours:
            for n, token in enumerate(self.message.said[: len(self._starts) - 1]):
                formats.append(_range(self._starts[n], self._starts[n + 1], ground=theme.surprise(token.bits)))
        text = self._layout.text()
        at = text.find(RETURN)
        while at >= 0:
            formats.append(_range(_units(text[:at]), _units(text[:at]) + 1, ink=theme.color("faint")))
            at = text.find(RETURN, at + 1)
        return formats


def _range(start: int, end: int, ground: QColor | None = None, ink: QColor | None = None) -> QTextLayout.FormatRange:
    found = QTextLayout.FormatRange()
    found.start, found.length = start, end - start
    look = QTextCharFormat()
    if ground is not None:
        look.setBackground(QBrush(ground))
    if ink is not None:
        look.setForeground(QBrush(ink))
    found.format = look
    return found


def _units(text: str) -> int:
    """Length as Qt counts it, in UTF-16 units: signs beyond the basic plane take two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _face(own: bool) -> QFont:
    return theme.font(13) if own else theme.mono(13)
