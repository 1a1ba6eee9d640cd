"""How the model is trained: a form of the recipe, a picture of its schedule, one sentence, and the deeds."""

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from .....core.train.recipe import LIVE, Recipe
from .....session.worker import Job
from ....form import Form, Row, options
from ....panel import Panel
from ....rate_finder import RateFinder
from ....widgets.button import button, tool
from ....widgets.explanation import Explanation
from ....widgets.fold import Fold
from ....widgets.label import label
from ....words.recipe import portion
from .deeds import Deeds
from .explanation import CHOSEN, explained, of_value
from .schedule import Schedule
from .unusual import unusual

LOCKED = "Fixed while a run goes on: stop it to change the recipe of the next one"
STARTING = "The text is being made ready for a run with this recipe"
CLOSED = ("Against overfitting", "Machine")  # groups that most never need
MORE = 1000  # steps that the button beside them adds


class RecipePanel(Panel):
    title = "Recipe"
    name = "train.recipe"
    hint = "How long, how fast and in what portions the model learns"

    def build(self) -> None:
        train = self.session.train
        self.undo = tool("undo", "Undo the last change of the recipe", train.undo)
        self.redo = tool("redo", "Redo", train.redo)
        self.add_tool(self.undo)
        self.add_tool(self.redo)
        self.portion = label("", "caption", wrap=True)
        self.schedule = Schedule()
        self.finder = RateFinder(self.session)
        self._search: Job | None = None  # the finder's job that was last seen
        self._reveal_in = 0
        self.forms: dict[str, Form] = {}
        self.folds: dict[str, Fold] = {}
        inner = QWidget()
        self.column = QVBoxLayout(inner)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(8)
        below = {"Length": [self.portion], "Learning rate": [self.schedule, self.finder]}
        for group in dict.fromkeys(option.group for option in options(Recipe)):
            self._add_group(group, below.get(group, []))
        self.column.addStretch(1)
        self.more = button("+1\u2009000", "", "slim", self._longer, f"{MORE:,} steps more".replace(",", "\u2009"))
        self.more.setFixedWidth(52)
        self.row("steps").put_beside(self.more)
        self.explanations = {name: self._explain(name) for name in CHOSEN}
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(inner)
        self.area.verticalScrollBar().rangeChanged.connect(self._scrolls)
        inner.setAutoFillBackground(False)  # the panel's ground shows through
        self.deeds = Deeds(self.session)
        self.body.addWidget(self.area, 1)
        self.body.addWidget(self.deeds)
        for signal in (train.changed, train.recipe_changed, self.session.data.changed, self.session.build.changed):
            signal.connect(self._refresh)
        self._refresh()

    def row(self, name: str) -> Row:
        """The row of a field of the recipe."""
        return next(form.row(name) for form in self.forms.values() if name in form.names)

    def tick(self) -> None:
        """The dot moves, progress counts, and a run that ends frees the form."""
        live, recipe = self.session.train.live, self.session.train.in_force
        if live is None:
            self.schedule.show_recipe(recipe, None, 1)
        else:
            self.schedule.show_recipe(recipe, live.step, live.number, live.rate)
        self.finder.tick()
        self._show_search()
        self.deeds.refresh()

    def _show_search(self) -> None:
        """Bring a search for a rate into view when its plot is laid out: the doctor may have begun it."""
        if self.finder.job is not self._search:
            self._search = self.finder.job
            if self._search is not None and self._search.running:
                self._reveal_in = 2  # ticks
                self.folds["Learning rate"].open(True)
        if self._reveal_in and not self.finder.plot.isHidden():
            self._reveal_in -= 1
            if not self._reveal_in:
                self.area.ensureWidgetVisible(self.finder)

    def _add_group(self, group: str, below: list[QWidget]) -> None:
        names = [option.name for option in options(Recipe) if option.group == group]
        form = self.forms[group] = Form(self.session.train.recipe, self._edited, names, titled=False)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(8)
        column.addWidget(form)
        for widget in below:
            column.addWidget(widget)
        fold = self.folds[group] = Fold(group, inside, group not in CLOSED)
        self.column.addWidget(fold)

    def _explain(self, name: str) -> Explanation:
        made = Explanation()
        self.row(name).put_below(made)
        return made

    def _scrolls(self, low: int, high: int) -> None:
        """Keep off the scroll bar while there is one."""
        self.column.setContentsMargins(0, 0, 8 if high > low else 0, 0)

    def _refresh(self) -> None:
        train = self.session.train
        live = train.live
        recipe, model = train.in_force, live.model if live else self.session.build.model
        all_fields = set(Recipe.__struct_fields__)
        fixed = all_fields - set(LIVE) if live else all_fields if train.starting else set()
        for group, form in self.forms.items():
            form.set(recipe)
            form.lock(fixed, LOCKED if live else STARTING)
            self.folds[group].set_words(unusual(recipe, form.names))
        for name, words in explained(recipe).items():
            self.row(name).set_help(words)
        for name, explanation in self.explanations.items():
            explanation.say(of_value(recipe, name))
        manifest = self.session.data.manifest
        self.portion.setText(portion(recipe, model, manifest.train_tokens if manifest else None))
        self.more.setEnabled(not train.starting)
        self.undo.setEnabled(train.can_undo and not train.starting)
        self.redo.setEnabled(train.can_redo and not train.starting)
        self.tick()

    def _edited(self, recipe: Recipe) -> None:
        before = self.session.train.in_force
        changed = [name for name in recipe.__struct_fields__ if getattr(recipe, name) != getattr(before, name)]
        self.session.train.edit(recipe, " ".join(changed))

    def _longer(self) -> None:
        """Of the run that goes on, or of the next one."""
        recipe = self.session.train.in_force
        self._edited(replace(recipe, steps=recipe.steps + MORE))
