"""The one dial for the size: a target of parameters or of minutes, and what follows from it."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from .....core.model import dial
from .....core.model.spec import Model
from .....core.train.recipe import Recipe
from .....session.session import Session
from ....canvas.words import millions
from ....numbers import count
from ....widgets.label import label
from ....widgets.segments import Segments
from ....widgets.slider import Slider
from ....words.numbers import rate

PARAMETERS, MINUTES = "parameters", "minutes"
LONGEST = 24 * 60.0  # minutes
DECADES = tuple(10.0**n for n in range(5, 10))
TIMES = (1.0, 5.0, 15.0, 60.0, 240.0, LONGEST)


def lasting(seconds: float) -> str:
    """12 min, 1 440 min; what is far beyond the dial: 9 days, 20 years."""
    days = seconds / 86_400
    if days < 2:
        return f"{count(max(1, round(seconds / 60)))} min"
    return f"{count(round(days))} days" if days < 730 else f"{count(round(days / 365.25))} years"


class SizeDial(QWidget):
    """Turning it is one edit of the design and one of the recipe; the kind of design stays."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._from: tuple[Model, Recipe] | None = None  # the design that is being turned
        self._made: tuple[Model, Recipe] | None = None  # what turning has made of it
        self._wish: float | None = None  # minutes asked for, until the speed of what was made of them is measured
        self.value = label("", "strong")
        self.unit = Segments([PARAMETERS, MINUTES], PARAMETERS, "Size in")
        self.unit.set_hint(MINUTES, "What makes best use of so much time on this computer, once its speed is measured")
        self.unit.changed.connect(lambda _: self._refresh())
        self.parameters = Slider(1e6, (dial.SMALLEST, dial.LARGEST), log=True, stops=DECADES, name="Parameters")
        self.minutes = Slider(5.0, (1.0, LONGEST), log=True, stops=TIMES, name="Minutes of training")
        self.parameters.moved.connect(self._sized)
        self.minutes.moved.connect(self._timed)
        for slider in (self.parameters, self.minutes):
            slider.sliderReleased.connect(self._refresh)
        self.words = label("", "caption", wrap=True)
        head = QHBoxLayout()
        head.addWidget(label("Size", "body"))
        head.addStretch()
        head.addWidget(self.value)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 4)
        column.setSpacing(4)
        column.addLayout(head)
        for widget in (self.parameters, self.minutes, self.unit, self.words):
            column.addWidget(widget)
        for signal in (session.build.changed, session.train.recipe_changed, session.build.estimate.changed):
            signal.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        build, estimate = self.session.build, self.session.build.estimate
        timed = self.unit.chosen == MINUTES
        if self._wish is not None and estimate.state == "measured" and not self.minutes.isSliderDown():
            self._measured(self._wish)
        self.minutes.setVisible(timed)
        self.parameters.setVisible(not timed)
        size = build.cost.parameters
        seconds = estimate.seconds
        if timed:
            self.value.setText("" if seconds is None else lasting(seconds))
            if seconds is not None and not self.minutes.isSliderDown():
                self.minutes.set_exact(self._wish or min(max(seconds / 60, 1.0), LONGEST))
        else:
            self.value.setText(millions(size))
            if not self.parameters.isSliderDown():
                self.parameters.set_exact(min(max(float(size), dial.SMALLEST), dial.LARGEST))
        self.minutes.setEnabled(seconds is not None)
        self.words.setText(
            self._sentence() if seconds is not None or not timed else "Waits until the speed is measured."
        )

    def _sentence(self) -> str:
        """What the dial has set, say 4 blocks, 256 wide, 4 heads."""
        model, recipe = self.session.build.model, self.session.train.recipe
        heads = {block.attention.heads for block in model.blocks if block.attention}
        shape = [f"{count(len(model.blocks))} block{'s' * (len(model.blocks) != 1)}", f"{count(model.width)} wide"]
        shape += [f"{heads.pop()} heads"] if len(heads) == 1 else []
        how = [f"{count(recipe.steps)} steps"] if self.unit.chosen == MINUTES else []
        how += [f"batch {count(recipe.batch)}", f"rate {rate(recipe.learning_rate)}"]
        return f"{', '.join(shape)}; {', '.join(how)}. One dial; the rest follows."

    def _sized(self, parameters: float) -> None:
        self._wish = None
        model, recipe = self._begin()
        self._take(*dial.sized(model, recipe, parameters))

    def _measured(self, minutes: float) -> None:
        """The size was chosen by the speed of another design: choose it once more by its own."""
        self._wish = None
        if (self.session.build.model, self.session.train.recipe) == self._made:
            self._fit(minutes)

    def _timed(self, minutes: float) -> None:
        self._wish = minutes
        self._fit(minutes)

    def _fit(self, minutes: float) -> None:
        speed = self.session.build.estimate.flops_per_second
        if speed is not None:
            model, recipe = self._begin()
            self._take(*dial.lasting(model, recipe, 60 * minutes, speed))

    def _begin(self) -> tuple[Model, Recipe]:
        """What is turned: the design as it was when the dial was first touched, so that going back gives it back."""
        now = self.session.build.model, self.session.train.recipe
        if self._from is None or now != self._made:
            self._from = now
        return self._from

    def _take(self, model: Model, recipe: Recipe) -> None:
        self._made = model, recipe
        self.session.build.edit(model, "size")
        self.session.train.edit(recipe, "size")
