"""Which part of one design is which part of another: what was trained is found again in a design edited since."""

from difflib import SequenceMatcher

from msgspec.structs import replace

from ..core.model.spec import PARTS, Block, Model


def aligned(model: Model, trained: Model) -> dict[str, str]:
    """Paths of parts of `model` that are the same in `trained`, and their paths there.

    A part is the same where its own fields are, and the width of the stream; blocks are matched in their order, the
    first of several copies before the others, and those that were changed one to one where as many stand in the same
    place.
    """
    if model.width != trained.width:
        return {}
    found = {}
    if (model.vocab, model.position) == (trained.vocab, trained.position):
        found["embed"] = "embed"
    if (model.vocab, model.tied) == (trained.vocab, trained.tied):
        found["head"] = "head"
    ours, theirs = ([replace(block, note="") for block in each.blocks] for each in (model, trained))
    begun = 0
    while begun < min(len(ours), len(theirs)) and ours[begun] == theirs[begun]:
        found |= _parts(ours[begun], theirs[begun], begun, begun)
        begun += 1
    rest = SequenceMatcher(None, ours[begun:], theirs[begun:], autojunk=False)
    for kind, i, end, j, last in rest.get_opcodes():
        if kind == "equal" or (kind == "replace" and end - i == last - j):
            for here, there in zip(range(begun + i, begun + end), range(begun + j, begun + last), strict=True):
                found |= _parts(ours[here], theirs[there], here, there)
    return found


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
