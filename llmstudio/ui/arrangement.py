"""Where the panels of a workspace are, as data: rows and columns of places. No Qt, no panel is imported."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

FULL = 1432  # width of a workspace in the window that the sizes are made for
WIDE = 340  # a column from this width on can be narrower
TAB = 1 << 20  # what a place needs that is always a tab


@dataclass(frozen=True)
class Place:
    """One panel, named by where its class is: "train.recipe.panel:RecipePanel", under llmstudio.ui.panels."""

    panel: str
    size: int = 0  # pixels along its row or column; 0 shares what is left
    needs: int = 0  # pixels of height of the workspace; in a lower one it is a tab behind the next place that is none

    @property
    def module(self) -> str:
        return f"llmstudio.ui.panels.{self.panel.partition(':')[0]}"

    @property
    def name(self) -> str:
        """Of the class; also what a saved layout calls the place."""
        return self.panel.partition(":")[2]


@dataclass(frozen=True)
class Split:
    """Several side by side (`across`) or one above another."""

    parts: tuple["Place | Split", ...]
    across: bool
    size: int = 0


def row(*parts: Place | Split, size: int = 0) -> Split:
    return Split(parts, True, size)


def column(*parts: Place | Split, size: int = 0) -> Split:
    return Split(parts, False, size)


def places(part: Place | Split) -> Iterator[Place]:
    """All places, in reading order."""
    if isinstance(part, Place):
        yield part
    else:
        for inner in part.parts:
            yield from places(inner)


def fitted(part: Place | Split, height: int) -> Place | Split:
    """The arrangement for a workspace of this height: without the places that are tabs in it."""
    if isinstance(part, Place):
        return part
    kept = tuple(
        fitted(inner, height) for inner in part.parts if not (isinstance(inner, Place) and inner.needs > height)
    )
    return replace(part, parts=kept)


def tabs(part: Place | Split, height: int) -> Iterator[tuple[Place, Place]]:
    """Each place that is a tab in a workspace of this height, and the place that it is behind."""
    if isinstance(part, Place):
        return
    waiting: list[Place] = []
    for inner in part.parts:
        if isinstance(inner, Place) and inner.needs > height:
            waiting.append(inner)
        else:
            yield from ((behind, next(places(fitted(inner, height)))) for behind in waiting)
            waiting = []
            yield from tabs(inner, height)


def resized(part: Place | Split, wanted: Mapping[str, int]) -> Place | Split:
    """The arrangement with other sizes for the places that are named."""
    if isinstance(part, Place):
        return replace(part, size=wanted.get(part.name, part.size))
    return replace(part, parts=tuple(resized(inner, wanted) for inner in part.parts))


def sizes(part: Place | Split, width: int, height: int, gap: int) -> dict[str, tuple[int, int]]:
    """Width and height of every place in a workspace of this size, by name."""
    if isinstance(part, Place):
        return {part.name: (max(width, 1), max(height, 1))}
    room = (width if part.across else height) - gap * (len(part.parts) - 1)
    wanted = [_narrower(inner.size, width) if part.across else inner.size for inner in part.parts]
    fixed = sum(wanted)
    free = sum(not inner.size for inner in part.parts)
    shrink = min(1.0, room * (0.7 if free else 1.0) / fixed) if fixed else 1.0  # a narrow window takes from all
    share = max(room - fixed * shrink, 0) / max(free, 1)
    grow = (room - fixed) / len(part.parts) if not free and fixed < room else 0
    found: dict[str, tuple[int, int]] = {}
    for inner, size in zip(part.parts, wanted, strict=True):
        length = round(size * shrink + grow) if size else round(share)
        found |= sizes(inner, length if part.across else width, height if part.across else length, gap)
    return found


def _narrower(size: int, width: int) -> int:
    """A wide column gives some of its room to the middle in a narrow window; one that is narrow already keeps it."""
    return size if size < WIDE else max(round(size * min(width / FULL, 1.0)), WIDE - 40)


@dataclass(frozen=True)
class Stage:
    """A workspace: its word in the top bar and its panels."""

    name: str  # "train", the room of the session
    title: str
    layout: Place | Split
    hint: str = field(default="")
