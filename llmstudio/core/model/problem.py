"""What is wrong with a design, as data."""

from msgspec import Struct

from llmstudio.core.train.recipe import Recipe

from . import spec as S


class Fix(Struct, frozen=True, kw_only=True):
    """One click that mends a problem: take this model, and this recipe where there is one."""

    label: str
    model: S.Model
    recipe: Recipe | None = None


class Problem(Struct, frozen=True, kw_only=True):
    where: str  # path in the spec; "" is the whole
    text: str
    fixes: tuple[Fix, ...] = ()
