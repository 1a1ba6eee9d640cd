"""Many runs from one: every combination of some fields' values, or a few drawn at random, with several seeds each.

How fields are named is told in `fields`; what came of the runs is compared in `outcome`.
"""

import random
from collections.abc import Iterator
from itertools import product
from math import exp, log, prod
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from llmstudio.core.json_text import decode, encode
from llmstudio.core.model import spec as S
from llmstudio.core.model.check import problems

from .fields import Range, get, put, short, written
from .outcome import setting
from .recipe import Recipe

MOST = 1000  # runs of one sweep
TRIES = 200  # draws for each setting that is wanted: some are drawn already, or cannot be built
Chosen = tuple[S.Model, Recipe, str]


class Sweep(Struct, frozen=True, kw_only=True):
    """`fields`: what is tried, by path. A grid tries all combinations, `random` draws `draws` of them (Bergstra &
    Bengio 2012). Each is run with `seeds` seeds, counted up from the recipe's. `limit`: most runs that it may make."""

    fields: dict[str, tuple[Any, ...] | Range]
    kind: Literal["grid", "random"] = "grid"
    draws: int = 8
    seeds: int = 1
    limit: int = 100


class Variant(Struct, frozen=True, kw_only=True):
    """One run to make. `setting`: what was set, in words, the same for all seeds; `label` names the seed too."""

    model: S.Model
    recipe: Recipe
    label: str
    setting: str


def variants(sweep: Sweep, model: S.Model, recipe: Recipe) -> list[Variant]:
    """All runs of a sweep, the seeds of a setting one behind the other. Random draws that cannot be built are passed
    over, so there may be fewer.

    ValueError with a sentence where a field is not known, a value does not suit it, a design cannot be built, there is
    nothing to try, or there are more runs than `limit`.
    """
    runs = count(sweep)
    if runs > min(sweep.limit, MOST):
        raise ValueError(f"That would be {runs:,} runs, and at most {min(sweep.limit, MOST):,} are made: try fewer.")
    found = []
    for changed, with_recipe, words in (_grid if sweep.kind == "grid" else _random)(sweep, model, recipe):
        for n in range(sweep.seeds):
            seed = (with_recipe.seed + n) % 2**31
            named = [*([words] if words else []), *([f"seed {seed}"] if sweep.seeds > 1 else [])]
            own = replace(with_recipe, seed=seed)
            found.append(Variant(model=changed, recipe=own, label=", ".join(named), setting=words))
    return found


def count(sweep: Sweep) -> int:
    """How many runs it makes, at most. ValueError where nothing is to be tried."""
    if sweep.seeds < 1 or any(not isinstance(v, Range) and not v for v in sweep.fields.values()):
        raise ValueError("Name at least one value for each field, and at least one seed.")
    if not sweep.fields and sweep.seeds < 2:
        raise ValueError("Choose a field to try values of, or more than one seed.")
    if sweep.seeds > 1 and any(short(path) == "seed" for path in sweep.fields):
        raise ValueError("The seed is one of the fields: leave it out, or take one seed of each setting.")
    ranges = [path for path, values in sweep.fields.items() if isinstance(values, Range)]
    lists = prod(len(values) for values in sweep.fields.values() if not isinstance(values, Range))
    if sweep.kind == "grid":
        if ranges:
            raise ValueError(f"A grid needs single values of {short(ranges[0])}: a range suits a random sweep.")
        return lists * sweep.seeds
    if sweep.draws < 1:
        raise ValueError("A random sweep needs at least one draw.")
    return (sweep.draws if ranges else min(sweep.draws, lists)) * sweep.seeds


def _grid(sweep: Sweep, model: S.Model, recipe: Recipe) -> Iterator[Chosen]:
    lists = [values for values in sweep.fields.values() if not isinstance(values, Range)]
    for values in product(*lists):
        yield _set(model, recipe, dict(zip(sweep.fields, values, strict=True)))


def _random(sweep: Sweep, model: S.Model, recipe: Recipe) -> Iterator[Chosen]:
    """No setting twice. The recipe's seed draws, so that the same sweep makes the same runs."""
    dice, drawn, refused = random.Random(recipe.seed), set(), ""
    wanted = count(sweep) // sweep.seeds
    for _ in range(TRIES * wanted):
        try:
            chosen = _set(model, recipe, {path: _draw(path, v, dice) for path, v in sweep.fields.items()})
        except _UnsoundError as error:
            refused = refused or str(error)
            continue
        if (key := setting(*chosen[:2])) not in drawn:
            drawn.add(key)
            yield chosen
        if len(drawn) == wanted:
            return
    if not drawn:
        raise ValueError(refused)


def _draw(path: str, values: tuple[Any, ...] | Range, dice: random.Random) -> Any:
    if not isinstance(values, Range):
        return dice.choice(values)
    if values.even == "log" and values.low <= 0:
        raise ValueError(f"A range of {short(path)} on a logarithmic scale has to begin above 0.")
    if values.even == "log":
        value = exp(dice.uniform(log(values.low), log(values.high)))
    else:
        value = dice.uniform(values.low, values.high)
    return float(f"{value:.3g}")


class _UnsoundError(ValueError):
    """The fields go, and the design that they make cannot be built."""


def _set(model: S.Model, recipe: Recipe, fields: dict[str, Any]) -> Chosen:
    for path, value in fields.items():
        model, recipe = put(model, recipe, path, value)
    words = ", ".join(f"{short(path)} {written(get(model, recipe, path))}" for path in fields)
    if wrong := problems(model):
        raise _UnsoundError(f"With {words}: {wrong[0].text}")
    # a peak below the final rate would make the rate rise
    return model, replace(recipe, min_learning_rate=min(recipe.min_learning_rate, recipe.learning_rate)), words


def to_json(sweep: Sweep) -> bytes:
    return encode(sweep)


def from_json(data: bytes | str) -> Sweep:
    """ValueError where it is no sweep."""
    return decode(data, Sweep)
