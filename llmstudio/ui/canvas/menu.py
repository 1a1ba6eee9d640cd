"""The context menu of the canvas: the same verbs as the keys."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from . import verbs
from .palette import KINDS, lower

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
        here = build.selected.split(".")[2:]
        if here:
            _add(made, f"Remove block {index + 1}", partial(verbs.remove_blocks, build))
        for name in [name for name in ("attn", "mlp") if name not in here]:
            _add(made, verbs.describe(build, name), partial(verbs.toggle, build, name))
        _wires(made, view, index + 1)
        made.addSeparator()
        _add(made, "Open" if index in view.canvas.folded else "Fold", partial(view.canvas.fold, index))
    elif build.selected.startswith("skips."):
        _verbs(made, view)
    else:
        for kind in KINDS:
            _add(made, f"Add {lower(kind)}", partial(verbs.append, build, kind))
        if build.selected == "embed":
            _wires(made, view, 0)
        made.addSeparator()
        _add(made, "Fold all blocks", partial(view.canvas.fold_all, True))
        _add(made, "Open all blocks", partial(view.canvas.fold_all, False))
    return made


def _add(made: QMenu, text: str, do: Callable[[], object]) -> QAction:
    action = made.addAction(text)
    action.triggered.connect(lambda: do())
    return action


def _verbs(made: QMenu, view: "CanvasView") -> None:
    for verb in verbs.VERBS:
        if verb.can(view.build) or view.build.selected.startswith("blocks."):
            action = _add(made, verb.text, partial(verb.do, view.build))
            if verb is verbs.REMOVE:
                action.setText(verbs.removal(view.build))
            action.setShortcut(QKeySequence(verb.keys[0]))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # shown; the view's own action answers the key
            action.setEnabled(verb.can(view.build))


def _wires(made: QMenu, view: "CanvasView", source: int) -> None:
    """Wires from the stream before block `source`: the last sum of the one above, or the embedding."""
    targets = verbs.targets(view.build.model, source)
    if not targets:
        return
    inner = made.addMenu("Wire from here to")
    for target, words in targets:
        _add(inner, f"before {words.lower()}", partial(verbs.connect, view.build, source, target))
