"""When memory or the disk runs short: what it looks like, and what to do about it. Imports no torch."""

import ctypes
import errno
import gc
import shutil
import sys
from pathlib import Path

from llmstudio.core import sizes

HALVINGS = 4  # of what goes through the network at once, at most
RESERVE = 32 << 20  # bytes of the disk that are left to others
UNTRIED = "There was not enough memory to try it."  # said of a design of which not even a step could be tried
WORDS = (  # what torch says where it has no error of its own for it
    "defaultcpuallocator",
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "could not allocate",
    "not enough memory",
    "cublas_status_alloc_failed",
    "could not create a primitive",
    "bad_alloc",
    "bad allocation",
)


def of_memory(error: BaseException) -> bool:
    """Whether this error says that the memory of the computer or the GPU has run out."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in WORDS)


def finer(batch: int, accumulate: int, begun: int) -> int:
    """In how many portions to take a batch that did not fit in `accumulate`.

    Twice as many, while a portion has more than one text, at most four times over since `begun`, the portions that the
    run began with. The batch stays what it is, so the steps do too, but for the last digits. ValueError where that
    cannot help any more.
    """
    if accumulate >= batch or accumulate >= begun << HALVINGS:
        raise ValueError(
            "There is not enough memory for this run, not even for a small part of its batch at a time. "
            "Close other programs, or take a smaller model or a shorter context."
        )
    return min(2 * accumulate, batch)


def release() -> None:
    """Give back to the system what is kept for later: by Python, by the C library, by torch for the GPU.

    Under a limit it is in the way: translating a step for smaller portions takes fresh pages, not those kept.
    """
    gc.collect()
    if (torch := sys.modules.get("torch")) and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):  # of glibc alone
        trim(0)


def of_disk(folder: Path, size: int) -> str | None:
    """A sentence where there is no room on the disk of `folder` for two checkpoints of `size` bytes; None: there is.

    One is written while the old one is still there, and snapshots come beside them.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return None  # the disk does not tell; the save itself will
    if free >= 2 * size + RESERVE:
        return None
    return (
        f"The disk is nearly full: {sizes.size(free)} are free, and saving takes {sizes.size(2 * size + RESERVE)}. "
        "Training is paused and nothing is lost. Free some space, then go on."
    )
