"""A small text in memory, with what training asks of tokens on disk and of a tokenizer."""

import numpy as np

SOURCE = "the cat sat on the mat and the dog sat on the log while the rat ran to the cat " * 40


class Letters:
    """A character tokenizer."""

    end = None

    def __init__(self, text: str = SOURCE) -> None:
        self.letters = sorted(set(text) | {"\n"})

    def encode(self, text: str) -> np.ndarray:
        return np.array([self.letters.index(c) for c in text if c in self.letters], dtype=np.int32)

    def unknown(self, text: str) -> set[str]:
        return set(text) - set(self.letters)

    def decoder(self) -> "Letters":
        return self

    def push(self, id: int) -> str:
        return self.letters[id]


class Tokens:
    def __init__(self, text: str = SOURCE) -> None:
        ids = Letters(text).encode(text)
        cut = int(len(ids) * 0.9)
        self.train, self.validation = ids[:cut], ids[cut:]

    def batch(self, rng: np.random.Generator, batch: int, context: int) -> tuple[np.ndarray, np.ndarray]:
        rows = rng.integers(len(self.train) - context, size=batch)[:, None] + np.arange(context + 1)
        ids = self.train[rows].astype(np.int64)
        return np.ascontiguousarray(ids[:, :-1]), np.ascontiguousarray(ids[:, 1:])
