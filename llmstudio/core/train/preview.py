"""What can be known before training: how long a step takes on this machine, and how the untrained network writes."""

import time
from collections.abc import Generator
from math import ceil
from statistics import median
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from llmstudio.core.chat.generate import Vocabulary, generate
from llmstudio.core.chat.sampler import Sampler
from llmstudio.core.inside.watch import at_rest
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Model

from .compiled import Compiler
from .learner import Learner
from .recipe import Recipe

TRIED, SECONDS = 12, 1.5  # steps tried at most, and for how long
WRITTEN = 8  # tokens


class Speed(Struct, frozen=True, kw_only=True):
    """Seconds of one training step, of reading one batch without learning from it, and of writing one token.

    `exact`: of reading one batch in float32, as at the end. `compiled`: the step was translated for this machine.
    """

    step: float
    read: float
    exact: float
    token: float
    compiled: bool = False


def measure(
    model: Model, recipe: Recipe, device: str = "cpu", compiler: Compiler | None = None
) -> Generator[None, None, Speed]:
    """Really train a copy of the network for a moment, on random tokens, as the run itself would.

    The first step does not count, unless there was time for no other.
    """
    learner = Learner(model, recipe, Noise(model.vocab), device, None)
    wish = learner.wish
    ready = compiler.ready(wish) if compiler and wish else None
    compiled = bool(ready and wish and learner.take(ready, wish.rows))
    times: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(times) < 2 or (time.perf_counter() < end and len(times) < TRIED):
        start = time.perf_counter()
        learner.gradients(len(times), 0)
        learner.apply(0.0)
        times.append(time.perf_counter() - start)
        yield None
        if times[0] > SECONDS:
            break
    ids = learner.batch(0, 0)[0]
    reads = []
    for gpt in (learner.quick, learner.shown):
        start = time.perf_counter()
        with at_rest(gpt):
            gpt(ids).sum().item()
        reads.append(time.perf_counter() - start)
        yield None
    start = time.perf_counter()
    for _ in generate(learner.shown, [0], Sampler(seed=0, max_tokens=WRITTEN), _Silent()):
        yield None
    token = (time.perf_counter() - start) / WRITTEN
    return Speed(step=median(times[1:] or times), read=reads[0], exact=reads[1], token=token, compiled=compiled)


def forecast(recipe: Recipe, model: Model, validation_tokens: int, speed: Speed) -> float:
    """Seconds that the whole run takes: its steps, its looks at validation text, the last one at all of it, samples."""
    whole = ceil(validation_tokens / (model.context * recipe.batch))
    looks = (recipe.steps - 1) // recipe.evaluate_every + 1  # the first before any step
    samples = (recipe.steps - 1) // recipe.sample_every + 2
    reading = looks * min(recipe.evaluate_batches, whole) * speed.read + whole * speed.exact
    return recipe.steps * speed.step + reading + samples * recipe.sample_tokens * speed.token


class Noise:
    """Random tokens, to try the speed on."""

    def __init__(self, vocab: int) -> None:
        self.vocab = vocab

    @property
    def validation(self) -> NDArray[Any]:
        return np.zeros(0, np.int64)

    def batch(self, rng: np.random.Generator, batch: int, context: int) -> tuple[NDArray[Any], NDArray[Any]]:
        ids = rng.integers(0, self.vocab, (batch, context + 1))
        return ids[:, :-1].copy(), ids[:, 1:].copy()


class _Silent:
    """A vocabulary whose tokens are not written out."""

    end = None

    def encode(self, text: str) -> NDArray[Any]:
        return np.zeros(0, np.int64)

    def unknown(self, text: str) -> set[str]:
        return set()

    def decoder(self) -> Any:
        return self

    def push(self, id: int) -> str:
        return ""

    def flush(self) -> str:
        return ""


def untrained(
    model: Model, recipe: Recipe, tokenizer: Vocabulary, tokens: int, device: str = "cpu"
) -> Generator[None, None, str]:
    """What the network writes before its first step, with the start and the sampling that the run itself will have."""
    gpt = GPT(model, recipe.seed).to(device)
    text = ""
    sampler = Sampler(seed=recipe.seed, max_tokens=tokens)
    for said in generate(gpt, tokenizer.encode(recipe.prompt), sampler, tokenizer):
        text += said.text
        yield None
    return text
