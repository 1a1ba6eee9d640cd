"""Sorting tokens into a few kinds, each with a colour: what a map of a vocabulary shows first."""

from collections.abc import Sequence

from .tokens import called

VOWELS = frozenset("aeiouy\u00e4\u00f6\u00fc\u00e9\u00e8\u00e0")
LETTERS = (("vowels", 2), ("consonants", 1), ("capitals", 3), ("the rest", 7))
PIECES = (("begin a word", 2), ("within a word", 1), ("capitalised", 3), ("the rest", 7))
Kinds = tuple[tuple[str, int], ...]  # (name, run colour)


def sorted_by_kind(names: Sequence[str]) -> tuple[Kinds, list[int]]:
    """The kinds, and the run colour of each token: letters where all tokens are one, else pieces of words."""
    if called(names) == "character":
        return LETTERS, [_letter(name) for name in names]
    return PIECES, [_piece(name) for name in names]


def _letter(name: str) -> int:
    if len(name) != 1 or not name.isalpha():
        return 7
    if name.isupper():
        return 3
    return 2 if name in VOWELS else 1


def _piece(name: str) -> int:
    word = name.strip()
    if not word.isalpha():
        return 7
    if word[0].isupper():
        return 3
    return 2 if name.startswith(" ") else 1
