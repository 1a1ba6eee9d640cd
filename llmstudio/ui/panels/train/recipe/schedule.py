"""A small picture of the learning rate against the steps, with a dot where the run is now."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from .....core.train.recipe import Recipe
from .....core.train.schedule import learning_rate
from ....numbers import count
from ....theme import theme
from ....words.numbers import rate

HEIGHT, POINTS, PAD = 56, 120, 8
Align = Qt.AlignmentFlag


class Rates(Protocol):
    """Rates against rising steps."""

    steps: Sequence[float]
    values: Sequence[float]


class Schedule(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._recipe = Recipe()
        self._step: int | None = None
        self._number = 1
        self._past: Rates | None = None
        self._highest = 0.0  # of the rates it had
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("The learning rate at each step: warm-up, then the schedule")
        self._describe()
        theme.changed.connect(self.update)

    def show_recipe(self, recipe: Recipe, step: int | None, number: int, past: Rates | None = None) -> None:
        """`step`: how far run `number` is; None while nothing runs. `past`: the rates it had."""
        self._past = past
        if (recipe, step, number) == (self._recipe, self._step, self._number):
            return
        before = (self._recipe, self._number, self._drawn())
        self._recipe, self._step, self._number = recipe, step, number
        if before != (recipe, number, self._drawn()):
            self._highest = max(past.values[:: max(1, len(past.values) // POINTS)], default=0.0) if past else 0.0
            self._describe()
            self.update()

    def _drawn(self) -> tuple[str, int | None]:
        """What of the step can be seen: the words, and the place to the pixel."""
        return self.words(), None if self._step is None else round(self._place(self._step).x())

    def words(self) -> str:
        if self._step is None:
            return f"to {rate(learning_rate(self._recipe, self._recipe.steps))}"
        return f"now {rate(learning_rate(self._recipe, self._step))}"

    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(QPen(theme.color("line"), 1))
        p.setBrush(theme.color("well"))
        p.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        done = self._recipe.steps if self._step is None else min(self._step, self._recipe.steps)
        color = theme.run(self._number) if self._step is not None else theme.color("muted")
        past = self._points_before() if self._step is not None else []
        self._curve(p, past or self._points(0, done), color, dotted=False)
        if done < self._recipe.steps:
            self._curve(p, self._points(done, self._recipe.steps), theme.color("control"), dotted=True)
        if self._step is not None:
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(color)
            p.drawEllipse(self._place(done), 3.5, 3.5)
        p.setFont(theme.font(11))
        p.setPen(theme.color("muted"))
        p.drawText(self.rect().adjusted(0, 5, -8, 0), Align.AlignRight | Align.AlignTop, self.words())

    def _curve(self, p: QPainter, points: list[QPointF], color: QColor, dotted: bool) -> None:
        pen = QPen(color, 1.75)
        if dotted:
            pen.setDashPattern([1, 2.5])
        p.setPen(pen)
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.drawPolyline(QPolygonF(points))

    def _points(self, first: int, last: int) -> list[QPointF]:
        """As the recipe has it, between two steps."""
        bends = {first, last, *(x for x in (self._recipe.warmup - 1, self._recipe.warmup) if first < x < last)}
        steps = sorted(bends | {first + round(i * (last - first) / POINTS) for i in range(POINTS)})
        return [self._place(step) for step in steps]

    def _points_before(self) -> list[QPointF]:
        """As it was: the recipe may have been changed on the way."""
        if self._past is None or not len(self._past.steps):
            return []
        count_of = min(len(self._past.steps), len(self._past.values))
        places = sorted({*range(0, count_of, max(1, count_of // (2 * POINTS))), count_of - 1})
        return [self._point(self._past.steps[i], self._past.values[i]) for i in places]

    def _place(self, step: int) -> QPointF:
        return self._point(step, learning_rate(self._recipe, step))

    def _point(self, step: float, rate_there: float) -> QPointF:
        top = max(self._recipe.learning_rate, self._recipe.min_learning_rate, self._highest)
        x = PAD + (self.width() - 2 * PAD) * min(step / self._recipe.steps, 1.0)
        y = self.height() - PAD - (self.height() - 2 * PAD) * min(rate_there / top, 1.0)
        return QPointF(x, y)

    def _describe(self) -> None:
        self.setAccessibleName(f"Learning rate over {count(self._recipe.steps)} steps, {self.words()}")
