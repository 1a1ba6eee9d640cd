"""How the parts are while they read one text: where heads look, how loud each part is, what is dead, who does the work.

T tokens read, H heads, E experts. Paths are those of the spec: "embed", "blocks.0", "blocks.0.attn", ..., "head".
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from torch import Tensor, nn

from ..model import spec as S
from ..model.network import GPT
from ..train.events import Histogram
from .watch import dead_units, watch

Floats = NDArray[np.float32]

BINS, SPAN = 40, 4  # of a histogram: bins, and root mean squares from zero to its end


class Seen(Struct, frozen=True, kw_only=True, eq=False):
    """Numbers of one forward pass in eval mode."""

    ids: NDArray[np.int64]  # (T,) the tokens read
    attention: dict[str, Floats]  # (H, T, T) of each attention: query, key; rows sum to 1
    bits: dict[str, Floats]  # (H,) mean entropy of the rows of each head, of queries that have a choice
    spread: dict[str, Floats]  # (H,) mean of that entropy over the largest there could be: 0 one key, 1 all alike
    given: dict[str, float]  # RMS of what each part reads, after its norm
    told: dict[str, float]  # RMS of what each part puts out
    stream: tuple[float, ...]  # RMS of the stream before each block, and after all of them
    dead: dict[str, float]  # share of the hidden units of an MLP, or of experts in use, that stay zero for all tokens
    load: dict[str, tuple[float, ...]]  # (E,) share of the choices that went to each expert
    logits: Floats  # (V,) after the last token
    inputs: dict[str, Histogram]  # of what each part reads; {} where not asked for
    outputs: dict[str, Histogram]


def look(gpt: GPT, ids: Sequence[int] | NDArray[Any], histograms: bool = False) -> Seen:
    """Run `gpt` on the tokens `ids` as `watch` does, and tell how every part was. Modes and flags are as before.

    ValueError where there is no token.
    """
    given: dict[str, Floats] = {}
    told: dict[str, Floats] = {}
    dead: dict[str, float] = {}
    with _hooks(gpt, given, told, dead), _watched(gpt) as mixtures:
        seen = watch(gpt, ids, hidden=True)
        load = {path: tuple(float(x) for x in part.load) for path, part in mixtures.items() if part.load is not None}
    maps = {f"blocks.{i}.attn": each for i, each in enumerate(seen.attention) if len(each)}
    entropy = {path: entropies(each, S.part(gpt.spec, path)) for path, each in maps.items()}
    return Seen(
        ids=seen.ids, attention=maps, bits={path: bits for path, (bits, _) in entropy.items()},
        spread={path: share for path, (_, share) in entropy.items()},
        given={path: _rms(x) for path, x in given.items()}, told={path: _rms(x) for path, x in told.items()},
        stream=tuple(_rms(x) for x in seen.hidden), dead=dead, load=load, logits=seen.logits[-1],
        inputs={path: histogram(x) for path, x in given.items()} if histograms else {},
        outputs={path: histogram(x) for path, x in told.items()} if histograms else {},
    )  # fmt: skip


def entropies(maps: Floats, attention: object) -> tuple[Floats, Floats]:
    """Of the heads in `maps` (H, T, T): mean entropy of a row in bits, and as a share of the largest there could be.

    H(p) = -sum p log2 p (Shannon 1948); the largest is log2 of the keys that the query can look at. Queries that can
    look at one key alone are left out. Each (H,); 0 where no query has a choice.
    """
    assert isinstance(attention, S.Attention)
    places = np.arange(maps.shape[1])
    keys = places + 1
    if attention.window:
        outside = np.maximum(places + 1 - attention.window, 0)
        keys = keys - outside + np.minimum(outside, attention.sinks or 0)
    choice = keys > 1
    if not choice.any():
        return np.zeros(len(maps), dtype=np.float32), np.zeros(len(maps), dtype=np.float32)
    p = maps[:, choice]
    bits = -(p * np.log2(np.maximum(p, 1e-30))).sum(-1)  # (H, queries)
    share = bits / np.log2(keys[choice])
    return bits.mean(1, dtype=np.float32), share.mean(1, dtype=np.float32)


def histogram(x: Floats) -> Histogram:
    """Counts in equally wide bins over four root mean squares to either side; what lies outside is in the outermost."""
    flat = x.ravel()
    end = SPAN * _rms(flat) or 1.0
    if not np.isfinite(end):
        return Histogram(low=0.0, high=0.0, counts=())
    counts, _ = np.histogram(np.clip(flat, -end, end), BINS, (-end, end))
    return Histogram(low=-end, high=end, counts=tuple(counts.tolist()))


@contextmanager
def _hooks(gpt: GPT, given: dict[str, Floats], told: dict[str, Floats], dead: dict[str, float]) -> Iterator[None]:
    """Keep what every part reads and puts out, by path, and the share of dead units of every MLP and mixture."""

    def both(path: str) -> Any:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if inputs[0].is_floating_point():  # the embedding reads tokens
                given[path] = inputs[0].detach().float().cpu().numpy()
            told[path] = output.detach().float().cpu().numpy()

        return hook

    def units(path: str) -> Any:
        def hook(_: nn.Module, inputs: tuple[Any, ...]) -> None:
            dead[path] = dead_units(inputs)

        return hook

    hooks = []
    try:
        for path, part in _parts(gpt):
            hooks.append(part.register_forward_hook(both(path)))
            if path.endswith((".mlp", ".moe")):
                hooks.append(part.get_submodule("down").register_forward_pre_hook(units(path)))
        yield
    finally:
        for each in hooks:
            each.remove()


@contextmanager
def _watched(gpt: GPT) -> Iterator[dict[str, Any]]:
    """The mixtures of experts by path, keeping their load."""
    found: dict[str, Any] = {path: part for path, part in _parts(gpt) if path.endswith(".moe")}
    flags = {path: part.watched for path, part in found.items()}
    try:
        for part in found.values():
            part.watched = True
        yield found
    finally:
        for path, part in found.items():
            part.watched, part.load, part.chosen = flags[path], None, None


def _parts(gpt: GPT) -> Iterator[tuple[str, nn.Module]]:
    yield "embed", gpt.embed
    for i, block in enumerate(gpt.blocks):
        yield f"blocks.{i}", block
        for name in S.parts(gpt.spec.blocks[i]):
            yield f"blocks.{i}.{name}", block.get_submodule(name)
    yield "head", gpt.head


def _rms(x: Floats) -> float:
    return float(np.sqrt(np.square(x, dtype=np.float64).mean())) if x.size else 0.0
