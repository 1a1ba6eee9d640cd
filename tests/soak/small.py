"""A small run for the soaks: a step takes a few milliseconds, and all of training is in it."""

import math
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from msgspec.structs import replace
from safetensors.torch import load_file

from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import MLP, Attention, Block, Model
from llmstudio.core.train.events import Event, Step
from llmstudio.core.train.recipe import Recipe
from llmstudio.core.train.trainer import Trainer
from tests.core.train.texts import Letters, Tokens

NEVER = 1_000_000


def _text(words: int = 12_000) -> str:
    """Words of a small language in random order: nothing that a small model could know by heart."""
    dice = random.Random(1)
    known = ["".join(dice.choice("aeioubdgklmnprstz") for _ in range(dice.randint(2, 6))) for _ in range(80)]
    return " ".join(dice.choice(known) for _ in range(words))


TEXT = _text()
LETTERS, TOKENS = Letters(TEXT), Tokens(TEXT)
MODEL = Model(
    vocab=len(LETTERS.letters),
    context=16,
    width=32,
    position="rope",
    blocks=(Block(attention=Attention(heads=2)), Block(norm="rms", mlp=MLP(activation="swiglu", hidden=40))),
)
RECIPE = Recipe(
    steps=400, batch=8, learning_rate=3e-3, warmup=10, evaluate_every=50, evaluate_batches=2, sample_every=NEVER,
    sample_tokens=1, prompt="a", checkpoint_seconds=3600, watch_every=0, compile=False,
)  # fmt: skip


def trainer(folder: Path, model: Model = MODEL, **fields: Any) -> Trainer:
    return Trainer(model, replace(RECIPE, **fields), TOKENS, LETTERS, folder)


def happened(one: Trainer) -> Iterator[Event]:
    for event in one.run():
        if event is not None:
            yield event


def until(one: Trainer, step: int) -> list[Event]:
    """Run to the news of this step, then close, which saves."""
    run, told = one.run(), []
    for event in run:
        told.append(event)
        if isinstance(event, Step) and event.step == step:
            break
    run.close()
    return [event for event in told if event is not None]


def losses(events: list[Event]) -> dict[int, float]:
    """By step; where the run went back, those of the last time."""
    return {e.step: e.loss for e in events if isinstance(e, Step)}


def weights(gpt: GPT | None) -> dict[str, torch.Tensor]:
    assert gpt is not None
    return {name: p.detach().clone() for name, p in gpt.named_parameters()}


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def unsound(folder: Path) -> list[str]:
    """Files of weights in which something is no number."""
    bad = []
    for path in folder.rglob("*.safetensors"):
        with suppress(FileNotFoundError):  # an older checkpoint goes when a newer one is there
            if not all(bool(t.isfinite().all()) for t in load_file(path).values()):
                bad.append(path.name)
    return bad


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)
