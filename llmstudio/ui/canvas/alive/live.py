"""The number that a part shows while it lives, as the canvas draws it and as a tooltip says it."""

from math import isfinite, log10

from ....session.session import Session
from ..shown import Live

LEVEL = 0.02  # a curve that moves less than this, of decades or of the whole scale, is level


def live(session: Session, path: str) -> Live | None:
    """What the part at `path` shows now; None where there is nothing to show."""
    alive = session.build.alive
    reading, scale = alive.reading(path), alive.scale()
    if reading is None or scale is None:
        return None
    return Live(reading.text, reading.share, scale.ramp, line(reading.spark, scale.powers))


def line(values: tuple[float, ...], powers: bool) -> tuple[float, ...]:
    """What is drawn of a curve: on a scale of powers the exponents; a level one without its last digits."""
    good = [v for v in values if isfinite(v) and (v > 0 or not powers)]
    drawn = [log10(v) for v in good] if powers else good
    if drawn and max(drawn) - min(drawn) < LEVEL:
        return (drawn[0],) * len(drawn)
    return tuple(drawn)


def said(session: Session, path: str) -> str:
    """A line for the tooltip of a part; "" where there is nothing to say."""
    reading = session.build.alive.reading(path)
    return reading.said if reading else ""
