"""Which parts are of one kind, so that an edit can go to all; and which option a problem is about."""

from typing import Any, get_args, get_type_hints

from msgspec import Meta, Struct

from ...core.model.spec import Model


def alike(model: Model, path: str) -> list[str]:
    """The paths of all parts of the kind of `path`, itself included."""
    kind, *rest = path.split(".")
    if kind == "skips":
        return [f"skips.{k}" for k in range(len(model.skips))]
    if kind != "blocks":
        return [path]
    if len(rest) == 1:
        return [f"blocks.{i}" for i in range(len(model.blocks))]
    parts = {"attn": [b.attention for b in model.blocks], "mlp": [b.mlp for b in model.blocks]}
    return [f"blocks.{i}.{rest[1]}" for i, part in enumerate(parts[rest[1]]) if part is not None]


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
