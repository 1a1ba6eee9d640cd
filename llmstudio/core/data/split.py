"""Which text is learned from and which is kept back to test on."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from .source import Source

Part = Literal["train", "validation"]


class Portion(Struct, frozen=True, kw_only=True):
    """Characters `start` to `stop` of a source, and what they are for."""

    source: Source
    part: Part
    start: int
    stop: int


def by_share(sources: Sequence[Source], validation: float) -> list[Portion]:
    """The last `validation` of all characters, sources one behind the other, is kept back: the cut is at
    int(n * (1 - validation)), as in nanoGPT, and may lie inside a source."""
    cut = int(sum(source.characters for source in sources) * (1 - validation))
    before: list[Portion] = []
    after: list[Portion] = []
    for source in sources:
        here = min(max(cut, 0), source.characters)
        if here:
            before.append(Portion(source=source, part="train", start=0, stop=here))
        if here < source.characters:
            after.append(Portion(source=source, part="validation", start=here, stop=source.characters))
        cut -= source.characters
    return before + after


def by_document(sources: Sequence[Source], validation: float) -> list[Portion]:
    """Whole sources are kept back, in an order that only their text decides, as many as fit into the share
    `validation` of all characters; the smallest one where none fits. ValueError for fewer than two sources."""
    if len(sources) < 2:
        raise ValueError("Splitting by document takes at least two texts. Add another one, or split by share.")
    room = sum(source.characters for source in sources) * validation
    kept: set[str] = set()
    for source in sorted(sources, key=lambda s: s.sha256):
        if source.characters <= room:
            kept.add(source.id)
            room -= source.characters
    kept = kept or {min(sources, key=lambda s: (s.characters, s.sha256)).id}
    parts: tuple[Part, Part] = ("train", "validation")
    return [
        Portion(source=source, part=part, start=0, stop=source.characters)
        for part in parts
        for source in sources
        if (source.id in kept) == (part == "validation")
    ]


def between(chunks: Iterable[str], start: int, stop: int) -> Iterator[str]:
    """Characters `start` to `stop` of a text that comes in chunks."""
    passed = 0
    for chunk in chunks:
        if text := chunk[max(0, start - passed) : max(0, stop - passed)]:
            yield text
        passed += len(chunk)
        if passed >= stop:
            return
