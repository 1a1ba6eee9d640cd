"""A text label in one of the roles of the look."""

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

Role = Literal["body", "caption", "faint", "label", "section", "strong", "heading", "title", "error", "warning"]


def label(text: str = "", role: Role = "body", wrap: bool = False) -> QLabel:
    """Plain text. body 13, label muted, strong 13/600, caption and faint 11, section 11/600, heading 18, title 24."""
    widget = QLabel(text)
    widget.setTextFormat(Qt.TextFormat.PlainText)
    widget.setWordWrap(wrap)
    widget.setProperty("role", role)
    return widget


def set_role(widget: QLabel, role: Role) -> None:
    """Let the same label speak in another role, say as an error."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
