"""The words that explain a part when the pointer rests on it."""

from ...core.model import cost, explained
from ...core.model.spec import Group, Model, part
from ...session.session import Session
from ..numbers import count
from . import words
from .alive.live import said
from .marks import marks


def tip(session: Session, path: str) -> str:
    """What it is, what is special about it, how big it is, how it does in the run, and what is wrong with it."""
    model = session.build.model
    about = explained.part(path).text.split(". ")[0].rstrip(".")
    there = part(model, path)
    found = [problem.text for problem in session.build.problems if problem.where == path]
    lines = [
        words.title(model, path),
        about,
        ", ".join(filter(None, [words.facts(model, path), *marks(model, path)])),
        _size(model, path),
        said(session, path),
        *getattr(there, "note", "").splitlines(),
        *found,
    ]
    return "\n".join(filter(None, lines))


def _size(model: Model, path: str) -> str:
    counts, group = cost.parameters(model), part(model, path)
    if isinstance(group, Group):
        inside = range(group.first, min(group.last + 1, len(model.blocks)))
        return f"{count(sum(counts[f'blocks.{i}'] for i in inside))} parameters"
    return f"{count(counts[path])} parameters" if path in counts else ""
