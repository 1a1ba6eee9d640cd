"""Where an axis has its marks, and how they are written."""

from math import ceil, floor, isfinite, log10

from ..numbers import MINUS, THIN, count, real
from ..words.numbers import fixed


def marks(low: float, high: float, most: int) -> list[float]:
    """At most about `most` round numbers between low and high: steps of 1, 2, 2.5 or 5 times a power of ten."""
    step = spacing(low, high, most)
    if step <= 0:
        return []
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def spacing(low: float, high: float, most: int) -> float:
    span = high - low
    if not (isfinite(span) and span > 0 and most > 0):
        return 0.0
    power = 10.0 ** floor(log10(span / most))
    return next(power * m for m in (1, 2, 2.5, 5, 10, 20) if span / (power * m) <= most)


def steps(low: float, high: float, most: int) -> list[float]:
    """Marks of an axis that counts: whole numbers only."""
    return [mark for mark in marks(low, high, most) if mark >= 0 and abs(mark - round(mark)) < 1e-6]


def decades(low: float, high: float) -> list[float]:
    """Places, on an axis of log10(1 + step), of the steps 0, 1, 10, 100 ...; where few show also 2 and 5 of each."""
    few = high - low < 2.5
    values = [0.0]
    for power in range(max(1, ceil(high)) + 1):
        values += [m * 10.0**power for m in ((1, 2, 5) if few else (1,))]
    places = [log10(1 + value) for value in values]
    return [place for place in places if low - 1e-9 <= place <= high + 1e-9]


def logs(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Places, on an axis of log10(value), of at most about `most` round values, and their words."""
    if high - low < 0.7:  # less than a factor of five: round steps, unevenly far apart
        found = [mark for mark in marks(10**low, 10**high, most) if mark > 0]
        return [(log10(mark), text) for mark, text in zip(found, words(found), strict=True)]
    for digits in ((1, 1.5, 2, 3, 4, 5, 7), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        found = [m * 10.0**power for power in range(floor(low), ceil(high) + 1) for m in digits]
        found = [mark for mark in found if low - 1e-9 <= log10(mark) <= high + 1e-9]
        if len(found) <= most:
            break
    else:
        found = found[:: ceil(len(found) / most)]
    return [(log10(mark), count(round(mark)) if mark >= 10 else _small(mark)) for mark in found]


def unlog(place: float) -> float:
    """The step at a place of such an axis."""
    return float(10.0 ** min(place, 300) - 1)


def words(marks: list[float], narrow: bool = False) -> list[str]:
    """The marks, all with as many decimals as the distance between them needs. `narrow`: in at most six letters."""
    most = max(map(abs, marks), default=0.0)
    if narrow and most >= 10_000:
        return [f"{fixed(mark, 0)}{THIN}{sign}" if mark else "0" for mark, sign in _thousands(marks, most)]
    if narrow and 0 < most < 0.0095:
        return [_power(mark) for mark in marks]
    if len(marks) < 2:
        return [written(mark) for mark in marks]
    step = marks[1] - marks[0]
    digits = max(0, -floor(log10(step) + 1e-9))
    if digits and abs(step * 10**digits - round(step * 10**digits)) > 1e-6:
        digits += 1  # 2.5, 0.25
    return [fixed(mark, digits) for mark in marks]


def written(value: float) -> str:
    return count(round(value)) if abs(value - round(value)) < 1e-6 else fixed(value)


def _small(mark: float) -> str:
    return real(mark) if mark < 0.01 else f"{mark:.3g}"


def _thousands(marks: list[float], most: float) -> list[tuple[float, str]]:
    step, sign = (1e6, "M") if most >= 1e7 else (1e3, "k")
    return [(mark / step, sign) for mark in marks]


def _power(mark: float) -> str:
    """0.00025 as 2.5e-4."""
    if mark == 0:
        return "0"
    digits, power = f"{mark:.1e}".split("e")
    return f"{digits.removesuffix('.0')}e{int(power)}".replace("-", MINUS)
