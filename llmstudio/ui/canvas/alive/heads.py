"""Where every head of a block looks: small maps beside the block, each with a word for what it does."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ...theme import theme
from ...widgets.heatmap import picture
from ..paint import CENTER, SMALL

if TYPE_CHECKING:
    import numpy as np

SIDE, STEP, CAPTION = 44, 54, 16  # of a map with a word below it
TINY, TINY_STEP = 22, 26  # of a map without, where there are many heads
USUAL, ACROSS = 4, 6  # maps with words beside one another, and at most
READABLE, SEEN = 0.5, 0.12  # least zoom for words, and for anything


class Grid(Struct, frozen=True):
    """`worded`: there is room for a word below each map."""

    columns: int
    rows: int
    worded: bool

    @property
    def width(self) -> float:
        return self.columns * STEP - (STEP - SIDE) if self.worded else self.columns * TINY_STEP - (TINY_STEP - TINY)

    @property
    def height(self) -> float:
        return self.rows * (SIDE + CAPTION) if self.worded else self.rows * TINY_STEP - (TINY_STEP - TINY)

    def place(self, n: int) -> QRectF:
        """The map of head n."""
        row, column = divmod(n, self.columns)
        if self.worded:
            return QRectF(column * STEP, row * (SIDE + CAPTION), SIDE, SIDE)
        return QRectF(column * TINY_STEP, row * TINY_STEP, TINY, TINY)


def grid(heads: int, room: float, narrow: bool = False) -> Grid:
    """How so many maps stand beside a block that is `room` high; narrow: in as few columns as there are rows for."""
    rows = max(1, int(room // (SIDE + CAPTION)))
    if heads <= rows * ACROSS:
        columns = max(-(-heads // rows), min(heads, 1 if narrow else USUAL))
        return Grid(columns, -(-heads // columns), True)
    rows = min(heads, max(1, int((room + TINY_STEP - TINY) // TINY_STEP)))
    return Grid(-(-heads // rows), rows, False)


class HeadsItem(QGraphicsItem):
    """The maps of one block. Pictures and words are made when they are first painted."""

    def __init__(self) -> None:
        super().__init__()
        self.grid = Grid(1, 1, True)
        self.block = 0  # its number in the run's design
        self._maps: np.ndarray | None = None
        self._name: Callable[[], Sequence[str]] = list
        self._words: Sequence[str] | None = None
        self._images: dict[int, QImage] = {}
        self._chosen = self._hovered = -1
        self._dark = theme.dark

    def set(self, block: int, maps: "np.ndarray", words: Callable[[], Sequence[str]], found: Grid) -> None:
        """`maps` (H, T, T); `words` gives one for each head."""
        if found != self.grid:
            self.prepareGeometryChange()
            self.grid = found
            self.update()
        if maps is self._maps and block == self.block:
            return
        self.block, self._maps, self._name = block, maps, words
        self._words = None
        self._images.clear()
        self.update()

    def ring(self, chosen: int, hovered: int) -> None:
        """Which head is looked at, and which one is pointed at; -1 for none."""
        if (chosen, hovered) != (self._chosen, self._hovered):
            self._chosen, self._hovered = chosen, hovered
            self.update()

    def head_at(self, point: QPointF) -> int:
        """The head under a point of this item, or -1."""
        count = len(self._maps) if self._maps is not None else 0
        return next((n for n in range(count) if self.grid.place(n).contains(point)), -1)

    @property
    def words(self) -> Sequence[str]:
        if self._words is None:
            self._words = self._name()
        return self._words

    def boundingRect(self) -> QRectF:
        return QRectF(-6, -4, self.grid.width + 12, self.grid.height + 8)

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        near = option.levelOfDetailFromTransform(p.worldTransform())
        if self._maps is None or near < SEEN:
            return
        if theme.dark != self._dark:
            self._dark = theme.dark
            self._images.clear()
        for n in range(len(self._maps)):
            self._paint_head(p, n, near >= READABLE)

    def _paint_head(self, p: QPainter, n: int, readable: bool) -> None:
        assert self._maps is not None
        box = self.grid.place(n)
        if n not in self._images:
            self._images[n] = picture(pooled(self._maps[n], int(box.width())))
        p.drawImage(box, self._images[n])
        on = n == self._chosen
        p.setPen(QPen(theme.color("accent" if on else "text" if n == self._hovered else "line_strong"), 2 if on else 1))
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.drawRect(box.adjusted(-0.5, -0.5, 0.5, 0.5))
        if readable and self.grid.worded and n < len(self.words):
            below = QRectF(box.left() - 5, box.bottom() + 2, box.width() + 10, CAPTION - 2)
            SMALL.as_("accent" if on else "muted").write(p, below, self.words[n], CENTER)


def pooled(matrix: "np.ndarray", most: int) -> "np.ndarray":
    """The largest of each square of cells, so that at most so many rows and columns are left and no line is lost."""
    every = -(-len(matrix) // most)
    if every <= 1:
        return matrix
    import numpy as np

    side = -(-len(matrix) // every)
    padded = np.zeros((side * every, side * every), dtype=matrix.dtype)
    padded[: len(matrix), : len(matrix)] = matrix
    return padded.reshape(side, every, side, every).max((1, 3))
