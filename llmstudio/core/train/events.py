"""What training tells as it goes: small frozen values in the job's log, read by the window, history and the command line."""

from typing import Any, Literal

from msgspec import Struct

from llmstudio.core.json_text import decode, encode


class Step(Struct, frozen=True, kw_only=True, tag="step"):
    """One change of the weights. `step` counts from 1: the state after it."""

    step: int
    loss: float  # nats per token, of this batch, before the change
    learning_rate: float
    gradient: float  # L2 norm of all gradients before clipping
    seconds: float  # wall time since the start of the run, sessions added up, pauses left out


class Evaluated(Struct, frozen=True, kw_only=True, tag="evaluated"):
    """Loss on validation text, nats per token. `whole`: all of it, not a sample of batches."""

    step: int
    loss: float
    whole: bool = False


class Sampled(Struct, frozen=True, kw_only=True, tag="sampled"):
    step: int
    prompt: str
    text: str
    seed: int


class Snapshot(Struct, frozen=True, kw_only=True, tag="snapshot"):
    """Weights kept at this step, in snapshots/<step>.safetensors."""

    step: int


class Saved(Struct, frozen=True, kw_only=True, tag="saved"):
    """A checkpoint from which the run can go on."""

    step: int


class Part(Struct, frozen=True, kw_only=True):
    """One part at one step: L2 norm of its gradient, |change| / |weights| of that step, and the RMS of what it puts out.

    The RMS is over a few texts of the batch. `dead`: share of an MLP's hidden units that are zero for all of them.
    """

    gradient: float
    update: float
    activation: float
    dead: float | None = None


class Health(Struct, frozen=True, kw_only=True, tag="health"):
    """How the parts are, by path: "embed", "blocks.0.attn", ..., "head" where it has weights of its own."""

    step: int
    parts: dict[str, Part]


class Histogram(Struct, frozen=True, kw_only=True):
    """Counts of equally wide bins from `low` to `high`; what lies outside is in the outermost bins.

    Of a part with more than 100,000 numbers, so many are counted, evenly spread.
    """

    low: float
    high: float
    counts: tuple[int, ...]


class Histograms(Struct, frozen=True, kw_only=True, tag="histograms"):
    """Weights and gradients of each part, by path as in `Health`."""

    step: int
    weights: dict[str, Histogram]
    gradients: dict[str, Histogram]


class Changed(Struct, frozen=True, kw_only=True, tag="changed"):
    """The recipe was changed: these fields have these values from the step after `step` on.

    A field that is none of the recipe's, "compiled", says that the step was translated for this machine from there on
    (the last digits differ). `why`: by the person, after a roll-back, because memory ran out, by stopping early, or by
    the machine. A run is repeated exactly by repeating its changes.
    """

    step: int
    fields: dict[str, Any]
    why: Literal["person", "roll_back", "memory", "early_stop", "machine"] = "person"
    rolled: int = 0  # how often the run had gone back before


class RolledBack(Struct, frozen=True, kw_only=True, tag="rolled_back"):
    """The weights are again those of `step`; what came after it, up to the bad step `bad`, does not count any more."""

    step: int
    bad: int
    text: str  # a sentence for the person


class Note(Struct, frozen=True, kw_only=True, tag="note"):
    """A sentence for the person: continued, disk full, ... A `flag` is a word or two for the mark on the chart."""

    step: int
    text: str
    failed: bool = False  # something went wrong, and the person should know
    flag: str = ""
    pause: bool = False  # the run waits for the person


Event = Step | Evaluated | Sampled | Snapshot | Saved | Health | Histograms | Changed | RolledBack | Note


def to_json(event: Event) -> bytes:
    return encode(event)


def from_json(data: bytes | str) -> Event:
    """ValueError where it is no event of a kind that is known."""
    event: Event = decode(data, Event)  # type: ignore[arg-type]
    return event


def all_from_json(data: bytes | str) -> list[Event]:
    """A list of events. ValueError where one of them is none."""
    return decode(data, list[Event])
