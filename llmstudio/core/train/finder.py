"""The learning-rate finder (Smith 2017, section 3.3): the rate rises from step to step until the loss does."""

from collections.abc import Generator, Sequence
from math import isfinite, log10
from statistics import fmean, pstdev

from msgspec import Struct
from msgspec.structs import replace

from llmstudio.core.model.spec import Model

from . import shortage
from .learner import Learner, Text
from .recipe import Recipe

LOWEST, HIGHEST = 1e-6, 10.0  # a recipe takes no higher peak
PER_DECADE = 16  # steps in which the rate becomes ten times larger
SMOOTH = 0.8  # how much of the running mean of the loss stays at each step
LOST = 0.1  # of the first losses: so far above them the search ends
CLEAR = 0.02  # of the first losses: a smaller fall tells nothing
NOISE = 5.0  # standard deviations of the first losses: nor does this
MOST = 0.9  # of the fall: where it is done, steps still learn but are nearly too large
BELOW = 3.0  # so many times below that is the suggestion: near the best peak of each optimiser where it was measured


class Tried(Struct, frozen=True, kw_only=True):
    """One step at this rate. `loss` before it, nats per token, smoothed over the last few."""

    rate: float
    loss: float


class Found(Struct, frozen=True, kw_only=True):
    """What was tried. `suggestion`: a good peak; `highest`: beyond it the loss rose. None: it never fell."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggestion: float | None = None
    highest: float | None = None


def find(model: Model, recipe: Recipe, tokens: Text, device: str = "cpu") -> Generator[Tried, None, Found]:
    """Try rates on a network of its own, which is thrown away; all peaks of `recipe` rise together.

    `Tried.rate` is that of `recipe.learning_rate`. ValueError where the memory does not suffice for the batch.
    """
    learner = Learner(model, replace(recipe, compile=False, ema=0.0), tokens, device, None)
    rates: list[float] = []
    losses: list[float] = []
    mean = weight = 0.0
    for n in range(round(PER_DECADE * log10(HIGHEST / LOWEST)) + 1):
        rate = LOWEST * 10 ** (n / PER_DECADE)
        loss = _step(learner, n, rate / recipe.learning_rate)
        if not isfinite(loss):
            break
        mean, weight = SMOOTH * mean + (1 - SMOOTH) * loss, SMOOTH * weight + 1 - SMOOTH
        rates.append(rate)
        losses.append(mean / weight)
        yield Tried(rate=rate, loss=losses[-1])
        if n > PER_DECADE and losses[-1] > (1 + LOST) * fmean(losses[:PER_DECADE]):
            break
    return judge(rates, losses)


def judge(rates: Sequence[float], losses: Sequence[float]) -> Found:
    """What to take from rising rates and the smoothed losses at them. The first decade of rates is too low to learn."""
    found = Found(rates=tuple(rates), losses=tuple(losses))
    idle = losses[:PER_DECADE]
    if len(idle) < PER_DECADE:
        return found
    lowest = min(range(len(losses)), key=losses.__getitem__)
    fall = fmean(idle) - losses[lowest]
    if fall < max(CLEAR * fmean(idle), NOISE * pstdev(idle)):
        return found
    line = losses[lowest] + (1 - MOST) * fall
    fallen = next(i for i, loss in enumerate(losses) if loss <= line)
    risen = next((i for i, loss in enumerate(losses) if i > lowest and loss > line), len(losses))
    return replace(found, suggestion=float(f"{rates[fallen] / BELOW:.2g}"), highest=rates[risen - 1])


def _step(learner: Learner, n: int, share: float) -> float:
    """The loss of batch n, before the weights are moved by its gradients at this share of the peaks."""
    try:
        loss, norm = learner.gradients(n, 0)
        if isfinite(loss) and isfinite(norm):
            learner.apply(share)
            return loss
        return float("nan")
    except (RuntimeError, MemoryError) as error:
        if not shortage.of_memory(error):
            raise
        raise ValueError("The memory does not suffice for this batch: take a smaller one, or more portions.") from error
