"""What a head does, in numbers: where its attention goes on average, and a word for it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ..numbers import percent

SINK = 0.5  # share on the first token from which it is said that this may mean nothing
SHORTEST = 8  # tokens from which a habit can be told
STRONG = 0.35  # share from which a habit has a word
EVEN = 0.8  # how many tokens it looks at, as if alike, over how many it could
NEAR, REACH = 0.6, 4  # share on so many tokens before it and itself
SEEN = 3  # queries that a habit is at least measured on
PHRASES = {
    "previous": "on the token before",
    "itself": "on itself",
    "first": "on the first",
    "two back": "two tokens back",
    "same": "on the same token earlier",
    "induction": "on what followed the same token earlier",
}
Maps = NDArray[np.float32]  # (H, T, T)


class Habit(Struct, frozen=True, kw_only=True):
    """Mean share of a head's attention that goes to one kind of key, over the queries that have such a key."""

    word: str  # of PHRASES
    share: float


def kinds(ids: Sequence[int] | NDArray[Any]) -> dict[str, NDArray[np.bool_]]:
    """(T, T) which key is of which kind for which query, for the tokens `ids` (T,); kinds of too few queries left out.

    The first query can only look at itself and does not count; for the second the token before is the first.
    """
    tokens = np.asarray(ids)
    size = len(tokens)
    query, key = np.indices((size, size))
    same = (tokens[:, None] == tokens[None, :]) & (key < query)
    after = np.zeros_like(same)
    after[:, 1:] = same[:, :-1]
    found = {
        "previous": (key == query - 1) & (query > 1),
        "itself": (key == query) & (query > 0),
        "first": (key == 0) & (query > 1),
        "two back": (key == query - 2) & (query > 2),
        "same": same,
        "induction": after & (key < query),
    }
    return {word: keys for word, keys in found.items() if keys.any(1).sum() >= min(SEEN, max(1, size - 2))}


def habits(maps: Maps, ids: Sequence[int] | NDArray[Any]) -> list[list[Habit]]:
    """Of each head of a block, largest share first."""
    found = kinds(ids)
    if not found or not len(maps):
        return [[] for _ in maps]
    counted = np.stack([(keys / keys.any(1).sum()).ravel() for keys in found.values()], 1).astype(np.float32)
    shares = maps.reshape(len(maps), -1) @ counted
    rows = [[Habit(word=word, share=float(x)) for word, x in zip(found, row, strict=True)] for row in shares]
    return [sorted(row, key=lambda habit: -habit.share) for row in rows]


def words(blocks: Sequence[Maps], ids: Sequence[int] | NDArray[Any]) -> list[list[str]]:
    """One word for the strongest habit of every head; "even", "near" or "mixed" where none is strong, "" for too
    short a text."""
    if len(ids) < SHORTEST:
        return [["" for _ in maps] for maps in blocks]
    found = []
    for maps in blocks:
        rest = np.where(evenness(maps) >= EVEN, "even", np.where(nearness(maps) >= NEAR, "near", "mixed"))
        each = zip(habits(maps, ids), rest.tolist(), strict=True)
        found.append([row[0].word if row[0].share >= STRONG else other for row, other in each])
    return found


def sentence(weights: NDArray[Any], ids: Sequence[int] | NDArray[Any]) -> str:
    """The largest shares of one head (T, T); one that rests on the first token often has found nothing to look at."""
    (found,) = habits(np.asarray(weights, dtype=np.float32)[None], ids)
    if not found:
        return "The first token can only look at itself"
    text = ", ".join(f"{percent(habit.share, 0)} {PHRASES[habit.word]}" for habit in found[:3])
    sink = next((habit.share for habit in found if habit.word == "first"), 0.0)
    return text + (". The first token is often a resting place, not a cue" if sink > SINK else "")


def evenness(maps: Maps) -> NDArray[np.float64]:
    """(H,) mean over the queries of 1 / sum of p squared, the tokens looked at as if alike, over those it could."""
    squares = np.einsum("htk,htk->ht", maps, maps)[:, 1:]
    could = np.arange(2, squares.shape[1] + 2)
    return np.asarray((1 / np.maximum(squares * could, 1e-9)).mean(1), dtype=np.float64)


def nearness(maps: Maps) -> NDArray[np.float64]:
    """(H,) mean share on the query itself and the REACH tokens before it, over the queries that could look further."""
    query, key = np.indices(maps.shape[1:])
    near = ((key <= query) & (key >= query - REACH) & (query > REACH)) / max(1, maps.shape[1] - REACH - 1)
    return np.asarray(maps.reshape(len(maps), -1) @ near.ravel().astype(np.float32), dtype=np.float64)
