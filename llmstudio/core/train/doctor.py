"""The run doctor: what is well and what is not with a run, in plain words, each with what cures it.

Pure functions of what is known: `before` a run, `during` it, and `after` it. No torch, no numpy, no clock.
"""

from .finding import HEALTHY, Action, Course, Cure, Curve, Finding, Kind, Plan, Rates, Severity
from .outlook import outlook
from .parts import parts
from .symptoms import comparable, gain, losses
from .verdict import verdict

__all__ = [
    "HEALTHY", "Action", "Course", "Cure", "Curve", "Finding", "Kind", "Plan", "Rates", "Severity",
    "after", "before", "during",
]  # fmt: skip

EARLY = 50  # steps after the warm-up before which nothing can be said
ORDER = ("bad", "care", "good")
LASTING = ("dead", "vanishing", "exploding", "rolled_back")  # what still counts when a run has ended


def before(plan: Plan) -> list[Finding]:
    """What to mend before the run begins, the worst first; one good finding where there is nothing."""
    found = _sorted([*outlook(plan)])
    return found or [Finding(kind="ready", severity="good", text="Ready to train: nothing speaks against this recipe.")]


def during(course: Course) -> list[Finding]:
    """How a run that goes on is doing, the worst first; one good finding where nothing is wrong."""
    return _sorted([*losses(course), *parts(course)]) or [_well(course)]


def after(course: Course) -> list[Finding]:
    """How a run went that has ended: first the verdict, then what else is worth knowing, the worst first."""
    return [verdict(course), *(finding for finding in during(course) if finding.kind in LASTING)]


def _sorted(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: ORDER.index(finding.severity))


def _well(course: Course) -> Finding:
    if course.step < course.recipe.warmup + EARLY:
        return Finding(kind="early", severity="good", text="It has just begun: too early to say.", step=course.step)
    found = gain(comparable(course), course.recipe.warmup)
    text = "Learning steadily"
    if found and found[0] > 2 * found[1]:
        text = f"Learning steadily: {found[0]:.2f} lower than {found[2]:,} steps ago"
    elif found:
        text = "Nothing is wrong so far"
    return Finding(kind="learning", severity="good", text=f"{text}.", step=course.step)
