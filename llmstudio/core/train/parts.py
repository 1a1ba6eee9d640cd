"""What the parts of a network show while it learns: dead units, and gradients that vanish or explode on their way."""

from collections.abc import Callable, Iterator
from math import isfinite
from statistics import median

from msgspec.structs import replace

from llmstudio.core.model import spec as S

from .events import Part
from .finding import Course, Cure, Finding
from .symptoms import slower

LOOKS = 3  # the last ones; the median of them counts
DEAD_CARE, DEAD_BAD = 0.5, 0.9  # share of the units
VANISHED, EXPLODED = 1e-4, 1e3  # times the gradients of the other parts of its kind
STILL = 1e-6  # |change| / |weights| of a step at which weights of 7 digits hardly move
WILD = 0.5  # the same, at which a step throws half of what was learned away
LOUD = 1e4  # RMS of what a part puts out


def parts(course: Course) -> Iterator[Finding]:
    """Nothing in the warm-up, while the first gradients are wild."""
    seen = [health for health in course.health if health.step > course.recipe.warmup][-LOOKS:]
    if len(seen) < 2:
        return

    def of(pick: Callable[[Part], float | None]) -> dict[str, float]:
        found: dict[str, list[float]] = {}
        for health in seen:
            for path, part in health.parts.items():
                if (value := pick(part)) is not None:
                    found.setdefault(path, []).append(value)
        return {path: median(values) for path, values in found.items()}

    gradient, update = of(lambda part: part.gradient), of(lambda part: part.update)
    activation, dead = of(lambda part: part.activation), of(lambda part: part.dead)
    yield from _dead(course, dead)
    loud = [p for p, value in activation.items() if not isfinite(value) or value > LOUD]
    wild = [p for p, value in update.items() if not isfinite(value) or value > WILD]
    yield from _exploding(course, loud, wild, [*_far(gradient, lambda value, usual: value > EXPLODED * usual)])
    still = [p for p, value in update.items() if value < STILL]
    yield from _vanishing(course, still, [*_far(gradient, lambda value, usual: value < VANISHED * usual)])


def _far(values: dict[str, float], beyond: Callable[[float, float], bool]) -> Iterator[str]:
    """Parts far from the others of their kind: attention beside attention, MLP beside MLP."""
    for kind in S.PARTS:
        own = {path: value for path, value in values.items() if path.endswith("." + kind)}
        for path, value in own.items():
            others = [other for name, other in own.items() if name != path]
            if others and beyond(value, median(others)):
                yield path


def _dead(course: Course, dead: dict[str, float]) -> Iterator[Finding]:
    where = tuple(path for path, share in dead.items() if share > DEAD_CARE)
    if not where:
        return
    worst = max(where, key=lambda path: dead[path])
    text = f"{dead[worst]:.0%} of the units in {_named(worst)} put out nothing but zero: they learn nothing any more."
    yield Finding(
        kind="dead", severity="bad" if dead[worst] > DEAD_BAD else "care", text=text, where=where,
        cure=_never_dead(course.model, where),
    )  # fmt: skip


def _never_dead(model: S.Model, where: tuple[str, ...]) -> Cure | None:
    """The next model with an activation that is zero nowhere over a stretch."""
    changed = model
    for path in where:
        part = S.part(model, path)
        if isinstance(part, S.MLP | S.Experts) and part.activation in ("relu", "relu2"):
            changed = S.change(changed, path, replace(part, activation="gelu"))
    return Cure(label="Use GELU in the next model", action="model", model=changed) if changed != model else None


def _exploding(course: Course, loud: list[str], wild: list[str], steep: list[str]) -> Iterator[Finding]:
    where = tuple(dict.fromkeys([*loud, *wild, *steep]))
    if not where:
        return
    if steep or loud:
        what = "gets far larger gradients than the other blocks" if steep else "puts out very large numbers"
        text = f"{_named((steep or loud)[0], True)} {what}: the run may break away."
    else:
        text = f"Each step changes {_named(wild[0])} by more than half: what it has learned is lost again."
    bare = [i for i, block in enumerate(course.model.blocks) if block.norm == "none"]
    cure = _with_norms(course.model) if bare else slower(course)
    yield Finding(kind="exploding", severity="bad", text=text, where=where, cure=cure)


def _vanishing(course: Course, still: list[str], flat: list[str]) -> Iterator[Finding]:
    where = tuple(dict.fromkeys([*flat, *still]))
    if not where:
        return
    if flat:
        text = f"Hardly any gradient reaches {_named(flat[0])}: it does not learn."
    else:
        text = f"{_named(still[0], True)} hardly moves: its steps are too small to count."
    bare = any(block.norm == "none" for block in course.model.blocks)
    find = Cure(label="Find a better rate", action="find_rate")
    cure = _with_norms(course.model) if flat and bare else find if still else None
    yield Finding(kind="vanishing", severity="care", text=text, where=where, cure=cure)


def _with_norms(model: S.Model) -> Cure:
    blocks = tuple(replace(block, norm="rms") if block.norm == "none" else block for block in model.blocks)
    return Cure(label="Use norms in the next model", action="model", model=replace(model, blocks=blocks))


NAMES = {
    "conv": "the convolution", "attn": "the attention", "rec": "the recurrence", "mlp": "the MLP", "moe": "the mixture",
}  # fmt: skip


def _named(path: str, begins: bool = False) -> str:
    """blocks.2.mlp as "the MLP of block 3", or "The MLP of block 3" where a sentence begins with it."""
    kind, *rest = path.split(".")
    if kind == "blocks" and rest:
        block = f"block {int(rest[0]) + 1}"
        name = f"{NAMES.get(rest[1], rest[1])} of {block}" if len(rest) > 1 else block
    else:
        name = {"embed": "the embedding"}.get(kind, f"the {kind}")
    return name[:1].upper() + name[1:] if begins else name
