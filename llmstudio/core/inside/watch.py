"""One forward pass, looked at: what every head attended to, every score, and on request the stream between blocks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from msgspec import Struct
from numpy.typing import NDArray
from torch import Tensor, nn

from ..model.attention import Attention
from ..model.network import GPT

Floats = NDArray[np.float32]

SILENT = 1e-6  # a hidden unit that never gets beyond this is dead
LONGEST = 512  # most tokens watched at once: maps take 4 * H * T * T bytes per block, 12.6 MB at 12 heads


class Watched(Struct, frozen=True, kw_only=True, eq=False):
    """Numbers of one forward pass in eval mode. T tokens read, H heads, C width, V vocabulary."""

    ids: NDArray[np.int64]  # (T,) the tokens read
    first: int  # how many tokens before them were left out, because they do not fit
    attention: list[Floats]  # per block (H, T, T): query, key; rows sum to 1, masked 0. Without attention (0, T, T)
    logits: Floats  # (T, V) score of every token after each position
    hidden: list[Floats]  # (T, C) the stream before each block and before the final norm; [] where not asked for


def watch(gpt: GPT, ids: Sequence[int] | NDArray[Any], hidden: bool = False) -> Watched:
    """Run `gpt` on the tokens `ids`, at most the last min(context, LONGEST) of them, and keep what it did.

    The explicit attention of `network` is used in the weights' own dtype; its cost grows with T squared. Modes and
    flags are as before afterwards, also after an error. ValueError where there is no token.
    """
    if not len(ids):
        raise ValueError("There is nothing to look at yet: write a probe text in letters that the model knows.")
    read = np.asarray(ids, dtype=np.int64)[-min(gpt.spec.context, LONGEST) :]
    assert read.min() >= 0 and read.max() < gpt.spec.vocab
    parts = [block.attn if isinstance(block.attn, Attention) else None for block in gpt.blocks]
    streams: list[Tensor] = []
    flags = [(part, part.watched) for part in parts if part]
    hooks = [m.register_forward_pre_hook(_keep(streams)) for m in (*gpt.blocks, gpt.norm)] if hidden else []
    try:
        for part, _ in flags:
            part.watched = True
        with at_rest(gpt):
            logits = gpt(torch.from_numpy(read)[None].to(gpt.embed.weight.device))
        maps = [part.seen if part else None for part in parts]
    finally:
        for part, before in flags:
            part.watched, part.seen = before, None
        for hook in hooks:
            hook.remove()
    none = np.zeros((0, len(read), len(read)), dtype=np.float32)
    return Watched(
        ids=read,
        first=len(ids) - len(read),
        attention=[none if m is None else _array(m[0]) for m in maps],
        logits=_array(logits[0]),
        hidden=[_array(x[0]) for x in streams],
    )


def dead_units(down: tuple[Any, ...]) -> float:
    """Share of the hidden units of an MLP, or of the experts in use, that stay zero for all tokens.

    `down`: what their second matrix is given, (B, T, F); of experts (M, F) and how many rows are of each.
    """
    units = down[0].abs().flatten(0, -2)  # (tokens, F)
    users = torch.split(units, down[1]) if len(down) > 1 else (units,)  # of each expert
    silent = [user.amax(0) < SILENT for user in users if len(user)]
    return float(torch.stack(silent).float().mean())


@contextmanager
def at_rest(gpt: nn.Module) -> Iterator[None]:
    """Eval mode without gradients; every part is then in the mode it was in, so a training may go on in between."""
    training = [part for part in gpt.modules() if part.training]
    try:
        for part in training:
            part.training = False
        with torch.no_grad():
            yield
    finally:
        for part in training:
            part.training = True


def _keep(streams: list[Tensor]) -> Any:
    return lambda module, inputs: streams.append(inputs[0].detach())


def _array(x: Tensor) -> Floats:
    array: Floats = x.float().cpu().numpy()
    return array
