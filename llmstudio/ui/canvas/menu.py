"""The context menu of the canvas: the same verbs as the keys, and the options of blocks and wires as switches."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from ...core.model import spec
from ..icons import icon
from . import choosing, gestures, notes, options, verbs, words
from .palette import KINDS, PARTS, lower

if TYPE_CHECKING:
    from .view import CanvasView

TIMES = (2, 3, 4, 6, 8, 12, 16, 24)
SHOWN = 12  # a repetition of no more blocks than these is shown open


def menu(view: "CanvasView") -> QMenu:
    """The verbs for what is selected. It deletes itself when it closes."""
    build, made = view.build, QMenu(view)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if build.selected_blocks:
        _blocks(made, view)
    elif verbs.wires(build):
        gated = all(
            wire.gated for path in verbs.wires(build) if isinstance(wire := spec.part(build.model, path), spec.Skip)
        )
        options.switch(made, "Gated", gated, partial(verbs.gate, build, not gated))
        _verb(made, view, verbs.REMOVE).setText(verbs.removal(build))
    else:
        _ground(made, view)
    return made


def _ground(made: QMenu, view: "CanvasView") -> None:
    build = view.build
    if build.selected in options.ENDS:
        options.fill(made, build)
        made.addSeparator()
    for kind in KINDS:
        if kind != "wire" or build.model.blocks:
            _add(made, f"Add {lower(kind)}", partial(verbs.append, build, kind), PARTS[kind].icon)
    if build.selected in ("", "embed"):
        _wires(made, view, 0, "Wire from the embedding to")
    made.addSeparator()
    _verb(made, view, verbs.PASTE)
    if build.model.blocks:
        _selecting(made, view)
        made.addSeparator()
        _add(made, "Fold all blocks", partial(view.canvas.fold_all, True))
        _add(made, "Open all blocks", partial(view.canvas.fold_all, False))
        made.addSeparator()
        _add(made, "Remove all blocks", partial(verbs.clear, build), "trash")


def _blocks(made: QMenu, view: "CanvasView") -> None:
    build, here = view.build, view.build.selected_blocks
    part = build.selected.split(".")[2:] if build.selected.startswith("blocks.") else []
    for verb in verbs.VERBS:
        if verb not in (verbs.SELECT, verbs.GROUP, verbs.UNGROUP, verbs.SPLIT, verbs.REMOVE):
            _verb(made, view, verb)
    made.addSeparator()
    _repeats(made, view)
    for verb in (verbs.GROUP, verbs.UNGROUP, verbs.SPLIT):
        if verb.can(build):
            _verb(made, view, verb)
    if path := notes.writable(build):
        what = "Rename the group" if path.startswith("groups.") else "Write a note"
        _add(made, what, partial(notes.write, view, path), "note").setShortcut(QKeySequence("F2"))
    made.addSeparator()
    inner = made.addMenu(icon("plus", "text"), "Add or take out")
    for name in spec.PARTS:
        if part != [name] or len(build.selection) > 1:
            _add(inner, verbs.describe(build, name), partial(verbs.toggle, build, name), words.icon(f"blocks.0.{name}"))
    options.fill(made, build)
    made.addSeparator()
    _wires(made, view, here[-1] + 1, "Wire from here to")
    _selecting(made, view)
    made.addSeparator()
    turn = partial(gestures.turn_inside, view, build.selected)
    if build.selected.startswith("groups."):
        _add(made, "Open or close the group", turn)
    elif len(here) == 1:
        opened = here[0] in view.canvas.open_near
        _add(
            made, "Close the inside" if opened else "Look inside", partial(view.canvas.look_inside, here[0], not opened)
        )
        _add(made, "Open" if here[0] in view.canvas.folded else "Fold", partial(view.canvas.fold, here[0]))
    made.addSeparator()
    if part:
        words_ = f"Remove block {here[0] + 1}" if len(here) == 1 else f"Remove {len(here)} blocks"
        _add(made, words_, partial(verbs.remove_blocks, build), "trash")
    _verb(made, view, verbs.REMOVE).setText(verbs.removal(build))


def _repeats(made: QMenu, view: "CanvasView") -> None:
    whole = verbs.span(view.build.selected_blocks)
    if whole is None:
        return
    inner = made.addMenu(icon("repeat", "text"), "Repeat")
    for times in TIMES:
        text = f"{times} times" if len(whole) == 1 else f"{times} times, {times * len(whole)} blocks"
        _add(inner, text, partial(repeat, view, times))


def repeat(view: "CanvasView", times: int) -> None:
    """Repeat the selected blocks; a short row of them is shown open, so that one can go on with each."""
    verbs.repeat(view.build, times)
    path = view.build.selected
    if path.startswith("groups.") and len(view.build.selected_blocks) <= SHOWN:
        view.canvas.open_group(int(path.split(".")[1]), True)


def _selecting(made: QMenu, view: "CanvasView") -> None:
    build = view.build
    inner = made.addMenu(icon("select", "text"), "Select")
    _verb(inner, view, verbs.SELECT)
    if len(build.model.blocks) > 1:
        _add(inner, "Blocks 1, 3, 5 and so on", partial(choosing.every_second, build, 0))
        _add(inner, "Blocks 2, 4, 6 and so on", partial(choosing.every_second, build, 1))
    here = build.selected_blocks
    scopes = {"the selected": here} if len(here) > 1 else {}
    for scope, blocks in {**scopes, "all": [*range(len(build.model.blocks))]}.items():
        inner.addSeparator()
        for name in dict.fromkeys(name for i in blocks for name in spec.parts(build.model.blocks[i])):
            do = partial(choosing.parts, build, name, blocks)
            _add(inner, f"{words.NAMES[name]} of {scope} blocks", do, words.icon(f"blocks.0.{name}"))


def _wires(made: QMenu, view: "CanvasView", source: int, text: str) -> None:
    """Wires from a place of the stream."""
    targets = verbs.targets(view.build.model, source)
    if not targets:
        return
    inner = made.addMenu(icon("wire", "text"), text)
    for gated in (False, True):
        for target, where in targets:
            do = partial(verbs.connect, view.build, source, target, gated)
            _add(inner, f"{where}, gated" if gated else where, do)
        inner.addSeparator()


def _verb(made: QMenu, view: "CanvasView", verb: verbs.Verb) -> QAction:
    action = _add(made, verb.text, partial(verb.do, view.build), verb.icon)
    action.setShortcut(QKeySequence(verb.keys[0]))
    action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # shown; the panel's own action answers the key
    action.setEnabled(verb.can(view.build))
    return action


def _add(made: QMenu, text: str, do: Callable[[], object], icon_name: str = "") -> QAction:
    action = made.addAction(icon(icon_name, "text"), text) if icon_name else made.addAction(text)
    action.triggered.connect(lambda: do())
    return action
