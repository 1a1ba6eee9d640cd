"""How the runs of a sweep compare: the seeds of a setting together, and what each second of training buys."""

from collections.abc import Sequence
from statistics import median

from msgspec import Struct
from msgspec.structs import replace

from llmstudio.core.json_text import encode
from llmstudio.core.model.spec import Model

from .recipe import Recipe


class Outcome(Struct, frozen=True, kw_only=True):
    """How one run ended: validation loss in nats per token, wall time in seconds."""

    name: str
    model: Model
    recipe: Recipe
    loss: float
    seconds: float


class Summary(Struct, frozen=True, kw_only=True):
    """The runs of one setting: `loss` and `seconds` are medians over the seeds, `low` and `high` the extremes."""

    names: tuple[str, ...]
    losses: tuple[float, ...]
    loss: float
    low: float
    high: float
    seconds: float


def summaries(outcomes: Sequence[Outcome]) -> list[Summary]:
    """Runs that differ by their seed alone, together; the best first."""
    groups: dict[bytes, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(setting(outcome.model, outcome.recipe), []).append(outcome)
    found = [
        Summary(
            names=tuple(o.name for o in group),
            losses=tuple(o.loss for o in group),
            loss=median(o.loss for o in group),
            low=min(o.loss for o in group),
            high=max(o.loss for o in group),
            seconds=median(o.seconds for o in group),
        )
        for group in groups.values()
    ]
    return sorted(found, key=lambda summary: summary.loss)


def setting(model: Model, recipe: Recipe) -> bytes:
    """The same for runs that differ by their seed, or by the name of their design, alone."""
    return encode((replace(model, name=""), replace(recipe, seed=0)))


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Which of (seconds, loss) no other beats in both, the fastest first: the Pareto front. Of equals the first."""
    order = sorted(range(len(points)), key=lambda i: (points[i], i))
    found: list[int] = []
    for i in order:
        if not found or points[i][1] < points[found[-1]][1]:
            found.append(i)
    return found
