"""The sentence that explains a part when the pointer rests on it."""

from ...core.model import cost
from ...core.model.spec import part
from ...session.session import Session
from ..numbers import count
from . import words
from .alive.live import said

EMBED = "A table with one row of numbers for each token."
HEAD = "Turns each place of the stream into a score for every token."


def tip(session: Session, path: str) -> str:
    """What it is, how big it is, and what is wrong with it."""
    model = session.build.model
    found = part(model, path)
    about = (
        {"embed": EMBED, "head": HEAD}.get(path) or (found.__doc__ or "").splitlines()[0]
        if found or path in ("embed", "head")
        else ""
    )
    counts = cost.parameters(model)
    lines = [words.title(model, path), about, f"{count(counts[path])} parameters" if path in counts else ""]
    lines.append(said(session, path))
    lines += [problem.text for problem in session.build.problems if problem.where == path]
    return "\n".join(filter(None, lines))
