"""What training tells as it goes: small frozen values in the job's log, read by the window, history and the command line."""

from typing import Any, ClassVar, Literal

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

    `dead`: share of hidden units of an MLP that put out nothing but zero for the whole batch; None where it has none.
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
    """Counts of equally wide bins from `low` to `high`; what lies outside is in the outermost bins."""

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

    `why`: by the person, after a roll-back, or because memory ran out. A run is repeated by repeating its changes.
    """

    step: int
    fields: dict[str, Any]
    why: Literal["person", "roll_back", "memory"] = "person"


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


Event = Step | Evaluated | Sampled | Snapshot | Saved | Health | Histograms | Changed | RolledBack | Note


class Kind:
    """Event kinds by name, for the database."""

    all: ClassVar[dict[str, type]] = {
        str(kind.__struct_config__.tag): kind
        for kind in (Step, Evaluated, Sampled, Snapshot, Saved, Health, Histograms, Changed, RolledBack, Note)
    }


def to_json(event: Event) -> bytes:
    return encode(event)


def from_json(data: bytes | str) -> Event:
    """ValueError where it is no event of a kind that is known."""
    event: Event = decode(data, Event)  # type: ignore[arg-type]
    return event
