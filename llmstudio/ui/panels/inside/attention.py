"""Where every head looks, on the probe text: all heads small, one large."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from ....session.inside import Look
from ...doors import go
from ...numbers import count
from ...panel import Panel
from ...widgets import glyphs
from ...widgets.button import button, tool
from ...widgets.color_bar import ColorBar
from ...widgets.elide import ElidedLabel
from ...widgets.empty import EmptyState
from ...widgets.head_grid import HeadGrid
from ...widgets.heatmap import Heatmap
from ...widgets.label import label
from ...words.heads import sentence


class AttentionPanel(Panel):
    title = "Attention"
    name = "inside.attention"
    hint = "How much each token (a row, the query) takes from each token before it (a column, the key); rows sum to 1"

    def build(self) -> None:
        inside = self.session.inside
        self._shown: Look | None = None
        self.chip = self.add_chip("", "warning", "clock")
        self.add_tool(tool("export", "Save the large picture (PNG) or its numbers (CSV)", self._export))
        self.grid = HeadGrid()
        self.grid.clicked.connect(lambda block, head: inside.lock(block=block, head=head))
        self.head = ElidedLabel("", "text", 13, 600)
        self.habit = label("", "caption", wrap=True)
        self.map = Heatmap("Attention of one head", "query", "key")
        self.map.set_hint(self._hint)
        self.map.hovered.connect(self._hover)
        self.map.clicked.connect(self._lock)
        self.scale = ColorBar("0", "attention", "1")
        self.legend = label("plain grey: masked, it cannot look ahead", "caption")
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
            self.session.inside.unlock()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self.grid)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.grid.setAutoFillBackground(False)
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addWidget(self.head)
        right.addWidget(self.habit)
        right.addWidget(self.map, 1)
        foot = QHBoxLayout()
        foot.setSpacing(16)
        foot.addWidget(self.scale)
        foot.addWidget(self.legend, 1)
        right.addLayout(foot)
        full = QWidget()
        row = QHBoxLayout(full)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(area, 38)
        row.addLayout(right, 62)
        self.stack = QStackedLayout()
        self.body.addLayout(self.stack, 1)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(full)

    def _take(self) -> None:
        inside = self.session.inside
        moment = inside.moment
        self.chip.set(f"step {count(moment)}" if moment is not None else "")
        look = inside.looking.value
        if look is None:
            why = inside.looking.error or inside.why_not
            self.empty.set_text(why or "Looking")
            self.stack.setCurrentIndex(0)
            self._shown = None
            return
        self.stack.setCurrentIndex(1)
        if look is not self._shown:
            self._shown = look
            self.grid.set(look.watched.attention, _future(len(look.texts)))
            self._point()

    def _point(self) -> None:
        """Show the head and the cell that are pointed at."""
        look = self._shown
        if look is None:
            return
        maps, focus = look.watched.attention, self.session.inside.focus
        block = min(focus.block, len(maps) - 1)
        if not len(maps[block]):  # a block without attention: the nearest that has some
            block = next((n for n, found in enumerate(maps) if len(found)), -1)
        if block < 0:
            self.empty.set_text("No block of this design has attention.")
            self.stack.setCurrentIndex(0)
            return
        head = min(focus.head, len(maps[block]) - 1)
        weights = maps[block][head]
        self.grid.choose(block, head)
        self.head.set_text(f"Block {block + 1}, head {head + 1}")
        self.habit.setText(sentence(weights))
        self.map.set(weights, look.texts, look.texts, masked=_future(len(look.texts)))
        locked, hovered = self.session.inside.locked, self.session.inside.hovered
        self.map.ring(_at(locked.query), _at(locked.key))
        self.map.cross(_at(hovered.query) if hovered else -1, _at(hovered.key) if hovered else -1)

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

    def _hint(self, row: int, column: int) -> str:
        look = self._shown
        if look is None:
            return ""
        query, key = glyphs.plain(look.texts[row]), glyphs.plain(look.texts[column])
        if column > row:
            return f"{query}, {row + 1} cannot look at {key}, {column + 1}: it comes later"
        weights = self.map._matrix
        value = float(weights[row, column]) if weights is not None else 0.0
        where = f"{query}, {row + 1} looks at {key}, {column + 1}"
        return f"{where}\n{value:.3f} of its attention\nClick to keep it, Esc lets go"

    def _export(self) -> None:
        if self._shown is None:
            return
        name = f"{self.head.text().replace(', ', ' ')}.png".lower()
        dialog = QFileDialog(self, "Save the picture or its numbers", name, "Picture (*.png);;Numbers (*.csv)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(self._save)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _save(self, path: str) -> None:
        weights = self.map._matrix
        if weights is None:
            return
        try:
            if path.lower().endswith(".csv"):
                np.savetxt(path, weights, delimiter=",", fmt="%.6f")
            elif not self.map.grab().save(path):
                raise OSError(0, "the picture could not be written", path)
        except OSError as error:
            self.session.tell(error)


def _future(size: int) -> np.ndarray:
    """(T, T) true where a key comes after its query."""
    return np.triu(np.ones((size, size), dtype=bool), 1)


def _at(place: int | None) -> int:
    return -1 if place is None else place
