"""Where the tokens live: their embeddings in the plane of the two strongest directions, and the nearest to one."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from ....session.inside import EmbeddingView, Neighbour
from ...doors import go
from ...numbers import count, percent
from ...panel import Panel
from ...theme import theme
from ...widgets import glyphs
from ...widgets.button import button, tool
from ...widgets.elide import ElidedLabel
from ...widgets.empty import EmptyState
from ...widgets.label import label
from ...widgets.neighbours import Neighbours
from ...widgets.scatter import Scatter
from ...words.kinds import Kinds, sorted_by_kind

LIST = 168  # pixels of the list of neighbours
WIDE = 420  # a narrower panel shows the map alone


class EmbeddingsPanel(Panel):
    title = "Embeddings"
    name = "inside.embeddings"
    hint = "Each token is a vector; drawn are the two directions in which they differ most (PCA)"

    def build(self) -> None:
        inside = self.session.inside
        self._shown: EmbeddingView | None = None
        self._near: list[Neighbour] = []
        self._asked: tuple[EmbeddingView, int] | None = None
        self._runs: list[int] = []
        self._hits: list[int] = []
        self.chip = self.add_chip("", "warning", "clock")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a token")
        self.search.setAccessibleName("Find a token")
        self.search.setFixedWidth(120)
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(self._pick_found)
        self.add_tool(self.search)
        self.add_tool(tool("fit", "All tokens in view", lambda: self.map.fit()))
        self.add_tool(tool("export", "Save the picture (PNG)", self._export))
        self.map = Scatter("Embeddings")
        self.map.hovered.connect(lambda n: inside.hover(token=n) if n >= 0 else inside.hover())
        self.map.clicked.connect(self._pick)
        self.legend = Legend()
        self.near_title = ElidedLabel("", "text", 13, 600)
        self.near = Neighbours()
        self.near.clicked.connect(lambda n: self._pick(self._near[n].id) if n < len(self._near) else None)
        self.note = label("", "caption", wrap=True)
        self.empty = EmptyState("", button("Train", "play", "plain", lambda: go(self, "train")))
        self._lay_out()
        inside.embedded.changed.connect(self._take)
        inside.focus_changed.connect(self._point)
        inside.moment_changed.connect(self._take)
        self.session.train.changed.connect(self._take)
        self._take()

    def tick(self) -> None:
        self.session.inside.embedded.keep()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.side.setVisible(event.size().width() > WIDE)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.search.clear()
            self.session.inside.lock(token=None)
        elif event.key() == Qt.Key.Key_F and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.search.setFocus()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        side = QWidget()
        side.setFixedWidth(LIST)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.near_title, self.near, self.note):
            column.addWidget(widget)
        column.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(4)
        left.addWidget(self.map, 1)
        left.addWidget(self.legend)
        full = QWidget()
        row = QHBoxLayout(full)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addLayout(left, 1)
        row.addWidget(side)
        self.side = side
        self.stack = QStackedLayout()
        self.body.setContentsMargins(8, 4, 16, 12)
        self.body.addLayout(self.stack, 1)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(full)

    def _take(self) -> None:
        inside = self.session.inside
        self.chip.set(f"step {count(inside.moment)}" if inside.moment is not None else "")
        view = inside.embedded.value
        self.stack.setCurrentIndex(1 if view else 0)
        if view is None:
            self.empty.set_text(inside.embedded.error or inside.why_not or "Looking")
            self._shown = None
            return
        if view is not self._shown:
            if self._shown is None or view.names is not self._shown.names:
                kinds, self._runs = sorted_by_kind(view.names)
                self.legend.set(kinds)
            self._shown = view
            x, y = (percent(float(share)) for share in view.projection.variance)
            axes = (f"axis 1, {x} of the variance", f"axis 2, {y} of the variance")
            self.map.set(view.projection.points, view.names, self._runs, axes)
            self.note.setText(self._caution(view))
        self._point()

    def _caution(self, view: EmbeddingView) -> str:
        both = percent(float(view.projection.variance.sum()), 0)
        words = f"The two axes hold {both} of the variance: near here is not always near."
        if view.projection.fitted < view.projection.rows:
            words += f" Fitted on {count(view.projection.fitted)} of {count(view.projection.rows)} tokens."
        return words

    def _point(self) -> None:
        """Ring the picked token and ask for what is nearest to it."""
        view, inside = self._shown, self.session.inside
        token = inside.locked.token
        valid = view is not None and token is not None and token < len(view.names)
        self.map.pick(token if valid and token is not None else -1)
        if not valid or view is None or token is None:
            self._near, self._asked = [], None
            self.near_title.set_text("Nearest tokens")
            self.near.set([])
            return
        if self._asked is None or self._asked[0] is not view or self._asked[1] != token:
            self._asked = asked = (view, token)
            try:
                future = inside.neighbours(token)
            except ValueError:  # no model any more: the panel is about to say so
                return
            self.session.then(future, lambda found: self._got(asked, found))

    def _got(self, asked: object, found: Any) -> None:
        if asked is self._asked and self._asked is not None:
            view, token = self._asked
            self._near = found
            self.near_title.set_text(f"{glyphs.plain(view.names[token])} is nearest to")
            self.near.set([(each.text, each.cosine) for each in found])

    def _pick(self, n: int) -> None:
        inside = self.session.inside
        inside.lock(token=None if inside.locked.token == n else n)

    def _find(self, words: str) -> None:
        view = self._shown
        if view is None:
            return
        found = [n for n, name in enumerate(view.names) if words and words.strip().lower() in name.lower()]
        exact = [n for n in found if view.names[n].strip() == words.strip()]
        self._hits = exact + [n for n in found if n not in exact]
        self.map.mark(frozenset(self._hits[:200]))

    def _pick_found(self) -> None:
        if self._hits:
            self.session.inside.lock(token=self._hits[0])

    def _export(self) -> None:
        dialog = QFileDialog(self, "Save the picture", "embeddings.png", "Picture (*.png)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(self._save)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _save(self, path: str) -> None:
        if not self.map.grab().save(path):
            self.session.tell(OSError(0, "the picture could not be written", path))


class Legend(QWidget):
    """The kinds of tokens and their colours, in one line."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: Kinds = ()
        self.setFixedHeight(18)
        self.setAccessibleName("Kinds of tokens")
        theme.changed.connect(self.update)

    def set(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(11))
        x = 64
        for name, run in self._kinds:
            wide = painter.fontMetrics().horizontalAdvance(name)
            if x + wide + 14 > self.width():
                break
            painter.fillRect(x, 5, 8, 8, theme.run(run))
            painter.setPen(theme.color("muted"))
            painter.drawText(x + 13, 0, wide + 2, 18, int(Qt.AlignmentFlag.AlignVCenter), name)
            x += wide + 30
