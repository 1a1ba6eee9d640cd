"""Where the loss will be, from the curve so far: a line with a band that 8 of 10 runs end in.

With s the learning rate as a share of its peak and S its sum over the steps so far (how far the weights can have gone),

    L = a + b S^-c + d s        a, b, d >= 0

a power law in S with what a high rate costs while it lasts (after Tissue et al. 2024, "Scaling law with learning rate
annealing"; d s stands here for their second sum). c is not chosen: each of a grid of them is fitted by least squares,
and all count as much as they suit the curve (Bayesian model averaging), so that the band is wide where the curve leaves
much open. What the formula does not know grows with the way that is left.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from . import schedule
from .recipe import Recipe

LEAST_STEPS, LEAST_SHARE = 150, 0.15  # of the run, after the warm-up: before, nothing is said
POINTS = 48  # of the curve: means of stretches whose lengths grow with the steps
AHEAD = 40  # points of the line
POWERS = np.linspace(0.02, 1, 25)
# measured on 13 short runs (two designs, four texts, four schedules, rates from 1e-3 to 1e-2), so that the band from
# 15 % of a run on holds 8 of 10 ends
COST, COST_SPREAD = 0.1, 0.1  # nats: what is known of d beforehand
MISFIT, FADE = 0.005, 5.0  # nats: how well the formula follows a curve; this many times worse for each e-fold behind
NEAR = 0.01  # nats: no end is known better
UNKNOWN, BENDS = 0.03, 0.4  # nats for each e-fold of S that is left, and the share by which the slope may change in it
BAND = 1.2816  # standard deviations: 80 % of a normal distribution
Float = NDArray[np.float64]


class Forecast(Struct, frozen=True, kw_only=True):
    """The line from here to the end, and its band of 80 %. All of the same length; losses in nats per token."""

    steps: tuple[float, ...]
    values: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def end(self) -> float:
        return self.values[-1]


def forecast(steps: Sequence[float], losses: Sequence[float], recipe: Recipe) -> Forecast | None:
    """`losses` of each step so far, not smoothed, at rising `steps`. None where there is too little to go by, or the
    run is at its end. A recipe that was changed on the way: give the steps since the change alone."""
    at, seen = np.array(steps, float), np.array(losses, float)
    use = np.isfinite(seen) & (at > recipe.warmup)
    if (count := int(use.sum())) < max(LEAST_STEPS, LEAST_SHARE * recipe.steps) or at[-1] >= recipe.steps:
        return None
    at, seen = at[use], seen[use]
    where, means, errors = _thinned(at, seen, count)
    ahead = np.unique(np.linspace(at[-1], recipe.steps, AHEAD).round())
    marks, share = _rates(recipe)
    total = 1 + np.concatenate([[0.0], np.cumsum(np.diff(marks) * (share[1:] + share[:-1]) / 2)])
    S, S2 = np.interp(where, marks, total), np.interp(ahead, marks, total)
    s, s2 = np.interp(where, marks, share), np.interp(ahead, marks, share)
    mean, spread = _averaged(S, s, means, errors, S2, s2)
    return _joined(ahead, mean, spread, means[-1])


def _rates(recipe: Recipe) -> tuple[Float, Float]:
    """Steps from the first to the last, some 2,000 of them, and the rate's share of its peak at each."""
    marks = np.unique(np.linspace(0, recipe.steps, min(recipe.steps, 2000) + 1).round())
    return marks, np.array([schedule.share(recipe, int(step)) for step in marks])


def _thinned(at: Float, seen: Float, count: int) -> tuple[Float, Float, Float]:
    """Steps, means and standard errors of stretches whose lengths grow like the steps themselves."""
    edges = np.unique(np.geomspace(1, count + 1, POINTS).astype(int)) - 1
    edges = np.array([0, *edges[edges >= 10]])
    lengths = np.diff(edges)
    means, where = (np.add.reduceat(values, edges[:-1]) / lengths for values in (seen, at))
    noise = np.std(np.diff(seen)) / np.sqrt(2)  # of one step: neighbours differ by noise alone
    return where, means, noise / np.sqrt(lengths)


def _averaged(S: Float, s: Float, y: Float, errors: Float, S2: Float, s2: Float) -> tuple[Float, Float]:
    """Mean and standard deviation of the loss at the steps ahead, over all powers by how well they suit."""
    behind, left = np.log(S[-1] / S), np.log(S2 / S[-1]).clip(0)
    weight = 1 / (errors**2 + (MISFIT * (1 + FADE * behind)) ** 2)
    known = np.diag([1e-6, 1e-6, COST_SPREAD**-2])
    lines, variances, fits = [], [], []
    for c in POWERS:
        X, ahead = _columns(S / S[-1], s, c), _columns(S2 / S[-1], s2, c)
        precision = X.T @ (X * weight[:, None]) + known
        theta = np.linalg.solve(precision, X.T @ (y * weight) + known @ [0, 0, COST])
        if theta[0] < 0 or theta[1] < 0:
            continue
        lines.append(ahead @ theta)
        variances.append(np.einsum("ni,ij,nj->n", ahead, np.linalg.inv(precision), ahead))
        fits.append(float((weight * (y - X @ theta) ** 2).sum()) + ((theta[2] - COST) / COST_SPREAD) ** 2)
    if not lines:
        return np.full_like(S2, y[-1]), np.full_like(S2, np.nan)
    p = np.exp(-(np.array(fits) - min(fits)) / 2)
    p /= p.sum()
    mean: Float = p @ np.array(lines)
    variance: Float = p @ (np.array(variances) + (np.array(lines) - mean) ** 2)
    near = behind < 1
    slope = abs(float(np.polyfit(behind[near], y[near], 1)[0])) if near.sum() > 2 else 0.0
    return mean, np.sqrt(variance + NEAR**2 + ((UNKNOWN + BENDS * slope) * left) ** 2)


def _columns(S: Float, s: Float, c: float) -> Float:
    return np.stack([np.ones_like(S), S**-c, s], 1)


def _joined(steps: Float, mean: Float, spread: Float, now: float) -> Forecast | None:
    """None where no power law suits: the loss does not fall."""
    if not np.isfinite(spread).all() or mean[-1] > now + 0.05:
        return None
    low = np.maximum(mean - BAND * spread, 0)
    return Forecast(
        steps=tuple(steps.tolist()),
        values=tuple(mean.clip(0).tolist()),
        low=tuple(low.tolist()),
        high=tuple((mean + BAND * spread).tolist()),
    )
