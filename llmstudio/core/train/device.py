"""The machine the models run on, and loading torch beside a window without holding it up.

Importing this module imports no torch.
"""

import ctypes
import gc
import importlib
import importlib.util
import os
import platform
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from llmstudio.core.progress import Progress

LIBRARIES = ("libc10.so", "libtorch_cpu.so", "libtorch.so", "libshm.so", "libtorch_python.so")  # in order of need
PIECES = ("numpy", "sympy", "torch", "torch._dynamo", "torch.optim", "safetensors.torch")


class Device(Struct, frozen=True, kw_only=True):
    kind: str  # torch's name: "cpu", "cuda", "mps"
    name: str  # of the hardware
    threads: int  # that torch computes with on the CPU
    why: str  # one sentence: why this one

    @property
    def words(self) -> str:
        """ "CPU, 2 threads" """
        return f"CPU, {self.threads} thread{'s' * (self.threads != 1)}" if self.kind == "cpu" else self.name


def warm_up() -> Generator[Progress, None, Device]:
    """Load torch and all that a first training step needs, piece by piece, on the thread that will own the models."""
    for done, name in enumerate(PIECES):
        yield Progress(text="Loading PyTorch", done=done, total=len(PIECES) + 1, unit="parts")
        with _uncollected():
            if name == "torch":
                preload()
            importlib.import_module(name)
    gc.freeze()  # what was loaded stays: no later collection has to look through it
    yield Progress(text="Trying the machine", done=len(PIECES), total=len(PIECES) + 1, unit="parts")
    return pick()


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: over a million new objects it would stop every thread for 250 ms."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def preload() -> None:
    """Map torch's libraries into the process without holding the interpreter's lock, so that other threads go on.

    An import loads them under the lock, for hundreds of milliseconds; a foreign call to dlopen is the same work without
    it. Where that is not possible nothing happens here, and the import does it.
    """
    found = importlib.util.find_spec("torch") if "torch" not in sys.modules and os.name == "posix" else None
    if found is None or not found.origin:
        return
    dlopen = getattr(ctypes.CDLL(None), "dlopen", None)
    if dlopen is None:
        return
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    for name in LIBRARIES:
        path = Path(found.origin).parent / "lib" / name
        if path.exists():
            dlopen(os.fsencode(path), os.RTLD_NOW | os.RTLD_LOCAL)  # kept for good; a failure is the import's to report


def pick() -> Device:
    """The fastest device that really works: an NVIDIA or AMD GPU, an Apple GPU, else the CPU."""
    import torch

    there = [("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())]
    failed = []
    for kind, available in there:
        if available:
            try:
                return probe(kind)
            except RuntimeError as error:
                failed.append(f"The GPU was found but does not work: {str(error).splitlines()[0]}")
    device = probe("cpu")
    why = failed[0] if failed else "No GPU that PyTorch can use was found."
    return Device(kind=device.kind, name=device.name, threads=device.threads, why=why)


def probe(kind: str = "cpu") -> Device:
    """Multiply and go backward on this device. RuntimeError of torch where it cannot."""
    import torch

    x = torch.randn(64, 64, device=kind, requires_grad=True)
    (x @ x).square().sum().backward()  # type: ignore[no-untyped-call]
    optimizer = torch.optim.AdamW([x], fused=True)
    optimizer.step()
    if not bool(torch.isfinite(x.detach()).all()):
        raise RuntimeError("a small product gives no numbers.")
    name = torch.cuda.get_device_name() if kind == "cuda" else _processor()
    return Device(kind=kind, name=name, threads=torch.get_num_threads(), why="It works, and is the fastest here.")


def _processor() -> str:
    """The name of the processor, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2] for line in info.read_text().splitlines() if line.startswith("model name")]
        if names:
            return names[0].strip()
    return platform.processor() or platform.machine()
