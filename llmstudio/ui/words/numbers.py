"""How numbers are written everywhere: thin spaces in thousands, a true minus, no more digits than mean something."""

from math import ceil, floor, isfinite, log10

THIN, MINUS = "\u2009", "\u2212"


def count(n: float) -> str:
    """1234567 as 1 234 567, with thin spaces."""
    return f"{n:,.0f}".replace(",", THIN).replace("-", MINUS)


def fixed(value: float, digits: int = 2) -> str:
    """2.107 as 2.11; a number that is none in words."""
    if not isfinite(value):
        return "not a number" if value != value else "infinite"
    return f"{value:,.{digits}f}".replace(",", THIN).replace("-", MINUS)


def choices(perplexity: float) -> str:
    """A perplexity: 8.2 below ten, then whole."""
    return fixed(perplexity, 1) if perplexity < 9.95 else fixed(perplexity, 0)


def rate(value: float) -> str:
    """A learning rate or another small factor: 1e-3, 7.1e-4, 0.1, 0."""
    if value == 0 or not isfinite(value):
        return "0" if value == 0 else fixed(value)
    if 0.01 <= abs(value) < 1000:
        return f"{value:.3g}".replace("-", MINUS)
    power = floor(log10(abs(value)))
    mantissa = round(value / 10**power, 1)
    return f"{mantissa:g}e{power}".replace("-", MINUS)


def size(n: float) -> str:
    """Bytes: 3.2 MB, 612 kB."""
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n >= step:
            return f"{n / step:.{1 if n < 100 * step else 0}f} {unit}"
    return f"{n:.0f} bytes"


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
