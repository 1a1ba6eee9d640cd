"""Characters of a text as tokens, as nanoGPT has them: the first 90 % to learn from, the rest to test on."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmstudio.core.data import synthetic


class Characters:
    """Of the file that LLMSTUDIO_CORPUS names (or the first .txt in that folder), else of the starter's own text."""

    def __init__(self) -> None:
        text, self.name = source()
        self.letters = sorted(set(text))
        ids = np.array([self.letters.index(c) for c in self.letters], np.uint16)
        table = dict(zip(self.letters, ids, strict=True))
        tokens = np.fromiter((table[c] for c in text), np.uint16, len(text))
        split = int(0.9 * len(tokens))
        self.train, self.validation = tokens[:split], tokens[split:]

    def batch(self, rng: np.random.Generator, batch: int, context: int) -> tuple[NDArray[Any], NDArray[Any]]:
        starts = rng.integers(0, len(self.train) - context, size=batch)
        found = self.train[starts[:, None] + np.arange(context + 1)].astype(np.int64)
        return np.ascontiguousarray(found[:, :-1]), np.ascontiguousarray(found[:, 1:])


def source() -> tuple[str, str]:
    """The text, and what it is called."""
    if place := os.environ.get("LLMSTUDIO_CORPUS"):
        path = Path(place)
        path = path if path.is_file() else sorted(path.glob("*.txt"))[0]
        return path.read_text("utf-8"), path.name
    return "\n".join(text for _, text in synthetic.documents("persona", 0)), "the starter's text"
