"""The learning-rate finder on the thread that owns the models."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from ..core.model.spec import Model
from ..core.train.recipe import Recipe
from .project import Folder

if TYPE_CHECKING:
    from ..core.train.finder import Found, Tried


def find(model: Model, recipe: Recipe, place: Folder, device: str) -> "Generator[Tried | None, None, Found]":
    """Try rates from tiny to too large on a network of its own."""
    from ..core.data.tokens import Tokens
    from ..core.train.finder import find as search

    return (yield from search(model, recipe, Tokens(place.tokens), device))


def key(model: Model, recipe: Recipe) -> Any:
    """What the best rate depends on."""
    names = ("optimizer", "batch", "dropout", "label_smoothing", "z_loss", "beta1", "beta2", "momentum", "weight_decay")
    return model, tuple(getattr(recipe, name) for name in names)
