"""Buttons: an icon and a verb."""

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QToolButton

from ..icons import icon as make_icon

Kind = Literal["primary", "plain", "ghost", "link", "back", "slim"]
INKS = {"primary": "on_accent", "plain": "text", "ghost": "text", "link": "accent", "back": "accent", "slim": "text"}


def button(
    text: str,
    icon: str = "",
    kind: Kind = "plain",
    on_click: Callable[[], object] | None = None,
    hint: str = "",
    height: int = 28,
) -> QPushButton:
    """A push button 28 high (24 in rows, 32 for the panel's deed). At most one `primary` in view."""
    made = QPushButton(text)
    made.setProperty("kind", kind)
    made.setFixedHeight(height)
    made.setToolTip(hint)
    made.setAccessibleName(text or hint)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if icon:
        made.setIcon(make_icon(icon, INKS[kind]))
        made.setIconSize(QSize(16, 16))
    if on_click is not None:
        made.clicked.connect(lambda: on_click())
    return made


def tool(icon: str, hint: str, on_click: Callable[[], object] | None = None, checkable: bool = False) -> QToolButton:
    """An icon alone, 24 x 24. `hint` is its name and tooltip."""
    made = QToolButton()
    made.setIcon(make_icon(icon))
    made.setIconSize(QSize(16, 16))
    made.setFixedSize(24, 24)
    made.setToolTip(hint)
    made.setAccessibleName(hint)
    made.setCheckable(checkable)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if on_click is not None:
        made.clicked.connect(lambda: on_click())
    return made
