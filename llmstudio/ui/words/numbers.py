"""Losses, choices and durations as they are written in sentences; plain numbers are in `ui.numbers`."""

from math import ceil, isfinite

from ..numbers import MINUS, THIN, count, real


def fixed(value: float, digits: int = 2) -> str:
    """2.107 as 2.11; a number that is none in words."""
    if not isfinite(value):
        return "not a number" if value != value else "infinite"
    return f"{value:,.{digits}f}".replace(",", THIN).replace("-", MINUS)


def choices(perplexity: float) -> str:
    """A perplexity: 8.2 below ten, then whole."""
    return fixed(perplexity, 1 if perplexity < 9.95 else 0)


def half_minutes(seconds: float) -> str:
    """A duration rounded up to half minutes: 3½ minutes; under half a minute, that; from two hours on in hours."""
    halves = max(1, ceil(seconds / 30 - 1e-9))
    if halves == 1:
        return "half a minute"
    if halves >= 240:
        return f"{count(ceil(seconds / 3600))} hours"
    return f"{halves // 2}{'½' * (halves % 2)} minute{'s' * (halves != 2)}"


def plural(n: int, one: str, many: str = "") -> str:
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def rate(value: float) -> str:
    """A learning rate in a sentence, two digits: 7.1e-4."""
    return real(float(f"{value:.2g}"))
