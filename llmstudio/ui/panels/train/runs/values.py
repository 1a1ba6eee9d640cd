"""Values worth trying for a setting: what a sweep's field holds when it is chosen."""

from typing import Any, Literal, get_args, get_origin, get_type_hints

from msgspec import Struct

from .....core.model import spec
from .....core.model.spec import Model
from .....core.train.fields import written
from .....core.train.recipe import Recipe
from ....fields import Option, option


def worth_trying(model: Model, recipe: Recipe, path: str) -> str:
    """As it is typed: all words of a choice; of a number what it is, and a smaller and a larger one."""
    owner, field = _owner(model, recipe, path)
    found = option(field, get_type_hints(type(owner), include_extras=True)[field])
    assert found is not None, path
    now = getattr(owner, field)
    return ", ".join(written(value) for value in _values(found, now))


def hint(model: Model, recipe: Recipe, path: str) -> str:
    """What the setting does, in one sentence."""
    owner, field = _owner(model, recipe, path)
    found = option(field, get_type_hints(type(owner), include_extras=True)[field])
    return found.hint if found else ""


def _owner(model: Model, recipe: Recipe, path: str) -> tuple[Struct, str]:
    """What holds the field; of all blocks the first that has the part."""
    *where, field = path.split(".")
    if where == ["recipe"]:
        return recipe, field
    if where == ["model"]:
        return model, field
    parts = (spec.part(model, ".".join(["blocks", str(i), *where[2:]])) for i in range(len(model.blocks)))
    owner = next(part for part in parts if part is not None)
    return owner, field


def _values(found: Option, now: Any) -> list[Any]:
    if get_origin(found.kind) is Literal:
        return list(get_args(found.kind))
    if found.kind is bool:
        return [False, True]
    if found.optional and now is None:
        return [None]
    if found.kind is float and not now:
        return [0.0, 0.1] if found.high <= 1 else [0.0, 1.0]
    if found.kind is float and found.low >= 0 and found.high < 1:  # a share: as near to 1 again, and twice as far
        tried = [1 - (1 - now) * 2, now, 1 - (1 - now) / 2] if now > 0.5 else [now / 2, now, now * 2]
    elif found.kind is float:
        tried = [now / 3, now, now * 3]
    else:
        tried = [now // 2, now, max(now, 1) * 2]
    rounded = [int(value) if found.kind is int else float(f"{value:.{3 if value > 0.5 else 2}g}") for value in tried]
    return list(dict.fromkeys(min(max(value, found.low), found.high) for value in rounded))
