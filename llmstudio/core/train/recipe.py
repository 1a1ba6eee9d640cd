"""The run as data: how long, how fast and in what portions the model learns. No torch."""

from math import cos, pi
from typing import Annotated, Literal

from msgspec import Meta, Struct


class Recipe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    steps: Annotated[int, Meta(ge=1, le=100_000_000, title="Steps", description="How many times the weights are changed.", extra_json_schema={"group": "Length"})] = 2000
    batch: Annotated[int, Meta(ge=1, le=65_536, title="Batch", description="Passages of text read before each change of the weights.", extra_json_schema={"unit": "texts", "group": "Length"})] = 12
    learning_rate: Annotated[float, Meta(gt=0, le=10, title="Peak", description="The largest step size, reached after the warm-up.", extra_json_schema={"group": "Learning rate"})] = 1e-3
    min_learning_rate: Annotated[float, Meta(ge=0, le=10, title="Final", description="The step size at the last step.", extra_json_schema={"group": "Learning rate"})] = 1e-4
    schedule: Annotated[Literal["cosine", "constant"], Meta(title="Schedule", description="How the learning rate falls from its peak to its final value.", extra_json_schema={"group": "Learning rate"})] = "cosine"
    warmup: Annotated[int, Meta(ge=0, le=10_000_000, title="Warm-up", description="Steps over which the learning rate rises from 0, while the first gradients are wild.", extra_json_schema={"unit": "steps", "group": "Learning rate"})] = 100
    weight_decay: Annotated[float, Meta(ge=0, le=10, title="Weight decay", description="Pulls matrices towards zero a little at each step (AdamW, Loshchilov & Hutter 2019).", extra_json_schema={"group": "Optimiser"})] = 0.1
    beta1: Annotated[float, Meta(ge=0, lt=1, title="Beta 1", description="How long the mean of the gradient is remembered.", extra_json_schema={"group": "Optimiser"})] = 0.9
    beta2: Annotated[float, Meta(ge=0, lt=1, title="Beta 2", description="How long the mean of the squared gradient is remembered.", extra_json_schema={"group": "Optimiser"})] = 0.99
    clip: Annotated[float, Meta(ge=0, le=1e6, title="Clip gradients", description="Longest gradient that is let through; 0 lets all through.", extra_json_schema={"group": "Optimiser"})] = 1.0
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1, title="Seed", description="The same seed gives the same start and the same order of batches.", extra_json_schema={"group": "Optimiser"})] = 1337
    evaluate_every: Annotated[int, Meta(ge=1, le=10_000_000, title="Evaluate every", description="Steps between two looks at text it does not learn from.", extra_json_schema={"unit": "steps", "group": "Look while it learns"})] = 100
    evaluate_batches: Annotated[int, Meta(ge=1, le=100_000, title="Evaluate on", description="Batches of validation text for each point of the curve; the final figure reads all of it.", extra_json_schema={"unit": "batches", "group": "Look while it learns"})] = 20
    sample_every: Annotated[int, Meta(ge=1, le=10_000_000, title="Sample every", description="Steps between two samples of its writing.", extra_json_schema={"unit": "steps", "group": "Look while it learns"})] = 200
    sample_tokens: Annotated[int, Meta(ge=1, le=10_000, title="Sample length", description="Tokens in each sample.", extra_json_schema={"unit": "tokens", "group": "Look while it learns"})] = 120
    prompt: Annotated[str, Meta(title="Prompt", description="What each sample goes on from.", extra_json_schema={"group": "Look while it learns"})] = "\n"
    checkpoint_seconds: Annotated[int, Meta(ge=1, le=86_400, title="Save every", description="Longest time between two checkpoints: all that a power cut can cost.", extra_json_schema={"unit": "s", "group": "Look while it learns"})] = 20


def learning_rate(recipe: Recipe, step: int) -> float:
    """The rate at `step` (0-based): linear warm-up, then half a cosine (SGDR, Loshchilov & Hutter 2017) or constant."""
    if step < recipe.warmup:
        return recipe.learning_rate * (step + 1) / (recipe.warmup + 1)
    if recipe.schedule == "constant" or step >= recipe.steps:
        return recipe.learning_rate if recipe.schedule == "constant" else recipe.min_learning_rate
    share = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
    return recipe.min_learning_rate + 0.5 * (1 + cos(pi * share)) * (recipe.learning_rate - recipe.min_learning_rate)


def snapshot_steps(steps: int, per_octave: int = 4) -> list[int]:
    """Steps at which the weights are kept for the time machine: 0, the last, and log-spaced between, rising."""
    marks = {0, steps}
    k = 0
    while (mark := round(2 ** (k / per_octave))) < steps:
        marks.add(mark)
        k += 1
    return sorted(marks)
