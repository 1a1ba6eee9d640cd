"""Where every head looks, on the probe text: all heads small, one large."""

from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from ....session.inside import Look
from ...doors import go
from ...numbers import count
from ...panel import Panel
from ...saving import save_view
from ...widgets import glyphs
from ...widgets.bars import ROW, ProbabilityBars, Row
from ...widgets.button import button, tool
from ...widgets.color_bar import ColorBar
from ...widgets.elide import ElidedLabel
from ...widgets.empty import EmptyState
from ...widgets.head_grid import HeadGrid
from ...widgets.heatmap import Heatmap
from ...widgets.legend import Legend
from ...words import heads
from ...words.moment import past

SHORT = 420  # below this the mode is not said
MOST, LEAST, TITLE = 6, 3, 40  # rows of the list of what a token looks at, and the room of its title


class AttentionPanel(Panel):
    title = "Attention"
    name = "inside.attention"
    hint = "How much each token (a row, the query) takes from each token before it (a column, the key); rows sum to 1"

    def build(self) -> None:
        inside = self.session.inside
        self._shown: Look | None = None
        self._head = (-1, -1)
        self._query, self._keys = 0, list[int]()
        self.chip = self.add_chip("", "warning", "clock")
        self.add_tool(tool("export", "Save the large picture (PNG) or its numbers (CSV)", self._export))
        self.grid = HeadGrid()
        self.grid.set_hint(self._grid_hint)
        self.grid.hovered.connect(self._preview)
        self.grid.clicked.connect(lambda block, head: inside.lock(block=block, head=head))
        self.head = ElidedLabel("", "text", 13, 600)
        self.habit = ElidedLabel("", "muted", 11)
        self.map = Heatmap("Attention of one head", "query", "key")
        self.map.set_hint(self._hint)
        self.map.hovered.connect(self._hover)
        self.map.clicked.connect(self._lock)
        self.scale = ColorBar("0", "attention", "1")
        self.scale.setFixedWidth(160)
        self.legend = Legend([("masked, cannot look", "raised")])
        self.row_title = ElidedLabel("", "text", 13, 600)
        self.row = ProbabilityBars("What the token looks at")
        self.row.hovered.connect(self._hover_row)
        self.row.clicked.connect(self._lock_row)
        self.mode = ElidedLabel("", "muted", 11)
        self.mode.set_hint("Dropout is off; the numbers are those of the weights' own forward pass")
        self.empty = EmptyState("", button("Train", "play", "plain", lambda: go(self, "train")))
        self._lay_out()
        inside.looking.changed.connect(self._take)
        inside.focus_changed.connect(self._point)
        inside.moment_changed.connect(self._take)
        self.session.train.changed.connect(self._take)
        self._take()

    def tick(self) -> None:
        self.session.inside.looking.keep()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.session.inside.hover()
            self.session.inside.unlock()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.mode.setVisible(event.size().height() >= SHORT)
        self._show_row()

    def _lay_out(self) -> None:
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self.grid)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.grid.setAutoFillBackground(False)
        right = QVBoxLayout()
        right.setSpacing(4)
        title = QHBoxLayout()
        title.setSpacing(8)
        title.addWidget(self.head)
        title.addWidget(self.habit, 1)
        right.addLayout(title)
        right.addWidget(self.map)
        foot = QHBoxLayout()
        foot.setSpacing(16)
        foot.addWidget(self.scale)
        foot.addWidget(self.legend, 1)
        right.addLayout(foot)
        right.addWidget(self.mode)
        right.addStretch(1)
        full = QWidget()
        row = QHBoxLayout(full)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.area, 1)
        left.addWidget(self.row_title)
        left.addWidget(self.row)
        left.addStretch(0)
        row.addLayout(left, 44)
        row.addLayout(right, 56)
        self.stack = QStackedLayout()
        self.body.addLayout(self.stack, 1)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(full)

    # what is shown

    def _take(self) -> None:
        inside = self.session.inside
        look = inside.looking.value
        self.chip.set(past(inside.moment, look))
        if look is None:
            self.empty.set_text(inside.empty(inside.looking))
            self.stack.setCurrentIndex(0)
            self._shown = None
        elif look is not self._shown:
            self._shown = look
            self._show_look(look)

    def _show_look(self, look: Look) -> None:
        maps, ids = look.watched.attention, look.watched.ids
        if not any(len(found) for found in maps):
            self.empty.set_text("No block of this design has attention.")
            self.stack.setCurrentIndex(0)
            return
        self.stack.setCurrentIndex(1)
        words = heads.words(maps, ids)
        self.grid.set(maps, [self._hidden(block) for block in range(len(maps))], words)
        self.mode.set_text(f"step {count(look.step)}, eval mode, float32")
        self._head = (-1, -1)
        self._point()

    def _point(self) -> None:
        """Show the head and the cell that are pointed at."""
        look, inside = self._shown, self.session.inside
        if look is None or not any(len(found) for found in look.watched.attention):
            return
        self.grid.choose(*_there(look, inside.locked.block, inside.locked.head))
        at = _there(look, inside.focus.block, inside.focus.head)
        if at != self._head:
            self._head = at
            self._show_head(look, *at)
        locked, hovered = inside.locked, inside.hovered
        self.map.ring(_at(locked.query), _at(locked.key))
        pointing = hovered is not None and (hovered.query, hovered.key) != (locked.query, locked.key)
        self.map.cross(_at(hovered.query) if hovered and pointing else -1, _at(hovered.key) if hovered else -1)
        self._show_row()

    def _show_head(self, look: Look, block: int, head: int) -> None:
        weights = look.watched.attention[block][head]
        self.head.set_text(f"Block {block + 1}, head {head + 1}")
        said = heads.sentence(weights, look.watched.ids)
        self.habit.set_text(said)
        self.habit.set_hint("Mean over the queries that have such a token")
        self.map.set(weights, look.texts, look.texts, masked=self._hidden(block))

    def _show_row(self) -> None:
        """What the pointed token looks at most in the large head, where there is room for it."""
        look, weights = self._shown, self.map.matrix
        room = (self.height() - self.grid.sizeHint().height() - TITLE - 64) // ROW - 1
        shown = look is not None and weights is not None and room >= LEAST
        self.row_title.setVisible(shown)
        self.row.setVisible(shown)
        self.area.setMaximumHeight(self.grid.sizeHint().height() + 4)
        if look is None or weights is None or not shown:
            return
        query = self.session.inside.focus.query
        place = query if query is not None and query < len(look.texts) else len(look.texts) - 1
        row = weights[place, : place + 1]
        self._keys = np.argsort(-row, kind="stable")[: min(room, MOST)].tolist()
        rest = place + 1 - len(self._keys)
        other = (f"other {count(rest)} tokens", max(0.0, 1 - float(row[self._keys].sum()))) if rest else None
        rows = [Row(look.texts[key], float(row[key]), f"at {key}") for key in self._keys]
        self.row.set(rows, other)
        self._query = place
        self.row_title.set_text(f"{glyphs.plain(look.texts[place])}, {place} looks at")

    def _hidden(self, block: int) -> "np.ndarray":
        """(T, T) true where a query cannot look: ahead, or further back than the block's window."""
        look, run = self._shown, self.session.train.run
        size = len(look.texts) if look else 0
        ahead = np.triu(np.ones((size, size), dtype=bool), 1)
        part = run.model.blocks[block].attention if run and block < len(run.model.blocks) else None
        return ahead | np.tril(np.ones_like(ahead), -part.window) if part and part.window else ahead

    # pointing

    def _preview(self, block: int, head: int) -> None:
        if block < 0:
            self.session.inside.hover()
        else:
            self.session.inside.hover(block=block, head=head)

    def _hover(self, row: int, column: int) -> None:
        if row < 0:
            self.session.inside.hover()
        else:
            self.session.inside.hover(query=row, key=column)

    def _lock(self, row: int, column: int) -> None:
        inside = self.session.inside
        if (inside.locked.query, inside.locked.key) == (row, column):
            inside.unlock()
        else:
            inside.lock(query=row, key=column)

    def _hover_row(self, n: int) -> None:
        if 0 <= n < len(self._keys):
            self._hover(self._query, self._keys[n])
        else:
            self._hover(-1, -1)

    def _lock_row(self, n: int) -> None:
        if n < len(self._keys):
            self._lock(self._query, self._keys[n])

    def _grid_hint(self, block: int, head: int) -> str:
        if self._shown is None:
            return ""
        said = heads.sentence(self._shown.watched.attention[block][head], self._shown.watched.ids)
        return f"Block {block + 1}, head {head + 1}: {said}\nClick to keep it large"

    def _hint(self, row: int, column: int) -> str:
        look, weights = self._shown, self.map.matrix
        if look is None or weights is None:
            return ""
        query, key = f"{glyphs.plain(look.texts[row])}, {row}", f"{glyphs.plain(look.texts[column])}, {column}"
        if column > row:
            return f"{query} cannot look at {key}\nIt comes later"
        if self._hidden(self._head[0])[row, column]:
            return f"{query} cannot look at {key}\nIt is out of the window"
        value = float(weights[row, column])
        rank = int((weights[row] > value).sum()) + 1
        return f"{query} looks at {key}\n{value:.3f} of its attention\nrank {rank} of {row + 1}"

    # saving

    def _export(self) -> None:
        if self._shown is not None and self._head[0] >= 0:
            name = f"block {self._head[0] + 1} head {self._head[1] + 1}"
            save_view(self, name, self.map, self._table)

    def _table(self) -> list[list[Any]]:
        """Keys along the first line, a line for each query."""
        look, weights = self._shown, self.map.matrix
        assert look is not None and weights is not None
        names = [f"{glyphs.plain(text)} {place}" for place, text in enumerate(look.texts)]
        rows = [[name, *(f"{value:.6f}" for value in row)] for name, row in zip(names, weights.tolist(), strict=True)]
        return [["query \\ key", *names], *rows]


def _there(look: Look, block: int, head: int) -> tuple[int, int]:
    """The head, or where this model has none, the nearest that there is."""
    maps = look.watched.attention
    have = [n for n, found in enumerate(maps) if len(found)]
    block = min(have, key=lambda n: abs(n - block))
    return block, min(head, len(maps[block]) - 1)


def _at(place: int | None) -> int:
    return -1 if place is None else place
