"""The panel of the recipe."""

from .panel import RecipePanel

__all__ = ["RecipePanel"]
