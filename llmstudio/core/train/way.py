"""Which arithmetic is the fastest for a model on this machine: tried, for milliseconds, and never assumed."""

import time
from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
import torch.nn.functional as F
from msgspec import Struct
from msgspec.structs import replace

from llmstudio.core.model import spec as S
from llmstudio.core.model.attention import Attention
from llmstudio.core.model.network import GPT
from llmstudio.core.model.widths import hidden_width

from .recipe import Recipe

TIMES = 3  # the fastest of these counts: anything slower was the machine, not the code
LARGEST = 1 << 23  # scores in one trial; a larger batch is tried with fewer texts
ROWS = 2048  # tokens in a trial of matrix products
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Way(Struct, frozen=True, kw_only=True):
    """How the network is computed while it learns. Kept with a checkpoint, so that a run goes on as it was."""

    dtype: str = "float32"  # or "bfloat16": of activations and of the copy of the weights that they meet
    fused: tuple[bool, ...] = ()  # per block: torch's fused attention, else the one written out

    @property
    def torch_dtype(self) -> torch.dtype:
        return DTYPES[self.dtype]


def probe(model: S.Model, recipe: Recipe, device: str = "cpu") -> Way:
    """Try what `recipe.precision` leaves open, at the model's own shapes."""
    batch = -(-recipe.batch // recipe.accumulate)
    dtype = recipe.precision if recipe.precision != "auto" else _dtype(_widest(model), model, batch, device)
    fused = tuple(
        bool(b.attention) and _fused(b.attention, _shape(model), batch, device, DTYPES[dtype]) for b in model.blocks
    )
    return Way(dtype=dtype, fused=fused)


def forget() -> None:
    """What was tried is tried again: the machine may have changed, or the time of trying is to be measured."""
    _faster.cache_clear()
    _fused.cache_clear()


def choose(gpt: GPT, fused: Sequence[bool]) -> None:
    """Let the attention of each block be computed this way."""
    for block, way in zip(gpt.blocks, fused, strict=True):
        if isinstance(block.attn, Attention):
            block.attn.fused = way


def _shape(model: S.Model) -> S.Model:
    """The model without what does not matter here, so that equal shapes are tried once."""
    return replace(model, name="", note="", vocab=1, blocks=(), skips=(), groups=())


def _widest(model: S.Model) -> int:
    inner = [part for block in model.blocks for part in (block.mlp, block.experts) if part]
    return max([hidden_width(part, model) for part in inner] + [model.width])


def _dtype(hidden: int, model: S.Model, batch: int, device: str) -> str:
    return _faster(min(batch * model.context, ROWS), model.width, hidden, device)


@lru_cache(maxsize=64)
def _faster(rows: int, width: int, hidden: int, device: str) -> str:
    """The number format in which a matrix product of this shape and its two gradients take less time."""
    times = {}
    for name, dtype in DTYPES.items():
        x = torch.ones(rows, width, device=device, dtype=dtype, requires_grad=True)
        w = torch.ones(hidden, width, device=device, dtype=dtype, requires_grad=True)
        times[name] = _best(lambda x=x, w=w: F.linear(x, w).sum().backward(), device)  # type: ignore[misc,no-untyped-call]
    return min(times, key=times.__getitem__)


@lru_cache(maxsize=256)
def _fused(a: S.Attention, model: S.Model, batch: int, device: str, dtype: torch.dtype) -> bool:
    """Whether torch's fused attention trains faster than the one written out."""
    if a.softcap:
        return False  # only the written one has it
    batch = max(1, min(batch, LARGEST // (a.heads * model.context**2)))
    times = {}
    with torch.random.fork_rng(devices=[]):
        part = Attention(a, model).to(device, dtype)
        x = torch.randn(batch, model.context, model.width, device=device, dtype=dtype)
        for way in (True, False):
            part.fused = way
            times[way] = _best(lambda: part(x).sum().backward(), device)
    return times[True] <= times[False]


def _best(work: Callable[[], object], device: str) -> float:
    """Seconds of the fastest of a few trials, after one that does not count."""
    best = float("inf")
    for trial in range(1 + TIMES):
        start = time.perf_counter()
        work()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        if trial:
            best = min(best, time.perf_counter() - start)
    return best
