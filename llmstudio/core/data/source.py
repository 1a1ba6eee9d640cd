"""One text of a corpus: what is known about it."""

from msgspec import Struct


class Source(Struct, frozen=True, kw_only=True):
    """One text of the corpus."""

    id: str  # short, from the text itself: the same in every project
    name: str
    path: str  # where it was copied from, "" when it was pasted or made
    bytes: int  # of its text as UTF-8
    characters: int
    lines: int
    encoding: str  # it was found in; the copy is UTF-8
    confident: bool = True  # False: the encoding is a guess
    sha256: str  # of its text as UTF-8
