"""Weights by hand: the matrix that is looked at, what was changed in it, and how the model reacts."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, ref

from msgspec import Struct
from msgspec.structs import replace

from ..core.inside.piece import Change, Piece
from ..core.train.events import Note
from .hall import Hall
from .latest import Key, Latest
from .run import Run
from .signal import Signal
from .weights import Weights
from .worker import Worker

if TYPE_CHECKING:
    from ..core.inside.weights import Described, Reaction
    from ..core.train.trainer import Trainer

Shown = tuple[Run, Path, int | None]
KEPT = 50  # changes that can be undone


class Where(Struct, frozen=True, kw_only=True):
    """The weights that are meant, and what to try them on."""

    run: Run
    folder: Path
    moment: int | None
    probe: str
    tokens: Path


class Sheet(Struct, frozen=True, kw_only=True, eq=False):
    """One matrix as it is, and all there are to choose from."""

    run: str
    step: int
    pieces: tuple[Piece, ...]
    described: "Described"


class Said(Struct, frozen=True, kw_only=True, eq=False):
    """How the model is at one moment, as text."""

    reaction: "Reaction"
    next: tuple[tuple[str, float], ...]  # the likeliest tokens after the probe, and their probabilities
    written: str  # how it goes on


class Done(Struct, frozen=True, kw_only=True, eq=False):
    """A change that was made to these weights; `before` is what they were, for undoing: in the network, and where
    weights are averaged too, also in their average."""

    change: Change
    place: tuple[str, int | None]  # run and moment
    before: list[Any]
    trainer: "ReferenceType[Trainer] | None"  # that had the weights: going on from a checkpoint makes another


class HandRoom:
    """`changed` says that the matrix, the reaction, or what can be undone is new."""

    def __init__(
        self,
        hall: Hall,
        weights: Weights,
        shown: Callable[[], Shown],
        key: Callable[[], Key],
        probe: Callable[[], str],
    ) -> None:
        self._hall, self._weights, self._shown, self._key, self._probe = hall, weights, shown, key, probe
        self.changed = Signal()
        self.piece: Piece | None = None  # None: the first there is
        self.sheet: Latest[Sheet] = Latest(hall, self._sheet_key, self._ask_sheet)
        self.sheet.changed.connect(self._told)
        self.before: Said | None = None  # the reactions around the last change
        self.after: Said | None = None
        self.busy = False
        self._done: list[Done] = []
        self._undone: list[Done] = []
        self.edits = 0  # made so far: views ask again after each

    def choose(self, piece: Piece) -> None:
        if piece != self.piece:
            self.piece = piece
            self.changed.emit()

    @property
    def done(self) -> list[str]:
        """What was changed, in words; the newest last."""
        return [each.change.text for each in self._done]

    @property
    def can_undo(self) -> bool:
        return bool(self._done) and not self.busy

    @property
    def can_redo(self) -> bool:
        return bool(self._undone) and not self.busy

    @property
    def note(self) -> str:
        """What a change made now would change, in one sentence."""
        try:
            run, _, moment = self._shown()
        except ValueError as error:
            return str(error)
        if moment is not None:
            return f"Changes a copy of the weights at step {moment:,}; the snapshot on the disk stays.".replace(
                ",", "\u2009"
            )
        if run.live:
            return f"Changes {run.name} itself, between two steps. Its history says so."
        return f"{run.name} has ended: changes last until the project is closed, or it goes on from its checkpoint."

    def edit(self, change: Change) -> "Future[Any]":
        """Change the weights at the moment. ValueError, at once or in the future, where that cannot be."""
        if self.busy:
            raise ValueError("The last change is still being made.")
        where = self._where()
        run, moment = where.run, where.moment
        asked = self._worker(run, moment).ask(self._apply, where, change)

        def took(answer: tuple[Any, Said, Said]) -> None:
            before, self.before, self.after = answer
            made = Done(change=change, place=(run.name, moment), before=before, trainer=_trainer(run))
            self._done = [*self._done[-KEPT + 1 :], made]
            self._undone.clear()
            self._noted(run, moment, f"Weights changed by hand: {change.text}.")

        return self._begin(asked, took)

    def undo(self) -> None:
        """Put the weights back as they were before the last change."""
        if self.can_undo:
            self._turn(self._done, self._undone, "put back")

    def redo(self) -> None:
        if self.can_redo:
            self._turn(self._undone, self._done, "changed again")

    def leave(self) -> None:
        self.piece, self.before, self.after, self.busy = None, None, None, False
        self._done, self._undone = [], []
        self.sheet.reset()

    def _turn(self, from_: list[Done], to: list[Done], what: str) -> None:
        """Take the newest of one list at this moment, swap its weights with the network's; it goes to the other."""
        try:
            where = self._where()
        except ValueError as error:  # the run is gone
            self._hall.tell(error)
            return
        run, moment = where.run, where.moment
        last = next((each for each in reversed(from_) if each.place == (run.name, moment)), None)
        if last is None:
            self._hall.say(f"The last change was in {from_[-1].place[0]}. Look at that moment again first.")
            return
        if moment is None and last.trainer != _trainer(run):
            self._forget(last.place)
            self._hall.say(f"{run.name} went on from its checkpoint: what was changed by hand before is not in it.")
            return
        asked = self._worker(run, moment).ask(self._swap, where, last)

        def made(answer: tuple[Any, Said, Said]) -> None:
            before, self.before, self.after = answer
            from_.remove(last)
            to.append(replace(last, before=before))
            self._noted(run, moment, f"Weights {what} by hand: {last.change.text}.")

        self._begin(asked, made)

    def _forget(self, place: tuple[str, int | None]) -> None:
        self._done = [each for each in self._done if each.place != place]
        self._undone = [each for each in self._undone if each.place != place]
        self.changed.emit()

    def _begin(self, asked: "Future[Any]", made: Callable[[Any], None]) -> "Future[Any]":
        self.busy = True
        self.changed.emit()

        def done(answer: Any) -> None:
            made(answer)
            self.busy = False
            self.edits += 1
            self.changed.emit()

        def failed(error: BaseException) -> None:
            self.busy = False
            self._hall.tell(error)
            self.changed.emit()

        return self._hall.then(asked, done, failed)

    def _noted(self, run: Run, moment: int | None, text: str) -> None:
        """A run that goes on remembers that it was touched."""
        if moment is None and run.live:
            run.log.append(Note(step=run.step, text=text, flag="by hand"))

    def _worker(self, run: Run, moment: int | None) -> Worker:
        return run.worker if moment is None and run.live and run.worker else self._hall.models

    def _where(self) -> Where:
        run, folder, moment = self._shown()
        tokens = self._hall.folder.tokens
        return Where(run=run, folder=folder, moment=moment, probe=self._probe(), tokens=tokens)

    def _sheet_key(self) -> Key:
        found = self._key()
        return replace(found, what=(found.what, self.piece))

    def _ask_sheet(self) -> "Future[Sheet]":
        return self._hall.models.ask(self.sheet.timed(self._describe), *self._shown(), self.piece)

    def _told(self) -> None:
        if self.piece is None and self.sheet.value:
            self.piece = self.sheet.value.described.piece
        self.changed.emit()

    # on the thread of the network

    def _describe(self, run: Run, folder: Path, moment: int | None, piece: Piece | None) -> Sheet:
        from ..core.inside.weights import describe, pieces

        gpt, step = self._weights.at(run, folder, moment)
        there = pieces(gpt)
        if piece not in there:  # of another design
            piece = next((each for each in there if not each.vector and each.parameter.startswith("blocks")), there[0])
        return Sheet(run=run.name, step=step, pieces=tuple(there), described=describe(gpt, piece))

    def _apply(self, where: Where, change: Change) -> tuple[list[Any], Said, Said]:
        from ..core.inside.weights import apply

        return self._around(where, lambda gpt: apply(gpt, change))

    def _swap(self, where: Where, last: Done) -> tuple[list[Any], Said, Said]:
        from ..core.inside.weights import put_back

        kept = iter(last.before)
        return self._around(where, lambda gpt: put_back(gpt, last.change, next(kept, last.before[-1])))

    def _around(self, where: Where, change: Callable[[Any], Any]) -> tuple[list[Any], Said, Said]:
        """Make the change; what it gave, and how the model is before and after."""
        run, moment = where.run, where.moment
        gpt, _ = self._weights.at(run, where.folder, moment)
        before, found = self._react(where, gpt), list[Any]()
        if moment is None and run.trainer and run.trainer.model:
            from ..core.train.trainer import by_hand

            by_hand(run.trainer, lambda each: found.append(change(each)))
        else:
            self._weights.hold(run, moment)
            found.append(change(gpt))
        return found, before, self._react(where, gpt)

    def _react(self, where: Where, gpt: Any) -> Said:
        from ..core.data.tokens import Tokens
        from ..core.inside.weights import react

        tokenizer = self._weights.tokenizer(where.run, where.folder)
        names = self._weights.names(where.run, where.folder)
        try:
            text = Tokens(where.tokens)
        except ValueError:
            text = None  # they were removed: then there is no loss, which is said
        same = text is not None and text.manifest.vocab == where.run.model.vocab
        prompt = [piece.id for piece in tokenizer.pieces(where.probe) if piece.known]
        found = react(gpt, text if same else None, prompt)
        likely = zip(found.next_ids.tolist(), found.next_probabilities.tolist(), strict=True)
        return Said(
            reaction=found, next=tuple((names[i], p) for i, p in likely),
            written=tokenizer.decode([int(i) for i in found.written]),
        )  # fmt: skip


def _trainer(run: Run) -> "ReferenceType[Trainer] | None":
    return ref(run.trainer) if run.trainer else None
