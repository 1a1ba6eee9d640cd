"""What is selected next: by arrow keys, by shift, or all of one kind."""

from collections.abc import Callable, Iterable

from ...core.model import spec
from ...session.build import BuildRoom
from .verbs import block_of, paths


def every_second(build: BuildRoom, first: int) -> None:
    """Select every second block, from the first (0) or the second (1) on."""
    build.select_all(paths(range(first, len(build.model.blocks), 2)))


def parts(build: BuildRoom, name: str, blocks: Iterable[int]) -> None:
    """Select the part of this module name in each of these blocks that has it."""
    build.select_all(f"blocks.{i}.{name}" for i in blocks if name in spec.parts(build.model.blocks[i]))


def reach(build: BuildRoom, path: str) -> None:
    """Select all blocks from the one selected last to this one; where these are no blocks, add what is there."""
    start, end = block_of(build.selected), block_of(path)
    if start is None or end is None:
        build.select_all([*build.selection, path])
        return
    step = 1 if end >= start else -1
    between = paths(range(start, end + step, step))
    kept = [each for each in build.selection if block_of(each) != start]
    build.select_all([*(each for each in kept if each not in between), *between])


def extend(build: BuildRoom, by: int) -> None:
    """Take in the next block up or down; going back gives up the one taken in last."""
    here = block_of(build.selected)
    if here is None:
        walk(build, by)
        return
    blocks = [i for path in build.selection if (i := block_of(path)) is not None]
    there = max(0, min(len(build.model.blocks) - 1, here + by))
    kept = [i for i in blocks if i != there and not (i == here and there in blocks)]
    build.select_all(paths([*kept, there]))


def stops(model: spec.Model) -> list[str]:
    """The paths that the arrow keys walk, from top to bottom; wires last."""
    begins = {g.first: f"groups.{k}" for k, g in enumerate(model.groups)}
    found = ["embed"]
    for i, block in enumerate(model.blocks):
        found += [begins[i]] if i in begins else []
        found += [f"blocks.{i}", *(f"blocks.{i}.{name}" for name in spec.parts(block))]
    return [*found, "head", *(f"skips.{k}" for k in range(len(model.skips)))]


def walk(build: BuildRoom, by: int, drawn: Callable[[str], bool] = lambda path: True) -> None:
    """Select the next part down (by=1) or up (by=-1) that is drawn."""
    found = stops(build.model)
    if build.selected not in found:
        build.select(found[0] if by > 0 else found[-1])
        return
    at = found.index(build.selected) + by
    while 0 <= at < len(found) and not drawn(found[at]):
        at += by
    build.select(found[at] if 0 <= at < len(found) else build.selected)
