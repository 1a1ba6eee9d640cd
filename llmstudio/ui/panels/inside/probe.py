"""The text that all views look at, token by token."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from ....core.inside.reading import next_tokens
from ....session.inside import Focus, Look
from ...numbers import count, percent
from ...panel import Panel
from ...widgets import glyphs
from ...widgets.button import button, tool
from ...widgets.elide import ElidedLabel
from ...widgets.label import label
from ...widgets.token_strip import TokenStrip

NAME, STRIP, WIDE = 112, 34, 1200  # below WIDE the likeliest token is left to its own panel
RETURN = "\u21b5"
WRITING = "Enter: look at it, Shift+Enter: a new line, Esc: back"


class ProbePanel(Panel):
    title = "Probe text"
    name = "inside.probe"
    titled = False
    hint = "The text that the model reads for all pictures here; click a token to keep looking from it"

    def build(self) -> None:
        inside = self.session.inside
        self._writing = False
        self.facts = ElidedLabel("", "muted", 11)
        self.from_text = button("From my text", "dice", "plain", self._take_passage, "Another passage of the test text")
        self.pencil = tool("pencil", "Write a probe text of your own", self._edit)
        self.strip = TokenStrip(wrap=False, name="Probe text")
        self.strip.hovered.connect(lambda n: inside.hover(query=n, key=None) if n >= 0 else inside.hover())
        self.strip.clicked.connect(self._lock)
        self.strip.double_clicked.connect(self._edit)
        self.field = ProbeField()
        self.field.editingFinished.connect(self._done)
        self.field.given_up.connect(self._put_away)
        self.error = label("", "error", wrap=True)
        self.next = Likeliest()
        self._lay_out()
        inside.looking.changed.connect(self._refresh)
        inside.focus_changed.connect(self._refresh)
        inside.probe_changed.connect(self._refresh)
        self.session.data.changed.connect(self._refresh)
        self.session.train.changed.connect(self._refresh)
        self._refresh()

    def tick(self) -> None:
        self.session.inside.looking.keep()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.next.setVisible(event.size().width() >= WIDE and self.session.inside.looking.value is not None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.session.inside.hover()
            self.session.inside.unlock()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        name = QVBoxLayout()
        name.setSpacing(2)
        name.addStretch(1)
        name.addWidget(label("Probe text", "strong"))
        name.addWidget(self.facts)
        name.addStretch(1)
        named = QWidget()
        named.setFixedWidth(NAME)
        named.setLayout(name)
        name.setContentsMargins(0, 0, 0, 0)
        self.area = Sideways(self.strip)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(named)
        for widget in (self.area, self.field, self.error):  # one of them is shown
            row.addWidget(widget, 1)
        row.addWidget(self.next)
        row.addWidget(self.from_text)
        row.addWidget(self.pencil)
        self.body.setContentsMargins(16, 4, 12, 4)
        self.body.addLayout(row, 1)

    # what is shown

    def _refresh(self) -> None:
        inside = self.session.inside
        self.from_text.setEnabled(self.session.data.tokenizer is not None)
        look = inside.looking.value
        self.error.setVisible(not self._writing and look is None and bool(inside.looking.error))
        self.field.setVisible(self._writing)
        self.area.setVisible(not self._writing and not self.error.isVisibleTo(self))
        self.error.setText(inside.looking.error)
        self.next.setVisible(look is not None and self.width() >= WIDE)
        if look is None:
            self._say("", "")
            tokenizer = self.session.data.tokenizer
            self.strip.set([piece.text for piece in tokenizer.pieces(inside.probe)] if tokenizer else [])
            return
        self._say(*self._facts(look))
        focus, locked = inside.focus, inside.locked.query
        last = len(look.texts) - 1
        query = focus.query if focus.query is not None and focus.query <= last else None
        values = self._row(look, query)
        place = last if query is None else query
        self.strip.set(look.texts, values, hints=self._hints(look, values, place))
        self.strip.select(locked if locked is not None and locked <= last else -1)
        self.strip.hover(_lit(inside.hovered, last))
        if inside.hovered is None:
            self.area.reach(locked if locked is not None and locked <= last else 0)
        self.next.show_after(look, place)

    def _facts(self, look: Look) -> tuple[str, str]:
        run = self.session.train.run
        context = run.model.context if run else len(look.texts)
        said, meant = [f"{count(len(look.texts))} of {count(context)}"], "Tokens read, of those it can see at once."
        if look.left_out:
            said.append(f"{count(look.left_out)} cut")
            meant += f" The {count(look.left_out)} before them are left out: the views read the last ones."
        if look.unknown:
            said.append(f"{count(len(look.unknown))} unknown")
            meant += f" No token stands for {' '.join(glyphs.plain(c) for c in look.unknown)}: left out."
        return ", ".join(said), meant

    def _say(self, facts: str, meant: str) -> None:
        self.facts.set_text("Enter looks" if self._writing else facts)
        self.facts.set_hint(meant)

    def _row(self, look: Look, query: int | None) -> list[float] | None:
        """What the pointed token takes from each, in the head that is shown large."""
        maps, focus = look.watched.attention, self.session.inside.focus
        if query is None or focus.block >= len(maps) or focus.head >= len(maps[focus.block]):
            return None
        return [float(value) for value in maps[focus.block][focus.head][query]]

    def _hints(self, look: Look, values: list[float] | None, place: int) -> list[str]:
        focus = self.session.inside.focus
        found = []
        for n, text in enumerate(look.texts):
            said = f"{glyphs.plain(text)}, {n}: id {int(look.watched.ids[n])}"
            if values is not None and n <= place:
                of = f"{glyphs.plain(look.texts[place])}, {place}"
                said += f"\n{values[n]:.3f} of the attention of {of} in block {focus.block + 1}, head {focus.head + 1}"
            found.append(f"{said}\nClick to keep looking from it")
        return found

    # what the person does

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
        self.field.setText(self.session.inside.probe.replace("\n", RETURN))
        self._writing = True
        self._refresh()
        self.field.setFocus()
        self.field.selectAll()

    def _done(self) -> None:
        if self._writing:
            text = self.field.text().replace(RETURN, "\n")
            self._put_away()
            if text:
                self.session.inside.set_probe(text)

    def _put_away(self) -> None:
        self._writing = False
        self._refresh()


class ProbeField(QLineEdit):
    """One line in which a new line is drawn as its sign. `given_up`: Esc."""

    given_up = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Probe text")
        self.setPlaceholderText("A text for the model to read")
        self.setToolTip(WRITING)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.insert(RETURN)
        elif event.matches(QKeySequence.StandardKey.Paste):
            text = QGuiApplication.clipboard().text().replace("\r\n", "\n")
            self.insert(text.replace("\n", RETURN))
        elif event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)


class Sideways(QScrollArea):
    """One line that scrolls to its side, also by the wheel."""

    def __init__(self, strip: TokenStrip) -> None:
        super().__init__()
        self._strip = strip
        self.setWidgetResizable(True)
        self.setWidget(strip)
        strip.setAutoFillBackground(False)  # the panel's ground shows through
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(STRIP)
        self.setViewportMargins(0, 5, 0, 0)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta()
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - (turned.y() or turned.x()) // 2)
        event.accept()

    def reach(self, n: int) -> None:
        """Bring a token into view."""
        if self._strip.count:
            middle = self._strip.rect_of(n).center()
            self.ensureVisible(middle.x(), middle.y(), 40, 0)


class Likeliest(QWidget):
    """What the model expects most after a token."""

    def __init__(self) -> None:
        super().__init__()
        self.token = TokenStrip(wrap=False, name="Likeliest next token")
        self.token.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.share = label("", "strong")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(label("next", "label"))
        row.addWidget(self.token)
        row.addWidget(self.share)

    def show_after(self, look: Look, place: int) -> None:
        ids, chances = next_tokens(look.watched.logits[place], 1)
        self.token.set([look.names[int(ids[0])]], [float(chances[0])])
        self.share.setText(percent(float(chances[0]), 0))
        self.setToolTip(f"The likeliest token after {glyphs.plain(look.texts[place])}, {place}")


def _lit(hovered: Focus | None, last: int) -> int:
    """The place of the probe that a view points at, the key before the query."""
    place = None if hovered is None else hovered.query if hovered.key is None else hovered.key
    return place if place is not None and place <= last else -1
