"""Which parts an edit goes to, what must change along with it, and which option a problem is about."""

from collections.abc import Sequence
from typing import Any, get_args, get_type_hints

from msgspec import Meta, Struct
from msgspec.structs import replace

from ...core.model.edits import change_all
from ...core.model.spec import Attention, Model, change, part, parts


def alike(model: Model, path: str) -> list[str]:
    """The paths of all parts of the kind of `path`, itself included."""
    kind, *rest = path.split(".")
    if kind == "skips":
        return [f"skips.{k}" for k in range(len(model.skips))]
    if kind != "blocks":
        return [path]
    if len(rest) == 1:
        return [f"blocks.{i}" for i in range(len(model.blocks))]
    return [f"blocks.{i}.{rest[1]}" for i, block in enumerate(model.blocks) if rest[1] in parts(block)]


def chosen(model: Model, selection: Sequence[str]) -> list[str]:
    """Of what is selected, the parts of the kind of the last; also those inside selected blocks."""
    if not selection:
        return [""]
    picked = {*selection}
    inside = selection[-1].count(".") == 2
    return [
        path for path in alike(model, selection[-1]) if path in picked or (inside and path.rpartition(".")[0] in picked)
    ]


def differing(model: Model, paths: Sequence[str]) -> list[str]:
    """The fields in which the parts at these paths are not all the same."""
    values = [value for path in paths if (value := part(model, path)) is not None]
    first = values[0]
    return [
        name
        for name in first.__struct_fields__
        if any(getattr(value, name) != getattr(first, name) for value in values[1:])
    ]


def edited(model: Model, paths: Sequence[str], fields: dict[str, Any]) -> Model:
    """Set these options of the values at all the paths, and what must change along with them."""
    model = change_all(model, paths, fields)
    for path in paths:
        if (value := part(model, path)) is not None:
            model = change(model, path, _settled(value))
    return model


def _settled(value: Struct) -> Struct:
    """The value without what its other options leave no sense for, so that no edit makes a problem out of sight."""
    if isinstance(value, Attention) and value.window is None and value.sinks is not None:
        return replace(value, sinks=None)
    return value


def field(value: Struct, problem: str) -> str:
    """The option of `value` that a problem's text names earliest, by its title or by its name; "" for none."""
    text = problem.lower()
    found = []
    for name, hint in get_type_hints(type(value), include_extras=True).items():
        words = {name.replace("_", " ").rstrip("s"), *(title.lower().rstrip("s") for title in _titles(hint))}
        places = [text.find(word) for word in words if word in text]
        found += [(min(places), -max(map(len, words)), name)] if places else []
    return min(found)[2] if found else ""


def _titles(hint: Any) -> list[str]:
    """Of a type hint, also where only the number of an optional number has one."""
    titles = [arg.title for arg in get_args(hint) if isinstance(arg, Meta) and arg.title]
    return titles or [title for arg in get_args(hint) for title in _titles(arg)]
