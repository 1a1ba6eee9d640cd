"""Which moment of a run a picture is of."""

from typing import Protocol

from ..numbers import count


class Dated(Protocol):
    @property
    def step(self) -> int: ...


def past(moment: int | None, shown: Dated | None) -> str:
    """The chip of a view: the step of what it shows while the time machine is in the past, "" while live."""
    if moment is None:
        return ""
    return f"step {count(shown.step if shown else moment)}"
