"""How long a run will take here, told from those that were made."""

from collections.abc import Sequence

from .....core.model.cost import flops_per_token
from .....core.model.spec import Model
from .....core.train.recipe import Recipe
from .....session.run import Run

LEAST = 20  # steps from which a run's speed is known


def seconds(model: Model, recipe: Recipe, runs: Sequence[Run]) -> float | None:
    """By its arithmetic, at the speed of the newest run with some steps, looks and samples included; None without one.

    Small and large networks reach different shares of the machine's peak: an order of magnitude, not a promise.
    """
    timed = [run for run in runs if run.step >= LEAST and run.seconds.last and run.tokens.last]
    if not timed:
        return None
    last = timed[-1]
    spent, read = last.seconds.last, last.tokens.last
    assert spent and read
    return _work(model, recipe) * spent / (read * flops_per_token(last.model))


def _work(model: Model, recipe: Recipe) -> float:
    return float(recipe.steps) * recipe.batch * model.context * flops_per_token(model)
