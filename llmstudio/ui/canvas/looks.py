"""What each item of the canvas shows, as values made from the session."""

from collections.abc import Callable

from ...core.model import cost
from ...core.model.spec import Group, Model, Skip, part, parts
from ...session.session import Session
from ..numbers import count
from . import words
from .marks import marks, shared
from .shown import BlockLook, EndLook, GroupLook, Live, RowLook, StreamLook, WireLook

PIECES = 10  # of the probe text that find room
VISIBLE = {" ": "·", "\n": "↵", "\t": "→", "\r": "↵"}
HINT = "No blocks yet. Click here to choose one, or drag one in from Parts."


Sums = tuple[dict[str, int], dict[str, str]]


def sums(model: Model) -> Sums:
    """Parameters and shapes by path."""
    return cost.parameters(model), cost.shapes(model)


def nothing(path: str) -> Live | None:
    return None


class Now:
    """The session as it is at one refresh, with what is asked for more than once."""

    def __init__(
        self,
        session: Session,
        hovered: str,
        sums: Sums,
        live: Callable[[str], Live | None] = nothing,
        bare: bool = False,
    ) -> None:
        selection = () if bare else session.build.selection
        self.session, self.hovered, self.live = session, "" if bare else hovered, live
        self.model = session.build.model
        self.selected = frozenset(selection)
        self.counts, self.shapes = sums
        self.problems: dict[str, str] = {}
        self.wrong: dict[int, list[str]] = {}  # problems by block
        self.chosen: dict[int, tuple[str, ...]] = {}  # what is selected, by block
        for path in selection:
            if path.startswith("blocks."):
                index = int(path.split(".")[1])
                self.chosen[index] = (*self.chosen.get(index, ()), path)
        for problem in session.build.problems:
            text = problem.text.rstrip(".")
            self.problems.setdefault(problem.where, text)
            if problem.where.startswith("blocks."):
                self.wrong.setdefault(int(problem.where.split(".")[1]), []).append(text)


def block(now: Now, index: int) -> BlockLook:
    path = f"blocks.{index}"
    there = now.model.blocks[index]
    return BlockLook(
        title=f"Block {index + 1}",
        facts=words.block_facts(now.model, path),
        count=count(now.counts[path]),
        rows=tuple(_row(now, path, name) for name in parts(there)),
        marks=marks(now.model, path),
        problem=now.problems.get(path, ""),
        shape=now.shapes["embed"],
        note=" ".join(there.note.split()),
        residual=there.residual,
        selected=now.chosen.get(index, ()),
        hovered=now.hovered if now.hovered == path or now.hovered.startswith(path + ".") else "",
        live=now.live(path),
    )


def _row(now: Now, block_path: str, name: str) -> RowLook:
    path = f"{block_path}.{name}"
    there = now.model.blocks[int(block_path.split(".")[1])]
    normed = there.norm != "none"
    return RowLook(
        path=path,
        name=words.NAMES[name],
        icon=words.icon(path),
        before=normed and there.placement != "post",
        after=normed and there.placement == "sandwich",
        facts=words.brief(now.model, path),
        marks=marks(now.model, path),
        count=count(now.counts[path]),
        problem=now.problems.get(path, ""),
        live=now.live(path),
    )


def group(now: Now, path: str) -> GroupLook:
    found = part(now.model, path)
    assert isinstance(found, Group)
    inside = range(found.first, found.last + 1)
    wrong = [text for i in inside for text in now.wrong.get(i, [])]
    own = now.problems.get(path, "")
    same = words.alike(now.model, found)
    facts = words.block_facts(now.model, f"blocks.{found.first}") if same else ""
    return GroupLook(
        title=words.title(now.model, path),
        facts=f"{words.span(found)}{': ' * bool(facts)}{facts}",
        marks=shared(now.model, found),
        count=count(sum(now.counts[f"blocks.{i}"] for i in inside)),
        problems=len(wrong) + bool(own),
        problem=own or (wrong[0] if wrong else ""),
        kinds=tuple(dict.fromkeys(name for i in inside for name in parts(now.model.blocks[i]))),
        selected=path in now.selected,
        within=any(i in now.chosen for i in inside),
        hovered=now.hovered == path,
        live=now.live(path),
    )


def end(now: Now, path: str) -> EndLook:
    return EndLook(
        name=words.title(now.model, path),
        icon=words.icon(path),
        facts=words.facts(now.model, path),
        marks=marks(now.model, path),
        problem=now.problems.get(path, ""),
        selected=path in now.selected,
        hovered=now.hovered == path,
    )


def wire(now: Now, path: str) -> WireLook:
    skip = part(now.model, path)
    assert isinstance(skip, Skip)
    return WireLook(
        text=f"{'gated' if skip.gated else 'skip'}, {words.wire(now.model, skip)}",
        gated=skip.gated,
        selected=path in now.selected,
        hovered=now.hovered == path,
        problem=path in now.problems,
    )


def stream(now: Now) -> StreamLook:
    pieces = _pieces(now.session)
    return StreamLook(
        stream=now.shapes["embed"],
        out=now.shapes["head"],
        pieces=tuple(visible(piece) for piece in pieces[:PIECES]),
        more=max(0, len(pieces) - PIECES),
        hint="" if now.model.blocks else HINT,
        note=" ".join(now.model.note.split()),
    )


def _pieces(session: Session) -> list[str]:
    if not (tokenizer := session.data.tokenizer) or not session.inside.probe:
        return []
    return [piece.text for piece in tokenizer.pieces(session.inside.probe)]


def visible(text: str) -> str:
    """With its white space made visible."""
    return "".join(VISIBLE.get(c, c) for c in text)
