"""What the design costs: parameters, memory, arithmetic; where the weights are; whether the text suits the size."""

from typing import NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from ....core.model.cost import Cost
from ....core.train.recipe import Recipe
from ...canvas import words
from ...canvas.paint import SMALL
from ...numbers import count, percent, size
from ...panel import SIDE, TITLE, Panel
from ...theme import theme
from ...widgets.readout import Readout

TOKENS_PER_WEIGHT = 20  # Hoffmann et al. 2022: what a model of this size makes best use of


class Share(NamedTuple):
    name: str
    color: int  # of theme.run
    part: float


class CostPanel(Panel):
    title = "Cost"
    name = "build.cost"
    hint = "Parameters, memory while training and arithmetic for each token, counted from the design."

    def build(self) -> None:
        self.parameters = Readout("", "parameters")
        self.memory = Readout("", "memory, training")
        self.flops = Readout("", "FLOPs per token")
        self.memory.setToolTip(
            "An estimate: weights, gradients and AdamW's two moments in float32, "
            "and what the forward pass keeps for a batch."
        )
        self.flops.setToolTip("Floating-point operations to train on one token, forward and backward (6 N + 12 A C T).")
        top = QHBoxLayout()
        top.setSpacing(12)
        for readout in (self.parameters, self.memory, self.flops):
            top.addWidget(readout, 1)
        self.shares = ShareBar()
        self.sentence, self.data = _sentence(), _sentence()
        self.enough = QLabel("Is my text enough?")
        self.enough.setFont(theme.font(13, 600))
        self.line = Hairline()
        self.body.addLayout(top)
        for widget in (self.shares, self.sentence, self.line, self.enough, self.data):
            self.body.addWidget(widget)
        self.body.addStretch()
        session = self.session
        for signal in (session.build.changed, session.train.recipe_changed, session.data.changed):
            signal.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        session = self.session
        cost, recipe = session.build.cost, session.train.recipe
        self.parameters.set(count(cost.parameters))
        self.memory.set(size(cost.memory_training(recipe.batch)))
        self.flops.set(words.millions(cost.flops_per_token))
        self.shares.set(shares(cost))
        self.sentence.setText(sentence(cost, recipe))
        manifest = session.data.manifest
        context = session.build.model.context
        self.data.setText(about_text(cost, recipe, context, manifest.train_tokens) if manifest else "")
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Where the panel is low, what is said of the text goes first, then what is said of the numbers."""
        gap = self.body.spacing()
        title = TITLE if self.title_bar.parent() is self else 0  # a dock takes the bar for its own
        left = self.height() - title - self.body.contentsMargins().top() - SIDE
        left -= self.memory.sizeHint().height() + gap + self.shares.height()
        about_data: list[QWidget] = [self.line, self.enough, self.data] if self.data.text() else []
        shown: list[QWidget] = []
        for widgets in ([self.sentence], about_data):
            left -= sum(gap + self._height(widget) for widget in widgets)
            if left < 0:
                break
            shown += widgets
        for widget in (self.sentence, self.line, self.enough, self.data):
            widget.setVisible(widget in shown)

    def _height(self, widget: QWidget) -> int:
        hint = widget.heightForWidth(self.width() - 2 * SIDE)
        return hint if hint >= 0 else max(widget.sizeHint().height(), widget.minimumHeight())


def _sentence() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setProperty("role", "caption")
    return label


def shares(cost: Cost) -> list[Share]:
    """Where the weights are, as parts of all; what is nowhere, and norms under 1 %, are left out."""
    parts = (
        ("MLP", 1, cost.mlp),
        ("attention", 2, cost.attention),
        ("embedding", 3, cost.embedding),
        ("head", 7, cost.head),
        ("norms", 8, cost.rest),
    )
    found = [Share(name, color, n / cost.parameters) for name, color, n in parts if n]
    return [share for share in found if share.name != "norms" or share.part >= 0.01]


def sentence(cost: Cost, recipe: Recipe) -> str:
    """What the numbers say, in one breath."""
    most = max(shares(cost), key=lambda share: share.part, default=None)
    if most is None:
        return "There are no weights yet."
    where = {"MLP": "the MLPs", "embedding": "the embedding", "head": "the head"}.get(most.name, most.name)
    verb = "hold" if where.endswith("s") else "holds"
    passing = cost.memory_training(recipe.batch) - cost.state_bytes
    batch = f"{count(recipe.batch)} text{'s' * (recipe.batch != 1)}"
    return (
        f"{where[0].upper()}{where[1:]} {verb} {share_of(most.part)} of the weights. While training, weights and "
        f"their updates take {size(cost.state_bytes)}, a batch of {batch} about {size(passing)}."
    )


def about_text(cost: Cost, recipe: Recipe, context: int, tokens: int) -> str:
    """How the text compares with the size of the model."""
    times = recipe.steps * recipe.batch * context / tokens
    wanted = TOKENS_PER_WEIGHT * cost.parameters
    read = f"Your text has {words.millions(tokens)} tokens; {count(recipe.steps)} steps read it {times:.1f} times."
    if tokens >= wanted:
        return f"{read} That is {count(tokens / cost.parameters)} for each weight, enough for text it has never seen."
    return (
        f"{read} Fine for learning. For text it has never seen, {words.millions(wanted)} tokens, "
        f"{TOKENS_PER_WEIGHT} a weight, would serve this size better."
    )


def share_of(all_: float) -> str:
    return percent(all_, 0) if all_ >= 0.01 else f"under {percent(0.01, 0)}"


class Hairline(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(1)
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.color("line"))


class ShareBar(QWidget):
    """One bar of shares that add up to 1, and its legend."""

    BAR, LEGEND = 12, 20

    def __init__(self) -> None:
        super().__init__()
        self._shares: list[Share] = []
        self.setFixedHeight(self.BAR + 4 + self.LEGEND)
        theme.changed.connect(self.update)

    def set(self, shares: list[Share]) -> None:
        if shares != self._shares:
            self._shares = shares
            words_ = ", ".join(f"{share.name} {share_of(share.part)}" for share in shares)
            self.setToolTip(f"Where the weights are: {words_}")
            self.setAccessibleName(self.toolTip())
            self.setFixedHeight(self.BAR + 4 + self.LEGEND * max(1, len(self._lines())))
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setFixedHeight(self.BAR + 4 + self.LEGEND * max(1, len(self._lines())))

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(Qt.PenStyle.NoPen)
        x, room = 0.0, self.width() - 2 * (len(self._shares) - 1)
        for share in self._shares:
            width = max(2.0, room * share.part)
            p.setBrush(theme.run(share.color))
            p.drawRoundedRect(QRectF(x, 0, width, self.BAR), 2, 2)
            x += width + 2
        for i, line in enumerate(self._lines()):
            x, y = 0.0, self.BAR + 4 + i * self.LEGEND
            for share in line:
                p.setPen(Qt.PenStyle.NoPen)
                p.setBrush(theme.run(share.color))
                p.drawRoundedRect(QRectF(x, y + 6, 8, 8), 2, 2)
                x += 14
                for ink, text in ((SMALL.as_("text"), share.name), (SMALL, share_of(share.part))):
                    x += ink.write(p, QRectF(x, y, 200, self.LEGEND), text) + 6
                x += 8

    def _lines(self) -> list[list[Share]]:
        """The legend, broken where it is wider than the panel."""
        lines: list[list[Share]] = []
        x = float("inf")
        for share in self._shares:
            width = 34 + SMALL.width(share.name) + SMALL.width(share_of(share.part))
            if x + width - 14 > self.width():
                lines.append([])
                x = 0.0
            lines[-1].append(share)
            x += width
        return lines
