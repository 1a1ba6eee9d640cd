"""The first page: one large button, quiet ways to something else, and four cards on what is about to happen."""

import sys
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout

from .... import doors
from ....numbers import count
from ....panel import Panel, ground
from ....widgets.label import label
from ....words.numbers import half_minutes, plural
from .big_button import BigButton
from .counting_card import CountingCard
from .model_card import ModelCard
from .quiet_row import QuietRow
from .talk_card import TalkCard
from .text_card import TextCard
from .try_out import TryOut

if TYPE_CHECKING:
    from .....session.session import Session

GUTTER, COLUMN = 4, 400
LEARNS = "A small transformer learns to go on with such text, and you can watch and question it while it does."
HERE = "Nothing leaves this computer."
STARTER = "Starter project, nothing to set up"


class FirstRun(Panel):
    title = "Your first language model"
    name = "train.first_run"
    hint = "What is about to be trained, and the button that does it"
    passed = Signal()  # the person wants to see the Train workspace before there is a run

    def build(self) -> None:
        self.title_bar.hide()
        self.body.setContentsMargins(0, 0, 0, 0)
        self.tried = TryOut(self.session, self._show_tried)
        self.cards = (
            TextCard(self.session),
            ModelCard(self.session),
            CountingCard(self.session),
            TalkCard(self.session),
        )
        whole = QHBoxLayout()
        whole.setSpacing(GUTTER)
        whole.addWidget(self._left(), 9)
        grid = QGridLayout()
        grid.setSpacing(GUTTER)
        for n, card in enumerate(self.cards):
            grid.addWidget(card, n // 2, n % 2)
        for n in (0, 1):
            grid.setColumnStretch(n, 1)
            grid.setRowStretch(n, 1)
        whole.addLayout(grid, 16)
        self.body.addLayout(whole)
        session = self.session
        for signal in (session.project_changed, session.data.changed, session.build.changed, session.train.changed):
            signal.connect(self._refresh)
        session.train.recipe_changed.connect(self._refresh)
        self._refresh()

    def _left(self) -> QFrame:
        self.about = label("", "caption")
        self.heading = label("Your first language model", "title")
        self.sentence = label("", "label", wrap=True)
        self.sentence.setTextFormat(Qt.TextFormat.RichText)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.sentence.setMinimumHeight(80)  # nothing jumps when the text is known
        self.start = BigButton("Train your first model")
        self.start.clicked.connect(self._start)
        self.own = QuietRow("Use my own text", "download", "or drop files anywhere on this window")
        self.design = QuietRow("Look at the design first", "block")
        self.recipe = QuietRow("Set the recipe first", "settings")
        self.open = QuietRow("Open a project", "folder", "Ctrl O")
        self.own.clicked.connect(lambda: doors.go(self, "data"))
        self.design.clicked.connect(lambda: doors.go(self, "build"))
        self.recipe.clicked.connect(self.passed)
        self.open.clicked.connect(lambda: doors.act(self, "Ctrl+O"))
        ending = "Every edit can be undone, and every part of the window explains itself: point at it, or press F1."
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addStretch(2)
        for widget, gap in (
            (self.about, 8),
            (self.heading, 12),
            (self.sentence, 24),
            (self.start, 24),
            (self.own, 0),
            (self.design, 0),
            (self.recipe, 0),
            (self.open, 24),
            (label(ending, "caption", wrap=True), 0),
        ):
            widget.setMaximumWidth(COLUMN)
            column.addWidget(widget)
            column.addSpacing(gap)
        column.addStretch(3)
        frame = _Ground()
        row = QHBoxLayout(frame)
        row.setContentsMargins(24, 16, 24, 16)
        row.addStretch(1)
        row.addLayout(column, 20)
        row.addStretch(1)
        return frame

    def sizeHint(self) -> QSize:
        return QSize(1200, 760)

    def tick(self) -> None:
        if "torch" in sys.modules and self.session.device:  # it has been loaded behind the window
            self.tried.follow()
        self.tried.tick()
        self.cards[0].tick()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.start.setFocus()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The gutters show the window."""

    def _refresh(self) -> None:
        session = self.session
        for card in self.cards:
            card.refresh()
        project = session.project
        starter = project.kit if project else _coming(session)
        self.about.setText(STARTER if starter else project.name if project else "")
        self.sentence.setText(f'<p style="line-height: 20px">{escape(sentence(session))}</p>')
        blocks = plural(len(session.build.model.blocks), "block")
        self.design.set_remark(f"{blocks}, {count(session.build.cost.parameters)} parameters" if project else "")
        steps = count(session.train.recipe.steps)
        self.recipe.set_remark(f"{steps} steps of {session.train.recipe.batch} texts" if project else "")
        self.recipe.setEnabled(project is not None)
        self._show_tried()

    def _show_tried(self) -> None:
        session = self.session
        why = session.train.why_not
        waits = _coming(session) or session.data.busy or session.train.starting
        self.start.setEnabled(why is None and not session.data.busy)
        seconds = self.tried.seconds
        known = f"about {half_minutes(seconds)} on this computer" if seconds is not None else ""
        self.start.set_below("Getting the text ready" if waits else why or known)
        self.cards[3].show_text(self.tried.text)

    def _start(self) -> None:
        self.tried.stop()
        try:
            self.session.train.start()
        except ValueError as error:
            self.session.tell(error)


def sentence(session: "Session") -> str:
    """What this project is, from what is known of it."""
    from .....core.data.synthetic import KITS  # brings numpy: after the window is painted

    project, sources = session.project, session.data.sources
    if project is not None and project.kit in KITS:
        return f"{KITS[project.kit].text} {LEARNS} {HERE}"
    if not sources and _coming(session):
        return ""
    if not sources:
        return f"Give it a text, and a small transformer learns to go on with it. {HERE}"
    characters = sum(source.characters for source in sources)
    kind = session.data.settings.tokenizer
    read = f", read one {kind} at a time" if kind in ("character", "byte") else ""
    what = sources[0].name if len(sources) == 1 else plural(len(sources), "text")
    return f"{what}: {count(characters)} characters{read}. {LEARNS} {HERE}"


def _coming(session: "Session") -> bool:
    """The project is on its way: being read, or about to be as the window has just been painted."""
    return session.loading or (session.project is None and not session.notices)


class _Ground(QFrame):
    def paintEvent(self, event: QPaintEvent) -> None:
        ground(self, top=True, bottom=True)
