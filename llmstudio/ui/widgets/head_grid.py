"""All heads of a model as thumbnails, a row for each block: one widget paints them all, with the same fixed limits."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ..theme import theme
from .heatmap import picture

if TYPE_CHECKING:
    import numpy as np

SMALL, LARGE, GAP, HEAD, SIDE = 24, 80, 6, 20, 50
NAMED, CAPTION = 44, 16  # thumbnails from this side on have a word below, this high


class HeadGrid(QWidget):
    """`clicked` carries (block, head), by mouse or arrow keys; `hovered` too, (-1, -1) when the pointer leaves.

    A block without attention says so in its row.
    """

    hovered = Signal(int, int)
    clicked = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._maps: Sequence[np.ndarray] = ()
        self._masked: Sequence[np.ndarray] = ()
        self._words: Sequence[Sequence[str]] = ()
        self._hint: Callable[[int, int], str] | None = None
        self._images: dict[tuple[int, int], QImage] = {}
        self._chosen, self._hovered = (0, 0), (-1, -1)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.setAccessibleName("Heads")
        theme.changed.connect(self._redraw)

    def set(
        self,
        maps: "Sequence[np.ndarray]",
        masked: "Sequence[np.ndarray]" = (),
        words: Sequence[Sequence[str]] = (),
    ) -> None:
        """`maps`: per block (H, T, T), H = 0 where it has no attention; `masked`: per block (T, T) bool;
        `words`: per block, for each head, what is written below it."""
        shape = [len(m) for m in maps]
        same = shape == [len(m) for m in self._maps]
        self._maps, self._masked, self._words = maps, masked, words
        self._images.clear()
        if not same:
            self.updateGeometry()
        self.update()

    def set_hint(self, hint: "Callable[[int, int], str]") -> None:
        """What the tooltip says of (block, head)."""
        self._hint = hint

    def choose(self, block: int, head: int) -> None:
        if (block, head) != self._chosen:
            self._chosen = (block, head)
            self.setAccessibleDescription(f"block {block + 1}, head {head + 1}")
            self.update()

    @property
    def side(self) -> int:
        """Of a thumbnail, in pixels."""
        columns = max((len(m) for m in self._maps), default=1) or 1
        room = (self.width() - SIDE) // columns - GAP
        return min(max(room, SMALL), LARGE)

    def rect_of(self, block: int, head: int) -> QRect:
        side = self.side
        return QRect(SIDE + 1 + head * (side + GAP), HEAD + 1 + block * self._step(side), side, side)

    def _step(self, side: int) -> int:
        return side + GAP + (CAPTION if side >= NAMED and self._words else 0)

    def head_at(self, point: QPoint) -> tuple[int, int]:
        for block, maps in enumerate(self._maps):
            for head in range(len(maps)):
                if self.rect_of(block, head).contains(point):
                    return block, head
        return -1, -1

    def sizeHint(self) -> QSize:
        columns = max((len(m) for m in self._maps), default=1) or 1
        return QSize(SIDE + columns * (LARGE + GAP), HEAD + len(self._maps) * self._step(self.side))

    def minimumSizeHint(self) -> QSize:
        columns = max((len(m) for m in self._maps), default=1) or 1
        return QSize(SIDE + columns * (SMALL + GAP), HEAD + len(self._maps) * self._step(self.side))

    def resizeEvent(self, event: QEvent) -> None:
        self.updateGeometry()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self.head_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at((-1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self.head_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and found[0] >= 0:
            self.clicked.emit(*found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self._maps:
            super().keyPressEvent(event)
            return
        block = min(max(self._chosen[0] + step[0], 0), len(self._maps) - 1)
        head = min(max(self._chosen[1] + step[1], 0), len(self._maps[block]) - 1)
        if head >= 0:
            self.clicked.emit(block, head)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            block, head = self.head_at(event.pos())
            text = self._hint(block, head) if self._hint is not None and block >= 0 else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(11))
        columns = max((len(m) for m in self._maps), default=0)
        for head in range(columns):
            rect = self.rect_of(0, head)
            painter.setPen(theme.color("text" if head == self._chosen[1] else "muted"))
            word = f"head {head + 1}" if self.side >= 44 else str(head + 1)
            painter.drawText(QRect(rect.left() - GAP, 0, rect.width() + 2 * GAP, HEAD - 2), _CENTRE, word)
        for block, maps in enumerate(self._maps):
            self._paint_block(painter, block, len(maps), event.rect())

    def _paint_block(self, painter: QPainter, block: int, heads: int, area: QRect) -> None:
        row = self.rect_of(block, 0)
        if row.bottom() < area.top() or row.top() > area.bottom():
            return
        painter.setPen(theme.color("text" if block == self._chosen[0] else "muted"))
        name = QRect(0, row.top(), SIDE - 6, row.height())
        painter.drawText(name, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, f"block {block + 1}")
        if not heads:
            painter.drawText(QRect(SIDE, row.top(), 200, row.height()), Qt.AlignmentFlag.AlignVCenter, "no attention")
        for head in range(heads):
            self._paint_head(painter, block, head)

    def _paint_head(self, painter: QPainter, block: int, head: int) -> None:
        rect = self.rect_of(block, head)
        if (block, head) not in self._images:
            masked = self._masked[block] if self._masked else None
            self._images[block, head] = picture(self._maps[block][head], masked=masked)
        painter.drawImage(rect, self._images[block, head])
        on = (block, head) == self._chosen
        ink = "accent" if on else "text" if (block, head) == self._hovered else "line_strong"
        painter.setPen(QPen(theme.color(ink), 2 if on else 1))
        painter.drawRect(rect.adjusted(-1, -1, 0, 0))
        if self._words and rect.width() >= NAMED:
            painter.setPen(theme.color("accent" if on else "muted"))
            below = QRect(rect.left() - 2, rect.bottom() + 2, rect.width() + 4, CAPTION)
            word = painter.fontMetrics().elidedText(
                self._words[block][head], Qt.TextElideMode.ElideRight, below.width()
            )
            painter.drawText(below, _CENTRE, word)

    def _point_at(self, head: tuple[int, int]) -> None:
        if head != self._hovered:
            self._hovered = head
            self.update()
            self.hovered.emit(*head)

    def _redraw(self) -> None:
        self._images.clear()
        self.update()


_CENTRE = Qt.AlignmentFlag.AlignCenter
