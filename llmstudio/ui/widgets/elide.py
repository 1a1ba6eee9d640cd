"""A label that shortens its text to the room it has; the whole is then in the tooltip."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import theme


class ElidedLabel(QWidget):
    """One line of text. `role` is a colour token, `size` in pixels; never wider than it is given, never clipped."""

    def __init__(
        self, text: str = "", role: str = "text", size: int = 13, weight: int = 400, mono: bool = False
    ) -> None:
        super().__init__()
        self._text, self._role = text, role
        self._size, self._weight, self._mono = size, weight, mono
        self._hint = ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)
        theme.changed.connect(self.update)

    def text(self) -> str:
        return self._text

    def set_text(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.updateGeometry()
            self.update()

    def set_role(self, role: str) -> None:
        if role != self._role:
            self._role = role
            self.update()

    def set_hint(self, hint: str) -> None:
        """A tooltip to show while the text is whole."""
        self._hint = hint

    def sizeHint(self) -> QSize:
        metrics = self._metrics()
        return QSize(metrics.horizontalAdvance(self._text) + 1, metrics.height())

    def minimumSizeHint(self) -> QSize:
        metrics = self._metrics()
        return QSize(min(metrics.horizontalAdvance(self._text) + 1, metrics.averageCharWidth() * 4), metrics.height())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            self.setToolTip(self._text if self.shortened else self._hint)
        return super().event(event)

    @property
    def shortened(self) -> bool:
        return self._metrics().horizontalAdvance(self._text) > self.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._face())
        painter.setPen(theme.color(self._role if self.isEnabled() else "faint"))
        text = self._metrics().elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _face(self) -> QFont:
        return theme.mono(self._size, self._weight) if self._mono else theme.font(self._size, self._weight)

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(self._face(), self)
