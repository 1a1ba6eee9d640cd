"""What each item of the canvas shows, as values made from the session."""

from ...core.model import cost
from ...core.model.spec import Model, Skip, part
from ...session.session import Session
from ..numbers import count
from . import words
from .items import BlockLook, EndLook, RowLook, StreamLook

PIECES = 10  # of the probe text that find room
VISIBLE = {" ": "·", "\n": "↵", "\t": "→", "\r": "↵"}
HINT = "No blocks yet. Drag one here from Parts, or choose one there and press Enter."


Sums = tuple[dict[str, int], dict[str, str]]


def sums(model: Model) -> Sums:
    """Parameters and shapes by path."""
    return cost.parameters(model), cost.shapes(model)


class Now:
    """The session as it is at one refresh, with what is asked for more than once."""

    def __init__(self, session: Session, hovered: str, sums: Sums) -> None:
        self.session, self.hovered = session, hovered
        self.model, self.selected = session.build.model, session.build.selected
        self.counts, self.shapes = sums
        self.problems: dict[str, str] = {}
        for problem in session.build.problems:
            self.problems.setdefault(problem.where, problem.text.rstrip("."))


def block(now: Now, index: int, shaped: bool) -> BlockLook:
    path = f"blocks.{index}"
    there = now.model.blocks[index]
    rows = [("attn", "Attention"), ("mlp", "MLP")]
    parts = {"attn": there.attention, "mlp": there.mlp}
    return BlockLook(
        title=words.title(now.model, path),
        facts=words.block_facts(now.model, path),
        count=count(now.counts[path]),
        rows=tuple(_row(now, path, name, title) for name, title in rows if parts[name] is not None),
        problem=now.problems.get(path, ""),
        shape=now.shapes["embed"] if shaped else "",
        selected=_inside(now.selected, path),
        hovered=_inside(now.hovered, path),
    )


def _row(now: Now, block_path: str, name: str, title: str) -> RowLook:
    path = f"{block_path}.{name}"
    return RowLook(
        path=path,
        name=title,
        icon=words.icon(path),
        normed=now.model.blocks[int(block_path.split(".")[1])].norm != "none",
        facts=words.facts(now.model, path),
        count=count(now.counts[path]),
        problem=now.problems.get(path, ""),
    )


def _inside(path: str, block_path: str) -> str:
    return path if path == block_path or path.startswith(block_path + ".") else ""


def end(now: Now, path: str) -> EndLook:
    return EndLook(
        name=words.title(now.model, path),
        icon=words.icon(path),
        facts=words.facts(now.model, path),
        problem=now.problems.get(path, ""),
        selected=now.selected == path,
        hovered=now.hovered == path,
    )


def wire(now: Now, path: str) -> tuple[str, bool, bool, bool]:
    skip = part(now.model, path)
    assert isinstance(skip, Skip)
    text = f"{'gated' if skip.gated else 'skip'}, {words.wire(skip)}"
    return text, now.selected == path, now.hovered == path, path in now.problems


def stream(now: Now) -> StreamLook:
    pieces = _pieces(now.session)
    return StreamLook(
        stream=now.shapes["embed"],
        out=now.shapes["head"],
        pieces=tuple(visible(piece) for piece in pieces[:PIECES]),
        more=max(0, len(pieces) - PIECES),
        hint="" if now.model.blocks else HINT,
    )


def _pieces(session: Session) -> list[str]:
    if not (tokenizer := session.data.tokenizer) or not session.inside.probe:
        return []
    return [piece.text for piece in tokenizer.pieces(session.inside.probe)]


def visible(text: str) -> str:
    """With its white space made visible."""
    return "".join(VISIBLE.get(c, c) for c in text)
