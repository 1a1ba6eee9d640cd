"""What two designs differ in and what each of them costs, as lines of three columns."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from .....core.model.compare import Gathered, differences, gather
from .....core.model.cost import cost, footprint
from .....core.model.footprint import Footprint
from .....core.model.spec import PARTS, Block, Model, Skip
from .....core.train.recipe import Recipe
from ....canvas import words
from ....canvas.words import millions
from ....numbers import MINUS, count, percent, size
from ....words.changes import listed, name, option, place
from ....words.numbers import plural

Taking = Callable[[Model, Recipe], Footprint]
NEAR = 0.005  # a share that makes no difference worth a number


class Line(NamedTuple):
    title: str
    other: str
    this: str
    path: str = ""  # in this design, to be selected; "" where there is none


class Bill(NamedTuple):
    """What is counted of a design, with how it is written."""

    title: str
    amount: float
    text: str


def lines(other: Model, this: Model) -> list[Line]:
    """What differs: the other's and this one's."""
    return [_line(found, other, this) for found in gather(differences(other, this))]


def bills(other: Model, this: Model, recipe: Recipe, memory: Taking = footprint) -> list[Line]:
    """What each costs; the second with its share more or less. `memory`: what training takes, by model and recipe."""
    pairs = zip(_bill(other, memory(other, recipe)), _bill(this, memory(this, recipe)), strict=True)
    return [Line(a.title, a.text, f"{b.text}{_more(a.amount, b.amount)}") for a, b in pairs if a.amount or b.amount]


def sentence(found: Sequence[Line], other: Model, this: Model) -> str:
    """How far apart they are, in one breath."""
    if not found:
        return "The same network."
    before, after = cost(other).parameters, cost(this).parameters
    told = "as many parameters"
    if before != after:
        told = f"{millions(abs(after - before))} {'more' if after > before else 'fewer'} parameters"
    return f"{plural(len(found), 'difference')}. This design has {told}."


def _line(found: Gathered, other: Model, this: Model) -> Line:
    path = found.paths[0]
    went = found.after is None and isinstance(found.before, Struct) and path.count(".") == 1  # a block or wire
    owner = other if went else this
    title = f"{name(found, owner)}{place(found, owner)}"
    if path.startswith("blocks.") and path.count(".") == 1:
        title = f"block{'s' * (len(found.blocks) > 1)} {listed(found.blocks)}"
    before, after = (_said(it, model, path) for it, model in ((found.before, other), (found.after, this)))
    return Line(title[:1].upper() + title[1:], before, after, "" if went else _selectable(path, found.after))


def _said(it: Any, model: Model, path: str) -> str:
    if isinstance(it, Skip):
        return words.whole_wire(model, it)
    if isinstance(it, Block):
        return words.block_facts(replace(model, blocks=(it,)), "blocks.0")
    if isinstance(it, Struct):
        held = Block(**{**dict.fromkeys(PARTS.values()), PARTS[path.rpartition(".")[2]]: it})
        return words.facts(replace(model, blocks=(held,)), f"blocks.0.{path.rpartition('.')[2]}")
    return "none" if it is None and _whole(path) else option(it, path.rpartition(".")[2])


def _whole(path: str) -> bool:
    """Whether the path is of a block, part or wire, and not of an option of one."""
    kind, *rest = path.split(".")
    return (kind == "skips" and len(rest) == 1) or (kind == "blocks" and (len(rest) == 1 or rest[-1] in PARTS))


def _selectable(path: str, there: Any) -> str:
    """The part that an option belongs to; of a part that went, its block."""
    if "." not in path:
        return ""
    return path if _whole(path) and there is not None else path.rpartition(".")[0]


def _bill(model: Model, taken: Footprint) -> list[Bill]:
    found, memory = cost(model), taken.total
    return [
        Bill("Parameters", found.parameters, millions(found.parameters)),
        Bill("Used by one token", found.active, millions(found.active)),
        Bill("Arithmetic, a token", found.flops_per_token, f"{millions(found.flops_per_token)}FLOP"),
        Bill("Memory, training", memory, size(memory)),
        Bill("Cache, a token", found.cache_token_bytes, size(found.cache_token_bytes)),
        Bill("Blocks", len(model.blocks), count(len(model.blocks))),
    ]


def _more(before: float, after: float) -> str:
    if not before or abs(after / before - 1) < NEAR:
        return ""
    share = after / before
    if share >= 2:
        return f"  ×{share:.1f}"
    return f"  {'+' if share > 1 else MINUS}{percent(abs(share - 1), 0)}"
