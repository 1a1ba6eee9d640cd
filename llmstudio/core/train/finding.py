"""What the run doctor is told, and what it finds: values alone. The doctor itself is `doctor`. No torch, no numpy."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from llmstudio.core.model.spec import Model

from .events import Changed, Health, RolledBack
from .recipe import Recipe

if TYPE_CHECKING:
    from llmstudio.core.data.leak import Leak
    from llmstudio.core.data.ngrams import Ngrams

Severity = Literal["good", "care", "bad"]
Kind = Literal[
    "ready", "short_text", "leak", "rate", "memory", "warmup",
    "early", "learning", "spike", "not_a_number", "rolled_back", "plateau", "divergence",
    "dead", "vanishing", "exploding", "overfitting", "bigram", "floor", "verdict",
]  # fmt: skip
Action = Literal["change", "model", "stop", "data", "find_rate", "go_on", "best"]

HEALTHY = (1e-4, 3e-2)  # |change| / |weights| of one step: rules of thumb name 1e-3; Muon's first steps are larger


class Cure(Struct, frozen=True, kw_only=True):
    """What the button beside a finding does.

    change: the recipe takes `fields`, at once where a run goes on and they may change then. model: the design becomes
    `model`, for the next run. stop: the run stops and is saved. best: the run stops, and its best weights are used.
    data: the Data workspace opens. find_rate: the learning-rate finder starts. go_on: the run goes on, to
    `fields["steps"]` steps where that is given.
    """

    label: str
    action: Action
    fields: dict[str, Any] = {}
    model: Model | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """One thing to know, in plain words. `where`: the parts it is about, by path; `step`: when it happened."""

    kind: Kind
    severity: Severity
    text: str
    cure: Cure | None = None
    step: int | None = None
    where: tuple[str, ...] = ()


class Curve(Struct, frozen=True, kw_only=True):
    """Values against rising steps, of the same length. A copy: nothing may be added to it while it is looked at."""

    steps: Sequence[float] = ()
    values: Sequence[float] = ()


class Rates(Struct, frozen=True, kw_only=True):
    """What the learning-rate finder saw: what it suggests for the peak, and where the loss began to rise."""

    suggestion: float
    highest: float


class Plan(Struct, frozen=True, kw_only=True):
    """A run before it begins. None: not known yet.

    `memory`: bytes of the computer that are free; `card`: all of the graphics card that it is to train on. `fits`:
    whether the largest portion of the batch was tried on this machine, forward and backward, and there was memory for
    it.
    """

    model: Model
    recipe: Recipe
    train_tokens: int | None = None
    memory: int | None = None
    card: int | None = None
    rates: Rates | None = None
    leak: "Leak | None" = None
    fits: bool | None = None


class Course(Struct, frozen=True, kw_only=True):
    """A run as far as it has come. Losses in nats per token; curves as the run stands, what was rolled back is cut off.

    `recipe`: as it is now. `loss`: of every step, not smoothed. `validation`: every look. `whole`: over all validation
    text, once known. `gradient`: norms before clipping. `health`: the last few looks, oldest first. `floor`: the
    entropy of the source where it is known. `state` as `session.run.Run.state` tells it, `error` its sentence.
    """

    model: Model
    recipe: Recipe
    step: int
    loss: Curve = Curve()
    validation: Curve = Curve()
    whole: float | None = None
    gradient: Curve = Curve()
    health: Sequence[Health] = ()
    changes: Sequence[Changed] = ()
    rolled_back: Sequence[RolledBack] = ()
    ngrams: "Ngrams | None" = None
    floor: float | None = None
    train_tokens: int | None = None
    state: str = "training"
    error: str = ""

    @property
    def passes(self) -> float | None:
        """How often the whole training text went by so far."""
        if not self.train_tokens:
            return None
        return self.step * self.recipe.batch * self.model.context / self.train_tokens
