"""The context menu of the canvas: the same verbs as the keys."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from . import verbs
from .gestures import KINDS
from .palette import PARTS

if TYPE_CHECKING:
    from .view import CanvasView


def menu(view: "CanvasView") -> QMenu:
    """The verbs for what is selected. It deletes itself when it closes."""
    build, made = view.build, QMenu(view)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    index = verbs.block_of(build.selected)
    if index is not None:
        _verbs(made, view)
        made.addSeparator()
        for name in ("attn", "mlp"):
            made.addAction(verbs.describe(build, name)).triggered.connect(partial(_do, verbs.toggle, build, name))
        _wires(made, view, index)
        made.addSeparator()
        made.addAction("Open" if index in view.canvas.folded else "Fold").triggered.connect(
            partial(_do, view.canvas.fold, index)
        )
    elif build.selected.startswith("skips."):
        _verbs(made, view)
    else:
        for kind in KINDS:
            words = f"Add {PARTS[kind].title[0].lower() if kind != 'mlp' else 'M'}{PARTS[kind].title[1:]}"
            made.addAction(words).triggered.connect(partial(_do, verbs.append, build, kind))
        made.addSeparator()
        made.addAction("Fold all blocks").triggered.connect(partial(_do, view.canvas.fold_all, True))
        made.addAction("Open all blocks").triggered.connect(partial(_do, view.canvas.fold_all, False))
    return made


def _do(verb, *args) -> None:  # type: ignore[no-untyped-def]
    """Drop the `checked` that a menu sends along."""
    verb(*args[:-1])


def _verbs(made: QMenu, view: "CanvasView") -> None:
    for verb in verbs.VERBS:
        if verb.can(view.build) or view.build.selected.startswith("blocks."):
            action = made.addAction(verb.text)
            action.setShortcut(QKeySequence(verb.keys[0]))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # shown; the view's own action answers the key
            action.setEnabled(verb.can(view.build))
            action.triggered.connect(partial(_do, verb.do, view.build))


def _wires(made: QMenu, view: "CanvasView", index: int) -> None:
    """Wires start after this block, at its last sum."""
    targets = verbs.targets(view.build.model, index + 1)
    if not targets:
        return
    inner = made.addMenu("Wire from here to")
    for target, words in targets:
        inner.addAction(f"before {words.lower()}").triggered.connect(
            partial(_do, verbs.connect, view.build, index + 1, target)
        )
