"""Runs that were never made: loss curves of a known shape, with the noise of batches."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from llmstudio.core.data.ngrams import Ngrams
from llmstudio.core.model.spec import Model
from llmstudio.core.train.finding import Course, Curve
from llmstudio.core.train.recipe import Recipe

NGRAMS = Ngrams(
    uniform=4.2, unigram=3.3, bigram=2.5, trigram=2.05, counts=(65, 900, 6000), train_tokens=10**6,
    validation_tokens=10**5,
)  # fmt: skip
RECIPE = Recipe(steps=2000, warmup=50, batch=8, learning_rate=1e-3)
NOISE = 0.06


def falling(steps: int, noise: float = NOISE, seed: int = 0) -> np.ndarray:
    """A healthy run: 1.4 + 2.8 n^-0.3."""
    return 1.4 + 2.8 * np.arange(1, steps + 1) ** -0.3 + np.random.default_rng(seed).normal(0, noise, steps)


def course(losses: Sequence[float] | np.ndarray, looks: dict[int, float] | None = None, **fields: Any) -> Course:
    """`looks`: validation losses by step."""
    values, looks = [float(loss) for loss in losses], looks or {}
    made = Course(
        model=Model(context=32),
        recipe=RECIPE,
        step=len(values),
        loss=Curve(steps=[*range(1, len(values) + 1)], values=values),
        validation=Curve(steps=[*looks], values=[*looks.values()]),
        ngrams=NGRAMS,
        train_tokens=10**6,
    )
    return replace(made, **fields)
