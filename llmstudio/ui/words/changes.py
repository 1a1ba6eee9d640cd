"""What differs between two runs, in words: only the fields that do."""

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import Struct

from ...core.model.compare import Gathered, differences, gather
from ...core.model.spec import PARTS, Model, part
from ...core.train.recipe import Recipe
from ..numbers import count, real
from .numbers import plural

WORDS: dict[Any, str] = {True: "on", False: "off", None: "off", "": "none"}
NOTHING = {  # what an option that is off comes to
    "kv_heads": "per head", "hidden": "4 × width", "window": "all", "head_width": "shared out", "sinks": "none",
    "position": "as the model", "rope_base": "as the model", "dropout": "as the model",
}  # fmt: skip
SEVERAL = ("bias", "dropout")  # options that parts of several kinds have
MOST = 3  # differences in blocks that are named


def changes(before: tuple[Model, Recipe], after: tuple[Model, Recipe]) -> list[str]:
    """The fields of the later run that differ from the earlier, as "positions: rope". Empty where none do."""
    (model_a, recipe_a), (model_b, recipe_b) = before, after
    return [*_model(model_a, model_b), *_fields(recipe_a, recipe_b)]


def place(found: Gathered, model: Model) -> str:
    """Where in the blocks of a design a difference is, " in block 4"; "" where it is in all of them, or in none."""
    if not found.blocks or len(found.blocks) == len(model.blocks):
        return ""
    return f" in block{'s' * (len(found.blocks) > 1)} {listed(found.blocks)}"


def listed(indices: list[int]) -> str:
    """Blocks by the numbers that are written on them, those that follow one another as a range: 1, 3–6."""
    runs: list[list[int]] = []
    for i in sorted(indices):
        if runs and runs[-1][1] == i - 1:
            runs[-1][1] = i
        else:
            runs.append([i, i])
    return ", ".join(f"{a + 1}" if a == b else f"{a + 1}–{b + 1}" for a, b in runs)


def name(found: Gathered, model: Model) -> str:
    """What differs, inside a sentence: "heads", "MLP", "extra wire"."""
    kind, *rest = found.paths[0].split(".")
    if kind == "skips":
        return "gate of a wire" if len(rest) > 1 else "extra wire"
    if kind != "blocks":
        return titles(Model)[kind]
    if len(rest) == 1:
        return "block"
    of = PARTS.get(rest[1], "").replace("mlp", "MLP")
    if rest[-1] in PARTS:
        return of
    owner = part(model, ".".join([kind, *rest[:-1]]))
    title = titles(type(owner))[rest[-1]] if owner is not None else rest[-1].replace("_", " ")
    return f"{of} {title}" if rest[-1] in SEVERAL else title


def option(it: Any, field: str) -> str:
    """The value of an option of a design; what None comes to in words."""
    return NOTHING.get(field, "off") if it is None else value(it)


def _model(a: Model, b: Model) -> Iterator[str]:
    found = gather(differences(a, b))
    inside = [each for each in found if each.blocks]
    yield from (f"{name(each, b)}: {value(each.after)}" for each in found if "." not in each.paths[0])
    moved = [each for each in inside if each.paths[0].count(".") == 1]
    if moved:
        yield f"blocks: {count(len(b.blocks))}" if len(a.blocks) != len(b.blocks) else "blocks: in another order"
    named = [each for each in inside if each not in moved]
    if len(named) <= MOST:
        yield from (f"{name(each, b)}{place(each, b)}: {_after(each)}" for each in named)
    else:
        which = [*{i for each in named for i in each.blocks}]
        yield f"{plural(len(which), 'block')} changed: {listed(which)}"
    if any(each.paths[0].startswith("skips") for each in found):
        yield f"extra wires: {count(len(b.skips)) if b.skips else 'none'}"


def _after(found: Gathered) -> str:
    """A part that came is on, one that went is off."""
    if isinstance(found.before, Struct) or isinstance(found.after, Struct):
        return value(found.after is not None)
    return option(found.after, found.paths[0].rpartition(".")[2])


def _fields(a: Struct, b: Struct) -> list[str]:
    words = titles(type(b))
    names = [field for field in b.__struct_fields__ if getattr(a, field) != getattr(b, field)]
    return [f"{words[field]}: {value(getattr(b, field))}" for field in names]


def titles(kind: type[Struct]) -> dict[str, str]:
    """What the fields are called inside a sentence."""
    hints = get_type_hints(kind, include_extras=True)
    found = {}
    for field, hint in hints.items():
        title = next((meta.title for meta in _metas(hint) if meta.title), field.replace("_", " "))
        found[field] = title if title[:2].isupper() else title[0].lower() + title[1:]
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
