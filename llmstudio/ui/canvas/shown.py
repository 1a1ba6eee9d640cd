"""What each item of the canvas shows: words and states, no places."""

from typing import Literal

from msgspec import Struct


class Live(Struct, frozen=True):
    """A reading of the running model, or of the chosen moment of its run, on a part."""

    text: str
    share: float | None = None  # where it stands on the ramp, 0 ... 1; None for no colour
    ramp: Literal["probability", "signed"] = "probability"
    spark: tuple[float, ...] = ()  # the same over time, oldest first


class RowLook(Struct, frozen=True):
    path: str
    name: str
    icon: str
    before: bool  # a norm before it
    after: bool  # and one after it
    facts: str
    marks: tuple[str, ...]  # what is unusual about it
    count: str
    problem: str
    live: Live | None = None


class BlockLook(Struct, frozen=True):
    title: str
    facts: str  # of the whole block, when folded
    count: str
    rows: tuple[RowLook, ...]
    marks: tuple[str, ...]
    problem: str
    shape: str  # of the stream before it
    note: str
    residual: bool
    selected: tuple[str, ...]  # the paths that are selected here
    hovered: str
    live: Live | None = None

    @property
    def wrong(self) -> str:
        """The first problem anywhere in it."""
        return self.problem or next((row.problem for row in self.rows if row.problem), "")


class GroupLook(Struct, frozen=True):
    title: str
    facts: str
    marks: tuple[str, ...]
    count: str
    problems: int  # inside
    problem: str  # of the group itself, or the first inside
    kinds: tuple[str, ...]  # which parts there are inside: "attn", "mlp"
    selected: bool  # itself
    within: bool  # something in it is selected
    hovered: bool
    live: Live | None = None


class EndLook(Struct, frozen=True):
    name: str
    icon: str
    facts: str
    marks: tuple[str, ...]
    problem: str
    selected: bool
    hovered: bool


class StreamLook(Struct, frozen=True):
    stream: str  # its shape
    out: str  # the shape that leaves the head
    pieces: tuple[str, ...]  # of the probe text, as they are shown
    more: int  # pieces left out
    hint: str  # what to do where there are no blocks
    note: str  # on the whole design


class WireLook(Struct, frozen=True):
    text: str
    gated: bool
    selected: bool
    hovered: bool
    problem: bool
