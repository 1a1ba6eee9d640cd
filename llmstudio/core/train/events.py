"""What training tells as it goes: small frozen values in the job's log, read by the window, history and the command line."""

from typing import ClassVar

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


class Note(Struct, frozen=True, kw_only=True, tag="note"):
    """A sentence for the person: continued, disk full, ..."""

    step: int
    text: str
    failed: bool = False  # something went wrong, and the person should know


Event = Step | Evaluated | Sampled | Snapshot | Saved | Note


class Kind:
    """Event kinds by name, for the database."""

    all: ClassVar[dict[str, type]] = {str(kind.__struct_config__.tag): kind for kind in (Step, Evaluated, Sampled, Snapshot, Saved, Note)}


def to_json(event: Event) -> bytes:
    return encode(event)


def from_json(data: bytes | str) -> Event:
    """ValueError where it is no event of a kind that is known."""
    event: Event = decode(data, Event)  # type: ignore[arg-type]
    return event
