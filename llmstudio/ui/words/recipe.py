"""What a recipe amounts to, in one sentence."""

from ...core.model.spec import Model
from ...core.train.recipe import Recipe
from ..numbers import count
from .numbers import fixed


def portion(recipe: Recipe, model: Model, train_tokens: int | None) -> str:
    """Such as "1 024 tokens a step, 2.04 passes over the text"; without prepared text only the first half."""
    each = recipe.batch * model.context
    words = f"{count(each)} tokens a step"
    return f"{words}, {passes(recipe.steps, recipe, model, train_tokens)} over the text" if train_tokens else words


def passes(step: int, recipe: Recipe, model: Model, train_tokens: int) -> str:
    """How often the text has been read at a step, on average: batches are drawn at random places."""
    times = step * recipe.batch * model.context / train_tokens
    return f"{fixed(times, 2 if times < 9.995 else 0)} passes"
