"""Edits of many blocks at once, and pieces of a design that travel: pure functions from a model to another.

As in `spec`: a wire stays with its places of the stream, and a place with the block after it. A gap is a place: gap i
is before block i, and the last is after all of them. Groups keep their blocks.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from llmstudio.core.json_text import decode, encode, fit

from . import spec as S
from .widths import fair_heads

KIND = "blocks of LLM Studio"
PartName = Literal["", "conv", "attn", "rec", "mlp", "moe"]
MIXING = ("conv", "attn", "rec")  # these bring something from other positions; the others think about one


class Fragment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of a design: blocks, and the wires and groups wholly among them, numbered from 0.

    `width` is that of the stream it was cut from. `part` is set where only a part of a block was taken: "mlp".
    """

    blocks: tuple[S.Block, ...]
    skips: tuple[S.Skip, ...] = ()
    groups: tuple[S.Group, ...] = ()
    width: Annotated[int, Meta(ge=1, le=65_536)] = 128
    part: PartName = ""


def remove_all(model: S.Model, indices: Iterable[int]) -> S.Model:
    """Take these blocks out, as `spec.remove` does each."""
    for i in sorted(set(indices), reverse=True):
        model = S.remove(model, i)
    return model


def duplicate_all(model: S.Model, indices: Iterable[int]) -> S.Model:
    """Put copies of these blocks, with the wires and groups among them, right after the last of them."""
    chosen = sorted(set(indices))
    if not chosen:
        return model
    return _paste_beside(model, chosen, copy(model, chosen))


def move_all(model: S.Model, indices: Iterable[int], to: int) -> S.Model:
    """Bring these blocks together into gap `to` (as the gaps are now), in their order.

    Wires stay with the places. A group whose blocks all move goes along, except into another; a block that moves alone
    leaves its group, and joins the one that it lands inside of.
    """
    chosen = sorted(set(indices))
    held = set(chosen)
    before = [i for i in range(to) if i not in held]
    after = [i for i in range(to, len(model.blocks)) if i not in held]
    order = [*before, *chosen, *after]
    if order == [*range(len(order))]:
        return model
    place = {old: new for new, old in enumerate(order)}
    groups = []
    for g in model.groups:
        members = range(g.first, g.last + 1)
        left = [i for i in members if i not in held]
        if not g.first <= g.last < len(order):
            groups.append(g)  # it has blocks that are not there, which its problem says
        elif left or not _inside(model.groups, to, held):
            kept = left or members
            groups.append(replace(g, first=place[min(kept)], last=place[max(kept)]))
    return replace(model, blocks=tuple(model.blocks[i] for i in order), groups=tuple(groups))


def landing(indices: Iterable[int], to: int) -> range:
    """The numbers that the blocks have after `move_all`."""
    chosen = set(indices)
    first = to - sum(i < to for i in chosen)
    return range(first, first + len(chosen))


def repeat(model: S.Model, first: int, last: int, times: int) -> S.Model:
    """The blocks `first` to `last` so many times in all, one after the other, wires among them too, as a group."""
    fragment, whole = copy(model, range(first, last + 1)), last - first + 1
    touching = [g for g in model.groups if g.first <= last and g.last >= first]
    around = any(g.first <= first and last <= g.last for g in touching)
    for _ in range(times - 1):
        piece = replace(fragment, groups=()) if around else fragment
        model = _paste_beside(model, range(first, last + 1), piece, join=around)
    return model if touching or times < 2 else group(model, first, first + whole * times - 1)


def group(model: S.Model, first: int, last: int, name: str = "") -> S.Model:
    """Show the blocks `first` to `last` as one. Groups that they were in go."""
    apart = tuple(g for g in model.groups if g.last < first or g.first > last)
    return replace(model, groups=(*apart, S.Group(first=first, last=last, name=name)))


def ungroup(model: S.Model, k: int) -> S.Model:
    return replace(model, groups=model.groups[:k] + model.groups[k + 1 :])


def can_split(block: S.Block) -> bool:
    return len(S.parts(block)) > 1


def split(model: S.Model, i: int) -> S.Model:
    """Make two blocks of block i: what brings from other positions, then the rest; or its first part, then the rest.

    The network computes the same, except where the parts were parallel: they then go one after the other.
    """
    block = model.blocks[i]
    names = [*S.parts(block)]
    assert len(names) > 1, "a block with one part cannot be split"
    first = [name for name in names if name in MIXING]
    if len(first) in (0, len(names)):
        first = names[:1]
    upper, lower = (_only(block, [n for n in names if (n in first) is wanted]) for wanted in (True, False))
    model = S.insert(S.change(model, f"blocks.{i}", upper), i + 1, replace(lower, note=""))
    return _stretch(model, i, 1)


def remove_paths(model: S.Model, paths: Iterable[str]) -> S.Model:
    """Take out blocks, parts of blocks, wires, and groups with their blocks; what else is named stays."""
    named = {path: path.split(".") for path in paths if path.count(".")}
    for path, (kind, _, *inner) in named.items():
        if kind == "blocks" and inner and S.part(model, path) is not None:
            model = S.change(model, path, None)
    numbers = {kind: {int(n) for k, n, *inner in named.values() if k == kind and not inner} for kind in _LISTS}
    skips = tuple(s for k, s in enumerate(model.skips) if k not in numbers["skips"])
    grouped = {i for k in numbers["groups"] for i in range(model.groups[k].first, model.groups[k].last + 1)}
    return remove_all(replace(model, skips=skips), numbers["blocks"] | grouped)


def change_all(model: S.Model, paths: Iterable[str], fields: dict[str, Any]) -> S.Model:
    """Set these fields of the values at all the paths."""
    for path in paths:
        part = S.part(model, path)
        assert part is not None, path
        model = S.change(model, path, replace(part, **fields))
    return model


def copy(model: S.Model, indices: Iterable[int]) -> Fragment:
    """These blocks with the wires and groups that are wholly among them."""
    chosen = sorted(set(indices))
    number = {old: new for new, old in enumerate(chosen)}
    whole = [g for g in model.groups if g.first <= g.last and all(i in number for i in range(g.first, g.last + 1))]
    return Fragment(
        blocks=tuple(model.blocks[i] for i in chosen),
        skips=tuple(_among(model, chosen).values()),
        groups=tuple(replace(g, first=number[g.first], last=number[g.last]) for g in whole),
        width=model.width,
    )


def copy_part(model: S.Model, path: str) -> Fragment:
    """One part of a block, "blocks.2.mlp", to put into another."""
    _, i, name = path.split(".")
    block = _only(model.blocks[int(i)], [name])
    return Fragment(blocks=(block,), width=model.width, part=cast(PartName, name))


def paste(model: S.Model, i: int, fragment: Fragment) -> S.Model:
    """Put the piece into gap i, its heads and hidden widths refitted where the stream is of another width."""
    for k, block in enumerate(fragment.blocks):
        model = S.insert(model, i + k, refit(block, fragment.width, model.width))
    inside = any(g.first < i <= g.last for g in model.groups)
    skips = tuple(replace(s, source=s.source + i, target=s.target + i) for s in fragment.skips)
    groups = () if inside else tuple(replace(g, first=g.first + i, last=g.last + i) for g in fragment.groups)
    return replace(model, skips=model.skips + skips, groups=model.groups + groups)


def paste_part(model: S.Model, i: int, fragment: Fragment) -> S.Model:
    """Put the part of a fragment of one part into block i, in place of its own of that kind."""
    assert fragment.part
    block = refit(fragment.blocks[0], fragment.width, model.width)
    return S.change(model, f"blocks.{i}.{fragment.part}", S.parts(block)[fragment.part])


def refit(block: S.Block, was: int, width: int) -> S.Block:
    """The block for a stream of another width: heads about as wide as they were, hidden layers in proportion."""
    if was == width:
        return block
    found: dict[str, Any] = {}
    for name, part in S.parts(block).items():
        if isinstance(part, S.Attention | S.Recurrence) and getattr(part, "head_width", None) is None:
            heads = _heads(part.heads, was, width)
            found[S.PARTS[name]] = replace(part, heads=heads)
            if isinstance(part, S.Attention) and part.kv_heads:
                wanted = part.kv_heads * heads / part.heads
                shared = min((n for n in range(1, heads + 1) if heads % n == 0), key=lambda n: abs(n - wanted))
                found[S.PARTS[name]] = replace(part, heads=heads, kv_heads=shared)
        elif isinstance(part, S.MLP | S.Experts) and part.hidden:
            found[S.PARTS[name]] = replace(part, hidden=max(1, round(part.hidden * width / was)))
    return replace(block, **found)


def to_text(fragment: Fragment) -> str:
    """For the clipboard, and so for another project."""
    return encode({"kind": KIND, "version": S.VERSION, **msgspec.to_builtins(fragment)}).decode()


def from_text(text: str) -> Fragment:
    """Read what `to_text` wrote. ValueError with one sentence where the text is something else."""
    try:
        fields = decode(text, dict[str, Any])
    except ValueError as error:
        raise ValueError("What was copied is not a piece of a design: copy blocks on the canvas first.") from error
    if fields.pop("kind", "") != KIND:
        raise ValueError("What was copied is not a piece of a design: copy blocks on the canvas first.")
    version = fields.pop("version", S.VERSION)
    if isinstance(version, int) and version > S.VERSION:
        raise S.NewerError("These blocks were copied from a newer LLM Studio, which this one cannot read.")
    try:
        fragment = fit(fields, Fragment)
    except ValueError as error:
        raise ValueError(f"The copied blocks cannot be read: {error}.") from error
    if not _sound(fragment):
        raise ValueError("The copied blocks cannot be read: their numbers do not fit together.")
    return fragment


_LISTS = ("blocks", "skips", "groups")


def _sound(f: Fragment) -> bool:
    last = len(f.blocks)
    wires = all(0 <= s.source < s.target <= last for s in f.skips)
    spans = sorted((g.first, g.last) for g in f.groups)
    apart = all(a[1] < b[0] for a, b in pairwise(spans))
    whole = not f.part or (last == 1 and [*S.parts(f.blocks[0])] == [f.part])
    return wires and whole and apart and all(0 <= a <= b < last for a, b in spans) and last > 0


def _only(block: S.Block, names: Iterable[str]) -> S.Block:
    """The block with these of its parts alone."""
    kept = {*names}
    return replace(block, **{field: None for name, field in S.PARTS.items() if name not in kept})


def _inside(groups: tuple[S.Group, ...], gap: int, held: set[int]) -> bool:
    """Whether the gap has blocks of one group that stay on both its sides."""
    for g in groups:
        stay = [i for i in range(g.first, g.last + 1) if i not in held]
        if stay and stay[0] < gap <= stay[-1]:
            return True
    return False


def _among(model: S.Model, chosen: list[int]) -> dict[int, S.Skip]:
    """The wires wholly among some blocks, by their number, as they would be if there were no other blocks."""
    number = {old: new for new, old in enumerate(chosen)}
    place = {i + 1: n + 1 for i, n in number.items()} | number  # a place is at its block; the last at the one before
    ends = [(k, s, place.get(s.source, -1), place.get(s.target, -1)) for k, s in enumerate(model.skips)]
    return {k: replace(s, source=a, target=b) for k, s, a, b in ends if 0 <= a < b}


def _paste_beside(model: S.Model, chosen: Sequence[int], fragment: Fragment, join: bool | None = None) -> S.Model:
    """Paste what was copied of some blocks right after the last of them: their own wires stay with them.

    It goes into the group of the last, unless it brings that group itself.
    """
    last, own = chosen[-1], _among(model, [*chosen])
    if join is None:
        join = not any(g.last == len(fragment.blocks) - 1 for g in fragment.groups)
    if join and any(g.last == last for g in model.groups):
        fragment = replace(fragment, groups=())
    pasted = paste(model, last + 1, fragment)
    ending = {k for k in own if model.skips[k].target == last + 1}
    skips = tuple(model.skips[k] if k in ending else s for k, s in enumerate(pasted.skips))
    pasted = replace(pasted, skips=skips)
    return _stretch(pasted, last, len(fragment.blocks)) if join else pasted


def _stretch(model: S.Model, last: int, by: int) -> S.Model:
    """A group that ends with block `last` has also the `by` blocks after it."""
    grown = tuple(replace(g, last=g.last + by) if g.last == last else g for g in model.groups)
    return replace(model, groups=grown)


def _heads(heads: int, was: int, width: int) -> int:
    """How many heads for another width: of those that share it evenly, the one nearest to the old width of a head."""
    size = was / heads
    fair = fair_heads(width, even=True) or fair_heads(width)
    return min(fair, key=lambda h: abs(width / h - size))
