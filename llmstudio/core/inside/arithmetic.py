"""Where one number inside a block comes from: its operands, one line for each operation, and the same as Python."""

from collections.abc import Sequence

from .anatomy import Inside
from .operations import HOW, MATRICES, plain
from .spot import Spot
from .working import Number, Work


def explain(inside: Inside, spot: Spot, texts: Sequence[str]) -> Number:
    """How the number at `spot` came about. `texts`: of the tokens read."""
    work = Work(inside, spot, texts)
    kind = "matrix" if spot.name in MATRICES else f"{inside.kind}.{spot.name}"
    HOW.get(kind, HOW.get(spot.name, plain))(work)
    return Number(
        value=inside.at(spot.name, *spot.index), spot=spot, title=tuple(work.title), operands=tuple(work.operands),
        lines=tuple(work.lines), python="\n".join(work.code),
    )  # fmt: skip
