"""The text that all views look at, token by token."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QScrollArea, QStackedLayout, QWidget

from ....core.inside.reading import next_tokens
from ...numbers import percent
from ...panel import Panel
from ...widgets import glyphs
from ...widgets.button import button, tool
from ...widgets.chip import Chip
from ...widgets.label import label
from ...widgets.token_strip import TokenStrip


class ProbePanel(Panel):
    title = "Probe text"
    name = "inside.probe"
    hint = "The text that the model reads for all pictures here; click a token to keep looking from it"

    def build(self) -> None:
        inside = self.session.inside
        self._shown: object = None
        self.facts = self.add_chip()
        take = self._take_passage
        self.from_text = button("From my text", "dice", "ghost", take, "Another passage of the test text", 24)
        self.add_tool(self.from_text)
        self.add_tool(tool("pencil", "Write a probe text of your own", self._edit))
        self.strip = TokenStrip(wrap=False, name="Probe text")
        self.strip.hovered.connect(lambda n: inside.hover(query=n, key=None) if n >= 0 else inside.hover())
        self.strip.clicked.connect(self._lock)
        self.next = Chip("", "plain")
        self.field = QLineEdit()
        self.field.setAccessibleName("Probe text")
        self.field.returnPressed.connect(self._done)
        self.error = label("", "error", wrap=True)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(self.strip)
        self.strip.setAutoFillBackground(False)  # the panel's ground shows through
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFixedHeight(36)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(area, 1)
        row.addWidget(self.next)
        self.stack = QStackedLayout()
        self.body.setContentsMargins(16, 0, 16, 8)
        self.body.addLayout(self.stack)
        for widget in (line, self.field, self.error):
            self.stack.addWidget(widget)
        inside.looking.changed.connect(self._refresh)
        inside.focus_changed.connect(self._refresh)
        inside.probe_changed.connect(self._refresh)
        self.session.data.changed.connect(self._refresh)
        self._refresh()

    def tick(self) -> None:
        self.session.inside.looking.keep()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.stack.setCurrentIndex(0)
            self.session.inside.unlock()
        else:
            super().keyPressEvent(event)

    def _refresh(self) -> None:
        inside = self.session.inside
        self.from_text.setEnabled(self.session.data.tokenizer is not None)
        look = inside.looking.value
        if self.stack.currentIndex() != 1:
            self.stack.setCurrentIndex(0 if look or not inside.looking.error else 2)
        self.error.setText(inside.looking.error)
        if look is None:
            self.facts.set("")
            self.next.set("")
            self.strip.set([*inside.probe])
            return
        left_out = f", {look.left_out} before them left out" if look.left_out else ""
        run = self.session.train.run
        self.facts.set(f"{len(look.texts)} of {run.model.context} tokens{left_out}" if run else "")
        focus = inside.focus
        query = focus.query if focus.query is not None and focus.query < len(look.texts) else None
        values = None
        maps = look.watched.attention
        if query is not None and focus.block < len(maps) and focus.head < len(maps[focus.block]):
            values = [float(v) for v in maps[focus.block][focus.head][query]]
        self.strip.set(look.texts, values)
        locked = inside.locked.query
        self.strip.select(locked if locked is not None and locked < len(look.texts) else -1)
        self._show_next(query if query is not None else len(look.texts) - 1)

    def _show_next(self, place: int) -> None:
        look, run = self.session.inside.looking.value, self.session.train.run
        if look is None or run is None:
            return
        ids, chances = next_tokens(look.watched.logits[place], 1)
        text = glyphs.plain(look.names[int(ids[0])])
        self.next.set(f"next: {text} {percent(float(chances[0]), 0)}")
        self.next.setToolTip(f"The likeliest token after {glyphs.plain(look.texts[place])}")

    def _lock(self, n: int) -> None:
        inside = self.session.inside
        if inside.locked.query == n:
            inside.unlock()
        else:
            inside.lock(query=n, key=None)

    def _take_passage(self) -> None:
        try:
            self.session.inside.from_text()
        except ValueError as error:
            self.session.tell(error)

    def _edit(self) -> None:
        self.field.setText(self.session.inside.probe.replace("\n", "\u21b5"))
        self.stack.setCurrentIndex(1)
        self.field.setFocus()
        self.field.selectAll()

    def _done(self) -> None:
        text = self.field.text().replace("\u21b5", "\n")
        self.stack.setCurrentIndex(0)
        if text:
            self.session.inside.set_probe(text)
