"""The recipe: edited for the next run, and in force in the run that goes on."""

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ..core.train.recipe import Recipe
from .build import BuildRoom
from .data import DataRoom
from .edits import Edits
from .hall import Hall
from .signal import Signal
from .starting import Starting
from .steering import Steering, differences
from .weights import Weights

if TYPE_CHECKING:
    from .opened import Opened


class Recipes(Starting):
    def __init__(self, hall: Hall, data: DataRoom, build: BuildRoom, weights: Weights) -> None:
        super().__init__(hall, data, build, weights)
        self.recipe_changed = Signal()
        self._edits: Edits[Recipe] = Edits(Recipe(), self._edited)
        self._steering = Steering(hall)
        self._shown_recipe = self.recipe  # in force when it was last told

    @property
    def recipe(self) -> Recipe:
        """For the next run."""
        return self._edits.value

    @property
    def in_force(self) -> Recipe:
        """What a form shows and edits: the recipe of the run that goes on as it is now, else that for the next run."""
        return self._steering.in_force(self.live) if self.live else self.recipe

    @property
    def can_undo(self) -> bool:
        return self._edits.can_undo

    @property
    def can_redo(self) -> bool:
        return self._edits.can_redo

    def edit(self, recipe: Recipe, what: str = "") -> None:
        """Take what differs from the recipe in force, for the next run; one that goes on takes it at once if it can."""
        fields = differences(self.in_force, recipe)
        live = self.live
        self._edits.edit(replace(self.recipe, **fields), what)
        if live:
            self._steering.change(live, fields, what)
        self._tell_recipe()

    def undo(self) -> None:
        self._turn(self._edits.undo)

    def redo(self) -> None:
        self._turn(self._edits.redo)

    def _turn(self, turn: Any) -> None:
        """Undo or redo, for a run that goes on too."""
        before = self.recipe
        turn()
        if self.live:
            self._steering.change(self.live, differences(before, self.recipe))
        self._tell_recipe()

    # the room

    def enter(self, opened: "Opened") -> None:
        super().enter(opened)
        self._edits.reset(opened.project.recipe)
        self._tell_recipe()

    def leave(self) -> None:
        self._steering.clear()
        super().leave()

    def poll(self) -> None:
        super().poll()
        self._steering.poll()
        self._tell_recipe()

    def _tell_recipe(self) -> None:
        """The recipe in force may change by itself: a run begins or ends, rolls back, or takes what was asked."""
        if (now := self.in_force) != self._shown_recipe:
            self._shown_recipe = now
            self.recipe_changed.emit()

    def _edited(self) -> None:
        if self._hall.project and self.recipe != self._hall.project.recipe:
            self._hall.edit_project(recipe=self.recipe)
        self.recipe_changed.emit()
