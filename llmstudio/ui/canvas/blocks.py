"""New blocks, parts and wires that fit the model they go into, and which block became which by an edit."""

from collections import defaultdict, deque
from collections.abc import Sequence
from math import gcd

from msgspec import Struct
from msgspec.structs import replace

from ...core.model import spec
from ...core.model.spec import MLP, Attention, Block, Convolution, Experts, Model, Recurrence, Skip
from .palette import Kind


def fresh(model: Model, kind: Kind, near: int = 0) -> Block:
    """A block of that kind in the manner of the nearest one that has its parts, so that it fits at once."""
    wanted: tuple[Kind, ...] = ("attention", "mlp") if kind in ("block", "wire") else (kind,)
    parts = {name: part(model, name, near) for name in wanted}
    bare = dict.fromkeys(spec.PARTS.values())
    like = next(iter(_nearest(model, near)), Block(norm=model.norm))
    return Block(**{**bare, **parts}, norm=like.norm, placement=like.placement, parallel=like.parallel)


def part(model: Model, kind: Kind, near: int = 0) -> Struct:
    """A part like the nearest one of its kind, or one that suits the model."""
    found = (getattr(block, kind) for block in _nearest(model, near))
    return next((there for there in found if there is not None), None) or _new(model, kind, near)


def _new(model: Model, kind: Kind, near: int) -> Struct:
    if kind == "attention":
        return Attention(heads=_heads(model))
    if kind == "recurrence":
        return Recurrence(heads=_heads(model))
    if kind == "convolution":
        return Convolution()
    mlp = next((block.mlp for block in _nearest(model, near) if block.mlp), None) or MLP()
    if kind == "experts":
        return Experts(hidden=mlp.hidden, activation=mlp.activation, bias=mlp.bias)
    return mlp


def _nearest(model: Model, near: int) -> list[Block]:
    return [model.blocks[i] for i in sorted(range(len(model.blocks)), key=lambda i: abs(i - near))]


def _heads(model: Model) -> int:
    """Heads of about 32 numbers, as many as divide the width; an even head width where positions are rotated."""
    wanted = max(1, model.width // 32)
    whole = model.width // (2 if model.position == "rope" and model.width % 2 == 0 else 1)
    return gcd(wanted, whole) if whole % wanted else wanted


def placed(model: Model, kind: Kind, index: int) -> tuple[Model, str]:
    """With a new block of that kind as block `index`, or an extra wire from that place on; and its path.

    Unchanged, with an empty path, where no wire can begin.
    """
    if kind != "wire":
        return spec.insert(model, index, fresh(model, kind, index)), f"blocks.{index}"
    source = min(index, len(model.blocks) - 1)
    for target in range(source + 1, len(model.blocks) + 1):
        if (more := wired(model, source, target)) is not model:
            return more, f"skips.{len(model.skips)}"
    return model, ""


def inside(model: Model, kind: Kind, index: int, instead: str = "") -> tuple[Model, str]:
    """With a part of that kind in block `index`, in place of its part `instead` ("mlp") if given; and its path."""
    name = next(name for name, field in spec.PARTS.items() if field == kind)
    block = model.blocks[index]
    if instead:
        block = replace(block, **{spec.PARTS[instead]: None})
    block = replace(block, **{kind: part(model, kind, index)})
    return spec.change(model, f"blocks.{index}", block), f"blocks.{index}.{name}"


def wired(model: Model, source: int, target: int, gated: bool = False) -> Model:
    """With an extra wire between two places of the stream; unchanged where none can run or one does."""
    known = any((skip.source, skip.target) == (source, target) for skip in model.skips)
    if known or not 0 <= source < target <= len(model.blocks):
        return model
    return replace(model, skips=(*model.skips, Skip(source=source, target=target, gated=gated)))


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
