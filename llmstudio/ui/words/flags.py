"""What happened during a run, in a few words each, for the marks on its charts."""

from typing import TYPE_CHECKING

from msgspec import Struct

from ...core.train.recipe import Recipe
from ...session.curves import changed
from .changes import titles, value

if TYPE_CHECKING:
    from ...session.run import Run


class Happened(Struct, frozen=True, kw_only=True):
    step: int
    text: str
    care: bool = False  # not of the person's own will


def happened(run: "Run") -> list[Happened]:
    """Changes, roll-backs and notes, by step; what happened at one step together."""
    found: dict[int, list[str]] = {}
    care = {event.step for event in run.rolled_back}
    for event in run.rolled_back:
        found.setdefault(event.step, []).append(f"back from step {event.bad}")
    now = run.recipe
    for change in run.changes:
        after = changed(now, change.fields)
        found.setdefault(change.step, []).extend(_said(now, after))
        care |= {change.step} if change.why != "person" else set()
        now = after
    for note in run.notes:
        if note.flag and not any(note.step == event.step for event in run.rolled_back):
            found.setdefault(note.step, []).append(note.flag)
            care |= {note.step} if note.failed else set()
    return [
        Happened(step=step, text=", ".join(dict.fromkeys(words)), care=step in care)
        for step, words in sorted(found.items())
        if words
    ]


def _said(before: Recipe, after: Recipe) -> list[str]:
    """ "peak 2.0e-3 → 1.0e-3": only what differs."""
    names = titles(Recipe) | {"learning_rate": "peak"}
    return [
        f"{names[name]} {value(getattr(before, name))} → {value(getattr(after, name))}"
        for name in before.__struct_fields__
        if getattr(before, name) != getattr(after, name)
    ]
