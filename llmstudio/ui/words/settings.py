"""The settings in which many runs differ, and each run named by its values there: "learning rate 0.003, width 64"."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from ...core.model.spec import Model
from ...core.train.fields import short
from ...core.train.recipe import Recipe
from ..numbers import count, real

PLACE = re.compile(r"\.\d+(?=\.|$)")  # the number of a block
QUIET = {"recipe.seed", "model.name"}  # what only the seeds differ in, and what says nothing about the network
FOLLOWS = {"recipe.min_learning_rate": "recipe.learning_rate"}  # is kept below the other, so it says nothing beside it
Pair = tuple[Model, Recipe]


def named(pairs: Sequence[Pair]) -> list[str]:
    """Each by what sets it apart from some of the others; "" for all where they differ in nothing but the seed."""
    flat = [_flat(model, recipe) for model, recipe in pairs]
    paths = dict.fromkeys(path for each in flat for path in each)
    differ = [path for path in paths if len({repr(each.get(path)) for each in flat}) > 1]
    kept = [path for path in differ if path not in QUIET and FOLLOWS.get(path) not in differ]
    return [", ".join(f"{title(path)} {said(each[path])}" for path in kept if path in each) for each in flat]


def title(path: str) -> str:
    """Of a field, as it stands before its value; the number of blocks is called that."""
    return short(path) or path


def said(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return real(value)
    return count(value) if isinstance(value, int) else str(value).replace("\n", "↵")


def _flat(model: Model, recipe: Recipe) -> dict[str, Any]:
    """Every number and word by its path; what all blocks share under "blocks.*", and how many blocks and wires."""
    found: dict[str, Any] = {"blocks": len(model.blocks)}
    _walk("model", {**msgspec.to_builtins(model), "blocks": None, "skips": len(model.skips)}, found)
    del found["model.blocks"]
    _walk("recipe", msgspec.to_builtins(recipe), found)
    own: dict[str, Any] = {}
    for i, block in enumerate(msgspec.to_builtins(model.blocks)):
        _walk(f"blocks.{i}", block, own)
    shared: dict[str, set[str]] = {}
    for path, value in own.items():
        shared.setdefault(PLACE.sub(".*", path, count=1), set()).add(repr(value))
    for path, value in own.items():
        general = PLACE.sub(".*", path, count=1)
        found[general if len(shared[general]) == 1 else path] = value
    return found


def _walk(path: str, value: Any, found: dict[str, Any]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _walk(f"{path}.{name}", inner, found)
    else:
        found[path] = value
