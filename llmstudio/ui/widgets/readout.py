"""A number with its caption under it: "2.11 / train loss"."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import theme

BAR = 4


class Readout(QWidget):
    """`first` is set in 24 px, the others in 18. `run` > 0 puts the run's colour as a bar at its left."""

    def __init__(self, value: str = "", caption: str = "", first: bool = False, hint: str = "") -> None:
        super().__init__()
        self._value, self._caption, self._first, self._run = value, caption, first, 0
        self._role = "text"
        self.setToolTip(hint)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)
        self._name()

    def set(self, value: str, caption: str | None = None, run: int | None = None, role: str = "text") -> None:
        new = (value, self._caption if caption is None else caption, self._run if run is None else run, role)
        if new != (self._value, self._caption, self._run, self._role):
            wider = self.sizeHint().width()
            self._value, self._caption, self._run, self._role = new
            self._name()
            if self.sizeHint().width() != wider:
                self.updateGeometry()
            self.update()

    def text(self) -> str:
        return self._value

    def sizeHint(self) -> QSize:
        value = QFontMetrics(self._face()).horizontalAdvance(self._value)
        caption = QFontMetrics(theme.font(11)).horizontalAdvance(self._caption)
        return QSize(max(value, caption) + self._left() + 8, 48 if self._first else 42)

    def minimumSizeHint(self) -> QSize:
        value = QFontMetrics(self._face()).horizontalAdvance(self._value)
        return QSize(value + self._left() + 2, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        left = self._left()
        if self._run:
            painter.fillRect(QRectF(0, 4, BAR, self.height() - 8), theme.run(self._run))
        painter.setFont(self._face())
        painter.setPen(theme.color(self._role))
        high = 32 if self._first else 24
        painter.drawText(QRectF(left, 0, self.width() - left, high), Qt.AlignmentFlag.AlignVCenter, self._value)
        painter.setFont(theme.font(11))
        painter.setPen(theme.color("muted"))
        below = QRectF(left, high, self.width() - left, 16)
        metrics = QFontMetrics(painter.font())
        caption = metrics.elidedText(self._caption, Qt.TextElideMode.ElideRight, int(below.width()))
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, caption)

    def _left(self) -> int:
        return BAR + 10 if self._run else 0

    def _face(self) -> QFont:
        return theme.font(24 if self._first else 18, 600)

    def _name(self) -> None:
        self.setAccessibleName(f"{self._caption}: {self._value}")
