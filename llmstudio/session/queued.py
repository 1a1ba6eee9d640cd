"""A run that waits for its turn."""

from msgspec import Struct

from ..core.model.spec import Model
from ..core.train.recipe import Recipe
from .about import Origin


class Queued(Struct, frozen=True, kw_only=True):
    """All that is needed to begin it. `id` is its own in this project; `name` is "" where it gets the next number."""

    id: int
    model: Model
    recipe: Recipe
    name: str = ""
    group: str = ""
    label: str = ""  # what sets it apart in its group
    device: str = "cpu"
    origin: Origin | None = None


def moved(queue: tuple[Queued, ...], item: int, place: int) -> tuple[Queued, ...]:
    """The queue with the one whose id is `item` at `place`, counted from 0."""
    one = next((each for each in queue if each.id == item), None)
    if one is None:
        return queue
    rest = [each for each in queue if each.id != item]
    rest.insert(max(0, place), one)
    return tuple(rest)
