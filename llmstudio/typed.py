"""What was typed for the fields of a value: KEY=VALUE."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from .core.json_text import decode, fit
from .core.model.spec import Model
from .core.train.fields import put
from .core.train.recipe import Recipe

WORDS = ("on", "off", "none")  # as a sweep takes them too


def edited(model: Model, recipe: Recipe, pairs: Sequence[str]) -> tuple[Model, Recipe]:
    """Design and recipe with what was typed: "learning_rate=1e-3", "model.width=64", "blocks.*.mlp.hidden=128".

    ValueError with one sentence where a field or its value is wrong.
    """
    of_recipe: dict[str, Any] = {}
    of_model: dict[str, Any] = {}
    for key, value in typed(pairs):
        if key.startswith("blocks.") or value in WORDS:
            model, recipe = put(model, recipe, key, value)
        elif key.startswith("model."):
            of_model[key.removeprefix("model.")] = _value(value)
        else:
            of_recipe[key.removeprefix("recipe.")] = _value(value)
    return changed(model, of_model), changed(recipe, of_recipe)


def typed(pairs: Sequence[str]) -> list[tuple[str, str]]:
    """Keys and values as text. ValueError where there is no "=" between them."""
    if wrong := next((pair for pair in pairs if "=" not in pair), None):
        raise ValueError(f"--set wants KEY=VALUE, not {wrong}.")
    return [(key, value) for key, _, value in (pair.partition("=") for pair in pairs)]


def _value(text: str) -> Any:
    text = text.encode("utf-8", "replace").decode()
    try:
        return decode(text.replace("True", "true").replace("False", "false"), object)
    except ValueError:
        return text


def changed(value: Any, fields: dict[str, Any]) -> Any:
    """`value` with some fields replaced; ValueError with one sentence where a field or its value is wrong."""
    assert isinstance(value, Struct)
    for name, new in fields.items():
        if name not in value.__struct_fields__:
            there = ", ".join(value.__struct_fields__)
            raise ValueError(f"{name or 'A value without a name'} is not a field here. There is: {there}.")
        if isinstance(getattr(value, name), str) and isinstance(new, int | float):
            fields = {**fields, name: str(new)}  # a text that looks like a number
    try:
        return fit(msgspec.to_builtins(replace(value, **fields)), type(value))
    except ValueError as error:
        raise ValueError(f"That value does not fit. {error}.") from error
