"""A sweep in words: what it will cost, and what came out of it."""

from collections.abc import Sequence

from ...core.train.outcome import Summary
from .numbers import fixed, half_minutes, plural

SAME = 0.005  # losses nearer than this read as the same number


def cost(runs: int, seconds: float | None) -> str:
    """As "12 runs, about 4 minutes on this computer"; without a run that was timed it says so."""
    if seconds is None:
        return f"{plural(runs, 'run')}. How long they take is known once a run has been made here."
    return f"{plural(runs, 'run')}, about {half_minutes(seconds)} on this computer"


def outcome(settings: Sequence[Summary], names: Sequence[str]) -> str:
    """Which setting is best, and whether by more than seeds differ. Settings are sorted, the best first."""
    if not settings:
        return ""
    best = settings[0]
    many = f", the median of {plural(len(best.losses), 'seed')} ({fixed(best.low)} to {fixed(best.high)})"
    said = f"{_name(names[0])} reaches {fixed(best.loss)}{many if len(best.losses) > 1 else ''}."
    if len(settings) == 1:
        return said
    second = settings[1]
    gap = second.loss - best.loss
    if gap < SAME:
        return f"{said} {_name(names[1])} is level with it."
    spread = max(each.high - each.low for each in settings)
    if len(best.losses) == 1 or len(second.losses) == 1:
        each = " each" if len(best.losses) == len(second.losses) else ""
        doubt = f"With one seed{each} a small difference may be chance."
    elif second.low > best.high:
        doubt = "All its seeds are above all of the best's."
    else:
        doubt = f"Seeds alone differ by up to {fixed(spread)}, so this may be chance."
    return f"{said} {_name(names[1])} is {fixed(gap)} above. {doubt}"


def _name(name: str) -> str:
    return name[:1].upper() + name[1:] if name else "This setting"
