"""A sentence at the bottom right for a few seconds, with what undoes it."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRectF, QTimer, Signal
from PySide6.QtGui import QCursor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ..theme import theme
from .button import button, tool
from .label import label

Action = tuple[str, Callable[[], object]]
SECONDS, WIDEST, EDGE, GAP, LIMIT = 6, 560, 16, 8, 3


class Toast(QWidget):
    """One sentence; `action` is (word, what it does). Errors stay until closed, the others for six seconds."""

    gone = Signal()

    def __init__(self, parent: QWidget, text: str, error: bool = False, action: Action | None = None) -> None:
        super().__init__(parent)
        self.error = error
        self.text = label(text)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(12)
        row.addWidget(self.text, 1)
        if self.text.sizeHint().width() > WIDEST - 120:
            self.text.setWordWrap(True)
            self.text.setFixedWidth(WIDEST - 120)
        if action is not None:
            word, act = action
            row.addWidget(button(word, kind="link", on_click=lambda: (act(), self.dismiss()), height=24))
        row.addWidget(tool("close", "Close", self.dismiss))
        self.setMinimumHeight(40)
        self.setAccessibleName(text)
        self._clock = QTimer(self, singleShot=True, interval=1000 * SECONDS)
        self._clock.timeout.connect(self._time_is_up)
        if not error:
            self._clock.start()

    def dismiss(self) -> None:
        self._clock.stop()
        self.hide()
        self.gone.emit()
        self.deleteLater()

    def _time_is_up(self) -> None:
        if self.rect().contains(self.mapFromGlobal(QCursor.pos())):
            self._clock.start()  # it is being read
        else:
            self.dismiss()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("error" if self.error else "line_strong"), 1))
        painter.setBrush(theme.color("raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


class Toasts(QObject):
    """Stacks toasts over the bottom right of `window`, `above` pixels from its foot; the oldest of many goes."""

    def __init__(self, window: QWidget, above: int) -> None:
        super().__init__(window)
        self._window, self._above = window, above
        self._shown: list[Toast] = []
        window.installEventFilter(self)

    def say(self, text: str, error: bool = False, action: Action | None = None) -> Toast:
        for old in [old for old in self._shown if old.text.text() == text]:
            old.dismiss()
        toast = Toast(self._window, text, error, action)
        toast.gone.connect(lambda: self._gone(toast))
        self._shown.append(toast)
        for old in self._shown[:-LIMIT]:
            old.dismiss()
        self._place()
        toast.show()
        return toast

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _gone(self, toast: Toast) -> None:
        self._shown = [other for other in self._shown if other is not toast]
        self._place()

    def _place(self) -> None:
        bottom = self._window.height() - self._above - EDGE
        for toast in reversed(self._shown):
            size = toast.sizeHint()
            left = self._window.width() - EDGE - size.width()
            toast.setGeometry(left, bottom - size.height(), size.width(), size.height())
            toast.raise_()
            bottom -= size.height() + GAP
