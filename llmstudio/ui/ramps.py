"""Colour arithmetic: ramps through stops in OKLab (Ottosson 2020), luminance and contrast (WCAG 2.1)."""

from collections.abc import Sequence

from PySide6.QtGui import QColor

Triple = tuple[float, float, float]


def along(stops: Sequence[str], share: float) -> QColor:
    """The colour `share` 0 ... 1 of the way through equally spaced stops, mixed in OKLab between two of them."""
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    left = min(int(place), len(stops) - 2)
    a, b = oklab(QColor(stops[left])), oklab(QColor(stops[left + 1]))
    t = place - left
    return _from_oklab((a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t))


def luminance(color: QColor) -> float:
    """Relative luminance, 0 ... 1."""
    r, g, b = _linear(color)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: QColor, b: QColor) -> float:
    """1 ... 21."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def oklab(color: QColor) -> Triple:
    r, g, b = _linear(color)
    l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    )


def _from_oklab(lab: Triple) -> QColor:
    light, a, b = lab
    l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return QColor(
        _encoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
        _encoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
        _encoded(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s),
    )


def _linear(color: QColor) -> Triple:
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.getRgbF()[:3])
    return r, g, b


def _encoded(value: float) -> int:
    value = min(max(value, 0.0), 1.0)
    return round(255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055))
