"""What the numbers of the Cost panel say, made from the numbers."""

from typing import Any, NamedTuple

from msgspec import Struct

from .....core.model.compare import Gathered, differences, gather
from .....core.model.cost import Cost
from .....core.model.footprint import Footprint
from .....core.model.spec import Model, Skip
from .....core.train.recipe import Recipe
from .....session.estimate import Estimate, OnCard
from ....canvas.words import millions, whole_wire
from ....numbers import MINUS, THIN, clock, count, percent, real, size

TOKENS_PER_WEIGHT = 20  # Hoffmann et al. 2022: what a model of this size makes best use of
DAY = 86_400.0


class Share(NamedTuple):
    name: str
    color: int  # of theme.run
    part: float


def shares(cost: Cost) -> list[Share]:
    """Where the weights are, as parts of all; what is nowhere, and norms under 1 %, are left out."""
    parts = (
        ("MLP", 1, cost.mlp),
        ("experts", 5, cost.experts),
        ("attention", 2, cost.attention),
        ("recurrence", 6, cost.recurrence),
        ("convolution", 4, cost.convolution),
        ("embedding", 3, cost.embedding),
        ("head", 7, cost.head),
        ("norms", 8, cost.rest),
    )
    found = [Share(name, color, n / cost.parameters) for name, color, n in parts if n]
    return [share for share in found if share.name not in ("norms", "convolution") or share.part >= 0.01]


def share_of(part: float) -> str:
    return percent(part, 0) if part >= 0.01 else f"under {percent(0.01, 0)}"


def duration(seconds: float) -> str:
    """under 1 s, 3:28, 1:02:05, 12 days, 3 years."""
    if seconds < 2 * DAY:
        return clock(seconds) if seconds >= 1 else "under 1 s"
    days = seconds / DAY
    return f"{count(round(days))} days" if days < 730 else f"{count(round(days / 365.25))} years"


def signed(value: float, words: str) -> str:
    """A change: "+ 1 024"."""
    return f"{MINUS if value < 0 else '+'} {words}"


def told(estimate: Estimate) -> str:
    """Where the time comes from, for the title bar."""
    speed = estimate.speed
    if estimate.state == "measuring":
        return "measuring"
    if speed is None:
        return "not measured"
    if estimate.state == "carried":
        return "estimated from the last probe"
    return f"{'measured' if speed.whole else 'a part measured'} here in {speed.took:.1f}{THIN}s"


def spent(footprint: Footprint) -> list[tuple[str, str]]:
    """What the memory is for."""
    rows = (
        ("weights", footprint.weights),
        ("gradients", footprint.gradients),
        ("optimiser", footprint.optimizer),
        ("copies to compute with", footprint.copies),
        ("a batch on its way", footprint.activations),
        ("states to save and go back to", footprint.kept),
        ("lost between pieces", footprint.loose),
    )
    return [(name, size(n)) for name, n in rows if n]


def on_card(card: OnCard) -> str:
    """One line on a graphics card."""
    room = f"fits its {size(card.memory)}" if card.fits else f"too large for its {size(card.memory)}"
    return f"{duration(card.seconds)}, {room}"


class Reading(NamedTuple):
    """How the text compares with the size of the model, in tokens."""

    has: int
    read: int  # in the whole run, the same ones again counted
    wanted: int

    @property
    def passes(self) -> float:
        return self.read / self.has

    @property
    def heading(self) -> str:
        passes = f"{self.passes:.1f}" if self.passes < 100 else count(round(self.passes))
        return f"{millions(self.has)} tokens, {passes} passes"

    @property
    def sentence(self) -> str:
        if self.has >= self.wanted:
            times = self.has / self.wanted * TOKENS_PER_WEIGHT
            return f"That is {millions(times)} tokens for each weight: enough for text it has never seen."
        serve = f"For text it has never seen, {millions(self.wanted)} tokens would serve this size better."
        if self.passes > 16:
            return f"The same text is read {count(round(self.passes))} times: it will be learnt by heart. {serve}"
        return f"Fine for learning. {serve}"


def reading(cost: Cost, recipe: Recipe, context: int, tokens: int) -> Reading | None:
    if tokens <= 0 or cost.parameters <= 0:
        return None
    return Reading(tokens, recipe.steps * recipe.batch * context, TOKENS_PER_WEIGHT * cost.parameters)


def changes(before: Model, after: Model) -> list[tuple[str, str, str]]:
    """What differs in the network: path, before, after."""
    found = gather(differences(before, after))
    return [(_where(each), _value(each.before, before), _value(each.after, after)) for each in found]


def _where(each: Gathered) -> str:
    if len(each.paths) == 1:
        return each.paths[0]
    tail = each.paths[0].split(".", 2)[2:]
    return ".".join([f"{len(each.paths)} blocks", *tail])


def _value(value: Any, model: Model) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return count(value)
    if isinstance(value, float):
        return real(value)
    if isinstance(value, Skip):
        return whole_wire(model, value)
    return "there" if isinstance(value, Struct) else str(value).replace("_", " ")
