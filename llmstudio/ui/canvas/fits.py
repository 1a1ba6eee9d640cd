"""What fits at a place of the stream: new blocks, what was copied, and wires from there on."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint

from ...core.model import cost, spec
from ..numbers import count
from . import verbs
from .blocks import placed
from .palette import KINDS, PARTS
from .search import Choice, Search

if TYPE_CHECKING:
    from .view import CanvasView


def search(view: "CanvasView", place: int, at: QPoint) -> Search:
    """Open the menu of what fits at a place of the stream; `at` is a point of the view's viewport."""
    made = Search(view, _caption(view.build.model, place), choices(view, place))
    made.popup(view.viewport().mapToGlobal(at))
    return made


def _caption(model: spec.Model, place: int) -> str:
    if not model.blocks:
        return "The first block"
    return f"Put in before block {place + 1}" if place < len(model.blocks) else "Put in at the end"


def choices(view: "CanvasView", place: int) -> list[Choice]:
    """Blocks that may begin there, what was copied, and wires to later places."""
    build = view.build
    model, size = build.model, cost.total(build.model)
    found = []
    for kind in KINDS:
        if kind != "wire":
            more = cost.total(placed(model, kind, place)[0]) - size
            do = _then(view, partial(verbs.put, build, kind, place))
            part = PARTS[kind]
            found.append(Choice(part.title, f"{part.text}, + {count(more)} parameters", part.icon, do))
    if verbs.PASTE.can(build):
        found.append(Choice("Paste", "the blocks that were copied", "paste", _then(view, partial(build.paste, place))))
    for gated in (False, True):
        for target, words in verbs.targets(model, place):
            do = _then(view, partial(verbs.connect, build, place, target, gated))
            found.append(Choice(f"{'Gated wire' if gated else 'Wire'} to {words}", "", "", do, "extra skip"))
    return found


def _then(view: "CanvasView", do: Callable[[], object]) -> Callable[[], object]:
    """The deed, and the keys go back to the canvas."""

    def done() -> None:
        do()
        view.setFocus()

    return done
