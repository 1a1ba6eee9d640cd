"""What differs between two designs: in the network, whatever they are called and however they are grouped."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from . import spec as S

GAP = 1.2  # what a block that came or went counts, beside the sum of what may differ between two that are matched


class Difference(Struct, frozen=True, kw_only=True):
    """At `path` of the second design ("blocks.1.attn.heads", "width") is `after`, where the first has `before`.

    A block, part or wire that came has None before; for one that went, None after, and its path is that in the first.
    """

    path: str
    before: Any
    after: Any


class Gathered(Struct, frozen=True, kw_only=True):
    """The same difference in several places."""

    paths: tuple[str, ...]
    before: Any
    after: Any

    @property
    def blocks(self) -> list[int]:
        """The numbers of the blocks that it is in."""
        return [int(path.split(".")[1]) for path in self.paths if path.startswith("blocks.")]


def same(a: S.Model, b: S.Model) -> bool:
    """Whether they are the same network."""
    return plain(a) == plain(b)


def differences(a: S.Model, b: S.Model) -> list[Difference]:
    """What `b` has otherwise than `a`, in the order of the canvas: the whole, blocks matched in their order, wires."""
    a, b = plain(a), plain(b)
    pairs = alignment(a.blocks, b.blocks)
    found = [*_fields("", a, b, without=("blocks", "skips"))]
    for i, j in pairs:
        if i is None:
            found.append(Difference(path=f"blocks.{j}", before=None, after=b.blocks[j or 0]))
        elif j is None:
            found.append(Difference(path=f"blocks.{i}", before=a.blocks[i], after=None))
        else:
            found += _block(f"blocks.{j}", a.blocks[i], b.blocks[j])
    return [*found, *_wires(a, b, pairs)]


def gather(found: Sequence[Difference]) -> list[Gathered]:
    """Put together what is the same in several blocks, at the place of its first."""
    groups: dict[tuple[str, str, str], list[Difference]] = {}
    for each in found:
        kind, _, rest = each.path.partition(".")
        tail = "*." + rest.partition(".")[2] if kind == "blocks" else each.path
        groups.setdefault((tail, repr(each.before), repr(each.after)), []).append(each)
    return [
        Gathered(paths=tuple(each.path for each in group), before=group[0].before, after=group[0].after)
        for group in groups.values()
    ]


def alignment(a: Sequence[S.Block], b: Sequence[S.Block]) -> list[tuple[int | None, int | None]]:
    """Which block became which, in their order, with the least difference in all; None where it came or went."""
    short, start, end = min(len(a), len(b)), 0, 0
    while start < short and a[start] == b[start]:
        start += 1
    while end < short - start and a[-1 - end] == b[-1 - end]:
        end += 1
    inner = _align(a[start : len(a) - end], b[start : len(b) - end])
    head: list[tuple[int | None, int | None]] = [(i, i) for i in range(start)]
    tail = [(len(a) - k, len(b) - k) for k in range(end, 0, -1)]
    return [*head, *((None if i is None else start + i, None if j is None else start + j) for i, j in inner), *tail]


def _align(a: Sequence[S.Block], b: Sequence[S.Block]) -> list[tuple[int | None, int | None]]:
    """By dynamic programming over how their beginnings can be matched (Needleman & Wunsch 1970)."""
    known: dict[tuple[S.Block, S.Block], float] = {}

    def apart(x: S.Block, y: S.Block) -> float:
        if (x, y) not in known:
            known[x, y] = _apart(x, y)
        return known[x, y]

    best = [[GAP * j for j in range(len(b) + 1)]]  # best[i][j]: the least of what a[:i] and b[:j] differ by
    for i, x in enumerate(a):
        row = [GAP * (i + 1)]
        for j, y in enumerate(b):
            row.append(min(best[i][j] + apart(x, y), best[i][j + 1] + GAP, row[j] + GAP))
        best.append(row)
    pairs: list[tuple[int | None, int | None]] = []
    i, j = len(a), len(b)
    while i or j:
        if i and j and best[i][j] == best[i - 1][j - 1] + apart(a[i - 1], b[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif j and (not i or best[i][j] == best[i][j - 1] + GAP):
            j -= 1
            pairs.append((None, j))
        else:
            i -= 1
            pairs.append((i, None))
    return pairs[::-1]


def plain(model: S.Model) -> S.Model:
    """The same network without names, notes and groups; what counts for nothing is as if nobody had set it."""
    model = S.bare(model)
    rotated = any(a and (a.position or model.position) == "rope" for a in (b.attention for b in model.blocks))
    usual = S.Model()
    idle = [] if rotated else ["rope_base", "rope_share", "rope_scaling"]
    idle += [] if rotated and model.rope_scaling != "none" else ["rope_factor"]
    idle += [] if rotated and model.rope_scaling == "llama3" else ["rope_original"]
    blocks = tuple(_plain_block(block, model) for block in model.blocks)
    unset = {name: getattr(usual, name) for name in idle}
    return replace(model, blocks=blocks, **unset)


def _plain_block(block: S.Block, m: S.Model) -> S.Block:
    found: dict[str, Any] = {}
    if len(S.parts(block)) < 2:
        found["parallel"] = False
    if block.norm == "none":
        found["placement"] = "pre"
    if a := block.attention:
        sees_all = a.window is None or a.window >= m.context
        found["attention"] = replace(
            a,
            kv_heads=None if a.kv_heads == a.heads else a.kv_heads,
            head_width=None if a.head_width == m.width // max(1, a.heads) else a.head_width,
            window=None if sees_all else a.window,
            sinks=None if sees_all else a.sinks,
            position=None if a.position == m.position else a.position,
            rope_base=None if a.rope_base == m.rope_base or (a.position or m.position) != "rope" else a.rope_base,
            dropout=None if a.dropout == m.dropout else a.dropout,
        )
    if f := block.mlp:
        dropout = None if f.dropout == m.dropout else f.dropout
        found["mlp"] = replace(f, hidden=None if f.hidden == 4 * m.width else f.hidden, dropout=dropout)
    if e := block.experts:
        found["experts"] = replace(e, hidden=None if e.hidden == 4 * m.width else e.hidden)
    return replace(block, **found)


def _fields(path: str, a: Struct, b: Struct, without: Sequence[str] = ()) -> Iterator[Difference]:
    for name in b.__struct_fields__:
        before, after = getattr(a, name), getattr(b, name)
        if name not in without and before != after:
            yield Difference(path=f"{path}.{name}" if path else name, before=before, after=after)


def _block(path: str, a: S.Block, b: S.Block) -> Iterator[Difference]:
    yield from _fields(path, a, b, without=[*S.PARTS.values()])
    for name, field in S.PARTS.items():
        before, after = getattr(a, field), getattr(b, field)
        if before is None or after is None:
            if before != after:
                yield Difference(path=f"{path}.{name}", before=before, after=after)
        else:
            yield from _fields(f"{path}.{name}", before, after)


def _apart(a: S.Block, b: S.Block) -> float:
    """How unlike two blocks are: 0 for the same, about 1 for each part that only one has."""
    apart = 0.0
    for found in _block("", a, b):
        apart += 1.0 if isinstance(found.before or found.after, Struct) else 0.2
    return apart


def _wires(a: S.Model, b: S.Model, pairs: Sequence[tuple[int | None, int | None]]) -> Iterator[Difference]:
    """Wires by their places: where the blocks of `a` went, their places went along."""
    place = {len(a.blocks): len(b.blocks)}
    for i, j in reversed(pairs):
        if i is not None:
            place[i] = j if j is not None else place[i + 1]
    left = [*enumerate(b.skips)]
    for k, skip in enumerate(a.skips):
        ends = [place.get(skip.source), place.get(skip.target)]
        found = next((each for each in left if [each[1].source, each[1].target] == ends), None)
        if found is None:
            yield Difference(path=f"skips.{k}", before=skip, after=None)
            continue
        left.remove(found)
        if found[1].gated != skip.gated:
            yield Difference(path=f"skips.{found[0]}.gated", before=skip.gated, after=found[1].gated)
    for k, skip in left:
        yield Difference(path=f"skips.{k}", before=None, after=skip)
