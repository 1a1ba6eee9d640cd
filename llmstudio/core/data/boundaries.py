"""Cutting text where no BPE token can lie across the cut, so that parts encode to the same tokens as the whole.

GPT-2's pre-tokenizer (Radford et al. 2019, section 2.2) never puts a white space behind another character into one
word, and looks ahead only from white space. So a cut before a space or newline that follows something else is safe.
"""

import re
from collections.abc import Iterable, Iterator

PART = 1 << 16  # characters of a part
LONGEST = 1 << 23  # characters held while looking for a safe cut; text without one is cut here, safe or not
SAFE = re.compile(r"(?<=\S)[ \n]")


def parts(text: str) -> Iterator[str]:
    """`text` in parts of about PART characters, cut where it is safe."""
    start = 0
    while len(text) - start > PART:
        cut = _last_cut(text, start, start + PART)
        if cut is None and (found := SAFE.search(text, start + PART)):
            cut = found.start()
        if cut is None:
            break
        yield text[start:cut]
        start = cut
    if start < len(text):
        yield text[start:]


def aligned(chunks: Iterable[str]) -> Iterator[str]:
    """The same text in other pieces, cut where it is safe."""
    held = ""
    for chunk in chunks:
        held += chunk
        cut = _last_cut(held, 0, len(held) - 1)
        if cut is None and len(held) >= LONGEST:
            cut = len(held)
        if cut:
            yield held[:cut]
            held = held[cut:]
    if held:
        yield held


def _last_cut(text: str, start: int, end: int) -> int | None:
    """The last safe cut behind `start` and not beyond `end`."""
    for mark in "\n ":
        place = text.rfind(mark, start + 1, end + 1)
        while place > 0 and text[place - 1].isspace():
            place = text.rfind(mark, start + 1, place)
        if place > 0:
            return place
    return None
