"""Tokens in words: finding them by what is typed, and what they are called."""

from collections.abc import Sequence

SIGNS = {"·": " ", "↵": "\n", "→": "\t"}  # as they are drawn


def matches(names: Sequence[str], typed: str) -> list[int]:
    """Ids of the tokens that hold `typed`: exactly it first, then those beginning with it, then the rest.

    Capitals matter only where some are typed; a drawn sign (·) or white space in the middle stands for itself.
    """
    wanted = "".join(SIGNS.get(letter, letter) for letter in typed)
    if not wanted:
        return []
    fold = wanted == wanted.lower() and len(wanted) > 1
    look = [name.lower() for name in names] if fold else names
    found = [n for n, name in enumerate(look) if wanted in name]
    return sorted(found, key=lambda n: (look[n].strip() != wanted.strip(), not look[n].strip().startswith(wanted), n))


def called(names: Sequence[str]) -> str:
    """What one token of this vocabulary is: a character, where all but the end of a document are one."""
    return "character" if all(len(name) <= 1 for name in names if not name.startswith("<|")) else "token"
