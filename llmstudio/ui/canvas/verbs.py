"""What can be done to the model by mouse, key or menu: each verb once, for all three."""

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from ...core.model import spec
from ...session.build import BuildRoom
from . import words
from .blocks import fresh, placed, wired
from .palette import Kind


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


def put(build: BuildRoom, kind: Kind, index: int) -> None:
    """Insert a new block so that it becomes block `index`, or a wire from there on, and select it."""
    model, path = placed(build.model, kind, index)
    if path:
        build.edit(model)
        build.select(path)


def append(build: BuildRoom, kind: Kind) -> None:
    """Insert a new block after the selected one, or at the end."""
    here = block_of(build.selected)
    put(build, kind, len(build.model.blocks) if here is None else here + 1)


def duplicate(build: BuildRoom) -> None:
    if (i := block_of(build.selected)) is not None:
        build.edit(spec.duplicate(build.model, i))
        build.select(f"blocks.{i + 1}")


def move_to(build: BuildRoom, i: int, to: int) -> None:
    """Move block i so that it becomes block `to`; it stays selected."""
    if 0 <= to < len(build.model.blocks) and to != i:
        build.edit(spec.move(build.model, i, to))
        build.select(f"blocks.{to}")


def move(build: BuildRoom, by: int) -> None:
    if (i := block_of(build.selected)) is not None:
        move_to(build, i, i + by)


def remove(build: BuildRoom) -> None:
    """Take out what is selected: a block, a part of it or a wire. The neighbour is selected next."""
    model, path = build.model, build.selected
    kind, *rest = path.split(".")
    if kind == "skips":
        i = int(rest[0])
        build.edit(replace(model, skips=model.skips[:i] + model.skips[i + 1 :]))
        build.select("")
    elif kind == "blocks" and len(rest) == 2:
        toggle(build, rest[1])
    elif kind == "blocks":
        remove_block(build, int(rest[0]))


def remove_block(build: BuildRoom, i: int) -> None:
    build.edit(spec.remove(build.model, i))
    left = len(build.model.blocks)
    build.select(f"blocks.{min(i, left - 1)}" if left else "")


def removal(build: BuildRoom) -> str:
    """The menu's words for `remove`."""
    kind, *rest = build.selected.split(".")
    if kind == "skips":
        return "Remove the wire"
    return describe(build, rest[1]) if len(rest) > 1 else f"Remove block {int(rest[0]) + 1}"


def toggle(build: BuildRoom, name: str) -> None:
    """Take the part `attn` or `mlp` out of the selected block, or put one like its neighbours' in."""
    i = block_of(build.selected)
    assert i is not None
    field, block = spec.PARTS[name], build.model.blocks[i]
    part = None if getattr(block, field) else getattr(fresh(build.model, "block", i), field)
    build.edit(spec.change(build.model, f"blocks.{i}", replace(block, **{field: part})))
    build.select(f"blocks.{i}.{name}" if part else f"blocks.{i}")


def connect(build: BuildRoom, source: int, target: int) -> None:
    """Add an extra wire and select it."""
    model = wired(build.model, source, target)
    if model is not build.model:
        build.edit(model)
        build.select(f"skips.{len(model.skips) - 1}")


def stops(model: spec.Model) -> list[str]:
    """The paths that the arrow keys walk, from top to bottom; wires last."""
    paths = ["embed"]
    for i, block in enumerate(model.blocks):
        parts = [("attn", block.attention), ("mlp", block.mlp)]
        paths += [f"blocks.{i}", *(f"blocks.{i}.{name}" for name, part in parts if part)]
    return [*paths, "head", *(f"skips.{k}" for k in range(len(model.skips)))]


def walk(build: BuildRoom, by: int) -> None:
    """Select the next part down (by=1) or up (by=-1)."""
    paths = stops(build.model)
    if build.selected not in paths:
        build.select(paths[0] if by > 0 else paths[-1])
        return
    build.select(paths[max(0, min(len(paths) - 1, paths.index(build.selected) + by))])


def _movable(by: int) -> Callable[[BuildRoom], bool]:
    def can(build: BuildRoom) -> bool:
        i = block_of(build.selected)
        return i is not None and 0 <= i + by < len(build.model.blocks)

    return can


def _in_block(build: BuildRoom) -> bool:
    return block_of(build.selected) is not None


def _removable(build: BuildRoom) -> bool:
    return build.selected.split(".")[0] in ("blocks", "skips")


REMOVE = Verb("Remove", "trash", ("Del", "Backspace"), _removable, remove)
VERBS = (
    Verb("Duplicate", "duplicate", ("Ctrl+D",), _in_block, duplicate),
    Verb("Move up", "up", ("Alt+Up",), _movable(-1), lambda build: move(build, -1)),
    Verb("Move down", "down", ("Alt+Down",), _movable(1), lambda build: move(build, 1)),
    REMOVE,
)


def describe(build: BuildRoom, name: str) -> str:
    """The menu's words for `toggle`."""
    i = block_of(build.selected)
    assert i is not None
    there = getattr(build.model.blocks[i], spec.PARTS[name])
    what = "attention" if name == "attn" else "MLP"
    return f"Remove {what} from block {i + 1}" if there else f"Add {what} to block {i + 1}"


def targets(model: spec.Model, source: int) -> list[tuple[int, str]]:
    """Where a wire from before block `source` may go: the index of the block, and words for the menu."""
    taken = {skip.target for skip in model.skips if skip.source == source}
    return [(t, words.title(model, f"blocks.{t}")) for t in range(source + 1, len(model.blocks)) if t not in taken]
