"""kill -9 while it saves, and disks that refuse: what was saved stays, and the run goes on."""

import errno
import io
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from llmstudio.core import files
from llmstudio.core.model.network import GPT
from llmstudio.core.train import checkpoint
from llmstudio.core.train.events import Note, Saved, Step
from tests.soak.small import MODEL, NEVER, equal, happened, losses, trainer, unsound, until, weights

pytestmark = [pytest.mark.soak, pytest.mark.usefixtures("one_thread")]
KILLS = int(os.environ.get("LLMSTUDIO_KILLS", "200"))
TIMES = 25
INTERVAL = 20  # steps between two checkpoints


def child(folder: Path, out: int) -> None:
    """Train and tell of every step and every checkpoint, until killed."""
    try:
        for event in happened(trainer(folder, steps=NEVER, checkpoint_steps=INTERVAL, evaluate_every=30)):
            if isinstance(event, Step | Saved):
                os.write(out, f"{type(event).__name__} {event.step}\n".encode())
    finally:
        os.write(out, f"Failed {traceback.format_exc()}".encode())
        os._exit(3)


def killed(folder: Path, after: float, amid: bool) -> tuple[int, int, str]:
    """Train in a process of its own and kill it so long after its first checkpoint: last step and save it told of.

    `amid`: then wait for the next save to begin.
    """
    read, out = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        child(folder, out)
    os.close(out)
    told, end = b"", time.monotonic() + 60
    while b"Saved" not in told:
        part = os.read(read, 1 << 16)
        assert part and time.monotonic() < end, told.decode()
        told += part
    time.sleep(after)
    while amid and not any(name.endswith(".part") for name in os.listdir(folder / "resume")):
        assert time.monotonic() < end
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    while part := os.read(read, 1 << 16):
        told += part
    os.close(read)
    lines = [line.split() for line in told.decode().splitlines() if len(line.split()) == 2]
    last = {kind: max(int(n) for name, n in lines if name == kind) for kind in ("Step", "Saved")}
    return last["Step"], last["Saved"], told.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_killed_while_saving(tmp_path: Path) -> None:
    folder, dice = tmp_path / "run 1", random.Random(1)
    until(trainer(tmp_path / "warm", steps=NEVER), 2)  # all that is imported on the way, once for all
    assert threading.active_count() == 1, "a fork needs a process without other threads"
    lost, due, half = [], 0, 0
    for kill in range(KILLS):
        step, saved, told = killed(folder, dice.uniform(0, 0.3), amid=kill % 2 == 0)
        assert "Failed" not in told, told
        half += bool(list(folder.rglob("*.part")))
        start = checkpoint.newest_step(folder / "resume")  # ValueError: nothing can be read
        assert not checkpoint.newer(folder / "resume", start), f"kill {kill}: a checkpoint that cannot be read"
        assert start >= saved, f"kill {kill}: the checkpoint of step {saved} is gone, only {start} is there"
        lost.append(step - start)
        due += start < step // INTERVAL * INTERVAL
        assert start >= (step // INTERVAL - 1) * INTERVAL, f"kill {kill}: at step {step}, only {start} is there"
        for path in (folder / "snapshots").glob("*.safetensors"):
            checkpoint.load_snapshot(GPT(MODEL), path)
        checkpoint.best(folder)
    assert not unsound(folder)
    print(
        f"\n{KILLS} kills, {half} amid a save: all readable; most steps lost {max(lost)} with a save every {INTERVAL}; "
        f"{due} times the newest was still being written"
    )


class Cut(io.RawIOBase):
    """A file on a disk that takes `room` bytes: then it is full, or drops the rest without a word."""

    def __init__(self, handle: int, room: int, silent: bool) -> None:
        self._handle, self._room, self._silent = handle, room, silent

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._handle

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        if not self._room and not self._silent:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = os.write(self._handle, view[: self._room]) if self._room else 0
        self._room -= taken
        return len(view) if self._silent else taken

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._handle)


class Faults:
    """Makes the next save fail when armed, in one of four ways."""

    def __init__(self, kind: str, patch: pytest.MonkeyPatch) -> None:
        self.kind, self.armed, self.met = kind, False, 0
        self.dice = random.Random(3)
        real = {name: getattr(os, name) for name in ("fsync", "replace", "fdopen")}
        self.real: dict[str, Callable[..., Any]] = real
        patch.setattr(files, "os", self)

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def _due(self, kind: str) -> bool:
        if self.armed and self.kind == kind:
            self.armed = False
            self.met += 1
            return True
        return False

    def fsync(self, handle: int) -> None:
        if self._due("EIO"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self.real["fsync"](handle)

    def replace(self, old: str, new: str) -> None:
        if self._due("EACCES"):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        self.real["replace"](old, new)

    @contextmanager
    def fdopen(self, handle: int, mode: str) -> Iterator[Any]:
        for kind in ("ENOSPC", "short"):
            if self._due(kind):
                room = self.dice.randrange(0, 40_000)
                with io.BufferedWriter(Cut(handle, room, silent=kind == "short")) as file:
                    yield file
                return
        with self.real["fdopen"](handle, mode) as file:
            yield file


WORDS = {"ENOSPC": "disk is full", "EIO": "reported a fault", "EACCES": "no permission", "short": "could be written"}


@pytest.mark.parametrize("kind", WORDS)
def test_a_disk_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    fields = {"steps": 8 * TIMES, "evaluate_every": NEVER}
    whole = trainer(tmp_path / "whole", **fields)
    expected = losses(list(happened(whole)))
    folder = tmp_path / "run 1"
    faults = Faults(kind, monkeypatch)
    told, saved, notes = [], [], 0
    one = trainer(folder, checkpoint_steps=2, **fields)
    for event in happened(one):
        told.append(event)
        if isinstance(event, Saved):
            saved.append(event.step)
            assert checkpoint.newest_step(folder / "resume") >= event.step
            if faults.met < TIMES:
                faults.armed = True
        elif isinstance(event, Note):
            notes += 1
            assert event.failed and WORDS[kind] in event.text, event.text
            assert not saved or checkpoint.newest_step(folder / "resume") >= saved[-1]
    assert faults.met == notes == TIMES
    assert losses(told) == expected and equal(weights(one.model), weights(whole.model))
    assert checkpoint.newest_step(folder / "resume") == 8 * TIMES and not list(folder.rglob("*.part"))
    print(f"\n{kind}: {TIMES} failed saves, {len(saved)} good ones between; the newest good one was always there")
