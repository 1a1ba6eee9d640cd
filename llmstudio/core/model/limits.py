"""Whether the numbers of a value are within the limits that its type states."""

from collections.abc import Iterator
from functools import cache
from math import inf, isfinite

from msgspec import Struct
from msgspec import inspect as I


class Outside(Struct, frozen=True, kw_only=True):
    field: str
    title: str
    text: str  # goes after the title: "must be at least 1"
    nearest: float


def outside(value: Struct) -> Iterator[Outside]:
    """Fields whose number is not within its limits, or not a number at all."""
    for name, title, limit in limits(type(value)):
        number = getattr(value, name)
        if number is None:
            continue
        least, most = _ends(limit)
        if not isfinite(number) or number < least:
            yield Outside(field=name, title=title, text=f"must be at least {least:.10g}", nearest=least)
        elif number > most:
            yield Outside(field=name, title=title, text=f"must be at most {most:,.10g}", nearest=most)


@cache
def limits(kind: type[Struct]) -> list[tuple[str, str, I.IntType | I.FloatType]]:
    """(field, title, limits) of every field that is a number, or a number or nothing."""
    found = []
    described = I.type_info(kind)
    assert isinstance(described, I.StructType)
    for field in described.fields:
        for choice in field.type.types if isinstance(field.type, I.UnionType) else (field.type,):
            extra = (choice.extra_json_schema or {}) if isinstance(choice, I.Metadata) else {}
            inner = choice.type if isinstance(choice, I.Metadata) else choice
            if isinstance(inner, I.IntType | I.FloatType):
                found.append((field.name, str(extra.get("title", field.name.capitalize())), inner))
    return found


def _ends(limit: I.IntType | I.FloatType) -> tuple[float, float]:
    """The least and the most allowed; beside an open end, a number close to it."""
    least, most = limit.ge, limit.le
    if least is None:
        least = -inf if limit.gt is None else limit.gt + (1 if isinstance(limit, I.IntType) else 1e-9)
    if most is None:
        most = inf if limit.lt is None else limit.lt - (1 if isinstance(limit, I.IntType) else 1e-3)
    return least, most
