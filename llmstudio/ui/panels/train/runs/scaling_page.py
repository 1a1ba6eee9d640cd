"""How the loss falls with size, text or arithmetic: a law through the runs, and what a bigger run would reach."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from .....core.model.cost import flops_per_token, total
from .....core.train.scaling import WORDS, By, Fit, Point, fit, line, point, predict, told
from .....session.hall import sentence
from .....session.run import Run
from ....numbers import THIN
from ....theme import theme
from ....widgets.empty import EmptyState
from ....widgets.label import label
from ....widgets.number import NumberField
from ....widgets.points_plot import Band, Dot, Line, PointsPlot
from ....widgets.segments import Segments
from ....words.numbers import fixed, plural
from .run_choice import RunChoice
from .seen import Seen

if TYPE_CHECKING:
    from .....session.session import Session

KINDS: tuple[By, ...] = ("parameters", "tokens", "compute")
HINTS = {
    "parameters": "Numbers that the model learns",
    "tokens": "Tokens read in training: steps x batch x context",
    "compute": "Floating-point operations of the whole training",
}
LOSS, NEXT = "validation loss, nats per token", "predicted"
ENDED = ("finished", "stopped")
STEPS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
ALONG = 60  # points of the law's line
FURTHER = 10  # times the largest run, where nothing else is known to be planned


class ScalingPage(QWidget):
    def __init__(self, session: "Session") -> None:
        super().__init__()
        self.session = session
        self.law: Fit | None = None
        self._runs: dict[str, Run] = {}
        self._points: list[Point] = []
        self._asked: dict[By, float] = {}  # sizes that the person asked for
        self._drawn_for: object = None
        self.by = Segments(KINDS, KINDS[0], "Against what")
        for word, hint in HINTS.items():
            self.by.set_hint(word, hint)
        self.by.changed.connect(lambda _: self.refresh())
        self.of = RunChoice(session, self.refresh, sweeps=False)
        self.plot = PointsPlot("Loss against size, with the law")
        self.plot.picked.connect(self._pick)
        self.target = NumberField(1, limits=(1, 1e24), whole=False, log=True, name="Size to predict at")
        self.target.setFixedWidth(96)
        self.target.edited.connect(self._ask)
        self.forecast = label("", "body", wrap=True)
        self.said = label("", "caption", wrap=True)
        self.empty = EmptyState("")
        self._lay_out()
        session.build.changed.connect(self._planned_anew)
        session.train.recipe_changed.connect(self._planned_anew)
        theme.changed.connect(self._again)

    def _lay_out(self) -> None:
        head, foot = QHBoxLayout(), QHBoxLayout()
        for row in (head, foot):
            row.setSpacing(8)
        head.addWidget(self.by)
        head.addWidget(self.of, 1)
        self.unit = label("", "caption")
        foot.addWidget(label("Predict at", "label"))
        foot.addWidget(self.target)
        foot.addWidget(self.unit, 1)
        full = QWidget()
        inner = QVBoxLayout(full)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(8)
        inner.addWidget(self.plot, 1)
        inner.addLayout(foot)
        inner.addWidget(self.forecast)
        inner.addWidget(self.said)
        self.views = QStackedWidget()
        self.views.addWidget(self.empty)
        self.views.addWidget(full)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 8, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.views, 1)

    @property
    def kind(self) -> By:
        return next(kind for kind in KINDS if kind == self.by.chosen)

    def tick(self) -> None:
        """The law changes when a run ends, and that is told."""

    def refresh(self) -> None:
        self.of.refresh()
        ended = ENDED[: 1 if self.kind == "parameters" else 2]  # a run that was stopped says little about its size
        runs = [run for run in self.of.runs() if run.state in ended and run.validation.last is not None and run.step]
        build = self.session.build
        now = (self.kind, build.model, self.session.train.recipe, [(run.name, run.step) for run in runs])
        if now == self._drawn_for:
            return
        self._drawn_for = now
        self._runs = {run.name: run for run in runs}
        self._points = [_point(run) for run in runs]
        fitting = self.session.files.ask(fit, self._points, self.kind)  # some 40 ms
        self.session.then(fitting, partial(self._fitted, now), partial(self._unfit, now))

    def _fitted(self, asked: object, law: Fit) -> None:
        if asked == self._drawn_for:
            self.law = law
            self.target.set_value(self._asked.get(law.by, self._planned(law)))
            self._show(law)
            self.views.setCurrentIndex(1)

    def _unfit(self, asked: object, error: BaseException) -> None:
        """There is no law: the sentence says what is missing."""
        if asked == self._drawn_for:
            self.law = None
            self.empty.set_text(sentence(error))
            self.views.setCurrentWidget(self.empty)

    def _planned(self, law: Fit) -> float:
        """The run that could be started now, where it is larger than those made; else ten times the largest."""
        model, recipe = self.session.build.model, self.session.train.recipe
        tokens = float(recipe.steps) * recipe.batch * model.context
        sizes = {"parameters": float(total(model)), "tokens": tokens, "compute": tokens * flops_per_token(model)}
        most = max(law.sizes)
        return sizes[law.by] if sizes[law.by] > 1.5 * most else float(f"{FURTHER * most:.2g}")

    def _show(self, law: Fit) -> None:
        asked = float(self.target.value)
        low, high = min(*law.sizes, asked), max(*law.sizes, asked)
        along = np.geomspace(low / 1.3, high * 1.3, ALONG).tolist()
        middle = line(law, along)
        said = predict(law, asked)
        dots = [self._dot(each, law.by) for each in self._points if getattr(each, law.by) > 0]
        dots.append(
            Dot(key="", name=f"{NEXT}, about {fixed(said.value)}", x=asked, y=said.value, open=True, named=True,
                color=theme.color("text"), rows=(("most likely", f"{fixed(said.low)} to {fixed(said.high)}"),
                                                 (WORDS[law.by], magnitude(asked))))
        )  # fmt: skip
        band = Band(xs=along, low=[each.low for each in middle], high=[each.high for each in middle])
        law_line = Line(xs=along, ys=[each.value for each in middle], dashed=True)
        self.plot.set(dots, (WORDS[law.by], LOSS), magnitude, [law_line], [band], log=True)
        self.unit.setText(WORDS[law.by])
        self.forecast.setText(told(law, asked, f"a run of {magnitude(asked)} {WORDS[law.by]}"))
        self.said.setText(f"Through {plural(len(law.names), 'run')}. {law.sentence}")

    def _dot(self, each: Point, by: By) -> Dot:
        run = self._runs[each.name]
        rows = (("validation loss", fixed(each.loss)), (WORDS[by], magnitude(getattr(each, by))))
        color = theme.run(run.number)
        return Dot(key=run.name, name=run.name, x=getattr(each, by), y=each.loss, color=color, rows=rows)

    def _ask(self, size: float) -> None:
        self._asked[self.kind] = size
        if self.law is not None:
            self._show(self.law)

    def _pick(self, name: str) -> None:
        if name in self._runs:
            self.session.train.show(self._runs[name])

    def seen(self) -> Seen | None:
        """The picture, and what the law goes through."""
        if self.law is None:
            return None
        rows: list[tuple[object, ...]] = [("run", "parameters", "tokens", "operations", "validation_loss")]
        rows += [(each.name, each.parameters, each.tokens, each.compute, each.loss) for each in self._points]
        return Seen("scaling", self.plot, lambda: rows)

    def _planned_anew(self) -> None:
        if self.isVisible():
            self.refresh()

    def _again(self) -> None:
        self._drawn_for = None  # dots hold colours
        if self.isVisible():
            self.refresh()


def _point(run: Run) -> Point:
    loss = run.validation.last if run.whole is None else run.whole
    assert loss is not None
    read = run.tokens.last or float(run.step) * run.recipe.batch * run.model.context
    return point(run.name, run.model, read, loss)


def magnitude(value: float) -> str:
    """800000 as "800 k", 1.8e7 as "18 M"; from a million millions on as a power of ten."""
    if value >= 1e12:
        head, tail = f"{value:.1e}".split("e")
        return f"{head.removesuffix('.0')}e{int(tail)}"
    step, sign = next(((step, sign) for step, sign in STEPS if value >= step), (1.0, ""))
    return f"{value / step:.3g}{THIN if sign else ''}{sign}"
