"""The devices that models run on, and loading torch beside a window without holding it up.

Importing this module imports no torch.
"""

import ctypes
import gc
import importlib
import importlib.util
import os
import platform
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from llmstudio.core import machine
from llmstudio.core.progress import Progress

LIBRARIES = ("libc10.so", "libtorch_cpu.so", "libtorch.so", "libshm.so", "libtorch_python.so")  # in order of need
PIECES = ("numpy", "sympy", "torch", "torch._dynamo", "torch.optim", "safetensors.torch")
WRONG = 0.02  # part by which a gradient may differ from the one in 64 bits: TF32 is off by 0.001


class Device(Struct, frozen=True, kw_only=True):
    kind: str  # torch's name: "cpu", "cuda" (AMD's too), "mps", "xpu"
    name: str  # of the hardware
    threads: int  # that torch computes with on the CPU
    why: str  # one sentence: why this one; of one that does not work, why not
    key: str = "cpu"  # what torch is told: "cpu", "cuda:0", "mps"
    works: bool = True  # it multiplied and went backward, and the numbers were right
    memory: int | None = None  # bytes of its own; None where it shares the computer's

    @property
    def words(self) -> str:
        """ "CPU, 2 threads" """
        return f"CPU, {self.threads} thread{'s' * (self.threads != 1)}" if self.kind == "cpu" else self.name

    @property
    def hardware(self) -> str:
        """What a measurement of its speed holds for."""
        return f"{self.name}, {self.threads} threads" if self.kind == "cpu" else self.name


def warm_up(threads: int | None = None) -> Generator[Progress, None, tuple[Device, ...]]:
    """Load torch and all that a first training step needs, piece by piece, on the thread that will own the models.

    Gives the devices found, each probed. `threads`: how many the CPU computes with from now on; None: torch's choice.
    """
    for done, name in enumerate(PIECES):
        yield Progress(text="Loading PyTorch", done=done, total=len(PIECES) + 1, unit="parts")
        with _uncollected():
            if name == "torch":
                preload()
            importlib.import_module(name)
    gc.freeze()  # what was loaded stays: no later collection has to look through it
    yield Progress(text="Trying the machine", done=len(PIECES), total=len(PIECES) + 1, unit="parts")
    if threads is not None:
        set_threads(threads)
    return find()


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


def set_threads(count: int) -> int:
    """Let the CPU compute with so many threads, on the thread that calls: the one that owns the models.

    Gives how many it computes with then. Sums are cut differently, so the last digits of results may change.
    """
    import torch

    torch.set_num_threads(max(1, min(count, machine.processors())))
    return torch.get_num_threads()


def find() -> tuple[Device, ...]:
    """Every device that torch knows of here, each tried; the CPU comes last and always works."""
    import torch

    keys = [f"cuda:{n}" for n in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    keys += ["mps"] if torch.backends.mps.is_available() else []
    keys += [f"xpu:{n}" for n in range(torch.xpu.device_count())] if torch.xpu.is_available() else []
    found = []
    for key in keys:
        try:
            found.append(probe(key))
        except RuntimeError as error:
            why = f"It was found but does not work: {str(error).splitlines()[0]}"
            kind = key.partition(":")[0]
            found.append(Device(kind=kind, key=key, name=_name(key), threads=0, why=why, works=False))
    return (*found, probe("cpu"))


def pick(found: Sequence[Device], wanted: str = "", peaks: Mapping[str, float] | None = None) -> Device:
    """The device for the next run: the one that the person wants, else the fastest; `why` says why.

    `peaks`: FLOP/s measured, by `hardware`. Where they are not known yet a GPU is taken to be faster than the CPU.
    """
    working = [device for device in found if device.works]
    for device in working:
        if device.key == wanted:
            return replace(device, why="You chose it.")
    speeds = {device.key: (peaks or {}).get(device.hardware) for device in working}
    known = sorted((speed for speed in speeds.values() if speed), reverse=True)
    best = working[0]
    if len(known) == len(working) > 1:
        best = max(working, key=lambda device: speeds[device.key] or 0.0)
        why = f"It multiplies matrices {known[0] / known[1]:.3g} times as fast as the next best here."
    elif len(working) > 1:
        why = "It works, and a GPU is taken to be faster than the CPU until that is measured."
    else:
        broken = [f"{device.name}: {device.why}" for device in found if not device.works]
        why = broken[0] if broken else "No GPU that PyTorch can use was found."
    gone = wanted and f"The device chosen before, {wanted}, does not work now. "
    return replace(best, why=f"{gone}{why}")


def probe(key: str = "cpu") -> Device:
    """Multiply, go backward and take a step on this device. RuntimeError where it cannot or the numbers are wrong."""
    import torch

    start = torch.randn(64, 64, generator=torch.Generator().manual_seed(0))
    x = start.to(key, copy=True).requires_grad_()
    right = start.double().requires_grad_()
    for each in (x, right):
        (each @ each).square().mean().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None and right.grad is not None
    off = (x.grad.cpu().double() - right.grad).norm() / right.grad.norm()
    torch.optim.AdamW([x], fused=True).step()
    if not (float(off) < WRONG and bool(torch.isfinite(x.detach()).all())):
        raise RuntimeError("a small product comes out wrong.")
    kind = key.partition(":")[0]
    memory = torch.cuda.get_device_properties(key).total_memory if kind == "cuda" else None
    why = "A product of matrices and its gradient came out right on it."
    return Device(kind=kind, key=key, name=_name(key), threads=torch.get_num_threads(), why=why, memory=memory)


def _name(key: str) -> str:
    """The name of the hardware, as far as it is told."""
    import torch

    kind = key.partition(":")[0]
    if kind in ("cuda", "xpu"):
        try:
            return str(getattr(torch, kind).get_device_name(key))
        except (RuntimeError, AssertionError):  # as torch says that it cannot even be opened
            return f"GPU {key}"
    return f"{_processor()} GPU" if kind == "mps" else _processor()


def _processor() -> str:
    """The name of the processor, as far as the system tells."""
    if sys.platform == "darwin":
        asked = subprocess.run(["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True)
        return asked.stdout.strip() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2] for line in info.read_text().splitlines() if line.startswith("model name")]
        if names:
            return names[0].strip()
    return platform.processor() or platform.machine()
