"""The signs of life of a part: which there are, their scales, and one reading in words."""

from collections.abc import Iterable
from math import exp, isfinite, log, log10
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from ..core.inside.alive import Seen

Mode = Literal["off", "gradient", "update", "activity", "attention", "dead", "experts"]
THIN, MINUS = "\u2009", "\u2212"


class Scale(Struct, frozen=True, kw_only=True):
    """What the colours of one kind of reading mean. The limits are fixed; beyond them the colour is that of the end."""

    title: str
    about: str  # one sentence
    low: float
    high: float
    names: tuple[str, str, str]  # of the low end, the middle and the high end
    ramp: Literal["probability", "signed"] = "probability"
    powers: bool = False  # equal steps of the colour are equal factors
    unit: str = ""

    def share(self, value: float) -> float:
        """Where a value lies between the ends, 0 ... 1."""
        if not isfinite(value):
            return 1.0
        if self.powers:
            value = log10(max(value, 1e-30))
            low, high = log10(self.low), log10(self.high)
        else:
            low, high = self.low, self.high
        return min(max((value - low) / (high - low), 0.0), 1.0)


SCALES: dict[Mode, Scale] = {
    "gradient": Scale(
        title="gradient norm", about="Length of the gradient of all weights of the part, before clipping.",
        low=1e-4, high=10.0, names=("1e\u22124", "0.03", "10"), powers=True,
    ),
    "update": Scale(
        title="update / weight", about="How far a step moves the weights, over how large they are; 0.001 is usual.",
        low=1e-6, high=1.0, names=("1e\u22126", "0.001", "1"), ramp="signed", powers=True,
    ),
    "activity": Scale(
        title="activations", about="Root of the mean square of what the part puts out.",
        low=0.01, high=100.0, names=("0.01", "1", "100"), powers=True, unit="RMS",
    ),
    "attention": Scale(
        title="attention entropy", about="How widely its heads look: 0 % at one token alone, 100 % at all alike.",
        low=0.0, high=1.0, names=("one token", "50\u2009%", "all alike"),
    ),
    "dead": Scale(
        title="dead units", about="Share of the hidden units that put out nothing but zero.",
        low=0.0, high=1.0, names=("0\u2009%", "50\u2009%", "100\u2009%"),
    ),
    "experts": Scale(
        title="experts in use", about="How evenly the tokens are spread over the experts: 100 % is the same for each.",
        low=0.0, high=1.0, names=("0\u2009%", "50\u2009%", "100\u2009%"),
    ),
}  # fmt: skip


class Reading(Struct, frozen=True, kw_only=True):
    """One number of one part."""

    path: str
    value: float
    text: str  # as it stands on the part
    share: float  # of the way along the ramp of the scale, 0 ... 1
    said: str  # a sentence of its own for a tooltip
    spark: tuple[float, ...] = ()  # the same number at earlier steps, oldest first


def reading(mode: Mode, path: str, value: float, step: int, spark: Iterable[float] = (), more: str = "") -> Reading:
    """The number in words; `more` is what else is to be said of it."""
    scale = SCALES[mode]
    text = percent(value) if scale.high == 1.0 and not scale.powers else number(value)
    at = f"{step:,}".replace(",", THIN)
    said = f"{scale.title[:1].upper()}{scale.title[1:]} {text} at step {at}{more}"
    return Reading(path=path, value=value, text=text, share=scale.share(value), said=said, spark=tuple(spark))


def looked(mode: Mode, path: str, seen: "Seen") -> tuple[float, str] | None:
    """What a look at the probe text found of a part: the number, and what more there is to say."""
    if mode == "activity" and path in seen.told:
        return seen.told[path], ", on the probe text"
    if mode == "attention" and path in seen.spread:
        bits = [f"{each:.1f}" for each in seen.bits[path].tolist()]
        heads = f"its head looks with {bits[0]} bits" if len(bits) == 1 else f"heads {', '.join(bits)} bits"
        return float(seen.spread[path].mean()), f"; 100{THIN}% would look at all alike; {heads}"
    if mode == "dead" and path in seen.dead:
        return seen.dead[path], ", on the probe text"
    if mode == "experts" and (load := seen.load.get(path)):
        return evenness(load), f"; busiest {percent(max(load))}, idlest {percent(min(load))} of the tokens"
    return None


def evenness(load: Iterable[float]) -> float:
    """exp of the entropy of the shares, over their number: 1 where all are alike, 1 / E where one has all."""
    shares = [*load]
    return exp(-sum(p * log(p) for p in shares if p > 0)) / len(shares)


def strongest(readings: Iterable[Reading | None]) -> Reading | None:
    """The one that stands furthest along its ramp, unless there is none."""
    return max((each for each in readings if each), key=lambda each: each.share, default=None)


def number(value: float) -> str:
    """Two digits, so that numbers under one another stand alike: 0.031, 1.3e−5."""
    if not isfinite(value):
        return "not a number"
    if value == 0:
        return "0"
    if 0.001 <= abs(value) < 99.5:
        return f"{value:#.2g}".rstrip(".").replace("-", MINUS)
    if 99.5 <= abs(value) < 1e6:
        return f"{value:.0f}"
    head, tail = f"{value:.1e}".split("e")
    return f"{head}e{int(tail)}".replace("-", MINUS)


def percent(share: float) -> str:
    if not isfinite(share):
        return "not a number"
    return f"{100 * share:.0f}{THIN}%"
