"""Any field of a model or a recipe by its path, and what was typed for it.

"recipe.learning_rate", "model.width", "blocks.2.mlp.hidden", or "blocks.*.mlp.hidden" for all blocks at once; where it
is plain which is meant, "learning_rate" or "width" will do.
"""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from llmstudio.core.model import spec as S
from llmstudio.core.model.limits import limits, outside

from .recipe import Recipe

KINDS: dict[str, type[Struct]] = {
    "conv": S.Convolution, "attn": S.Attention, "rec": S.Recurrence, "mlp": S.MLP, "moe": S.Experts,
}  # fmt: skip


class Range(Struct, frozen=True, kw_only=True, tag=True):
    """Anything from `low` to `high`, for a random sweep. `even`: of the logarithm, or of the number itself."""

    low: float
    high: float
    even: Literal["log", "linear"] = "log"


def put(model: S.Model, recipe: Recipe, path: str, value: Any) -> tuple[S.Model, Recipe]:
    """Both with the field at `path` set to `value`, which may be text. ValueError where that does not go."""
    for where, field in _places(model, path):
        owner = recipe if where == "recipe" else S.part(model, where)
        assert owner is not None
        changed = replace(owner, **{field: _fit(owner, field, value)})
        if wrong := next((o for o in outside(changed) if o.field == field), None):
            raise ValueError(f"{wrong.title} {wrong.text}, not {written(value)}.")
        if isinstance(changed, Recipe):
            recipe = changed
        else:
            model = S.change(model, where, changed)
    return model, recipe


def parse(model: S.Model, path: str, text: str) -> tuple[Any, ...] | Range:
    """What was typed for a field: "1e-3, 3e-3" are values, "1e-4 .. 1e-2" is a range. ValueError for neither."""
    ends = text.split("..")
    if len(ends) == 2:
        try:
            low, high = float(ends[0]), float(ends[1])
        except ValueError:
            low = high = 0.0
        if not low < high:
            raise ValueError(f"{text.strip()} is no range of numbers: write it like 1e-4 .. 1e-2, the smaller first.")
        return Range(low=low, high=high, even="log" if low > 0 and high / low >= 10 else "linear")
    where, field = next(_places(model, path))
    owner: Any = Recipe() if where == "recipe" else S.part(model, where)
    values = [_fit(owner, field, each.strip()) for each in text.split(",") if each.strip()]
    return tuple(dict.fromkeys(values))


def paths(model: S.Model) -> list[str]:
    """All that can be tried: of the recipe, of the model, and of all its blocks at once."""
    skip = {"seed", "prompt", "name", "note", "vocab", "blocks", "skips", "groups", *S.PARTS.values()}
    found = [f"recipe.{name}" for name in Recipe.__struct_fields__ if name not in skip]
    found += [f"model.{name}" for name in S.Model.__struct_fields__ if name not in skip]
    if model.blocks:
        found += [f"blocks.*.{name}" for name in S.Block.__struct_fields__ if name not in skip]
    for part, kind in KINDS.items():
        if any(getattr(block, S.PARTS[part]) for block in model.blocks):
            found += [f"blocks.*.{part}.{name}" for name in kind.__struct_fields__]
    return found


def numeric(path: str) -> bool:
    """Whether the field holds a number: then a range can be tried."""
    *where, field = path.replace("attention", "attn").split(".")
    last = where[-1] if where else ""
    kind = {"recipe": Recipe, "model": S.Model, **KINDS}.get(last, S.Block if where else Recipe)
    return any(name == field for name, _, _ in limits(kind))


def written(value: Any) -> str:
    """A value as it stands in a label: 0.003, on, off."""
    if value is None or isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _places(model: S.Model, path: str) -> Iterator[tuple[str, str]]:
    """(Where, field) of every place that `path` means; where is "recipe" or a path of the spec."""
    *where, field = path.replace("attention", "attn").split(".")
    if not where:
        where = ["recipe" if field in Recipe.__struct_fields__ else "model"]
    found: list[str] = []
    if where[0] in ("recipe", "model") and len(where) == 1:
        found = ["recipe" if where[0] == "recipe" else ""]
    elif where[0] == "blocks" and len(where) >= 2:
        numbers = range(len(model.blocks)) if where[1] == "*" else [where[1]]
        found = [".".join(["blocks", str(n), *where[2:]]) for n in numbers if (where[2:] or ["attn"])[0] in S.PARTS]
        found = [each for each in found if len(where) <= 3 and S.part(model, each) is not None]
    owners = [Recipe() if each == "recipe" else S.part(model, each) for each in found]
    if not owners or any(field not in owner.__struct_fields__ for owner in owners if owner):
        raise ValueError(
            f"There is no field {path} to try. Fields are named like learning_rate or blocks.*.mlp.hidden."
        )
    return iter([(each, field) for each in found])


def _fit(owner: Struct, field: str, value: Any) -> Any:
    """`value` as the field takes it; text as it would be typed."""
    hint = get_type_hints(type(owner), include_extras=True)[field]
    words = {"on": True, "off": False, "none": None}
    tries = [value]
    if isinstance(value, str):
        tries += [None] if value in ("off", "none") else []
        tries += [words[value]] if value in words else []
    elif isinstance(value, float):
        tries.append(round(value))
    for each in tries:
        try:
            return msgspec.convert(each, _bare(hint), strict=not isinstance(each, str))
        except msgspec.ValidationError:
            continue
    raise ValueError(f"{field.replace('_', ' ').capitalize()} cannot be {written(value)}.")


def _bare(hint: Any) -> Any:
    """The type without its limits: these are told apart, in words."""
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        return Union[tuple(_bare(each) for each in get_args(hint))]  # noqa: UP007
    return hint


def short(path: str) -> str:
    """blocks.*.mlp.hidden as "mlp hidden", recipe.learning_rate as "learning rate"."""
    names = [name for name in path.split(".") if name not in ("recipe", "model", "blocks", "*")]
    return " ".join(f"block {int(name) + 1}" if name.isdigit() else name for name in names).replace("_", " ")


def get(model: S.Model, recipe: Recipe, path: str) -> Any:
    """What the field holds, that of the first place where there are many."""
    where, field = next(_places(model, path))
    return getattr(recipe if where == "recipe" else S.part(model, where), field)
