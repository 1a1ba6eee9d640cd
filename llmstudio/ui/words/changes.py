"""What differs between two runs, in words: only the fields that do."""

from collections.abc import Set
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import Struct

from ...core.model.spec import MLP, Attention, Block, Model
from ...core.train.recipe import Recipe
from ..numbers import count, real
from .numbers import plural

QUIET = {"name"}  # says nothing about the network
WORDS: dict[Any, str] = {True: "on", False: "off", None: "off", "": "none"}


def changes(before: tuple[Model, Recipe], after: tuple[Model, Recipe]) -> list[str]:
    """The fields of the later run that differ from the earlier, as "positions: rope". Empty where none do."""
    (model_a, recipe_a), (model_b, recipe_b) = before, after
    found = _fields(model_a, model_b, skip={"blocks", "skips"})
    found += _blocks(model_a.blocks, model_b.blocks)
    if model_a.skips != model_b.skips:
        found.append(f"extra wires: {count(len(model_b.skips)) if model_b.skips else 'none'}")
    return found + _fields(recipe_a, recipe_b)


def _fields(a: Struct, b: Struct, skip: Set[str] = frozenset(), suffix: str = "") -> list[str]:
    names = [name for name in b.__struct_fields__ if name not in skip | QUIET and getattr(a, name) != getattr(b, name)]
    words = titles(type(b))
    return [f"{words[name]}{suffix}: {value(getattr(b, name))}" for name in names]


def titles(kind: type[Struct]) -> dict[str, str]:
    """What the fields are called inside a sentence."""
    hints = get_type_hints(kind, include_extras=True)
    found = {}
    for name, hint in hints.items():
        title = next((meta.title for meta in _metas(hint) if meta.title), name.replace("_", " "))
        found[name] = title if title[:2].isupper() else title[0].lower() + title[1:]
    return {**found, "learning_rate": "rate"}


def _metas(hint: Any) -> list[msgspec.Meta]:
    """Of a type hint, also where only the number of an optional number has one."""
    inner = get_args(hint)
    return [arg for arg in inner if isinstance(arg, msgspec.Meta)] or [meta for arg in inner for meta in _metas(arg)]


def value(it: Any) -> str:
    """One setting as it is written in a list of differences."""
    if it is None or isinstance(it, bool) or it == "":
        return WORDS[it]
    if isinstance(it, float):
        return real(it)
    if isinstance(it, int):
        return count(it)
    text = str(it).replace("\n", "↵").replace("_", " ")
    return text if len(text) <= 24 else text[:23] + "…"


def _blocks(a: tuple[Block, ...], b: tuple[Block, ...]) -> list[str]:
    if len(a) != len(b):
        found = [f"blocks: {count(len(b))}"]
        return found + (_block(a[0], b[0], " everywhere") if a and b and len(set(a)) == len(set(b)) == 1 else [])
    differing = [i for i in range(len(b)) if a[i] != b[i]]
    if not differing:
        return []
    pairs = {(a[i], b[i]) for i in differing}
    if len(pairs) == 1:
        where = "" if len(differing) == len(b) else f" in {_places(differing)}"
        return _block(*pairs.pop(), where)
    return [f"{plural(len(differing), 'block')} changed: {', '.join(str(i + 1) for i in differing)}"]


def _places(numbers: list[int]) -> str:
    return f"block{'s' * (len(numbers) > 1)} {', '.join(str(i + 1) for i in numbers)}"


def _block(a: Block, b: Block, where: str) -> list[str]:
    found = [f"norm{where}: {b.norm}"] if a.norm != b.norm else []
    parts: list[tuple[str, Attention | MLP | None, Attention | MLP | None]] = [
        ("attention", a.attention, b.attention),
        ("MLP", a.mlp, b.mlp),
    ]
    for name, was, now in parts:
        if was is None or now is None:
            found += [f"{name}{where}: {'off' if now is None else 'on'}"] if was is not now else []
        else:
            found += _fields(was, now, suffix=where)
    return found
