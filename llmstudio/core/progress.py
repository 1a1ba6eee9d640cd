"""How far a long piece of work has come: yielded by its generator, shown as a bar with rate and time left."""

from msgspec import Struct


class Progress(Struct, frozen=True, kw_only=True):
    text: str  # what is being done, "Reading notes.txt"
    done: float
    total: float | None = None  # None: not known
    unit: str = ""  # "bytes", "files", "merges"
