"""What is known of a run beside its design, its recipe and what it told."""

from msgspec import Struct

from ..core.train.events import Changed


class Origin(Struct, frozen=True, kw_only=True):
    """Where a run came from: it began with the weights of `run` at `step`, or it repeats the run `repeats` exactly.

    `changes` are made to its recipe as it passes their steps, as they were in the run that it repeats.
    """

    run: str = ""
    step: int = 0
    repeats: str = ""
    changes: tuple[Changed, ...] = ()


class About(Struct, frozen=True, kw_only=True):
    """The person may change note and tags; the rest stays."""

    note: str = ""
    tags: tuple[str, ...] = ()
    group: str = ""  # runs that were enqueued together: a sweep
    label: str = ""  # what sets it apart in its group: "learning rate 0.001"
    created: float = 0.0  # seconds since 1970; 0: not known
    device: str = "cpu"  # torch's name
    text: str = ""  # fingerprint of the text it learns from; "": not known
    origin: Origin | None = None
