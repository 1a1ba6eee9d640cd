"""What a closed group of the recipe holds that is not as usual."""

from collections.abc import Iterable

from .....core.train.recipe import Recipe
from ....form import options
from ....words.changes import value


def unusual(recipe: Recipe, names: Iterable[str]) -> str:
    """Those of the fields that are not as they are when nobody chooses, and count: "dropout: 0.1, z-loss: 1.0e-4"."""
    usual = Recipe()
    fields = {option.name: option for option in options(Recipe)}
    found = []
    for name in names:
        now = getattr(recipe, name)
        if now != getattr(usual, name) and fields[name].counts(recipe):
            title = fields[name].title
            found.append(f"{title[0].lower()}{title[1:]}: {value(now)}")
    return ", ".join(found)
