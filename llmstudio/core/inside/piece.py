"""Which weights are meant, and what is done to them. Nothing heavy is imported here."""

from typing import Literal

from msgspec import Struct


class Piece(Struct, frozen=True, kw_only=True):
    """A matrix of the network, rows by output: a parameter, or some rows of it, or those of one expert."""

    parameter: str  # "blocks.2.attn.qkv.weight"
    called: str  # "Q" of a stacked one, else ""
    expert: int | None
    first: int  # row of the parameter at which it begins
    rows: int
    columns: int
    vector: bool  # a bias or a gain: one row

    @property
    def name(self) -> str:
        expert = "" if self.expert is None else f"[{self.expert}]"
        return f"{self.parameter}{expert}" + (f" {self.called}" if self.called else "")


class Change(Struct, frozen=True, kw_only=True):
    """Set a cell (row, column), a row, a column or all of it to `value`; or bring it down to a rank (index[0])."""

    piece: Piece
    kind: Literal["cell", "row", "column", "all", "rank"]
    index: tuple[int, ...] = ()
    value: float = 0.0

    @property
    def text(self) -> str:
        """What was done, in a few words."""
        what = {
            "cell": lambda: f"row {self.index[0]}, column {self.index[1]} set to {self.value:.4g}",
            "row": lambda: f"row {self.index[0]} set to {self.value:.4g}",
            "column": lambda: f"column {self.index[0]} set to {self.value:.4g}",
            "all": lambda: f"all set to {self.value:.4g}",
            "rank": lambda: f"brought down to rank {self.index[0]}",
        }[self.kind]()
        return f"{self.piece.name}: {what}"
