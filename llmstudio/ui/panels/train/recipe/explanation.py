"""What the options of a recipe do: of the chosen optimiser and schedule under their rows, of the others in tooltips."""

from .....core.train.explained import EXPLAINED, Explained
from .....core.train.recipe import Recipe

CHOSEN = ("optimizer", "schedule")  # fields whose explanation stands under them; the others have it in their tooltip


def of_value(recipe: Recipe, field: str) -> Explained | None:
    """Of a field with the value it has."""
    return EXPLAINED.get((field, getattr(recipe, field)))


def explained(recipe: Recipe) -> dict[str, str]:
    """For the tooltips of the other fields: formula and source."""
    found = {}
    for (field, value), about in EXPLAINED.items():
        if field in recipe.__struct_fields__ and field not in CHOSEN and value in ("", getattr(recipe, field)):
            found[field] = "\n".join(part for part in (about.formula, about.source) if part)
    return found
