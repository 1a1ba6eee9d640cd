"""The room of the design: the model's spec, its history of edits, what is selected, its problems and its cost."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ..core.model import edits, spec
from ..core.model.check import Fix, Problem, problems
from ..core.model.cost import Cost, cost
from ..core.model.presets import PRESETS
from .alive import Alive
from .data import DataRoom
from .edits import Edits
from .estimate import Estimate
from .hall import Hall
from .signal import Signal

if TYPE_CHECKING:
    from .opened import Opened


ENDS = ("embed", "head")  # may be selected, and are no values of the spec


class BuildRoom:
    alive: Alive  # how the parts are in the run looked at; the session puts it here
    estimate: Estimate  # what the design will take to train; likewise

    def __init__(self, hall: Hall, data: DataRoom) -> None:
        self._hall, self._data = hall, data
        self.changed, self.selected_changed = Signal(), Signal()
        self.copied = Signal()  # there is a new text in `clipboard`
        self.clipboard = ""  # what is copied, as text; the window keeps it in step with the desktop's
        self.selection: tuple[str, ...] = ()  # paths of the spec: "blocks.2.attn"; none is the whole model
        self._on_disk: spec.Model | None = None  # what model.json stands for; None while no project has been entered
        self._damage: Problem | None = None
        self._edits: Edits[spec.Model] = Edits(spec.Model(), self._edited, lambda: self.selection, self.select_all)
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

    def edit(self, model: spec.Model, what: str = "", select: Iterable[str] | None = None) -> None:
        """Take a new design, and select these paths of it. Quick edits of the same `what` (a path and field, the verb
        of a held key) undo as one."""
        self._edits.edit(model, what)
        if select is not None:
            self.select_all(select)

    def undo(self) -> None:
        self._edits.undo()

    def redo(self) -> None:
        self._edits.redo()

    # what is selected

    @property
    def selected(self) -> str:
        """The path that was selected last; "" is the whole model."""
        return self.selection[-1] if self.selection else ""

    @property
    def selected_blocks(self) -> list[int]:
        """The blocks that are selected, or in a selected group, or have a selected part; in order."""
        return blocks_of(self.model, self.selection)

    def select(self, path: str, more: bool = False) -> None:
        """Select one path, "" for none; or with `more`, add it to the selected ones or take it off."""
        if more and path in self.selection:
            self.select_all(each for each in self.selection if each != path)
        else:
            self.select_all([*self.selection, path] if more else [path])

    def select_all(self, paths: Iterable[str] | None = None) -> None:
        """Select these paths, the last of them foremost; all blocks if none are given."""
        chosen = [f"blocks.{i}" for i in range(len(self.model.blocks))] if paths is None else paths
        selection = tuple(dict.fromkeys(path for path in chosen if path))
        if selection != self.selection:
            self.selection = selection
            self.selected_changed.emit()

    # what is copied

    @property
    def can_copy(self) -> bool:
        return bool(self.selected_blocks)

    def copy(self) -> None:
        """Take the selected blocks, or the one selected part, onto the clipboard."""
        if not self.can_copy:
            return
        path = self.selected
        lone = len(self.selection) == 1 and path.count(".") == 2
        fragment = edits.copy_part(self.model, path) if lone else edits.copy(self.model, self.selected_blocks)
        self.clipboard = edits.to_text(fragment)
        self.copied.emit()

    def cut(self) -> None:
        if self.can_copy:
            self.copy()
            self.edit(edits.remove_paths(self.model, self.selection), select=())

    def paste(self, at: int | None = None) -> None:
        """Put what is copied into gap `at`, or after the selected blocks, or at the end; a lone part into the selected
        blocks, unless a gap is given. What came in is selected."""
        try:
            fragment = edits.from_text(self.clipboard)
        except ValueError as error:
            self._hall.say(str(error), "error")
            return
        here = self.selected_blocks
        if fragment.part and here and at is None:
            model = self.model
            for i in here:
                model = edits.paste_part(model, i, fragment)
            self.edit(model, select=[f"blocks.{i}.{fragment.part}" for i in here])
            return
        gap = at if at is not None else here[-1] + 1 if here else len(self.model.blocks)
        came = [f"blocks.{gap + k}" for k in range(len(fragment.blocks))]
        self.edit(edits.paste(self.model, gap, fragment), select=came)

    # the rest

    def use_preset(self, name: str) -> None:
        """Start from a preset, keeping the vocabulary of the project's tokenizer."""
        self.edit(self._with_vocabulary(PRESETS[name].model))

    def enter(self, opened: "Opened") -> None:
        self.selection = ()
        self._on_disk = model = self._with_vocabulary(opened.model)
        self._damage = _damage(opened.damage, model) if opened.damage else None
        self._edits.reset(model)
        self.selected_changed.emit()

    def leave(self) -> None:
        """The design is saved at every edit."""
        self._on_disk = self._damage = None
        self.alive.leave()

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
        there = [p for p in self.selection if p in ENDS or spec.part(self.model, p) is not None]
        self.select_all(there)
        self.changed.emit()


def blocks_of(model: spec.Model, paths: Iterable[str]) -> list[int]:
    """The blocks that the paths name, are in, or group; in order."""
    found: set[int] = set()
    for kind, number, *_ in (path.split(".") for path in paths if "." in path):
        if kind == "blocks":
            found.add(int(number))
        elif kind == "groups":
            group = model.groups[int(number)]
            found |= {*range(group.first, min(group.last + 1, len(model.blocks)))}
    return sorted(found)


def _damage(why: str, shown: spec.Model) -> Problem:
    """The project's design cannot be read: nothing trains until the person has put another in its place."""
    nano = replace(PRESETS["nano"].model, vocab=shown.vocab)
    return Problem(where="", text=why, fixes=(Fix(label="Start from the preset nano", model=nano),))
