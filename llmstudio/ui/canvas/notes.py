"""Writing on the canvas: the note of a block, the name of a group."""

from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from ...core.model import spec
from ...session.build import BuildRoom
from ..widgets.label import label
from .paint import card

if TYPE_CHECKING:
    from .view import CanvasView

WIDTH = 320


class Writing(QFrame):
    """A popup of one line. Enter, or a click beside it, keeps what was written; Esc does not."""

    def __init__(self, parent: QWidget, build: BuildRoom, path: str) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.build, self.path = build, path
        self.option = "name" if path.startswith("groups.") else "note"
        caption = "Name of the group" if self.option == "name" else "Note"
        self.setAccessibleName(caption)
        self.field = QLineEdit(getattr(spec.part(build.model, path), self.option))
        self.field.setAccessibleName(caption)
        self.field.selectAll()
        self.field.installEventFilter(self)
        self._kept = True
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(4)
        column.addWidget(label(caption, "caption"))
        column.addWidget(self.field)
        self.setFixedWidth(WIDTH)

    def popup(self, at: QPoint) -> None:
        self.adjustSize()
        self.move(at)
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        key = event.key() if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress else None
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self._kept = key != Qt.Key.Key_Escape
            self.close()
            return True
        return super().eventFilter(watched, event)

    def closeEvent(self, event: QCloseEvent) -> None:
        there = spec.part(self.build.model, self.path)
        if self._kept and there is not None:
            self._kept = False
            self.build.edit(
                spec.change(self.build.model, self.path, replace(there, **{self.option: self.field.text()}))
            )
        super().closeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        card(p, QRectF(self.rect()), "panel", "line_strong", radius=6)


def write(view: "CanvasView", path: str) -> None:
    """Open the line beside the block or group."""
    corner = view.mapFromScene(view.canvas.area(path).topLeft())
    Writing(view, view.build, path).popup(view.viewport().mapToGlobal(corner))


def writable(build: BuildRoom) -> str:
    """The one block or group that is selected, or the block of the selected part; "" for none."""
    path = build.selected
    if path.startswith("groups."):
        return path
    here = build.selected_blocks
    return f"blocks.{here[0]}" if len(here) == 1 else ""
