"""What a recipe amounts to, in one sentence."""

from collections.abc import Iterable
from typing import get_type_hints

from ...core.model.spec import Model
from ...core.train.recipe import Recipe
from ..fields import option
from ..numbers import count
from .changes import value
from .numbers import fixed

_HINTS = get_type_hints(Recipe, include_extras=True)


def portion(recipe: Recipe, model: Model, train_tokens: int | None) -> str:
    """"1 024 tokens a step, 2.04 passes over the text"; without prepared text only the first half."""
    each = recipe.batch * model.context
    words = f"{count(each)} tokens a step"
    return f"{words}, {passes(recipe.steps, recipe, model, train_tokens)} over the text" if train_tokens else words


def passes(step: int, recipe: Recipe, model: Model, train_tokens: int) -> str:
    """How often the text has been read at a step, on average: batches are drawn at random places."""
    times = step * recipe.batch * model.context / train_tokens
    return f"{fixed(times, 2 if times < 9.995 else 0)} passes"


def unusual(recipe: Recipe, names: Iterable[str]) -> str:
    """Those of the fields that are not as they are when nobody chooses, and count: "dropout: 0.1, z-loss: 1.0e-4"."""
    usual = Recipe()
    options = {name: made for name, hint in _HINTS.items() if (made := option(name, hint)) is not None}
    found = []
    for name in names:
        is_now = getattr(recipe, name)
        if is_now != getattr(usual, name) and options[name].counts(recipe):
            title = options[name].title
            found.append(f"{title[0].lower()}{title[1:]}: {value(is_now)}")
    return ", ".join(found)
