"""How fast a device multiplies matrices at best: the measure for how much of it training uses.

Importing this module imports no torch.
"""

import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from torch import Tensor

SECONDS = 0.3  # for both kinds of number together
SMALLEST, LARGEST = 256, {"cpu": 2048}  # width of the square matrices
LARGEST_ELSEWHERE = 8192
TRIES = 3
GROWTH = 8  # twice as wide is eight times as much work


class Peak(Struct, frozen=True, kw_only=True):
    """The most floating-point operations a second that were seen, a multiplication and an addition being two."""

    float32: float
    bfloat16: float | None = None  # None where the device cannot

    @property
    def fastest(self) -> float:
        return max(self.float32, self.bfloat16 or 0.0)


def measure(key: str, seconds: float = SECONDS) -> Generator[None, None, Peak]:
    """Multiply square matrices for a moment, larger ones while the time allows. Yields between products."""
    import torch

    kind = key.partition(":")[0]
    wait: Callable[[], object] = (lambda: None) if kind == "cpu" else getattr(torch, kind).synchronize
    full = yield from _fastest(key, "float32", wait, seconds / 2)
    try:
        half: float | None = yield from _fastest(key, "bfloat16", wait, seconds / 2)
    except (RuntimeError, TypeError):  # as torch says that a device has no such numbers
        half = None
    return Peak(float32=full, bfloat16=half)


def _fastest(key: str, dtype: str, wait: Callable[[], object], seconds: float) -> Generator[None, None, float]:
    """FLOP/s of the fastest product of all."""
    width, best = SMALLEST, 0.0
    most = LARGEST.get(key.partition(":")[0], LARGEST_ELSEWHERE)
    a = _matrix(width, dtype, key)
    for _ in range(TRIES):
        _timed(a, wait)  # the first ones load what they need, and wake the threads
    end = time.perf_counter() + seconds
    while True:
        spent = min(_timed(a, wait) for _ in range(TRIES))  # other threads hold some of them up
        best = max(best, 2 * width**3 / spent)
        left = end - time.perf_counter()
        if width < most and TRIES * GROWTH * spent < left:
            width *= 2
            a = _matrix(width, dtype, key)
        elif left < TRIES * spent:
            return best
        yield


def _matrix(width: int, dtype: str, key: str) -> "Tensor":
    """All numbers different: of equal ones a product takes less power, and is faster than in earnest."""
    import torch

    return torch.linspace(-1, 1, width * width, device=key).view(width, width).to(getattr(torch, dtype))


def _timed(a: "Tensor", wait: Callable[[], object]) -> float:
    start = time.perf_counter()
    a @ a
    wait()
    return max(time.perf_counter() - start, 1e-9)
