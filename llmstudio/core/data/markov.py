"""A made-up language whose difficulty is known exactly: a Markov source over a few letters.

The next letter depends on the last `order` letters and on nothing else, so no model, however large, can predict text of
the source better than its entropy rate (Shannon 1948, "A Mathematical Theory of Communication", section 7):

    H = - sum_s pi(s) sum_a p(a | s) ln p(a | s)        nats per character

with pi the stationary distribution of the states s (the last `order` letters). A trained model's loss comes down to H
and stays there: the floor on the loss chart.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from llmstudio.core.files import write_atomic

LETTERS = "aeioulmnrst \n"  # spoken aloud it could almost be a language; the last two make words and lines
SUCCESSORS = 4  # letters that may follow a state
GAPS = {" ": 1.0, "\n": 0.5}  # how readily words and lines end, against 1 for a letter
CHUNK = 1 << 16

Floats = NDArray[np.float64]


class Source(Struct, frozen=True, kw_only=True):
    """`rows[s][a]`: probability that `alphabet[a]` follows state s. States are numbered as digits to the number of
    letters, oldest letter first; there are len(alphabet) ** order of them."""

    alphabet: str
    order: Annotated[int, Meta(ge=1, le=4)]
    rows: tuple[tuple[float, ...], ...]

    @property
    def entropy(self) -> float:
        """The entropy rate H in nats per character: the lowest loss that any model can reach."""
        rows = self.table()
        known = np.where(rows > 0, rows, 1.0)
        return float(-(stationary(rows) * (rows * np.log(known)).sum(axis=1)).sum())

    def table(self) -> Floats:
        """(states, letters), each row summing to 1. ValueError where the rows are not such a table."""
        shape = (len(self.alphabet) ** self.order, len(self.alphabet))
        ragged = len(self.rows) != shape[0] or any(len(row) != shape[1] for row in self.rows)
        rows = np.zeros(shape) if ragged else np.array(self.rows, dtype=np.float64)
        if ragged or (rows < 0).any() or not np.allclose(rows.sum(axis=1), 1, atol=1e-9):
            raise ValueError(f"The source needs {shape[0]} rows of {shape[1]} probabilities, each row summing to 1.")
        return rows

    def text(self, seed: int, characters: int) -> Iterator[str]:
        """`characters` letters drawn from the source, in chunks. The first state is drawn from pi."""
        rng = np.random.default_rng(seed)
        rows = self.table()
        edges = [(np.cumsum(row[row > 0]).tolist(), np.flatnonzero(row).tolist()) for row in rows]
        follow = [list(zip(*pair, strict=True)) for pair in edges]
        state = int(rng.choice(len(rows), p=stationary(rows)))
        for start in range(0, characters, CHUNK):
            out = []
            for u in rng.random(min(CHUNK, characters - start)).tolist():
                letter = next((a for edge, a in follow[state] if u < edge), follow[state][-1][1])
                out.append(self.alphabet[letter])
                state = (state * len(self.alphabet) + letter) % len(rows)
            yield "".join(out)

    def surprise(self, text: str) -> float:
        """Mean of -ln p over `text` under the source itself, nats per character, from its letter `order` on.

        It tends to `entropy`; on a text of n letters it is off by about 0.8 / sqrt(n). ValueError for a text that is
        too short or has letters that the source has not.
        """
        place = {letter: i for i, letter in enumerate(self.alphabet)}
        if len(text) <= self.order or set(text) - set(place):
            raise ValueError(f"The text should have more than {self.order} letters, all from {self.alphabet!r}.")
        ids = np.array([place[letter] for letter in text])
        states = sum(ids[i : len(ids) - self.order + i] * len(place) ** (self.order - 1 - i) for i in range(self.order))
        with np.errstate(divide="ignore"):
            return float(-np.log(self.table()[states, ids[self.order :]]).mean())

    def save(self, path: Path) -> None:
        write_atomic(path, msgspec.json.encode(self))


def load(path: Path) -> Source:
    """ValueError with one sentence where the file is not a source."""
    try:
        source = msgspec.json.decode(path.read_bytes(), type=Source)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is not the description of a source: {error}.") from error
    source.table()
    return source


def make(seed: int, alphabet: str = LETTERS, order: int = 2, successors: int = SUCCESSORS) -> Source:
    """A random sparse source, in which at least half of the states come up again and again."""
    rng = np.random.default_rng(seed)
    while True:
        rows = np.array([_row(rng, alphabet, state[-1], successors) for state in product(alphabet, repeat=order)])
        if len(closed(rows)) >= len(alphabet) ** order // 2:
            return Source(alphabet=alphabet, order=order, rows=tuple(tuple(row) for row in rows.tolist()))


def _row(rng: np.random.Generator, alphabet: str, last: str, successors: int) -> Floats:
    """Probabilities of what follows a state that ends in `last`: a few letters, and never two gaps running."""
    weight = np.array([0.0 if last in GAPS and a in GAPS else GAPS.get(a, 1.0) for a in alphabet])
    count = min(successors, int((weight > 0).sum()))
    chosen = rng.choice(len(alphabet), size=count, replace=False, p=weight / weight.sum())
    row = np.zeros(len(alphabet))
    row[chosen] = rng.dirichlet(np.ones(len(chosen)))
    return row


def successors_of(rows: Floats) -> NDArray[np.int64]:
    """(states, letters): the state that follows when a letter is added and the oldest one dropped."""
    states, letters = rows.shape
    after: NDArray[np.int64] = (np.arange(states)[:, None] * letters + np.arange(letters)) % states
    return after


def closed(rows: Floats) -> set[int]:
    """States that every state can reach: the only ones with a share in the long run. Empty where there are none."""
    after, possible = successors_of(rows), rows > 0
    reach = np.eye(len(rows), dtype=bool)
    while True:
        step = reach.copy()
        for letter in range(rows.shape[1]):
            step[possible[:, letter]] |= reach[after[possible[:, letter], letter]]
        if (step == reach).all():
            return set(np.flatnonzero(reach.all(axis=0)).tolist())
        reach = step


def stationary(rows: Floats, tolerance: float = 1e-12) -> Floats:
    """pi with pi P = pi, by power iteration on (P + I) / 2, which has the same pi and cannot oscillate.

    It starts even over all states, so states that are left for good fade out. Stops when no share moves by more than
    `tolerance` in a step. ValueError where the long run depends on the start: then there is no single entropy."""
    if not closed(rows):
        raise ValueError("This source has parts that never meet, so it has no single entropy: join them by a letter.")
    after = successors_of(rows)
    share: Floats = np.full(len(rows), 1 / len(rows))
    while True:
        flow = np.bincount(after.ravel(), weights=(share[:, None] * rows).ravel(), minlength=len(rows))
        before, share = share, (share + flow) / 2
        if np.abs(share - before).max() < tolerance:
            return share
