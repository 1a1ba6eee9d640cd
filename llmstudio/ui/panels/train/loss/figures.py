"""The numbers of a run, large, and one sentence on what they mean."""

from math import exp, log
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from .....session.run import Run
from ....icons import icon
from ....numbers import count
from ....theme import theme
from ....widgets.button import button
from ....widgets.readout import Readout
from ....words.loss import Bar, bars, sentence
from ....words.numbers import choices, fixed

if TYPE_CHECKING:
    from .....session.session import Session

NOTHING = "–"
ROOM = {"tokens": 440, "bits": 520, "steps": 640}  # pixels that each needs: the least important goes first


class Figures(QWidget):
    def __init__(self, session: "Session") -> None:
        super().__init__()
        self.session = session
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._readouts())
        column.addLayout(self._sentence())
        theme.changed.connect(self._recolour)

    def _readouts(self) -> QHBoxLayout:
        self.train = Readout("", "train loss", True, "Smoothed over the last steps, nats per token")
        self.validation = Readout("", "validation", True, "On text that it does not learn from, nats per token")
        self.perplexity = Readout("", "perplexity", hint="exp(validation loss): as if it chose among that many")
        self.bits = Readout("", "bits per character", hint="Validation loss in bits, for each character of the text")
        self.steps = Readout("", "steps a second", hint="Over the last 40 steps")
        self.tokens = Readout("", "tokens a second", hint="Tokens learned from, over the last 40 steps")
        row = QHBoxLayout()
        row.setSpacing(24)
        for readout in (self.train, self.validation, self.perplexity, self.bits):
            row.addWidget(readout, 0, Qt.AlignmentFlag.AlignTop)
        row.addStretch(1)
        for readout in (self.steps, self.tokens):
            row.addWidget(readout, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _sentence(self) -> QHBoxLayout:
        self.lamp = QLabel()
        self.meaning = QLabel()
        self.meaning.setTextFormat(Qt.TextFormat.RichText)
        self.meaning.setWordWrap(True)
        self.look = button("Look inside", "eye", "link", hint="Attention and embeddings of this run")
        self.talk = button("Talk to it", "chat", "link", hint="Let this run write, also while it learns")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.lamp)
        row.addWidget(self.meaning, 1)
        row.addWidget(self.look)
        row.addWidget(self.talk)
        self._recolour()
        return row

    def show_run(self, run: Run) -> None:
        loss, tested = run.smoothed, run.validation.last
        self.train.set(NOTHING if loss is None else fixed(loss), run=run.number)
        step = f"validation, step {count(int(run.validation.steps[-1]))}" if len(run.validation) else "validation"
        self.validation.set(NOTHING if tested is None else fixed(tested), step)
        fresh = bool(run.validation.steps) and (run.validation.steps[-1] > 0 or not run.step)
        known = tested if fresh else loss  # the test before the first step says nothing of the model now
        self.perplexity.set(NOTHING if known is None else choices(exp(min(known, 700))))
        each = characters_per_token(self.session)
        self.bits.setVisible(tested is not None and each is not None and self.width() >= ROOM["bits"])
        if tested is not None and each is not None:
            self.bits.set(fixed(tested / each / log(2)))
            self.bits.setToolTip(
                f"Validation loss in bits, for each character of the text{_by_byte(self.session, tested)}"
            )
        rate = run.tokens_per_second
        a_step = run.recipe.batch * run.model.context
        for readout, share, room in ((self.steps, a_step, ROOM["steps"]), (self.tokens, 1, ROOM["tokens"])):
            readout.setVisible(rate is not None and self.width() >= room)
            if rate is not None:
                readout.set(fixed(rate / share, 1) if rate / share < 100 else count(round(rate / share)))
        words = sentence(known, compared_with(self.session), token(self.session))
        self.meaning.setText(words or "The first numbers come with the first steps.")
        for link in (self.look, self.talk):
            link.setVisible(run.live or bool(run.snapshots))

    def _recolour(self) -> None:
        self.lamp.setPixmap(icon("lightbulb", "accent").pixmap(16, 16))


def token(session: "Session") -> str:
    """What one token of the prepared text is."""
    project = session.project
    kind = project.prepared.tokenizer if project and project.prepared else ""
    return kind if kind in ("character", "byte") else "token"


def compared_with(session: "Session") -> list[Bar]:
    """The counting models of this text; its floor, where it is known and one token is one character."""
    manifest, project = session.data.manifest, session.project
    floor = project.floor if project and token(session) == "character" else None
    return bars(manifest.ngrams if manifest else None, floor)


def characters_per_token(session: "Session") -> float | None:
    manifest = session.data.manifest
    if manifest is None or not manifest.validation_tokens:
        return None
    return manifest.validation_characters / manifest.validation_tokens


def _by_byte(session: "Session", loss: float) -> str:
    """The same for each byte, which is the measure that does not depend on the script."""
    manifest = session.data.manifest
    if manifest is None or not manifest.validation_bytes:
        return ""
    return f"; {fixed(loss * manifest.validation_tokens / manifest.validation_bytes / log(2))} bits for each byte"
