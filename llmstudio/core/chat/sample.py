"""From a score for every token to one token: temperature, top-k, top-p, then a draw. Numpy only.

The order of the filters is that of Hugging Face transformers: temperature, top-k (Fan et al. 2018), top-p (Holtzman et
al. 2020), and the words mean the same.
"""

from typing import Any, Literal, cast

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from .sampler import LIKELIEST as LIKELIEST
from .sampler import Sampler as Sampler

Floats = NDArray[np.float64]
Ids = NDArray[np.intp]
Cut = Literal["temperature", "top_k", "top_p"]


class Rest(Struct, frozen=True, kw_only=True):
    """The tokens beyond those listed: how many, and the log of the sum of exp(score) over them."""

    count: int
    log_sum: float


class Stages(Struct, frozen=True, kw_only=True, eq=False):
    """The way from scores to the chance of each token, likeliest first; all arrays (K,)."""

    ids: Ids  # places in the scores that were given
    logits: Floats
    scaled: Floats  # divided by the temperature (as they are where it is 0)
    softmax: Floats  # of all tokens, after the temperature (at temperature 1 where it is 0)
    chances: Floats  # after the filters: what is drawn from
    kept: int  # rows above the cut
    cut: Cut | None  # what made the cut; None: nothing is cut
    rest: float  # softmax of all tokens that are not listed together
    exact: bool  # False: the share of the unlisted is estimated, as if they had equal scores


def filtered(logits: NDArray[Any], sampler: Sampler) -> Floats:
    """Chance of each token to be drawn, (V,), from its score (V,). Of equal scores at the top-p cut the lower ids stay.

    ValueError where scores are not finite (-inf, a token that is ruled out, is fine).
    """
    scores = _checked(logits)
    chances = np.zeros(len(scores))
    if sampler.temperature == 0:
        chances[scores.argmax()] = 1.0
        return chances
    scaled = _scaled(scores, sampler.temperature)
    order = np.arange(len(scaled))
    if 0 < sampler.top_k < len(scaled):
        order = np.flatnonzero(scaled >= np.partition(scaled, -sampler.top_k)[-sampler.top_k])
    if sampler.top_p < 1:
        order = order[np.argsort(-scaled[order], kind="stable")]
        order = order[: _nucleus(_softmax(scaled[order]), sampler.top_p)]
    chances[order] = _softmax(scaled[order])
    return chances


def stages(logits: NDArray[Any], sampler: Sampler, rest: Rest | None = None) -> Stages:
    """The table behind a draw, from scores (K,): those of all tokens, or of the likeliest with the `rest` summed up.

    What is left over at a temperature other than 1 can only be estimated from their sum: see `Stages.exact`.
    """
    scores = _checked(logits)
    assert not rest or not rest.count or sampler.top_k <= len(scores)
    greedy, temperature = sampler.temperature == 0, sampler.temperature or 1.0
    scaled = _scaled(scores, temperature)
    ids = np.argsort(-(scores if greedy else scaled), kind="stable")  # as `filtered` orders them, ties included
    scores, scaled = scores[ids], scaled[ids]
    beyond = np.zeros(0)
    if rest and rest.count:
        mean = rest.log_sum - np.log(rest.count)
        beyond = np.array([(mean - scores[0]) / temperature + np.log(rest.count)])
    softmax = _softmax(np.concatenate([scaled, beyond]))
    kept, cut = (1, "temperature") if greedy else _cut(scaled, softmax, sampler)
    chances = np.where(np.arange(len(ids)) < kept, softmax[: len(ids)], 0.0)
    whole = chances.sum() + (softmax[len(ids) :].sum() if cut is None else 0.0)
    exact = not beyond.size or (temperature == 1.0 and (cut is not None or sampler.top_p == 1))
    return Stages(
        ids=ids,
        logits=scores,
        scaled=scores / temperature,
        softmax=softmax[: len(ids)],
        chances=chances / whole,
        kept=kept,
        cut=cut if kept < len(softmax) else None,
        rest=float(softmax[len(ids) :].sum()),
        exact=exact,
    )


def draw(chances: Floats, dice: np.random.Generator) -> int:
    """One index, each with its chance (inverse of the cumulative distribution); one number of `dice` is used."""
    below = chances.cumsum()
    assert below[-1] > 0
    point = min(dice.random() * below[-1], np.nextafter(below[-1], 0))
    return int(below.searchsorted(point, side="right"))


def log_sum_exp(logits: NDArray[Any]) -> float:
    """log(sum(exp(logits))) without overflow, in float64."""
    scores = np.asarray(logits, dtype=np.float64)
    top = scores.max()
    return float(top + np.log(np.exp(scores - top).sum()))


def likeliest(logits: NDArray[Any], count: int) -> Ids:
    """The ids of the `count` highest scores (V,), likeliest first, lower ids first among equals."""
    scores = np.asarray(logits)
    chosen = np.arange(len(scores))
    if count < len(scores):
        chosen = np.flatnonzero(scores >= np.partition(scores, -count)[-count])
    return chosen[np.argsort(-scores[chosen], kind="stable")][:count]


def entropy(chances: Floats) -> float:
    """How unsure a distribution is, in bits (Shannon 1948)."""
    some = chances[chances > 0]
    return float(abs((some * np.log2(some)).sum()))


def _checked(logits: NDArray[Any]) -> Floats:
    scores = np.asarray(logits, dtype=np.float64)
    assert scores.ndim == 1 and scores.size
    if not np.isfinite(scores.max()):
        raise ValueError("The model's scores are no longer numbers: train again with a lower learning rate.")
    return scores


def _scaled(scores: Floats, temperature: float) -> Floats:
    with np.errstate(over="ignore"):  # a tiny temperature: everything but the likeliest goes to -inf, as it should
        scaled: Floats = (scores - scores.max()) / temperature
    return scaled


def _softmax(scaled: Floats) -> Floats:
    weights: Floats = np.exp(scaled - scaled.max())
    weights /= weights.sum()
    return weights


def _nucleus(chances: Floats, top_p: float) -> int:
    """How many of the falling `chances` stay: those without whose tail more than 1 - top_p would be missing."""
    tail = chances[::-1].cumsum()
    return max(1, len(chances) - int(np.count_nonzero(tail <= 1 - top_p)))


def _cut(scaled: Floats, softmax: Floats, sampler: Sampler) -> tuple[int, Cut | None]:
    """How many of the falling scores stay and which filter was the last to take some away."""
    kept, cut = len(scaled), cast(Cut | None, None)
    if 0 < sampler.top_k < len(softmax):
        kept = int(np.count_nonzero(scaled >= scaled[min(sampler.top_k, kept) - 1]))
        cut, softmax = "top_k", softmax[:kept] / softmax[:kept].sum()
    if sampler.top_p < 1 and (few := _nucleus(softmax, sampler.top_p)) < kept:
        return few, "top_p"
    return kept, cut
