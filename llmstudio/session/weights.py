"""The networks of the runs, at any step. Used on the model thread only."""

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from .run import Run

if TYPE_CHECKING:
    from ..core.data.tokenizer import Tokenizer
    from ..core.model.network import GPT

KEPT = 3  # networks of past steps kept in memory


class Weights:
    def __init__(self) -> None:
        self._past: OrderedDict[tuple[str, int], GPT] = OrderedDict()
        self._tokenizers: dict[str, Tokenizer] = {}

    def at(self, run: Run, folder: Path, step: int | None) -> "tuple[GPT, int]":
        """The run's network, and its step: the one that trains now (None) or as it was at a snapshot.

        ValueError where nothing was saved yet or the file cannot be read.
        """
        if step is None:
            if run.trainer and run.trainer.model:
                return run.trainer.model, run.trainer.step
            step = max(_snapshots(folder), default=None)
            if step is None:
                raise ValueError(f"{run.name} has no weights yet. Train it for a moment first.")
        key = (run.name, step)
        if key not in self._past:
            self._past[key] = _load(run, folder, step)
            while len(self._past) > KEPT:
                self._past.popitem(last=False)
        self._past.move_to_end(key)
        return self._past[key], step

    def tokenizer(self, run: Run, folder: Path) -> "Tokenizer":
        """The tokenizer that the run was trained with: the project's may have changed since."""
        from ..core.data.tokenizer import Tokenizer

        if run.name not in self._tokenizers:
            self._tokenizers[run.name] = Tokenizer.load(folder / "tokenizer.json")
        return self._tokenizers[run.name]

    def clear(self) -> None:
        self._past.clear()
        self._tokenizers.clear()


def _snapshots(folder: Path) -> list[int]:
    return [int(path.stem) for path in (folder / "snapshots").glob("*.safetensors") if path.stem.isdigit()]


def _load(run: Run, folder: Path, step: int) -> "GPT":
    from ..core.model.network import GPT
    from ..core.train.checkpoint import load_snapshot

    gpt = GPT(run.model)
    load_snapshot(gpt, folder / "snapshots" / f"{step}.safetensors")
    return gpt.eval()
