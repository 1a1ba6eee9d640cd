"""Where the tokens live: their embeddings in the plane of the two strongest directions, and the nearest to one."""

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from ....session.inside import EmbeddingView, Neighbour
from ...doors import go
from ...numbers import count, percent
from ...panel import Panel
from ...saving import save_view
from ...widgets import glyphs
from ...widgets.button import button, tool
from ...widgets.elide import ElidedLabel
from ...widgets.empty import EmptyState
from ...widgets.label import label
from ...widgets.legend import Legend
from ...widgets.neighbours import ROW, Neighbours
from ...widgets.scatter import Scatter
from ...words.kinds import sorted_by_kind
from ...words.moment import past
from ...words.tokens import matches

LIST, WIDE, HIGH = 168, 430, 250  # the list of neighbours; below these there is no list, and no legend
AROUND = 168  # pixels above and below the rows of the list


class EmbeddingsPanel(Panel):
    title = "Embeddings"
    name = "inside.embeddings"
    hint = "Each token is a vector; drawn are the two directions in which they differ most (PCA)"

    def build(self) -> None:
        inside = self.session.inside
        self._shown: EmbeddingView | None = None
        self._near: list[Neighbour] = []
        self._asked: tuple[EmbeddingView, int] | None = None
        self._asking = False
        self._runs: list[int] = []
        self._hits: list[int] = []
        self.chip = self.add_chip("", "warning", "clock")
        self._tools()
        self.map = Scatter("Embeddings")
        self.map.hovered.connect(self._hover)
        self.map.clicked.connect(self._pick)
        self.map.zoomed.connect(self._show_fit)
        self.legend = Legend(name="Kinds of tokens")
        self.near_title = ElidedLabel("", "text", 13, 600)
        self.near_facts = ElidedLabel("", "muted", 11)
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
        self.side.setVisible(event.size().width() >= WIDE)
        self.legend.setVisible(event.size().height() >= HIGH)
        self._show_near()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._close_search()
            self.session.inside.lock(token=None)
        else:
            super().keyPressEvent(event)

    def _tools(self) -> None:
        self.found = label("", "caption")
        self.search = QLineEdit()
        self.search.setProperty("slim", True)
        self.search.setPlaceholderText("Find a token")
        self.search.setAccessibleName("Find a token")
        self.search.setFixedWidth(112)
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(self._pick_found)
        self.search.hide()
        self.find = tool("search", "Find a token (Ctrl+F)", self._open_search)
        self.fit = tool("fit", "All tokens in view", lambda: self.map.fit())
        self.export = tool("export", "Save the picture (PNG) or the coordinates (CSV)", self._export)
        for widget in (self.found, self.search, self.find, self.fit, self.export):
            self.add_tool(widget)
        QShortcut(QKeySequence("Ctrl+F"), self, self._open_search)

    def _lay_out(self) -> None:
        self.side = QWidget()
        self.side.setFixedWidth(LIST)
        column = QVBoxLayout(self.side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (self.near_title, self.near_facts, self.near):
            column.addWidget(widget)
        column.addSpacing(4)
        column.addWidget(self.note)
        column.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(4)
        left.addWidget(self.map, 1)
        left.addWidget(self.legend, 0, Qt.AlignmentFlag.AlignHCenter)
        full = QWidget()
        row = QHBoxLayout(full)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addLayout(left, 1)
        row.addWidget(self.side)
        self.stack = QStackedLayout()
        self.body.setContentsMargins(8, 4, 16, 8)
        self.body.addLayout(self.stack, 1)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(full)

    # what is shown

    def _take(self) -> None:
        inside = self.session.inside
        view = inside.embedded.value
        self.chip.set(past(inside.moment, view))
        self.stack.setCurrentIndex(1 if view else 0)
        for widget in (self.find, self.fit, self.export):
            widget.setEnabled(view is not None)
        if view is None:
            self.empty.set_text(inside.empty(inside.embedded))
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
            self.note.setText(_caution(view))
            self._show_fit()
        self._point()

    def _point(self) -> None:
        """Ring the picked token, light the pointed one, and ask for what is nearest."""
        view, inside = self._shown, self.session.inside
        if view is None:
            return
        self.map.light(self._pointed(view))
        token = inside.locked.token
        if token is None or token >= len(view.names):
            self.map.pick(-1)
            self._near, self._asked = [], None
            self._show_near()
            return
        self.map.pick(token)
        self._ask(view, token)

    def _pointed(self, view: EmbeddingView) -> int:
        """The token that another view points at: by itself, or as a place in the probe."""
        focus, look = self.session.inside.hovered, self.session.inside.looking.value
        if focus is None:
            return -1
        if focus.token is not None and focus.token != self.session.inside.locked.token:
            return focus.token if focus.token < len(view.names) else -1
        place = focus.key if focus.key is not None else focus.query
        if place is None or look is None or place >= len(look.watched.ids) or look.run != view.run:
            return -1
        return int(look.watched.ids[place])

    def _ask(self, view: EmbeddingView, token: int) -> None:
        """Never two questions in flight: the newest is asked once the one before has its answer."""
        if self._asking or (self._asked is not None and self._asked[0] is view and self._asked[1] == token):
            return
        try:
            future = self.session.inside.neighbours(token)
        except ValueError:  # no model any more: the panel is about to say so
            return
        if self._asked is None or self._asked[1] != token:
            self._near = []
        self._asked, self._asking = (view, token), True
        self.session.then(future, self._got, self._not_got)

    def _got(self, found: list[Neighbour]) -> None:
        self._asking = False
        if self._asked is not None and self._asked[1] == self.session.inside.locked.token:
            self._near = found
            self._show_near()
        self._point()

    def _not_got(self, error: BaseException) -> None:
        self._asking = False
        self.session.tell(error)

    def _show_near(self) -> None:
        view, token = self._shown, self.session.inside.locked.token
        if view is None or token is None or token >= len(view.names):
            self.near_title.set_text("Nearest tokens")
            self.near_facts.set_text("click a token")
            self.near.set([])
            self.map.show_near(())
            return
        rows = self._near[: max(2, (self.height() - AROUND) // ROW)]
        self.near_title.set_text(f"{glyphs.plain(view.names[token])} is nearest to")
        self.near_facts.set_text(f"cosine, all {count(len(view.projection.axes))} axes")
        self.near.set([(each.text, each.cosine) for each in rows])
        self.map.show_near([each.id for each in rows])

    def _show_fit(self) -> None:
        self.fit.setEnabled(self._shown is not None and self.map.plane.moved)

    # what the person does

    def _hover(self, n: int) -> None:
        if n >= 0:
            self.session.inside.hover(token=n)
        else:
            self.session.inside.hover()

    def _pick(self, n: int) -> None:
        inside = self.session.inside
        inside.lock(token=None if inside.locked.token == n else n)

    def _open_search(self) -> None:
        self.search.show()
        self.search.setFocus()
        self.search.selectAll()

    def _close_search(self) -> None:
        self.search.clear()
        self.search.hide()

    def _find(self, words: str) -> None:
        view = self._shown
        self._hits = matches(view.names, words) if view is not None else []
        self.map.mark(frozenset(self._hits))
        self.found.setText(f"{count(len(self._hits))} found" if words else "")

    def _pick_found(self) -> None:
        if self._hits:
            self.session.inside.lock(token=self._hits[0])

    def _export(self) -> None:
        if self._shown is not None:
            save_view(self, "embeddings", self.map, self._table)

    def _table(self) -> Iterable[list[Any]]:
        view = self._shown
        assert view is not None
        yield ["id", "token", "axis 1", "axis 2"]
        for n, (x, y) in enumerate(view.projection.points.tolist()):
            yield [n, glyphs.plain(view.names[n]), f"{x:.6f}", f"{y:.6f}"]


def _caution(view: EmbeddingView) -> str:
    both = percent(float(view.projection.variance.sum()), 0)
    words = f"These two axes hold {both} of the variance: near here is not always near."
    if view.projection.fitted < view.projection.rows:
        words += f" Fitted on {count(view.projection.fitted)} of {count(view.projection.rows)} tokens."
    return words
