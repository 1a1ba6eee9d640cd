"""The room of the design: the model's spec, its history of edits, its problems and its cost."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from ..core.model import spec
from ..core.model.check import Fix, Problem, problems
from ..core.model.cost import Cost, cost
from ..core.model.presets import PRESETS
from .data import DataRoom
from .edits import Edits
from .hall import Hall
from .signal import Signal

if TYPE_CHECKING:
    from .opened import Opened


class BuildRoom:
    def __init__(self, hall: Hall, data: DataRoom) -> None:
        self._hall, self._data = hall, data
        self.changed, self.selected_changed = Signal(), Signal()
        self.selected = ""  # a path of the spec: "blocks.2.attn"; "" is the whole model
        self._on_disk: spec.Model | None = None  # what model.json stands for; None while no project has been entered
        self._damage: Problem | None = None
        self._edits: Edits[spec.Model] = Edits(spec.Model(), self._edited)
        self._edited()
        data.changed.connect(self._follow_tokenizer)

    @property
    def model(self) -> spec.Model:
        return self._edits.value

    @property
    def can_undo(self) -> bool:
        return self._edits.can_undo

    @property
    def can_redo(self) -> bool:
        return self._edits.can_redo

    def edit(self, model: spec.Model, what: str = "") -> None:
        """Take a new design. Quick edits of the same `what` (a path and field) undo as one."""
        self._edits.edit(model, what)

    def undo(self) -> None:
        self._edits.undo()

    def redo(self) -> None:
        self._edits.redo()

    def select(self, path: str) -> None:
        if path != self.selected:
            self.selected = path
            self.selected_changed.emit()

    def use_preset(self, name: str) -> None:
        """Start from a preset, keeping the vocabulary of the project's tokenizer."""
        self.edit(self._with_vocabulary(PRESETS[name].model))

    def enter(self, opened: "Opened") -> None:
        self.selected = ""
        self._on_disk = model = self._with_vocabulary(opened.model)
        self._damage = _damage(opened.damage, model) if opened.damage else None
        self._edits.reset(model)
        self.selected_changed.emit()

    def leave(self) -> None:
        """The design is saved at every edit."""
        self._on_disk = self._damage = None

    def poll(self) -> None:
        """Nothing runs in this room."""

    def _with_vocabulary(self, model: spec.Model) -> spec.Model:
        manifest = self._data.manifest
        return replace(model, vocab=manifest.vocab) if manifest else model

    def _follow_tokenizer(self) -> None:
        """The vocabulary is the tokenizer's: not an edit of the person's, so not one to undo."""
        if self._damage and self._on_disk:
            self._on_disk = self._with_vocabulary(self._on_disk)
        self._edits.follow(self._with_vocabulary)

    def _edited(self) -> None:
        if self._on_disk not in (None, self.model) and self._hall.opened:
            self._on_disk, self._damage = self.model, None
            self._hall.save(self._hall.folder.write_model, self.model)
        self.problems: list[Problem] = [self._damage] if self._damage else problems(self.model)
        self.cost: Cost = cost(self.model)
        if self.selected and spec.part(self.model, self.selected) is None and self.selected not in ("embed", "head"):
            self.selected = ""
            self.selected_changed.emit()
        self.changed.emit()


def _damage(why: str, shown: spec.Model) -> Problem:
    """The project's design cannot be read: nothing trains until the person has put another in its place."""
    nano = replace(PRESETS["nano"].model, vocab=shown.vocab)
    return Problem(where="", text=why, fixes=(Fix(label="Start from the preset nano", model=nano),))
