"""Which way of computing attention is the faster for a shape on this machine: both are tried, for milliseconds."""

import time
from collections.abc import Sequence
from functools import lru_cache

import torch

from llmstudio.core.model import spec as S
from llmstudio.core.model.network import GPT, Attention

TIMES = 3  # the fastest of these counts: anything slower was the machine, not the code
LARGEST = 1 << 23  # scores in one trial; a larger batch is tried with fewer texts


def probe(model: S.Model, batch: int, device: str = "cpu") -> tuple[bool, ...]:
    """For each block, whether torch's fused attention trains faster than the one written out."""
    return tuple(bool(b.attention) and _fused(b.attention, _shape(model), batch, device) for b in model.blocks)


def choose(gpt: GPT, fused: Sequence[bool]) -> None:
    for block, way in zip(gpt.blocks, fused, strict=True):
        if isinstance(block.attn, Attention):
            block.attn.fused = way


def chosen(gpt: GPT) -> tuple[bool, ...]:
    return tuple(isinstance(block.attn, Attention) and block.attn.fused for block in gpt.blocks)


def _shape(model: S.Model) -> S.Model:
    """The model without what does not matter here, so that equal shapes are tried once."""
    return S.Model(width=model.width, context=model.context, position=model.position, dropout=model.dropout, blocks=())


@lru_cache(maxsize=256)
def _fused(a: S.Attention, model: S.Model, batch: int, device: str) -> bool:
    batch = max(1, min(batch, LARGEST // (a.heads * model.context**2)))
    with torch.random.fork_rng(devices=[]):
        part = Attention(a, model).to(device)
        x = torch.randn(batch, model.context, model.width, device=device)
        best = {True: float("inf"), False: float("inf")}
        for _ in range(1 + TIMES):
            for way in best:
                part.fused = way
                best[way] = min(best[way], _seconds(part, x))
    return best[True] <= best[False]


def _seconds(part: Attention, x: torch.Tensor) -> float:
    start = time.perf_counter()
    part(x).sum().backward()
    if x.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start
