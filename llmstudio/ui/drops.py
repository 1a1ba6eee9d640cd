"""Files dropped anywhere on the window."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from . import icons
from .theme import faded, theme

WORDS, CLOSED = "Drop to add to your text", "Open or make a project first"


def paths(data: QMimeData) -> list[Path]:
    """The files and folders of this computer in what is dragged."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


class DropOverlay(QWidget):
    """Lies over the window while files are dragged, and says what will happen."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._words = WORDS
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def cover(self, open_: bool) -> None:
        self._words = WORDS if open_ else CLOSED
        self.setGeometry(self.parentWidget().rect())
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), faded(theme.color("window"), 0.88))
        frame = QRectF(self.rect()).adjusted(24, 24, -24, -24)
        painter.setPen(QPen(theme.color("accent"), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(frame, 8, 8)
        middle = frame.center()
        icons.draw(painter, "drop", QRectF(middle.x() - 16, middle.y() - 40, 32, 32), "accent")
        painter.setFont(theme.font(18, 600))
        painter.setPen(theme.color("text"))
        painter.drawText(frame.adjusted(0, 40, 0, 0), Qt.AlignmentFlag.AlignCenter, self._words)
