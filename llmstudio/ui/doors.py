"""Ways from a panel to other stages of the window that holds it, without knowing that window."""

from typing import Protocol, runtime_checkable

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget


@runtime_checkable
class House(Protocol):
    """The window: it has stages and shows one."""

    stage: str

    def choose(self, name: str) -> None: ...

    def bring(self, name: str) -> None: ...


def house(widget: QWidget | None) -> "QWidget | None":
    """The window that holds `widget`, also from a floating panel; None for a panel on its own."""
    while widget is not None and not isinstance(widget, House):
        widget = widget.parentWidget()
    return widget


def go(widget: QWidget, stage: str) -> None:
    """Show another stage of the window that holds `widget`."""
    found = house(widget)
    if isinstance(found, House):
        found.choose(stage)


def bring(widget: QWidget, panel: str) -> None:
    """Show a panel of the stage in front of those that it shares a place with: "build.code"."""
    found = house(widget)
    if isinstance(found, House):
        found.bring(panel)


def act(widget: QWidget, key: str) -> None:
    """Do what the window does at a shortcut, "Ctrl+O"."""
    found = house(widget)
    wanted = QKeySequence(key)
    for action in found.actions() if found is not None else []:
        if action.shortcut() == wanted:
            action.trigger()
            return
