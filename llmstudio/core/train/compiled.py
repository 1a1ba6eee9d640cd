"""Translating the gradients of a step for this machine, in another process, while the run goes on as it is.

The process traces the very function that `engine` runs, compiles it ahead of time (torch's AOTInductor, which needs a
C++ compiler) and leaves one file, which then loads in milliseconds. Files are kept by what they were made from, so the
next run of the same shape begins with it. They are this program's own output on this machine and never come from
elsewhere.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import msgspec
import torch
from msgspec import Struct
from msgspec.structs import replace

from llmstudio.core.files import write_atomic
from llmstudio.core.model import spec as S
from llmstudio.core.model.network import GPT

from . import way as ways
from .engine import Goal, Gradients, pure

KEPT = 20  # files: the newest
LARGEST = 2_000_000_000  # bytes of all that are kept
LEFT = 3600.0  # seconds after which nobody works any more on what is half made
COMPILERS = ("g++", "clang++", "c++", "cl")


class Wish(Struct, frozen=True, kw_only=True):
    """All that the compiled step depends on."""

    model: S.Model
    way: ways.Way
    goal: Goal
    rows: int  # texts in a portion
    device: str
    threads: int
    version: str = str(torch.__version__)
    processor: str = torch.backends.cpu.get_cpu_capability()

    def file(self, cache: Path) -> Path:
        """Where the result is kept. Names, notes and groups do not matter."""
        plain = replace(self, model=S.bare(self.model))
        return cache / f"{hashlib.sha256(msgspec.json.encode(plain)).hexdigest()[:32]}.pt2"


def why_not() -> str | None:
    """Why nothing can be compiled on this machine, in one sentence."""
    if any(shutil.which(name) for name in (os.environ.get("CXX", ""), *COMPILERS) if name):
        return None
    return "There is no C++ compiler, so the run goes on uncompiled; with g++ installed it would be faster."


def cannot(model: S.Model) -> str | None:
    """Why the step of this design cannot be compiled, in one sentence."""
    if any(block.experts for block in model.blocks):
        return "In a mixture of experts each token takes its own way, so the step is not translated for this machine."
    return None


def load(file: Path) -> Gradients | None:
    """The compiled step; None where there is none that can be loaded."""
    try:
        package = torch._inductor.aoti_load_package(str(file)) if file.exists() else None
    except (RuntimeError, OSError):
        file.unlink(missing_ok=True)  # of another version, or cut short: it is made again
        return None
    if package is not None:
        os.utime(file)
    return package


class Compiler:
    """Compiled steps, by what they were made from: those in the folder `cache`, and one being made for each device.

    Any thread may call it.
    """

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self._lock = threading.RLock()
        self._work: dict[str, tuple[Path, subprocess.Popen[bytes]]] = {}  # what is made for a device, and by whom
        self._given_up: set[Path] = set()

    def ready(self, wish: Wish) -> Gradients | None:
        """The compiled step, loaded; None where it has not been made."""
        return load(wish.file(self.cache))

    def working(self, wish: Wish) -> bool:
        """Whether this one is being made."""
        with self._lock:
            file, process = self._work.get(wish.device, (None, None))
            return process is not None and file == wish.file(self.cache) and process.poll() is None

    def gave_way(self, wish: Wish) -> bool:
        """Whether it was not made because somebody wanted another one for the same device."""
        with self._lock:
            return wish.file(self.cache) in self._given_up

    def start(self, wish: Wish) -> None:
        """Begin to make it, in a process of low priority; another one at work for that device is given up.

        OSError: it cannot begin.
        """
        with self._lock:
            self._end(wish.device)
            self.cache.mkdir(parents=True, exist_ok=True)
            file = wish.file(self.cache)
            self._given_up.discard(file)
            self._work[wish.device] = file, self._begin(file, wish)

    def _begin(self, file: Path, wish: Wish) -> "subprocess.Popen[bytes]":
        paths = os.pathsep.join([str(Path(__file__).parents[3]), *filter(None, [os.environ.get("PYTHONPATH")])])
        own = {"TORCHINDUCTOR_CACHE_DIR": str(self.cache / "inductor"), "OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
        process = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", "-m", __name__, str(file)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **own},
        )  # fmt: skip
        assert process.stdin
        process.stdin.write(msgspec.json.encode(wish) + b"\n")
        process.stdin.flush()  # and it stays open: when it closes, the other side ends
        return process

    def _end(self, device: str) -> None:
        file, process = self._work.pop(device, (None, None))
        if file is None or process is None:
            return
        if process.poll() is None:
            self._given_up.add(file)
            process.kill()
        process.wait()
        if process.stdin:
            process.stdin.close()

    def close(self) -> None:
        """End all that is being made."""
        with self._lock:
            for device in [*self._work]:
                self._end(device)


def compile_step(wish: Wish, file: Path) -> None:
    """Do it here and now, within a minute or so; the file is there whole or not at all."""
    from torch.fx.experimental.proxy_tensor import make_fx

    torch.set_num_threads(wish.threads)  # the code is made for this number
    gpt = GPT(wish.model, 0).to(wish.device).train()
    ways.choose(gpt, wish.way.fused)
    gradients = pure(gpt, wish.way.torch_dtype, wish.goal)
    weights = [p.detach() for p in gpt.parameters()]
    ids = torch.zeros(2, wish.rows, wish.model.context, dtype=torch.long, device=wish.device)
    traced = make_fx(gradients)(ids[0], ids[1], *weights)
    program = torch.export.export(traced, (ids[0], ids[1], *weights))
    part = file.with_suffix(".part.pt2")
    try:
        torch._inductor.aoti_compile_and_package(program, package_path=str(part))
        write_atomic(file, part.read_bytes())
    finally:
        part.unlink(missing_ok=True)
        prune(file.parent)


def prune(cache: Path) -> None:
    """Keep the newest compiled steps, as many as there is room for; what a process that was ended left goes."""
    there: dict[Path, os.stat_result] = {}
    for path in (*cache.glob("*.p*"), *(cache / "inductor").glob("*")):
        with suppress(FileNotFoundError):  # another process prunes too
            there[path] = path.stat()
    whole = {path for path in there if path.suffix == ".pt2" and path.stem.isalnum()}  # not .part.pt2, nor .pt2.x.part
    size, gone = 0, []
    for n, path in enumerate(sorted(whole, key=lambda path: there[path].st_mtime, reverse=True)):
        size += there[path].st_size
        if n >= KEPT or size > LARGEST:
            gone.append(path)
    gone += [path for path in there if path not in whole and there[path].st_mtime < time.time() - LEFT]
    for path in gone:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):  # in use: the next time
                path.unlink()


def _end_with_parent() -> None:
    """The other side closes its end when it has no more use for this, or dies."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(15)
    asked = msgspec.json.decode(sys.stdin.buffer.readline(), type=Wish)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    compile_step(asked, Path(sys.argv[1]))
