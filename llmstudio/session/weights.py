"""The networks of the runs, at any step. Used on the model thread only."""

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from .run import Run

if TYPE_CHECKING:
    from ..core.data.tokenizer import Tokenizer
    from ..core.model.network import GPT

KEPT = 3  # networks of past steps kept in memory
WAIT = 60  # seconds for the thread of another device to come to the end of its step


class Weights:
    def __init__(self) -> None:
        self._past: OrderedDict[tuple[str, int | None], tuple[GPT, int]] = OrderedDict()
        self._held: set[tuple[str, int | None]] = set()  # of these, changed by hand, the disk knows nothing
        self._tokenizers: dict[str, Tokenizer] = {}
        self._names: dict[str, list[str]] = {}
        self.troubles: list[str] = []  # sentences for the person; the session says them

    def at(self, run: Run, folder: Path, step: int | None) -> "tuple[GPT, int]":
        """The run's network, and its step: as it is now (None), live if it trains, or as it was at a snapshot.

        ValueError where nothing was saved yet or the file cannot be read.
        """
        if step is None and run.trainer and run.trainer.model:
            if run.live and run.worker and not run.worker.here:
                return run.worker.ask(_copied, run).result(WAIT)
            return run.trainer.model, run.trainer.step
        key = (run.name, step)
        if key not in self._past:
            self._past[key] = self._load(run, folder, step)
            for old in [each for each in self._past if each not in self._held][:-KEPT]:
                del self._past[old]
        self._past.move_to_end(key)
        return self._past[key]

    def hold(self, run: Run, step: int | None) -> None:
        """Keep this network in memory: it was changed by hand."""
        self._held.add((run.name, step))

    def tokenizer(self, run: Run, folder: Path) -> "Tokenizer":
        """The tokenizer that the run was trained with: the project's may have changed since."""
        from ..core.data.tokenizer import Tokenizer

        if run.name not in self._tokenizers:
            self._tokenizers[run.name] = Tokenizer.load(folder / "tokenizer.json")
        return self._tokenizers[run.name]

    def names(self, run: Run, folder: Path) -> list[str]:
        """The text of every token that the run's model knows, by id."""
        if run.name not in self._names:
            tokenizer = self.tokenizer(run, folder)
            self._names[run.name] = [tokenizer.token(i) for i in range(run.model.vocab)]
        return self._names[run.name]

    def let_go(self, run: Run) -> None:
        """Take the weights of a run that failed from the disk again, if those in memory are no numbers any more."""
        gpt = run.trainer.model if run.trainer else None
        if gpt is not None and not all(bool(p.isfinite().all()) for p in gpt.parameters()):
            run.trainer = None
            self._past.pop((run.name, None), None)
            self._held.discard((run.name, None))

    def clear(self) -> None:
        self._past.clear()
        self._held.clear()
        self._tokenizers.clear()
        self._names.clear()

    def _load(self, run: Run, folder: Path, step: int | None) -> "tuple[GPT, int]":
        from ..core.model.network import GPT
        from ..core.train import checkpoint

        gpt = GPT(run.model).eval()
        if step is not None:
            return gpt, checkpoint.load_snapshot(gpt, folder / "snapshots" / f"{step}.safetensors")
        at = checkpoint.load_newest(gpt, folder / "resume")
        if damaged := checkpoint.newer(folder / "resume", at):
            names = " and ".join(damaged)
            self.troubles.append(f"{names} of {run.name} could not be read; these are the weights of step {at}.")
        return gpt, at


def _copied(run: Run) -> "tuple[GPT, int]":
    """The network as it is now, for another thread than the one that trains it."""
    from copy import deepcopy

    assert run.trainer and run.trainer.model
    return deepcopy(run.trainer.model).eval(), run.trainer.step
