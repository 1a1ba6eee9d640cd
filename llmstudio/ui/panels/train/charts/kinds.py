"""Which small charts there are: what each shows of a run, in which unit, and how its value is said."""

from collections.abc import Callable

from msgspec import Struct

from .....core.model.cost import flops_per_token
from .....core.train.schedule import learning_rate
from .....session.run import Run
from .....session.series import Series
from ....numbers import count, percent, real, size
from ....words.numbers import fixed, rate

AHEAD = 160  # points of the plan that lies ahead


class Kind(Struct, frozen=True, kw_only=True):
    """`series` of a run is drawn; `after` is a second line over it."""

    name: str  # "gradient"
    title: str
    unit: str
    hint: str
    series: Callable[[Run], Series]
    said: Callable[[float], str]
    after: Callable[[Run], Series] | None = None
    log: bool = False  # values on a logarithmic axis at first
    zero: bool = False  # 0 is always in view
    smooth: bool = True
    scale: float = 1.0  # units of the series in one of the axis


LEARNING_RATE = Kind(
    name="rate",
    title="Learning rate",
    unit="",
    hint="The step size at each step, and dotted what the schedule has ahead",
    series=lambda run: run.rate,
    said=rate,
    zero=True,
    smooth=False,
)
GRADIENT = Kind(
    name="gradient",
    title="Gradient norm",
    unit="",
    hint="Length of all gradients together, L2; the second line is what clipping let through",
    series=lambda run: run.gradient,
    after=lambda run: run.clipped,
    said=lambda value: fixed(value) if 0.1 <= value < 1000 else real(float(f"{value:.3g}")),
    log=True,
)
SPEED = Kind(
    name="speed",
    title="Speed",
    unit="tokens/s",
    hint="Tokens learned from in a second, over the last 40 steps",
    series=lambda run: run.speed,
    said=lambda value: count(round(value)),
    zero=True,
    smooth=False,
)
MEMORY = Kind(
    name="memory",
    title="Memory",
    unit="MB",
    hint="What this program holds of the computer's memory, every few seconds while a run goes on",
    series=lambda run: Series(),
    said=size,
    zero=True,
    smooth=False,
    scale=1e6,
)
KINDS = (LEARNING_RATE, GRADIENT, SPEED, MEMORY)


def ahead(run: Run) -> tuple[list[float], list[float]]:
    """Steps and learning rates of the schedule, from the last change of the recipe to the end, what is done included:
    so it stays the same while the run goes on. Nothing of a run that is over."""
    if run.state in ("finished", "stopped", "failed") or run.step >= run.steps:
        return [], []
    recipe, first = run.recipe_now, run.changes[-1].step if run.changes else 0
    left = max(run.steps - first, 1)
    each = max(1.0, left / AHEAD)
    steps = [min(first + round(i * each), run.steps - 1) for i in range(min(AHEAD, left) + 1)]
    return [step + 1.0 for step in steps], [learning_rate(recipe, step) for step in steps]


def of_peak(run: Run, speed: float, peak: float | None) -> str:
    """The arithmetic of training at this speed, beside the fastest matrix product of this computer."""
    return percent(speed * flops_per_token(run.model) / peak, 0) if peak else ""
