"""How the loss falls with size: a power law through the runs, how sure it is, and what a bigger run would reach.

    L(N) = a + b N^-c        a, b >= 0, c > 0        Kaplan et al. 2020, with the floor a of Hoffmann et al. 2022

fitted by least squares for each c of a grid. Where one run ends is luck too: every run is moved by chance as much as
the runs lie off the law, or runs of one size off one another, and the law is fitted again, 400 times (parametric
bootstrap, Efron & Tibshirani 1993, section 6.5). Intervals hold the middle 80 % of these.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from llmstudio.core.model import cost
from llmstudio.core.model.spec import Model

By = Literal["parameters", "tokens", "compute"]
WORDS: dict[By, str] = {"parameters": "parameters", "tokens": "tokens read", "compute": "operations"}
LEAST = 3  # different sizes
TIMES = 400
POWERS = np.geomspace(0.01, 2, 60)
NOISE = 0.02  # nats: runs with other seeds differ by about this, where nothing better is known
STUDENT = (2.40, 1.47, 1.28, 1.20, 1.15, 1.12, 1.10)  # 90 % of Student's t over the normal's, for 1, 2, ... spare runs
MIDDLE = (10, 90)  # percent
FAR = 100.0  # a prediction for a run this many times beyond the largest is a guess
Float = NDArray[np.float64]


class Point(Struct, frozen=True, kw_only=True):
    """One run that has ended: tokens that it read, operations that it took (6 N per token and attention), and its
    validation loss in nats per token."""

    name: str
    parameters: float
    tokens: float
    compute: float
    loss: float


class Interval(Struct, frozen=True, kw_only=True):
    value: float
    low: float
    high: float


class Fit(Struct, frozen=True, kw_only=True):
    """The law a + b N^-c with its intervals, and each time's own, (TIMES,) each, for predictions."""

    by: By
    a: Interval
    b: Interval
    c: Interval
    names: tuple[str, ...]
    sizes: tuple[float, ...]
    losses: tuple[float, ...]
    draws: tuple[tuple[float, float, float], ...]
    noise: float  # nats by which a run lies off the law

    @property
    def sentence(self) -> str:
        sure = f"between {fall(self.c.low):.0%} and {fall(self.c.high):.0%}"
        reach = f"Twice the {WORDS[self.by]} take {fall(self.c.value):.0%} ({sure}) off what can still be learned."
        if self.a.low < 0.05 * min(self.losses):
            return f"{reach} Where that ends cannot be told from these runs."
        return f"{reach} It would end near {self.a.value:.2f} (between {self.a.low:.2f} and {self.a.high:.2f})."


def point(name: str, model: Model, tokens: float, loss: float) -> Point:
    """A run that has read so many `tokens`: steps x batch x context."""
    size, work = cost.total(model), tokens * cost.flops_per_token(model)
    return Point(name=name, parameters=size, tokens=tokens, compute=work, loss=loss)


def fall(c: float) -> float:
    """The share of what is above the floor that twice the size takes off."""
    return float(1 - 2**-c)


def fit(points: Sequence[Point], by: By) -> Fit:
    """The law through `points`. ValueError with a sentence where they are too few, too alike, or do not fall."""
    sizes, losses = np.array([getattr(p, by) for p in points], float), np.array([p.loss for p in points], float)
    good = np.isfinite(sizes) & np.isfinite(losses) & (sizes > 0)
    sizes, losses = sizes[good], losses[good]
    different = len(np.unique(sizes))
    if different < LEAST:
        raise ValueError(
            f"A law needs runs of at least {LEAST} sizes, and there are {different}: train one with other {WORDS[by]}."
        )
    if sizes.max() < 2 * sizes.min():
        raise ValueError(f"These runs are too alike: the largest should have at least twice the {WORDS[by]}.")
    unit = float(np.exp(np.log(sizes).mean()))
    found = _fit(sizes / unit, losses[:, None])[:, 0]
    if found[1] <= 0:
        raise ValueError(f"The loss does not fall with more {WORDS[by]} in these runs: there is no law to see.")
    noise = _noise(sizes, losses, _law(found[:, None], sizes / unit)[:, 0])
    dice = np.random.default_rng(0)
    moved = losses[:, None] + dice.normal(0, noise, (len(losses), TIMES))
    draws = _fit(sizes / unit, moved)
    scaled = [np.stack([a, b * unit**c, c], -1) for a, b, c in (found, draws)]
    middle = [_interval(scaled[0][i], scaled[1][:, i]) for i in range(3)]
    return Fit(
        by=by,
        a=middle[0],
        b=middle[1],
        c=middle[2],
        names=tuple(p.name for p, kept in zip(points, good, strict=True) if kept),
        sizes=tuple(sizes.tolist()),
        losses=tuple(losses.tolist()),
        draws=tuple((a, b, c) for a, b, c in scaled[1].tolist()),
        noise=noise,
    )


def predict(law: Fit, size: float) -> Interval:
    """The loss of a run of this size, with where 8 of 10 such runs would end, their own luck included."""
    dice = np.random.default_rng(0)
    spread = _law(np.array(law.draws).T, np.array([size]))[0] + dice.normal(0, law.noise, len(law.draws))
    return _interval(law.a.value + law.b.value * size**-law.c.value, spread)


def line(law: Fit, sizes: Sequence[float]) -> list[Interval]:
    """The law itself at each size, with its band."""
    at = np.array(sizes, float)
    spread = _law(np.array(law.draws).T, at)
    middle = law.a.value + law.b.value * at**-law.c.value
    return [_interval(value, own) for value, own in zip(middle, spread, strict=True)]


def told(law: Fit, size: float, name: str = "a run of that size") -> str:
    """The prediction in one sentence, with a warning where it reaches far."""
    said, beyond = predict(law, size), size / max(law.sizes)
    text = f"{name[:1].upper()}{name[1:]} would reach {said.value:.2f}, most likely {said.low:.2f} to {said.high:.2f}."
    if beyond > FAR:
        return f"{text} It is {beyond:,.0f} times larger than any run here: take that for a guess."
    return text


def _fit(x: Float, y: Float) -> Float:
    """(a, b, c) of the best law for each column of y: x (N,), y (N, K) to (3, K)."""
    best, found = np.full(y.shape[1], np.inf), np.zeros((3, y.shape[1]))
    for c in POWERS:
        z = x**-c
        centred = z - z.mean()
        b = (centred @ y / (centred @ centred)).clip(0)
        a = y.mean(0) - b * z.mean()
        through = a < 0
        b = np.where(through, z @ y / (z @ z), b)
        a = np.where(through, 0, a)
        error = ((y - a - z[:, None] * b) ** 2).sum(0)
        better = error < best
        best = np.where(better, error, best)
        found[:, better] = np.stack([a, b, np.full_like(a, c)])[:, better]
    return found


def _law(draws: Float, sizes: Float) -> Float:
    """(3, K) laws at (N,) sizes: (N, K)."""
    a, b, c = draws
    values: Float = a + b * sizes[:, None] ** -c
    return values


def _noise(sizes: Float, losses: Float, law: Float) -> float:
    """By how much chance moves a run, as far as so few runs can tell: from how far they lie off the law, of which three
    numbers were fitted, and those of one size off one another."""
    spare = len(losses) - 3
    groups = [losses[sizes == size] for size in np.unique(sizes)]
    alike = len(losses) - len(groups)
    off = np.sqrt(((losses - law) ** 2).sum() / spare) * _student(spare) if spare else NOISE
    within = np.sqrt(sum(float(((g - g.mean()) ** 2).sum()) for g in groups) / alike) * _student(alike) if alike else 0
    return float(max(off, within, NOISE / 4))


def _student(spare: int) -> float:
    return STUDENT[spare - 1] if spare <= len(STUDENT) else 1.0 + 0.7 / spare


def _interval(value: float, draws: Float) -> Interval:
    low, high = np.percentile(draws, MIDDLE)
    return Interval(value=float(value), low=float(min(low, value)), high=float(max(high, value)))
