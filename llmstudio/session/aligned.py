"""Which part of one design is which part of another: what was trained is found again in a design edited since."""

from difflib import SequenceMatcher

from msgspec.structs import replace

from ..core.model.spec import PARTS, Block, Model


def aligned(model: Model, trained: Model) -> dict[str, str]:
    """Paths of parts of `model` that are the same in `trained`, and their paths there.

    A part is the same where its own fields are, and the width of the stream; see `_pairs` for the blocks.
    """
    if model.width != trained.width:
        return {}
    found = {}
    if (model.vocab, model.position) == (trained.vocab, trained.position):
        found["embed"] = "embed"
    if (model.vocab, model.tied) == (trained.vocab, trained.tied):
        found["head"] = "head"
    ours, theirs = ([replace(block, note="") for block in each.blocks] for each in (model, trained))
    for here, there in _pairs(ours, theirs):
        found |= _parts(ours[here], theirs[there], here, there)
    return found


def _pairs(ours: list[Block], theirs: list[Block]) -> list[tuple[int, int]]:
    """Blocks that stand for one another: those in the same place, unless more are equal when some have moved.

    Weights stay with the most blocks that were left as they are, where a comparison asks for the least difference in
    all. Of several copies the first is matched before the others; blocks that were changed are matched one to one where
    as many stand between two that were not.
    """
    shared = min(len(ours), len(theirs))
    begun = next((n for n in range(shared) if ours[n] != theirs[n]), shared)
    moved = [(n, n) for n in range(begun)]
    rest = SequenceMatcher(None, ours[begun:], theirs[begun:], autojunk=False)
    for kind, i, end, j, last in rest.get_opcodes():
        if kind == "equal" or (kind == "replace" and end - i == last - j):
            moved += zip(range(begun + i, begun + end), range(begun + j, begun + last), strict=True)
    placed = [(n, n) for n in range(shared)] if len(ours) == len(theirs) else []

    def equal(pairs: list[tuple[int, int]]) -> int:
        return sum(ours[here] == theirs[there] for here, there in pairs)

    return placed if placed and equal(placed) >= equal(moved) else moved


def _parts(ours: Block, theirs: Block, here: int, there: int) -> dict[str, str]:
    """Of two blocks that stand for one another."""
    found = {f"blocks.{here}": f"blocks.{there}"} if ours == theirs else {}
    if (ours.norm, ours.placement, ours.parallel) != (theirs.norm, theirs.placement, theirs.parallel):
        return found
    for name, field in PARTS.items():
        part = getattr(ours, field)
        if part is not None and part == getattr(theirs, field):
            found[f"blocks.{here}.{name}"] = f"blocks.{there}.{name}"
    return found
