"""What can be known before training: how long a step takes on this machine, and how the untrained network writes."""

import time
from collections.abc import Generator
from math import ceil
from statistics import median

import torch
import torch.nn.functional as F
from msgspec import Struct

from llmstudio.core.chat.generate import Vocabulary, generate
from llmstudio.core.chat.sampler import Sampler
from llmstudio.core.inside.watch import at_rest
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Model

from . import attention, optim
from .recipe import Recipe

TRIED, SECONDS = 12, 1.5  # steps tried at most, and for how long


class Speed(Struct, frozen=True, kw_only=True):
    """Seconds of one training step, and of reading one batch without learning from it."""

    step: float
    read: float


def measure(model: Model, recipe: Recipe, device: str = "cpu") -> Generator[None, None, Speed]:
    """Really train a copy of the network for a moment, on random tokens.

    The first step does not count, unless there was time for no other.
    """
    gpt = GPT(model, recipe.seed).to(device).train()
    attention.choose(gpt, attention.probe(model, recipe.batch, device))
    weights, optimizer = list(gpt.parameters()), optim.adamw(gpt, recipe)
    dice = torch.Generator().manual_seed(recipe.seed)
    ids = torch.randint(model.vocab, (recipe.batch, model.context + 1), generator=dice).to(device)
    times: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(times) < 2 or (time.perf_counter() < end and len(times) < TRIED):
        start = time.perf_counter()
        F.cross_entropy(gpt(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten()).backward()  # type: ignore[no-untyped-call]
        optim.clip(weights, recipe.clip)
        optimizer.step()
        optimizer.zero_grad()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
        yield None
        if times[0] > SECONDS:
            break
    start = time.perf_counter()
    with at_rest(gpt):
        gpt(ids[:, :-1]).sum().item()
    return Speed(step=median(times[1:] or times), read=time.perf_counter() - start)


def forecast(recipe: Recipe, model: Model, validation_tokens: int, speed: Speed) -> float:
    """Seconds that the whole run takes: its steps, its looks at validation text, and the last one at all of it."""
    whole = ceil(validation_tokens / (model.context * recipe.batch))
    looks = (recipe.steps - 1) // recipe.evaluate_every + 1  # the first before any step
    return recipe.steps * speed.step + (looks * min(recipe.evaluate_batches, whole) + whole) * speed.read


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
