"""What the insides of opened blocks show: their tensors at the moment, and the number that is pointed at."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ..core.inside.spot import Spot
from ..core.model.spec import Model, bare
from .hall import Hall
from .latest import Key, Latest
from .run import Run
from .signal import Signal
from .weights import Weights

if TYPE_CHECKING:
    from ..core.inside.anatomy import Anatomy, Inside
    from ..core.inside.working import Number

LONGEST = 64  # tokens of the probe that are taken apart: a picture of more cannot be read
Shown = tuple[Run, Path, int | None]


class Opened(Struct, frozen=True, kw_only=True):
    """One block taken apart, eval mode, float32."""

    run: str
    step: int
    texts: list[str]  # of the tokens read
    all_texts: int  # how many there are in the probe
    model: Model  # the design of the run
    anatomy: "Anatomy"


class InnerRoom:
    """`changed` says that something to draw is new; `pointed`, that another number is pointed at."""

    def __init__(
        self, hall: Hall, weights: Weights, shown: Callable[[], Shown], key: Callable[[], Key], probe: Callable[[], str]
    ) -> None:
        self._hall, self._weights, self._shown, self._key, self._probe = hall, weights, shown, key, probe
        self.changed, self.pointed = Signal(), Signal()
        self.values = True  # False: shapes only
        self.heads: dict[str, int] = {}  # the opened head, or expert, of each part, by path
        self.locked: Spot | None = None  # clicked
        self.hovered: Spot | None = None
        self._blocks: dict[int, Latest[Opened]] = {}

    def block(self, index: int) -> "Latest[Opened]":
        """The newest answer for a block; `keep` it while it is on the screen."""
        if index not in self._blocks:

            def key() -> Key:
                found = self._key()
                return replace(found, what=(found.what, index))

            made: Latest[Opened] = Latest(self._hall, key, lambda: self.ask(index))
            made.changed.connect(self._told)
            self._blocks[index] = made
        return self._blocks[index]

    def keep(self, design: Model, index: int) -> None:
        """Ask for newer numbers of a block, where they are wanted and the run has this design."""
        try:
            same = self.values and bare(self._shown()[0].model) == bare(design)
        except ValueError:
            return  # there is no model; `why_not` says so
        if same:
            self.block(index).keep()

    def ask(self, index: int) -> "Future[Opened]":
        """Take one block apart at the moment. ValueError, at once or in the future, where it cannot be."""
        timed = self.block(index).timed(self._dissect)
        return self._hall.models.ask(timed, *self._shown(), self._probe(), index)

    def inside(self, design: Model, path: str) -> "Inside | None":
        """The tensors of a part of this design; None while there are none, or those there are come from another one."""
        _, index, name = path.split(".")
        found = self.block(int(index)).value
        if not self.values or found is None or bare(found.model) != bare(design):
            return None
        return found.anatomy.parts.get(name)

    def why_not(self, design: Model, index: int) -> str:
        """Why there are shapes only, in one sentence; "" where there are numbers, or will be soon."""
        if not self.values:
            return "Shapes only."
        try:
            run = self._shown()[0]
        except ValueError as error:
            return str(error)
        if bare(run.model) != bare(design):
            return f"{run.name} has another design. Train this one to see its numbers."
        return self.block(index).error

    def show_values(self, on: bool) -> None:
        if on != self.values:
            self.values = on
            self.changed.emit()

    def open_head(self, path: str, head: int) -> None:
        """Look into this head of an attention or recurrence, or this expert."""
        if self.heads.get(path, 0) != head:
            self.heads[path] = head
            self.changed.emit()

    @property
    def spot(self) -> Spot | None:
        """The number that is pointed at now: the hovered one, else the clicked one."""
        return self.hovered or self.locked

    def hover(self, spot: Spot | None) -> None:
        if spot != self.hovered:
            self.hovered = spot
            self.pointed.emit()

    def lock(self, spot: Spot | None) -> None:
        """Keep pointing at a number; the same again, or None, lets go."""
        locked = None if spot == self.locked else spot
        if locked != self.locked:
            self.locked = locked
            self.pointed.emit()

    def number(self, spot: Spot) -> "tuple[Number, Opened] | None":
        """Where the number comes from. None while its block is not taken apart, or has no such number."""
        from ..core.inside.arithmetic import explain

        _, index, name = spot.path.split(".")
        found = self._blocks[int(index)].value if int(index) in self._blocks else None
        part = found.anatomy.parts.get(name) if found else None
        tensor = part.tensors.get(spot.name) if part else None
        if found is None or part is None or tensor is None or tensor.ndim != len(spot.index):
            return None
        if any(not 0 <= i < size for i, size in zip(spot.index, tensor.shape, strict=True)):
            return None
        return explain(part, spot, found.texts), found

    def leave(self) -> None:
        """Another project: nothing of this one is pointed at."""
        self.locked = self.hovered = None
        self.heads.clear()
        for latest in self._blocks.values():
            latest.reset()
        self._blocks.clear()

    def _told(self) -> None:
        self.changed.emit()
        self.pointed.emit()  # the same number has a new value

    # on the model thread

    def _dissect(self, run: Run, folder: Path, moment: int | None, probe: str, index: int) -> Opened:
        from ..core.inside.inner import dissect

        if index >= len(run.model.blocks):
            raise ValueError(f"{run.name} has no block {index + 1}.")
        gpt, step = self._weights.at(run, folder, moment)
        tokenizer = self._weights.tokenizer(run, folder)
        pieces = [piece for piece in tokenizer.pieces(probe) if piece.known]
        anatomy = dissect(gpt, [piece.id for piece in pieces][-LONGEST:], index)
        texts = [piece.text for piece in pieces[-len(anatomy.ids) :]]
        return Opened(run=run.name, step=step, texts=texts, all_texts=len(pieces), model=run.model, anatomy=anatomy)
