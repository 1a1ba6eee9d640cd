"""What the design costs: parameters, memory, time; where the weights are; whether the text suits the size."""

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from .....core.model import cost as costs
from .....core.model.compare import same
from .....core.model.spec import Model
from .....core.train import speed as speeds
from .....session.run import Run
from ....canvas.words import millions
from ....numbers import count, size
from ....panel import SIDE, Panel
from ....theme import theme
from ....widgets.button import button
from ....widgets.combo import Combo
from ....widgets.fold import Fold
from ....widgets.label import label
from ....widgets.readout import Readout
from . import words
from .gauge import Gauge
from .rows import Rows
from .shares import ShareBar

CARD = "RTX 4090"  # that is shown until another one is chosen
CHANGES = 4  # lines of what differs from the last run


class CostPanel(Panel):
    title = "Cost"
    name = "build.cost"
    hint = "Parameters, memory and time of training, before it begins."

    def build(self) -> None:
        self.parameters, self.memory = Readout("", "parameters"), Readout("", "memory, training")
        self.time = Readout("", "steps here")
        self.deltas = [label("", "caption") for _ in range(3)]
        self.state = label("", "caption")
        self.shares, self.gauge, self.changes = ShareBar(), Gauge(), Rows()
        self.passes, self.enough = label("", "caption"), label("", "caption", wrap=True)
        self.since = label("", "strong")
        self.back = button("", kind="link", on_click=self._go_back, height=20)
        self.cards = Combo([card.name for card in self.session.build.estimate.cards], CARD, "Graphics card")
        self.cards.picked.connect(self._refresh)
        self.card = label("", "caption", wrap=True)
        self.details = Rows()
        self.add_tool(self.state)
        self._lay_out()
        session = self.session
        for signal in (
            session.build.changed, session.train.recipe_changed, session.train.changed, session.data.changed,
            session.build.estimate.changed,
        ):  # fmt: skip
            signal.connect(self._refresh)
        self._refresh()

    def tick(self) -> None:
        self.session.build.estimate.follow()

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(SIDE, 4, SIDE, SIDE)
        column.setSpacing(8)
        top = QHBoxLayout()
        top.setSpacing(12)
        for readout, delta in zip((self.parameters, self.memory, self.time), self.deltas, strict=True):
            pair = QVBoxLayout()
            pair.setSpacing(0)
            pair.addWidget(readout)
            pair.addWidget(delta)
            top.addLayout(pair, 1)
        column.addLayout(top)
        column.addWidget(self.shares)
        self.line, self.line2 = Hairline(), Hairline()
        self.changed = _section([_ends(self.since, self.back), self.changes])
        self.text = _section([_ends(label("Is my text enough?", "strong"), self.passes), self.gauge, self.enough])
        self.elsewhere = Fold("On a graphics card", _section([self.cards, self.card]), opened=False)
        self.inside = Fold("In detail", self.details, opened=False)
        for widget in (self.line, self.changed, self.text, self.line2, self.elsewhere, self.inside):
            column.addWidget(widget)
        column.addStretch()
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(inside)
        inside.setAutoFillBackground(False)
        self.area.viewport().setAutoFillBackground(False)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.addWidget(self.area)

    def _refresh(self) -> None:
        session = self.session
        cost, recipe, estimate = session.build.cost, session.train.recipe, session.build.estimate
        self.parameters.set(count(cost.parameters))
        self.memory.set(size(estimate.memory.total))
        self.memory.setToolTip("\n".join(f"{name}: {much}" for name, much in words.spent(estimate.memory)))
        seconds = estimate.seconds
        self.time.set(
            "\N{EN DASH}" if seconds is None else words.duration(seconds), f"{count(recipe.steps)} steps here"
        )
        self.time.setToolTip(self._about_time())
        self.state.setText(words.told(estimate))
        self.state.setToolTip(self._about_time())
        self.shares.set(words.shares(cost))
        self._show_text()
        self._show_changes()
        self._show_cards()
        self._show_details()

    def _about_time(self) -> str:
        estimate = self.session.build.estimate
        if estimate.speed is None:
            return estimate.trouble or estimate.why_not or "Measured as soon as the design is left alone for a moment."
        here = f"{count(round(estimate.tokens_per_second or 0))} tokens a second on this computer"
        part = "" if estimate.speed.whole else ", worked out from a smaller trial"
        later = self.session.train.recipe.compile and not estimate.speed.compiled
        sooner = " Once the step is translated for this machine it may be sooner." if later else ""
        return f"{here}{part}; looks at validation text and samples are counted in.{sooner}"

    def _show_text(self) -> None:
        session = self.session
        manifest = session.data.manifest
        tokens = manifest.train_tokens if manifest else 0
        found = words.reading(session.build.cost, session.train.recipe, session.build.model.context, tokens)
        self.text.setVisible(found is not None)
        if found:
            self.gauge.set(found)
            self.passes.setText(found.heading)
            self.enough.setText(found.sentence)

    def _show_changes(self) -> None:
        run = self.session.train.run
        model = self.session.build.model
        differs = run is not None and not same(self._of(run), model)
        self.changed.setVisible(differs)
        if not (run and differs):
            for delta in self.deltas:
                delta.setText("")
                delta.hide()
            return
        self.since.setText(f"Changed since {run.name}")
        self.back.setText(f"Back to {run.name}")
        found = words.changes(self._of(run), model)
        more = len(found) - CHANGES
        rows: list[tuple[str, ...]] = [*found[:CHANGES]]
        self.changes.set([*rows, (f"and {more} more", "")] if more > 0 else rows)
        self._show_deltas(run)

    def _show_deltas(self, run: Run) -> None:
        build, recipe, estimate = self.session.build, self.session.train.recipe, self.session.build.estimate
        before = self._of(run)
        more = build.cost.parameters - costs.total(before)
        bytes_ = estimate.memory.total - estimate.memory_of(before, recipe).total
        texts = [words.signed(more, count(abs(more))), words.signed(bytes_, size(abs(bytes_))), ""]
        if (speed := estimate.speed) and (seconds := estimate.seconds) is not None:
            there = speeds.carried(speed, (build.model, recipe), (before, recipe))
            change = seconds - estimate.seconds_of(before, recipe, there)
            texts[2] = words.signed(change, words.duration(abs(change))) if abs(change) >= 1 else ""
        for delta, text in zip(self.deltas, texts, strict=True):
            delta.setText(text)
            delta.setVisible(True)

    def _show_cards(self) -> None:
        known = {card.name: card for card in self.session.build.estimate.cards}
        card = known[self.cards.currentText()]
        how = (
            "So small a design mostly waits for its kernels to start."
            if card.waits
            else "At 40\N{THIN SPACE}% of the peak that its maker gives."
        )
        self.card.setText(f"About {words.on_card(card)}, by its data sheet. {how}")
        self.elsewhere.set_words(f"{card.name} {words.duration(card.seconds)}" if card.fits else f"not on {card.name}")

    def _show_details(self) -> None:
        cost, estimate = self.session.build.cost, self.session.build.estimate
        rows = [("FLOPs for each token, training", millions(cost.flops_per_token))]
        if cost.active != cost.parameters:
            rows.append(("weights that a token goes through", count(cost.active)))
        if (rate := estimate.tokens_per_second) is not None:
            rows.append(("tokens a second here", count(round(rate))))
        rows.append(("cache for each token, writing", size(cost.cache_token_bytes)))
        rows.append(("cache at the end of the context", size(cost.cache_bytes)))
        rows += [(f"memory: {name}", much) for name, much in words.spent(estimate.memory)]
        self.details.set(rows)
        self.inside.set_words(f"{millions(cost.flops_per_token)} FLOPs for each token")

    def _of(self, run: Run) -> Model:
        """A run's design, with the vocabulary of the text as it is now."""
        return replace(run.model, vocab=self.session.build.model.vocab)

    def _go_back(self) -> None:
        run, build = self.session.train.run, self.session.build
        if run:
            before = build.model
            build.edit(self._of(run))
            self.session.say(f"The design is that of {run.name} again", undo=lambda: build.edit(before))


class Hairline(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(1)
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.color("line"))


def _section(widgets: list[QWidget]) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    for widget in widgets:
        column.addWidget(widget)
    return made


def _ends(left: QWidget, right: QWidget) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(left, 1)
    row.addWidget(right)
    return made
