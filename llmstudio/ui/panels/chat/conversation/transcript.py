"""The conversation as a scrolling picture: one widget paints all turns, and lays the last one out again as it grows."""

import time

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip

from .....session.chat import Message
from ....numbers import percent
from ....theme import theme
from ....widgets import glyphs
from .turn import GAP, Turn

TOP, SCROLL = 8, 24
RELAY = 1 / 15  # seconds between two layouts of the growing turn


class Transcript(QAbstractScrollArea):
    """`picked` carries (message, token) of a click; arrow keys walk along the tokens of the picked turn."""

    picked = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.colours = True
        self.writing = False
        self._turns: list[Turn] = []
        self._tops: list[float] = []
        self._pick = self._hover = (-1, -1)
        self._laid_at = 0.0
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Conversation")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        theme.changed.connect(self._lay_all)

    def show_messages(self, messages: list[Message], name: str) -> None:
        """Take the conversation as it is; turns that are known keep their layout."""
        known = {id(turn.message): turn for turn in self._turns if turn.name == name}
        self._turns = [known.get(id(message)) or Turn(message, name) for message in messages]
        self._lay(all_turns=False, follow=True)

    def pick(self, message: int, token: int) -> None:
        if (message, token) != self._pick:
            self._pick = (message, token)
            self.viewport().update()

    def set_colours(self, on: bool) -> None:
        self.colours = on
        self.viewport().update()

    def grow(self) -> None:
        """Lay out the turn that is being written, at most 15 times a second."""
        if self._turns and self._turns[-1].grown:
            now = time.monotonic()
            if now - self._laid_at >= RELAY or not self.writing:
                self._laid_at = now
                self._lay(all_turns=False, follow=True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_all()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shift = self.verticalScrollBar().value()
        for n, (turn, top) in enumerate(zip(self._turns, self._tops, strict=True)):
            y = top - shift
            if y + turn.height < 0 or y > self.viewport().height():
                continue
            picked = self._pick[1] if self._pick[0] == n else -1
            hovered = self._hover[1] if self._hover[0] == n else -1
            writing = self.writing and n == len(self._turns) - 1
            turn.paint(painter, 0, y, self.colours, picked, hovered, writing)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self.token_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at((-1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        message, token = self.token_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and token >= 0:
            self.picked.emit(message, token)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        message, token = self._pick
        if step and message < 0:
            message = next((n for n in reversed(range(len(self._turns))) if not self._turns[n].own), -1)
            token = len(self._turns[message].message.said) if message >= 0 else -1
        if step and 0 <= message < len(self._turns):
            last = len(self._turns[message].message.said) - 1
            if 0 <= (new := min(max(token + step, 0), last)) != token:
                self.picked.emit(message, new)
            return
        super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            message, token = self.token_at(event.pos())
            text = ""
            if token >= 0:
                said = self._turns[message].message.said[token]
                text = f"{glyphs.plain(said.text)}  {percent(said.probability)}, {said.bits:.2f} bits of surprise"
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().viewportEvent(event)

    def token_at(self, point: QPoint) -> tuple[int, int]:
        """(message, token) under a point of the viewport, (-1, -1) beside all text."""
        y = point.y() + self.verticalScrollBar().value()
        for n, (turn, top) in enumerate(zip(self._turns, self._tops, strict=True)):
            if top <= y < top + turn.height:
                token = turn.token_at(point.x(), y - top)
                return (n, token) if token >= 0 else (-1, -1)
        return (-1, -1)

    def point_of(self, message: int, token: int) -> QPoint:
        """The middle of a token in the viewport."""
        rect = self._turns[message].token_rect(token)
        top = self._tops[message] - self.verticalScrollBar().value()
        return QPoint(round(rect.center().x()), round(top + rect.center().y()))

    def _point_at(self, where: tuple[int, int]) -> None:
        if where != self._hover:
            self._hover = where
            shape = Qt.CursorShape.PointingHandCursor if where[1] >= 0 else Qt.CursorShape.ArrowCursor
            self.viewport().setCursor(shape)
            self.viewport().update()

    def _lay_all(self) -> None:
        self._lay(all_turns=True, follow=False)

    def _lay(self, all_turns: bool, follow: bool) -> None:
        bar = self.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - SCROLL
        width = float(self.viewport().width() - 8)
        top, self._tops = float(TOP), []
        for turn in self._turns:
            if all_turns or turn.grown or not turn.height:
                turn.lay(width)
            self._tops.append(top)
            top += turn.height + GAP
        bar.setSingleStep(SCROLL)
        bar.setPageStep(self.viewport().height())
        bar.setRange(0, max(0, round(top) - self.viewport().height()))
        if follow and at_end:
            bar.setValue(bar.maximum())
        self.viewport().update()
