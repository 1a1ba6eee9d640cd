"""When a run is saved, and from where it can go back: the part of the trainer that deals with memory and disk."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from llmstudio.core import memory
from llmstudio.core.data.faults import reason

from . import checkpoint, shortage
from .checkpoint import Best, Header, Tensors
from .events import Note, Saved, Snapshot
from .learner import Learner
from .recipe import Recipe
from .saver import Saver

HOLD = 25  # steps between two states held in memory, to go back to
ROOM = 8  # times the size of a state that must be free in memory for that
State = tuple[Header, Tensors, Path]


class Keeper:
    """Keeps the run in `folder`. `header` tells what the run is at this moment; `saved`, what the disk knows of it."""

    def __init__(self, folder: Path, learner: Learner, header: Callable[[], Header], saved: Header | None) -> None:
        self.folder = folder
        self._learner, self._header = learner, header
        self._saver = Saver(folder)
        self._saver.saved = saved
        self._roomy = (memory.available() or 0) > ROOM * self._size
        self._due = time.monotonic() + (seconds(header()) if saved else 0.0)  # a new run is soon on the disk
        self.hold()

    @property
    def _size(self) -> int:
        """Bytes of a checkpoint; the optimiser's memory is there from the first step on."""
        learner = self._learner
        return sum(t.nbytes for t in checkpoint.whole(learner.gpt, learner.optimizers, learner.averaged).values())

    def hold(self) -> None:
        """Copy the run in memory, to be able to go back to here."""
        self._saver.hold(self._learner.gpt, self._learner.optimizers, self._header(), self._learner.averaged)

    def turn(self, step: int, recipe: Recipe) -> Iterator[Note | Saved | Snapshot]:
        """Between two good steps: hold and save what is due, and tell how saving went."""
        if step % HOLD == 0 and self._roomy:
            self.hold()
        steps = recipe.checkpoint_steps and step % recipe.checkpoint_steps == 0
        if (steps or time.monotonic() >= self._due) and not self._saver.busy:
            if short := shortage.of_disk(self.folder, self._size):
                self._due = time.monotonic() + recipe.checkpoint_seconds
                yield Note(step=step, text=short, failed=True, pause=True)
            else:
                self.save()
        yield from self._saver.news()

    def save(self) -> None:
        """Write a checkpoint; it is told of later."""
        header = self._header()
        self._saver.save(self._learner.gpt, self._learner.optimizers, header, self._learner.averaged)
        self._due = time.monotonic() + seconds(header)

    def snapshot(self) -> None:
        """Keep the weights that are shown for the time machine."""
        self._saver.snapshot(checkpoint.parameters(self._learner.shown), self._header())

    def best(self, loss: float) -> None:
        """Keep the weights that are shown as the best so far."""
        self._saver.best(checkpoint.parameters(self._learner.shown), self._header(), loss)

    def best_before(self, step: int) -> Best | None:
        """The best weights of `step` or before, where they are still kept."""
        return self._saver.best_before(step)

    def back_to_best(self) -> Best | None:
        """Put the best weights that are on the disk into the network; None, and nothing is changed: there are none."""
        try:
            found = checkpoint.best(self.folder)
            if found:
                checkpoint.load_snapshot(self._learner.gpt, self.folder / checkpoint.BEST)
        except ValueError:  # damaged: as good as none
            return None
        if found:
            self._learner.restart()
        return found

    def flush(self) -> list[Note | Saved | Snapshot]:
        """Wait until all is written; how that went."""
        return self._saver.flush()

    def back(self, to: int) -> State | None:
        """The newest good state of step `to` or before, from memory or else from the disk; see `Saver.back`."""
        held = self._saver.back(to)
        return (*held, Path(f"step {held[0].step}")) if held else None

    def forget(self, step: int) -> Iterator[Note]:
        """The run went back to `step`, and is at it: nothing after it counts any more.

        What is now is written before the newer checkpoints go, and they stay where it cannot be.
        """
        try:
            self._saver.forget(step)
        except OSError as error:
            yield Note(step=step, text=f"Old weights could not be removed: {reason(error)}", failed=True)
        self.save()
        self._saver.settle()

    @property
    def unsound(self) -> bool:
        """The newest state was refused: something in it is no number, though no loss has told of it yet."""
        return self._saver.unsound

    @property
    def up_to_date(self) -> bool:
        """The newest checkpoint on the disk is of this very moment."""
        saved, now = self._saver.saved, self._header()
        return saved is not None and _state(saved) == _state(now)

    def close(self, save: bool) -> None:
        """Save what is not on the disk yet, where that is wanted. ValueError: the disk refused."""
        self._saver.flush()
        if save and not self.up_to_date:
            self.save()
        failed = [news for news in self._saver.close() if isinstance(news, Note) and news.failed]
        if save and failed and not self.up_to_date:
            raise ValueError(failed[-1].text.removesuffix(" Training goes on; saving is tried again."))


def seconds(header: Header) -> float:
    """Longest time to the next checkpoint."""
    assert header.recipe
    return header.recipe.checkpoint_seconds


def _state(header: Header) -> tuple[object, ...]:
    """What tells two moments of a run apart."""
    return header.step, header.told, header.changes, header.troubles
