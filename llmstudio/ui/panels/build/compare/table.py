"""Lines of three columns; one that belongs to a part can be clicked, or stepped to and entered."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ....canvas.paint import RIGHT, Ink
from ....theme import theme
from .lines import Line

ROW, HEAD, GAP = 24, 20, 8
LEAST, MOST = 64, 0.32  # a value's pixels where titles need the room, and its share of the width where they do not
TITLE, VALUE, CAPTION = Ink(12, role="muted"), Ink(12), Ink(11, role="muted")


class Table(QWidget):
    """`picked` carries the path of the line."""

    picked = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.lines: list[Line] = []
        self.heads = ("", "")
        self._hovered = -1
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_lines(self, lines: Sequence[Line], other: str, this: str) -> None:
        if (list(lines), (other, this)) != (self.lines, self.heads):
            self.lines, self.heads = list(lines), (other, this)
            self._hovered = -1
            self.setFixedHeight(HEAD + ROW * len(lines))
            self.setAccessibleDescription("; ".join(f"{each.title}: {each.other}, {each.this}" for each in lines))
            self.update()

    def row(self, n: int) -> QRectF:
        return QRectF(0, HEAD + ROW * n, self.width(), ROW)

    def sizeHint(self) -> QSize:
        return QSize(240, HEAD + ROW * len(self.lines))

    def columns(self, y: float, height: float) -> list[QRectF]:
        """Of the title and the two values, which take what they need, or what the titles leave."""
        texts = ([self.heads[n], *(line[n + 1] for line in self.lines)] for n in (0, 1))
        needs = max((TITLE.width(line.title) for line in self.lines), default=0)
        most = min(MOST * self.width(), max(LEAST, (self.width() - needs - 2 * GAP - 8) / 2))
        second, third = (min(most, 2 + max(map(VALUE.width, each))) for each in texts)
        first = self.width() - 4 - second - third - 2 * GAP
        return [
            QRectF(0, y, first, height),
            QRectF(first + GAP, y, second, height),
            QRectF(first + second + 2 * GAP, y, third, height),
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        for box, text in zip(self.columns(0, HEAD)[1:], self.heads, strict=True):
            CAPTION.write(p, box, text, RIGHT)
        for n, line in enumerate(self.lines):
            if n == self._hovered and line.path:
                p.fillRect(self.row(n), theme.color("hover"))
            p.fillRect(self.row(n).adjusted(0, 0, 0, 1 - ROW), theme.color("line"))
            title, other, this = self.columns(HEAD + ROW * n, ROW)
            TITLE.write(p, title, line.title)
            VALUE.as_("muted").write(p, other, line.other, RIGHT)
            VALUE.write(p, this, line.this, RIGHT)
        if self.hasFocus() and 0 <= self._hovered < len(self.lines):
            p.setPen(theme.color("accent"))
            p.drawRect(self.row(self._hovered).adjusted(0, 0, -1, -1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._at(event.position().y()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pick(self._at(event.position().y()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step and self.lines:
            self._hover(min(max(self._hovered + step, 0), len(self.lines) - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._pick(self._hovered)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            n = self._at(event.pos().y())
            line = self.lines[n] if n >= 0 else None
            words = f"{line.title}\n{self.heads[0]}: {line.other}\n{self.heads[1]}: {line.this}" if line else ""
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def _at(self, y: float) -> int:
        n = int((y - HEAD) // ROW)
        return n if 0 <= n < len(self.lines) else -1

    def _hover(self, n: int) -> None:
        if n != self._hovered:
            self._hovered = n
            can = n >= 0 and bool(self.lines[n].path)
            self.setCursor(Qt.CursorShape.PointingHandCursor if can else Qt.CursorShape.ArrowCursor)
            self.update()

    def _pick(self, n: int) -> None:
        if 0 <= n < len(self.lines) and self.lines[n].path:
            self.picked.emit(self.lines[n].path)
