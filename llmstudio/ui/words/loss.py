"""What a loss means, in one sentence made from the numbers."""

from collections.abc import Sequence
from math import exp, isfinite, log

from msgspec import Struct

from .numbers import choices, fixed

MARGIN = 0.005  # nats: closer than what two decimals show counts as reached


class Bar(Struct, frozen=True, kw_only=True):
    """A loss to compare with, nats per token: "trigram" 2.07."""

    name: str
    loss: float


def bars(ngrams: object, floor: float | None = None) -> list[Bar]:
    """What counting alone reaches, from guessing down, and the entropy of the source where it is known."""
    found = []
    if ngrams is not None:
        names = (("guessing", "uniform"), ("unigram", "unigram"), ("bigram", "bigram"), ("trigram", "trigram"))
        found = [Bar(name=name, loss=float(getattr(ngrams, field))) for name, field in names]
    return found + ([Bar(name="floor", loss=floor)] if floor is not None else [])


def sentence(loss: float | None, against: Sequence[Bar], unit: str = "token") -> str:
    """`loss`: nats per token on text it does not learn from, where that is known. "" without a loss."""
    if loss is None:
        return ""
    if not isfinite(loss):
        return "The loss is no longer a number: the steps are too large. Lower the peak of the learning rate."
    like = f"Like choosing among <b>{choices(exp(min(loss, 30)))} {unit}s</b>."
    counted = [bar for bar in against if bar.name not in ("guessing", "floor")]
    floor = next((bar.loss for bar in against if bar.name == "floor"), None)
    guessing = next((bar.loss for bar in against if bar.name == "guessing"), None)
    if guessing is not None and loss > guessing + MARGIN:
        return f"{like} Guessing blindly would do no worse: {fixed(guessing)}."
    ahead = [bar for bar in counted if bar.loss < loss - MARGIN]
    if ahead:
        nearest = max(ahead, key=lambda bar: bar.loss)
        return f"{like} Next to beat: the {nearest.name} model, {fixed(nearest.loss)}."
    if floor is not None:
        return f"{like} {_above(loss, floor)}"
    if counted:
        best = min(counted, key=lambda bar: bar.loss)
        return f"{like} It beats counting: the {best.name} model reaches {fixed(best.loss)}."
    return like


def _above(loss: float, floor: float) -> str:
    if abs(loss - floor) < MARGIN:
        return f"That is the floor of this text, {fixed(floor)}: no model can do better."
    if loss < floor:
        return f"The floor of this text is {fixed(floor)}; on few passages a loss can fall below it by chance."
    return f"{fixed(loss - floor)} nats above the floor of this text, {fixed(floor)}: no model can pass it."


UNITS = {  # unit: title of the axis
    "nats": "loss, nats",
    "bits": "loss, bits",
    "perplexity": "perplexity, choices",
}


def in_unit(loss: float, unit: str) -> float:
    """A loss in nats as nats, bits or perplexity."""
    return loss / log(2) if unit == "bits" else exp(min(loss, 700)) if unit == "perplexity" else loss


def written(loss: float, unit: str) -> str:
    value = in_unit(loss, unit)
    return choices(value) if unit == "perplexity" else fixed(value)
