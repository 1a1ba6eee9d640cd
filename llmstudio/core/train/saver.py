"""Saving beside the training: the model's thread only copies, another writes, and says how it went.

Buffers in the computer's memory are used again and again. Two of them hold states of the run to go back to without the
disk. Memory: a checkpoint for what is being saved, two for what is held, and three times the weights.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
import torch
from msgspec.structs import replace
from torch import Tensor

from llmstudio.core.data.faults import reason
from llmstudio.core.model.network import GPT

from . import checkpoint
from .checkpoint import Best, Header, Optimizers, Tensors
from .events import Note, Saved, Snapshot

News = Saved | Snapshot | Note
Writing = Callable[[Tensors, Header], News | None]


class Slot:
    """Room for one copy of named tensors, free again when it has been written."""

    def __init__(self) -> None:
        self.tensors: Tensors = {}
        self.header: Header | None = None  # None: nothing in it
        self.writing: Future[News | None] | None = None

    @property
    def busy(self) -> bool:
        return self.writing is not None and not self.writing.done()

    def take(self, tensors: Tensors, header: Header) -> None:
        """Copy `tensors` here, once what is being written from here is written."""
        if self.writing is not None:
            wait([self.writing])
        self.header = None
        if self.tensors.keys() != tensors.keys():
            self.tensors = {}
        for name, tensor in tensors.items():
            room = self.tensors.get(name)
            if room is None or room.shape != tensor.shape or room.dtype != tensor.dtype:
                self.tensors[name] = room = _room(tensor)
            room.copy_(tensor, non_blocking=True)
        if any(tensor.is_cuda for tensor in tensors.values()):
            torch.cuda.synchronize()
        self.header = header


class Saver:
    """Saves the run in `folder`: resume/, snapshots/<step>.safetensors and the best. Called on one thread only.

    What is asked for is written in that order, one at a time. Nothing here raises OSError: how it went is in `news`.
    Weights that are not all numbers are never written.
    """

    def __init__(self, folder: Path, kept: int = checkpoint.KEPT) -> None:
        self.folder = folder
        self.saved: Header | None = None  # of the newest checkpoint that `news` told of
        self.unsound = False  # the newest state was not written, because something in it is no number
        self.paused = 0.0  # seconds that the caller was kept by the longest copy so far
        self._kept = kept
        self._stale: list[Path] = []  # checkpoints that do not count any more; they go when the next one is there
        self._state = Slot()  # the newest checkpoint
        self._held = [Slot(), Slot()]
        self._snapshots = [Slot(), Slot()]
        self._best = Slot()
        self._best_due = False
        self._under_way: list[tuple[Future[News | None], Header]] = []
        self._writer = ThreadPoolExecutor(1, "saver")

    @property
    def busy(self) -> bool:
        """A checkpoint is being written: another one would wait for it."""
        return self._state.busy

    def save(self, gpt: GPT, optimizers: Optimizers, header: Header, averaged: Tensors | None = None) -> None:
        """Write a checkpoint, the best before it. Returns once all is copied."""
        start = time.perf_counter()
        self._state.take(checkpoint.whole(gpt, optimizers, averaged), header)
        self.paused = max(self.paused, time.perf_counter() - start)
        self._write_best()
        self._write(self._state, header, self._checkpoint)

    def hold(self, gpt: GPT, optimizers: Optimizers, header: Header, averaged: Tensors | None = None) -> None:
        """Copy the state in memory, to be able to go back to it; the older of the two before is let go.

        Called every so many steps, so that one of the two is always that old. Where the step is held already it stays.
        """
        if any(_step(slot) == header.step for slot in self._held):
            return
        start = time.perf_counter()
        oldest = min(self._held, key=_step)
        oldest.take(checkpoint.whole(gpt, optimizers, averaged), header)
        self.paused = max(self.paused, time.perf_counter() - start)

    def back(self, step: int) -> tuple[Header, Tensors] | None:
        """The newest state of `step` or before, in memory or on the disk; where there is none, the oldest in memory.

        It is to be given to `checkpoint.restore` at once: a later `hold` overwrites it. None: there is nothing at all.
        A state in which something is no number is none. ValueError where only a damaged checkpoint is left.
        """
        held = [slot for slot in sorted(self._held, key=_step) if slot.header and _finite(slot.tensors)]
        if known := [slot for slot in held if _step(slot) <= step]:
            return known[-1].header, known[-1].tensors  # type: ignore[return-value]
        self.settle()
        if found := checkpoint.load_resume(self.folder / "resume", step):
            return found[:2]
        return (held[0].header, held[0].tensors) if held and held[0].header else None

    def forget(self, step: int) -> None:
        """The run went back to `step`: what came after it is neither held nor kept any more. OSError: some is.

        Newer checkpoints stay until the next one is written: they may be the only ones.
        """
        self.settle()
        self.unsound = False
        if self.best_before(step) is None:
            (self.folder / checkpoint.BEST).unlink(missing_ok=True)
        for slot in (*self._held, self._best):
            if _step(slot) > step:
                slot.header = None
        if self.saved and self.saved.step > step:
            self.saved = None
        resume = self.folder / "resume"
        self._stale += [resume / name for name in checkpoint.newer(resume, step)]
        checkpoint.forget(self.folder, step)

    def snapshot(self, weights: Tensors, header: Header) -> None:
        """Keep these weights for the time machine."""
        self._snapshots.reverse()
        slot = self._snapshots[0]
        slot.take(weights, header)
        self._write(slot, header, self._snapshot)

    def best(self, weights: Tensors, header: Header, loss: float) -> None:
        """Hold these weights as the best so far; they get to the disk with the next checkpoint."""
        header = replace(header, best=Best(step=header.step, loss=loss))
        self._best.take(weights, header)
        self._best_due = True

    def best_before(self, step: int) -> Best | None:
        """The best weights that are kept, where they are of `step` or before. None: a later one took their place."""
        self.settle()
        if self._best_due and self._best.header and _step(self._best) <= step:
            return self._best.header.best
        try:
            kept = checkpoint.best(self.folder)
        except ValueError:  # damaged: as good as none
            return None
        return kept if kept and kept.step <= step else None

    def news(self) -> list[News]:
        """What was written, or could not be, since the last call; in order. Never waits."""
        told: list[News] = []
        while self._under_way and self._under_way[0][0].done():
            done, header = self._under_way.pop(0)
            news = done.result()
            if isinstance(news, Saved):
                self.saved = header
            if news:
                told.append(news)
        return told

    def flush(self) -> list[News]:
        """Wait until all is written; the news."""
        self._write_best()
        self.settle()
        return self.news()

    def close(self) -> list[News]:
        """Wait until all is written, and let go of the thread and the memory; the news."""
        self._write_best()
        self._writer.shutdown()
        news = self.news()
        self._state, self._best = Slot(), Slot()
        self._held, self._snapshots = [Slot(), Slot()], [Slot(), Slot()]
        return news

    def settle(self) -> None:
        """Wait until all that was asked for is written, or cannot be."""
        wait([future for future, _ in self._under_way])

    def _write_best(self) -> None:
        if self._best_due and self._best.header:
            self._best_due = False
            self._write(self._best, self._best.header, self._keep_best)

    def _write(self, slot: Slot, header: Header, how: Writing) -> None:
        slot.writing = self._writer.submit(how, slot.tensors, header)
        self._under_way.append((slot.writing, header))

    # on the writer's thread

    def _checkpoint(self, tensors: Tensors, header: Header) -> News:
        text = f"{self.folder.name} could not be saved:"
        if not _finite(tensors):
            self.unsound = True
            return _failed(header, f"{text} its weights are no numbers any more. What was there before is unchanged.")
        try:
            checkpoint.save_resume(self.folder / "resume", tensors, header, self._kept, self._stale)
            self._stale = []
        except OSError as error:
            return _failed(header, f"{text} {reason(error)} Training goes on; saving is tried again.")
        return Saved(step=header.step)

    def _snapshot(self, tensors: Tensors, header: Header) -> News:
        text = f"The weights of step {header.step} could not be kept:"
        if not _finite(tensors):
            return _failed(header, f"{text} they are no numbers any more.")
        try:
            checkpoint.write(self.folder / "snapshots" / f"{header.step}.safetensors", tensors, header)
        except OSError as error:
            return _failed(header, f"{text} {reason(error)}")
        return Snapshot(step=header.step)

    def _keep_best(self, tensors: Tensors, header: Header) -> Note | None:
        if not _finite(tensors):
            return _failed(header, "The best weights could not be kept: they are no numbers any more.")
        try:
            checkpoint.write(self.folder / checkpoint.BEST, tensors, header)
        except OSError as error:
            return _failed(header, f"The best weights could not be kept: {reason(error)}")
        return None


def _step(slot: Slot) -> int:
    return slot.header.step if slot.header else -1


def _room(tensor: Tensor) -> Tensor:
    return torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu", pin_memory=tensor.is_cuda)


def _finite(tensors: Tensors) -> bool:
    """Whether all are numbers. By numpy: torch would take a second team of threads for it."""
    for tensor in tensors.values():
        if tensor.is_floating_point():
            known = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
            if not np.isfinite(known.numpy()).all():
                return False
    return True


def _failed(header: Header, text: str) -> Note:
    return Note(step=header.step, text=text, failed=True)
