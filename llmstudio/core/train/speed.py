"""How fast training is on a machine, as numbers: measured by `preview`, carried over to another design, added up."""

from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from llmstudio.core.model import cost
from llmstudio.core.model.spec import Model

from .recipe import Recipe


class Speed(Struct, frozen=True, kw_only=True):
    """Seconds of one training step, of reading one batch without learning from it, and of writing one token.

    `exact`: of reading one batch in float32, as at the end. `update`: the part of a step that changes the weights.
    """

    step: float
    read: float
    exact: float
    token: float
    update: float = 0.0
    compiled: bool = False  # the step was translated for this machine
    whole: bool = True  # the very step was measured; else a part of it, from which the rest was worked out
    dtype: str = "float32"  # of the arithmetic that was the fastest
    fused: tuple[bool, ...] = ()  # per block: torch's fused attention
    took: float = 0.0  # seconds of measuring


def carried(speed: Speed, of: tuple[Model, Recipe], to: tuple[Model, Recipe]) -> Speed:
    """What was measured `of` one design, worked out for another: by the arithmetic, and updates by the parameters."""
    arithmetic = _arithmetic(*to) / max(1, _arithmetic(*of))
    weights = cost.total(to[0]) / max(1, cost.total(of[0]))
    return replace(
        speed,
        step=(speed.step - speed.update) * arithmetic + speed.update * weights,
        update=speed.update * weights,
        read=speed.read * arithmetic,
        exact=speed.exact * arithmetic,
        token=speed.token * weights,
        whole=False,
    )


def _arithmetic(model: Model, recipe: Recipe) -> int:
    return recipe.batch * model.context * cost.flops_per_token(model)


def tokens_per_second(model: Model, recipe: Recipe, speed: Speed) -> float:
    return recipe.batch * model.context / speed.step


def flops_per_second(model: Model, recipe: Recipe, speed: Speed) -> float:
    """Arithmetic of training that the machine really does in a second."""
    return _arithmetic(model, recipe) / speed.step


def forecast(recipe: Recipe, model: Model, validation_tokens: int, speed: Speed) -> float:
    """Seconds that the whole run takes: its steps, its looks at validation text, the last one at all of it, samples."""
    whole = ceil(validation_tokens / (model.context * recipe.batch))
    looks = (recipe.steps - 1) // recipe.evaluate_every + 1  # the first before any step
    samples = (recipe.steps - 1) // recipe.sample_every + 2
    reading = looks * min(recipe.evaluate_batches, whole) * speed.read + whole * speed.exact
    return recipe.steps * speed.step + reading + samples * recipe.sample_tokens * speed.token
