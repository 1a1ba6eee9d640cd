"""What can be known before training: how long a step takes on this machine, and how the untrained network writes."""

import time
from collections.abc import Generator
from statistics import median
from typing import Any

import numpy as np
import torch
from msgspec.structs import replace
from numpy.typing import NDArray

from llmstudio.core.chat.generate import Vocabulary, generate
from llmstudio.core.chat.sampler import Sampler
from llmstudio.core.inside.watch import at_rest
from llmstudio.core.model import cost
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Model

from . import shortage
from . import way as ways
from .compiled import Compiler
from .engine import goal_of
from .learner import Learner
from .recipe import Recipe
from .speed import Speed, carried

TRIED, SECONDS = 12, 1.2  # steps tried at most, and for how long
READ, READ_SECONDS = 3, 0.15  # batches read at most, and for how long: the first is slow
WRITTEN = 8  # tokens
MOST_FLOPS = int(5e10)  # of a step that is tried: a fraction of a second on a slow machine
FEWEST_TOKENS = 64  # in it; fewer would not show how fast matrices are multiplied
MOST_TOKENS = 4096
MOST_WEIGHTS, TOO_MANY = 30_000_000, 150_000_000  # of a copy that is tried: it takes 20 bytes for each


def measure(
    model: Model, recipe: Recipe, device: str = "cpu", compiler: Compiler | None = None
) -> Generator[None, None, Speed]:
    """Really train a copy of the network for a moment, on random tokens, as the run itself would: about 2 seconds.

    A large design is tried with its first blocks and a few texts, and the rest is worked out from them. ValueError
    where there is no memory for that; see `shortage.UNTRIED`.
    """
    begun = time.perf_counter()
    small = _cut(model)
    tokens = _tokens(small, recipe)
    try:
        if small is model and tokens is None:
            speed = yield from _whole(model, recipe, device, compiler)
        else:
            speed = yield from _part(model, small, recipe, tokens or MOST_TOKENS, device)
        return replace(speed, took=time.perf_counter() - begun)
    except (RuntimeError, MemoryError) as error:
        if not shortage.of_memory(error):
            raise
    shortage.release()  # now that nothing holds on to what was tried
    raise ValueError(shortage.UNTRIED)


def _whole(model: Model, recipe: Recipe, device: str, compiler: Compiler | None) -> Generator[None, None, Speed]:
    """The very step. The first does not count, unless there was time for no other."""
    learner = Learner(model, recipe, Noise(model.vocab), device, None)
    wish = learner.wish
    ready = compiler.ready(wish) if compiler and wish else None
    compiled = bool(ready and wish and learner.take(ready, wish.rows))
    times: list[float] = []
    updates: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(times) < 2 or (time.perf_counter() < end and len(times) < TRIED):
        start = time.perf_counter()
        learner.gradients(len(times), 0)
        between = time.perf_counter()
        learner.apply(0.0)
        times.append(time.perf_counter() - start)
        updates.append(time.perf_counter() - between)
        yield None
        if times[0] > SECONDS:
            break
    ids = learner.batch(0, 0)[0]
    read, exact, token = yield from _looks(learner, ids)
    way = learner.engine.way
    return Speed(
        step=median(times[1:] or times),
        update=median(updates[1:] or updates),
        read=read,
        exact=exact,
        token=token,
        compiled=compiled,
        dtype=way.dtype,
        fused=way.fused,
    )


def _part(model: Model, small: Model, recipe: Recipe, tokens: int, device: str) -> Generator[None, None, Speed]:
    """A step of the first blocks alone, with fewer tokens, as the measure of the whole one."""
    length = min(model.context, tokens)
    texts = max(1, tokens // length)
    tried = replace(recipe, batch=texts, accumulate=1)
    way = ways.probe(replace(small, context=length), tried, device)
    yield None
    learner = Learner(small, tried, Noise(model.vocab), device, way)
    yield None
    ids = torch.from_numpy(Noise(model.vocab).batch(np.random.default_rng(0), texts, length + 1)[0]).to(device)
    x, y = ids[:, :-1], ids[:, 1:]
    times: list[float] = []
    updates: list[float] = []
    end = time.perf_counter() + SECONDS / 2
    while len(times) < 2 or (time.perf_counter() < end and len(times) < TRIED):
        start = time.perf_counter()
        float(learner.engine.gradients(x, y, 1, goal_of(recipe)))
        between = time.perf_counter()
        learner.apply(0.0)
        times.append(between - start)
        updates.append(time.perf_counter() - between)
        yield None
    read, exact, token = yield from _looks(learner, x)
    update = median(updates[1:])
    seen = Speed(step=median(times[1:]) + update, update=update, read=read, exact=exact, token=token)
    found = carried(seen, (replace(small, context=length), tried), (model, recipe))
    fused = tuple(way.fused[i % len(way.fused)] for i in range(len(model.blocks))) if way.fused else ()
    return replace(found, dtype=way.dtype, fused=fused)


def _looks(learner: Learner, ids: torch.Tensor) -> Generator[None, None, tuple[float, float, float]]:
    """Seconds of reading these texts as in a look on the way, of reading them exactly, and of writing one token."""
    reads = []
    for gpt in (learner.quick, learner.shown):
        times: list[float] = []
        while len(times) < READ and sum(times) < READ_SECONDS:
            start = time.perf_counter()
            with at_rest(gpt):
                gpt(ids).sum().item()
            times.append(time.perf_counter() - start)
            yield None
        reads.append(min(times))
    start = time.perf_counter()
    for _ in generate(learner.shown, [0], Sampler(seed=0, max_tokens=WRITTEN), _Silent()):
        yield None
    return reads[0], reads[1], (time.perf_counter() - start) / WRITTEN


def _cut(model: Model) -> Model:
    """The first blocks alone, where all of them are more weights than can be made in a moment."""
    count = len(model.blocks)
    while count > 1 and cost.total(_first(model, count)) > MOST_WEIGHTS:
        count = (count + 1) // 2
    small = model if count == len(model.blocks) else _first(model, count)
    if cost.total(small) > TOO_MANY:
        raise ValueError("This design is too large to be tried here for a moment: one block of it takes too much room.")
    return small


def _first(model: Model, count: int) -> Model:
    return replace(model, blocks=model.blocks[:count], skips=(), groups=())


def _tokens(model: Model, recipe: Recipe) -> int | None:
    """How many tokens a step may have to take a fraction of a second; None where the whole batch is no more."""
    room = max(MOST_FLOPS // max(1, cost.flops_per_token(model)), FEWEST_TOKENS)
    return None if recipe.batch * model.context <= room else int(room)


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
