"""New blocks that fit the model they go into, and which block became which by an edit."""

from collections import defaultdict, deque
from collections.abc import Sequence
from math import gcd

from msgspec.structs import replace

from ...core.model.spec import MLP, Attention, Block, Model, Skip
from .words import Kind


def fresh(model: Model, kind: Kind, near: int = 0) -> Block:
    """A block of that kind in the manner of the nearest one that has its parts, so that it fits at once."""
    order = sorted(range(len(model.blocks)), key=lambda i: abs(i - near))
    blocks = [model.blocks[i] for i in order]
    attention = next((b.attention for b in blocks if b.attention), None) or _attention(model)
    mlp = next((b.mlp for b in blocks if b.mlp), None) or MLP()
    norm = blocks[0].norm if blocks else model.norm
    return Block(attention=attention if kind != "mlp" else None, mlp=mlp if kind != "attention" else None, norm=norm)


def _attention(model: Model) -> Attention:
    """Heads of about 32 numbers, as many as divide the width; an even head width where positions are rotated."""
    wanted = max(1, model.width // 32)
    whole = model.width // (2 if model.position == "rope" and model.width % 2 == 0 else 1)
    return Attention(heads=gcd(wanted, whole) if whole % wanted else wanted)


def wired(model: Model, source: int, target: int) -> Model:
    """With an extra wire from before block `source` to before block `target`; unchanged where it cannot or does run."""
    known = any((skip.source, skip.target) == (source, target) for skip in model.skips)
    if known or not 0 <= source < target < len(model.blocks):
        return model
    return replace(model, skips=(*model.skips, Skip(source=source, target=target)))


def origins(old: Sequence[Block], new: Sequence[Block]) -> list[int | None]:
    """For each new block the index it had before, None for one that was not there. Told by identity, then by place."""
    start = 0
    while start < min(len(old), len(new)) and old[start] is new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] is new[-1 - end]:
        end += 1
    inner_old, inner_new = range(start, len(old) - end), range(start, len(new) - end)
    places: defaultdict[int, deque[int]] = defaultdict(deque)
    for i in inner_old:
        places[id(old[i])].append(i)
    came: list[int | None] = [None] * len(new)
    for i in inner_new:
        if places[id(new[i])]:
            came[i] = places[id(new[i])].popleft()
    if len(inner_old) == len(inner_new):
        left = sorted(set(inner_old) - {i for i in came if i is not None})
        for i, origin in zip((i for i in inner_new if came[i] is None), left, strict=True):
            came[i] = origin
    came[:start] = range(start)
    for k in range(1, end + 1):
        came[-k] = len(old) - k
    return came
