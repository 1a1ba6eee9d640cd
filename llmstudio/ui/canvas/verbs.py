"""What can be done to the model by mouse, key or menu: each verb once, for all three. They act on what is selected."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from msgspec.structs import replace

from ...core.model import edits, spec
from ...session.build import BuildRoom
from .blocks import inside, placed, wired
from .palette import INNER, Kind, lower


class Verb(NamedTuple):
    text: str
    icon: str
    keys: tuple[str, ...]
    can: Callable[[BuildRoom], bool]
    do: Callable[[BuildRoom], None]


def block_of(path: str) -> int | None:
    """The index of the block that a path is in, or None."""
    kind, *rest = path.split(".")
    return int(rest[0]) if kind == "blocks" else None


def paths(indices: Iterable[int]) -> list[str]:
    return [f"blocks.{i}" for i in indices]


def span(indices: list[int]) -> range | None:
    """The indices as a range, if they follow one another."""
    whole = range(indices[0], indices[-1] + 1) if indices else range(0)
    return whole if indices and len(whole) == len(indices) else None


def after_selection(build: BuildRoom) -> int:
    """The gap after what is selected: above the first block after the embedding, else at the end."""
    here = build.selected_blocks
    return here[-1] + 1 if here else 0 if build.selected == "embed" else len(build.model.blocks)


# to put in


def put(build: BuildRoom, kind: Kind, index: int) -> None:
    """Insert a new block so that it becomes block `index`, or a wire from there on, and select it."""
    model, path = placed(build.model, kind, index)
    if path:
        build.edit(model, select=[path])


def put_inside(build: BuildRoom, kind: Kind, index: int, instead: str = "") -> None:
    """Put a part into block `index`, in place of its part `instead` if given, and select it."""
    model, path = inside(build.model, kind, index, instead)
    build.edit(model, select=[path])


def append(build: BuildRoom, kind: Kind) -> None:
    """Insert a new block after the selected ones, or at the end; or a wire around them."""
    here = build.selected_blocks
    if kind == "wire" and here:
        connect(build, here[0], here[-1] + 1)
    else:
        put(build, kind, after_selection(build) if kind != "wire" else 0)


def duplicate(build: BuildRoom) -> None:
    if here := build.selected_blocks:
        came = range(here[-1] + 1, here[-1] + 1 + len(here))
        build.edit(edits.duplicate_all(build.model, here), select=paths(came))


def repeat(build: BuildRoom, times: int) -> None:
    """The selected blocks, which follow one another, so many times in all."""
    if whole := span(build.selected_blocks):
        model = edits.repeat(build.model, whole[0], whole[-1], times)
        made = range(whole[0], whole[0] + len(whole) * times)
        build.edit(model, select=_grouped(model, made) or paths(made))


def split(build: BuildRoom) -> None:
    """Make one block for what looks at other positions and one for what thinks about each."""
    model, came = build.model, list[int]()
    for i in reversed(build.selected_blocks):
        if edits.can_split(model.blocks[i]):
            model = edits.split(model, i)
            came = [i, i + 1, *(n + 1 for n in came)]
    build.edit(model, select=paths(came))


# to move


def move_into(build: BuildRoom, indices: list[int], gap: int, what: str = "") -> None:
    """Bring these blocks together into a gap; they stay selected."""
    build.edit(edits.move_all(build.model, indices, gap), what, select=paths(edits.landing(indices, gap)))


def copy_into(build: BuildRoom, indices: list[int], gap: int) -> None:
    """Put copies of these blocks, and of the wires and groups among them, into a gap, and select them."""
    model = edits.paste(build.model, gap, edits.copy(build.model, indices))
    build.edit(model, select=paths(range(gap, gap + len(indices))))


def move(build: BuildRoom, by: int) -> None:
    """Up (-1) or down (1) by one block. Quick moves undo as one."""
    if _movable(by)(build):
        here = build.selected_blocks
        move_into(build, here, _gap(here, by), f"move {len(here)}")


def _gap(here: list[int], by: int) -> int:
    """Where the next step up or down brings the blocks; ones that stand apart are first brought together."""
    if span(here) is None:
        return here[0] if by < 0 else here[-1] + 1
    return here[0] - 1 if by < 0 else here[-1] + 2


def _movable(by: int) -> Callable[[BuildRoom], bool]:
    def can(build: BuildRoom) -> bool:
        here = build.selected_blocks
        return bool(here) and 0 <= _gap(here, by) <= len(build.model.blocks)

    return can


# to take out


def remove(build: BuildRoom) -> None:
    """Take out what is selected: blocks, groups with their blocks, parts, wires. The neighbour is selected next."""
    chosen = build.selection
    whole = [path for path in chosen if path.split(".")[0] == "groups" or _is_block(path)]
    gone = blocks_in(build, whole)
    rest = [path for path in chosen if path not in whole and "." in path]
    if gone or rest:
        model = edits.remove_paths(build.model, [*rest, *paths(gone)])
        left = len(model.blocks)
        holders = {i for path in rest if (i := block_of(path)) is not None}
        near = [] if not left else [min(gone[0], left - 1)] if gone else sorted(holders)
        build.edit(model, select=paths(near))


def remove_blocks(build: BuildRoom) -> None:
    """Take out the blocks that are selected, wholly or in part."""
    build.select_all(paths(build.selected_blocks))
    remove(build)


def blocks_in(build: BuildRoom, chosen: Iterable[str]) -> list[int]:
    """The blocks that these paths name or group, in order."""
    groups = [spec.part(build.model, path) for path in chosen if path.startswith("groups.")]
    found = {i for g in groups if isinstance(g, spec.Group) for i in range(g.first, g.last + 1)}
    return sorted(found | {i for path in chosen if _is_block(path) and (i := block_of(path)) is not None})


def clear(build: BuildRoom) -> None:
    """Leave nothing between embedding and head: a new design begins, without the name and notes of the old one."""
    fresh = spec.Model()
    build.edit(replace(build.model, name=fresh.name, note=fresh.note, blocks=(), skips=(), groups=()), select=())


def removal(build: BuildRoom) -> str:
    """The menu's words for `remove`."""
    chosen = build.selection
    kind, *rest = build.selected.split(".")
    if len(chosen) > 1:
        parts = sum(path.count(".") == 2 for path in chosen)
        wires = sum(path.startswith("skips.") for path in chosen)
        words = [_some(len(blocks_in(build, chosen)), "block"), _some(parts, "part"), _some(wires, "wire")]
        return "Remove " + " and ".join(filter(None, words))
    if kind == "skips":
        return "Remove the wire"
    if kind == "groups":
        return f"Remove {_some(len(build.selected_blocks), 'block')}"
    return describe(build, rest[1]) if len(rest) > 1 else f"Remove block {int(rest[0]) + 1}"


def _some(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}" if n else ""


def _is_block(path: str) -> bool:
    return path.startswith("blocks.") and path.count(".") == 1


# to change


def toggle(build: BuildRoom, name: str) -> None:
    """Take the part of module name `name` out of the selected blocks, or put one like their neighbours' in."""
    here, field = build.selected_blocks, spec.PARTS[name]
    model, chosen = build.model, list[str]()
    if _all_have(build, name):
        model = edits.change_all(model, paths(here), {field: None})
        chosen = paths(here)
    else:
        kind = next(kind for kind in INNER if kind == field)
        for i in here:
            if getattr(model.blocks[i], field) is None:
                model, _ = inside(model, kind, i)
            chosen.append(f"blocks.{i}.{name}")
    build.edit(model, select=chosen)


def describe(build: BuildRoom, name: str) -> str:
    """The menu's words for `toggle`."""
    here = build.selected_blocks
    kind = next(kind for kind in INNER if kind == spec.PARTS[name])
    where = f"block {here[0] + 1}" if len(here) == 1 else f"{len(here)} blocks"
    return f"Remove {lower(kind)} from {where}" if _all_have(build, name) else f"Add {lower(kind)} to {where}"


def _all_have(build: BuildRoom, name: str) -> bool:
    return all(name in spec.parts(build.model.blocks[i]) for i in build.selected_blocks)


# wires


def connect(build: BuildRoom, source: int, target: int, gated: bool = False) -> None:
    """Add an extra wire and select it."""
    model = wired(build.model, source, target, gated)
    if model is not build.model:
        build.edit(model, select=[f"skips.{len(model.skips) - 1}"])


def reconnect(build: BuildRoom, path: str, source: int, target: int) -> None:
    """Let the wire run between other places; not where another one does."""
    wire = spec.part(build.model, path)
    assert isinstance(wire, spec.Skip)
    taken = {(skip.source, skip.target) for skip in build.model.skips}
    if source < target and (source, target) not in taken:
        build.edit(spec.change(build.model, path, replace(wire, source=source, target=target)), select=[path])


def wires(build: BuildRoom) -> list[str]:
    return [path for path in build.selection if path.startswith("skips.")]


def gate(build: BuildRoom, on: bool) -> None:
    """Give the selected wires a learned gate, or take it off."""
    build.edit(edits.change_all(build.model, wires(build), {"gated": on}))


def place_words(model: spec.Model, place: int) -> str:
    """A place of the stream, in words for a menu."""
    return f"block {place + 1}" if place < len(model.blocks) else "the end"


def targets(model: spec.Model, source: int) -> list[tuple[int, str]]:
    """Where a wire from place `source` may go: the place, and words for the menu."""
    taken = {skip.target for skip in model.skips if skip.source == source}
    return [(t, place_words(model, t)) for t in range(source + 1, len(model.blocks) + 1) if t not in taken]


# groups


def group(build: BuildRoom) -> None:
    """Show the selected blocks, which follow one another, as one."""
    if whole := span(build.selected_blocks):
        model = edits.group(build.model, whole[0], whole[-1])
        build.edit(model, select=_grouped(model, whole))


def _grouped(model: spec.Model, whole: range) -> list[str]:
    """The group of just these blocks."""
    return [f"groups.{k}" for k, g in enumerate(model.groups) if (g.first, g.last) == (whole[0], whole[-1])]


def ungroup(build: BuildRoom) -> None:
    """Let the blocks of the selected groups stand by themselves again."""
    gone, here = groups(build), build.selected_blocks
    model = build.model
    for k in reversed(gone):
        model = edits.ungroup(model, k)
    build.edit(model, select=paths(here))


def groups(build: BuildRoom) -> list[int]:
    """The groups that are selected or hold a selected block."""
    here = set(build.selected_blocks)
    return [k for k, g in enumerate(build.model.groups) if here & {*range(g.first, g.last + 1)}]


def _in_block(build: BuildRoom) -> bool:
    return bool(build.selected_blocks)


def _in_row(build: BuildRoom) -> bool:
    return span(build.selected_blocks) is not None


def _splits(build: BuildRoom) -> bool:
    return any(edits.can_split(build.model.blocks[i]) for i in build.selected_blocks)


def _removable(build: BuildRoom) -> bool:
    return any(path.split(".")[0] in ("blocks", "skips", "groups") for path in build.selection)


def _pasteable(build: BuildRoom) -> bool:
    return edits.KIND in build.clipboard


REMOVE = Verb("Remove", "trash", ("Del", "Backspace"), _removable, remove)
PASTE = Verb("Paste", "paste", ("Ctrl+V",), _pasteable, BuildRoom.paste)
GROUP = Verb("Group", "group", ("Ctrl+G",), _in_row, group)
UNGROUP = Verb("Ungroup", "ungroup", ("Ctrl+Shift+G",), lambda build: bool(groups(build)), ungroup)
SPLIT = Verb("Split into two blocks", "split", ("Ctrl+Shift+D",), _splits, split)
SELECT = Verb("Select all blocks", "select", ("Ctrl+A",), lambda build: bool(build.model.blocks), BuildRoom.select_all)
VERBS = (
    Verb("Cut", "cut", ("Ctrl+X",), lambda build: build.can_copy, BuildRoom.cut),
    Verb("Copy", "copy", ("Ctrl+C",), lambda build: build.can_copy, BuildRoom.copy),
    PASTE,
    Verb("Duplicate", "duplicate", ("Ctrl+D",), _in_block, duplicate),
    Verb("Move up", "up", ("Alt+Up",), _movable(-1), lambda build: move(build, -1)),
    Verb("Move down", "down", ("Alt+Down",), _movable(1), lambda build: move(build, 1)),
    GROUP,
    UNGROUP,
    SPLIT,
    SELECT,
    REMOVE,
)
