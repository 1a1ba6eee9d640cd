"""How the model is trained: a form of the recipe, a picture of its schedule, one sentence, and the deeds."""

from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from .....core.train.recipe import Recipe
from ....form import Form, options
from ....panel import Panel
from ....widgets.button import tool
from ....widgets.label import label
from ....words.recipe import portion
from .deeds import Deeds
from .schedule import Schedule

LOCKED = "Fixed while a run goes on: stop it to change the recipe of the next one"


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
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        self.portion = label("", "caption", wrap=True)
        self.schedule = Schedule()
        below = {"Length": self.portion, "Learning rate": self.schedule}
        self.forms: list[Form] = []
        for group in dict.fromkeys(option.group for option in options(Recipe)):
            form = Form(train.recipe, self._edited, [o.name for o in options(Recipe) if o.group == group])
            self.forms.append(form)
            column.addWidget(form)
            if group in below:
                column.addWidget(below[group])
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setWidget(inner)
        inner.setAutoFillBackground(False)  # the panel's ground shows through
        self.deeds = Deeds(self.session)
        self.body.addWidget(self.area, 1)
        self.body.addWidget(self.deeds)
        for signal in (train.changed, train.recipe_changed, self.session.data.changed, self.session.build.changed):
            signal.connect(self._refresh)
        self._refresh()

    def tick(self) -> None:
        """The dot moves, progress counts, and a run that ends frees the form."""
        live = self.session.train.live
        recipe = live.recipe if live else self.session.train.recipe
        self.schedule.show_recipe(recipe, live.step if live else None, live.number if live else 1)
        self.deeds.refresh()

    def _refresh(self) -> None:
        train = self.session.train
        live = train.live
        recipe, model = (live.recipe, live.model) if live else (train.recipe, self.session.build.model)
        for form in self.forms:
            form.set(recipe)
            form.lock(recipe.__struct_fields__ if train.busy else (), LOCKED)
        manifest = self.session.data.manifest
        self.portion.setText(portion(recipe, model, manifest.train_tokens if manifest else None))
        self.undo.setEnabled(train.can_undo and not train.busy)
        self.redo.setEnabled(train.can_redo and not train.busy)
        self.tick()

    def _edited(self, recipe: Recipe) -> None:
        before = self.session.train.recipe
        changed = [name for name in recipe.__struct_fields__ if getattr(recipe, name) != getattr(before, name)]
        self.session.train.edit(recipe, " ".join(changed))
