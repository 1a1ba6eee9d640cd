"""Talking to the model of the shown run, also while it trains."""

from math import isfinite

from PySide6.QtGui import QGuiApplication, QKeyEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout

from .....session.chat import Message
from ....doors import go
from ....numbers import count
from ....panel import Panel
from ....theme import SURPRISE_BITS
from ....widgets.button import button, tool
from ....widgets.color_bar import ColorBar
from ....widgets.elide import ElidedLabel
from ....widgets.empty import EmptyState
from ....widgets.label import label
from ....widgets.segments import Segments
from .composer import Composer
from .transcript import Transcript

GO_ON = "It has no conversations in its text, so it does not answer: it goes on with what you write."
TALK = "It answers in the voice of its text. It knows nothing else, and may make things up."


class ConversationPanel(Panel):
    title = "Chat"
    name = "chat.conversation"
    hint = "Talk to the model, or let it go on with a text; click a token to see what else it could have been"

    def build(self) -> None:
        chat = self.session.chat
        self.mode = Segments(("talk", "go on"), chat.mode, "What the model does with your words")
        self.mode.changed.connect(lambda word: chat.set_mode(word))
        self.look = Segments(("plain", "surprise"), "surprise", "How tokens are coloured")
        self.look.changed.connect(lambda word: self.transcript.set_colours(word == "surprise"))
        self.add_tool(self.mode)
        self.add_tool(self.look)
        self.add_tool(tool("plus", "New conversation; the old one stays in the history", chat.new))
        self.chip = self.add_chip("", "warning", "clock")
        self.strip = label("", "caption", wrap=True)
        self.transcript = Transcript()
        self.transcript.picked.connect(chat.pick)
        self.empty = EmptyState("", button("Train", "play", "plain", lambda: go(self, "train")))
        self.quiet = EmptyState("Say something to it. Every token of its answer can be opened.")
        self.stack = QStackedLayout()
        for widget in (self.transcript, self.empty, self.quiet):
            self.stack.addWidget(widget)
        self.composer = Composer()
        self.composer.sent.connect(self._send)
        self.composer.stopped.connect(chat.stop)
        self.body.addWidget(self.strip)
        self.body.addLayout(self.stack, 1)
        self.body.addLayout(self._deeds())
        self.body.addWidget(self.composer)
        inside, train = self.session.inside, self.session.train
        for signal in (chat.changed, chat.sampler_changed, train.changed, inside.moment_changed):
            signal.connect(self._refresh)
        chat.picked_changed.connect(self._show_picked)
        self._refresh()

    def tick(self) -> None:
        self.transcript.writing = self.session.chat.writing
        self.transcript.grow()
        self._show_facts()
        self._show_state()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.session.chat.writing:
            self.session.chat.stop()
        else:
            super().keyPressEvent(event)

    def _deeds(self) -> QHBoxLayout:
        self.copy = tool("copy", "Copy the last answer", self._copy)
        self.again = tool("refresh", "Write the last answer again, with the next seed", self._again)
        self.facts = ElidedLabel("", "muted", 11)
        self.scale = ColorBar("0", "surprise, bits", f"{SURPRISE_BITS:.0f}", surprise=True)
        self.scale.setFixedWidth(150)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.copy)
        row.addWidget(self.again)
        row.addWidget(self.facts, 1)
        row.addWidget(self.scale)
        return row

    def _refresh(self) -> None:
        chat = self.session.chat
        self.mode.choose(chat.mode)
        self.strip.setText(TALK if chat.mode == "talk" else GO_ON)
        name = chat.template.model if chat.mode == "talk" else "goes on"
        self.transcript.writing = chat.writing
        self.transcript.show_messages(chat.messages, name)
        sampler = chat.sampler
        self.composer.set_facts(chat.template.user, sampler.max_tokens, sampler.seed, chat.mode == "talk")
        moment = self.session.inside.moment
        self.chip.set(f"step {count(moment)}" if moment is not None else "")
        self._show_picked()
        self._show_state()
        self._show_facts()

    def _show_state(self) -> None:
        chat = self.session.chat
        why_not = self.session.inside.why_not or ""
        self.composer.set_state(chat.writing, why_not)
        if why_not and not chat.messages:
            self.empty.set_text(why_not)
            self.stack.setCurrentWidget(self.empty)
        else:
            self.stack.setCurrentWidget(self.transcript if chat.messages else self.quiet)

    def _show_picked(self) -> None:
        picked = self.session.chat.picked
        self.transcript.pick(*((picked.message, picked.token) if picked else (-1, -1)))

    def _show_facts(self) -> None:
        chat = self.session.chat
        last = chat.messages[-1] if chat.messages else None
        answered = last is not None and last.role == "model" and bool(last.said)
        for widget in (self.copy, self.again, self.scale):
            widget.setVisible(answered)
        self.again.setEnabled(answered and not chat.writing)
        self.facts.set_text(facts(last) if last and answered else "")

    def _send(self, text: str) -> None:
        self._attempt(lambda: self.session.chat.send(text))

    def _again(self) -> None:
        self._attempt(self.session.chat.regenerate)

    def _attempt(self, verb: "object") -> None:
        assert callable(verb)
        try:
            verb()
        except ValueError as error:
            self.session.tell(error)

    def _copy(self) -> None:
        answers = [message.text.strip(" ") for message in self.session.chat.messages if message.role == "model"]
        if answers:
            QGuiApplication.clipboard().setText(answers[-1])


def facts(message: Message) -> str:
    """ "107 tokens, 412 a second, 2.0 bits each"."""
    tokens = len(message.said)
    parts = [f"{count(tokens)} token{'' if tokens == 1 else 's'}"]
    if message.seconds > 0 and tokens > 1:
        parts.append(f"{count(round((tokens - 1) / message.seconds))} a second")
    bits = sum(token.bits for token in message.said) / tokens
    if isfinite(bits):
        parts.append(f"{bits:.1f} bits each")
    return ", ".join(parts)
