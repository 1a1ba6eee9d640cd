"""A field for one number, with its unit inside."""

from math import isfinite, log10

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from .. import icons
from ..numbers import count, parsed, real
from ..theme import theme

LOCK = 12
DRAG = 6  # pixels of the label per step


class NumberField(QLineEdit):
    """28 high. Enter or leaving the field takes what is typed; arrows and the focused wheel step; `edited` carries it.

    `log` steps by a tenth of a decade. A number outside the limits goes to the nearest; text that is none is undone.
    """

    edited = Signal(float)

    def __init__(
        self,
        value: float = 0,
        unit: str = "",
        limits: tuple[float, float] = (0, 1e9),
        whole: bool = True,
        log: bool = False,
        name: str = "",
        step: float | None = None,
    ) -> None:
        super().__init__()
        self._value, self._unit, self._limits = value, unit, limits
        self._whole, self._log, self._step = whole, log, step
        self._reason = ""
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(48)
        self.setAccessibleName(name)
        self.editingFinished.connect(self._take)
        theme.changed.connect(self.update)
        self._make_room()
        self._show()

    @property
    def value(self) -> float:
        """int for whole numbers."""
        return int(self._value) if self._whole else self._value

    def set_value(self, value: float) -> None:
        """From code, silently. What the person is typing just now stays."""
        if value != self._value:
            self._value = value
            if not (self.hasFocus() and self.isModified()):
                self._show()

    def set_wrong(self, wrong: bool) -> None:
        """Outline it as an error."""
        if bool(self.property("wrong")) != wrong:
            self.setProperty("wrong", wrong)
            self.style().unpolish(self)
            self.style().polish(self)

    def lock(self, reason: str) -> None:
        """Fix it while something goes on, with a padlock and the reason as its tooltip; "" frees it."""
        if reason != self._reason:
            self._reason = reason
            self.setEnabled(not reason)
            self._make_room()

    def step_by(self, steps: float) -> None:
        self._accept(self._value + self._size_of_step() * steps if not self._log else self._decades(steps))

    def dragged_by(self, label: QWidget) -> None:
        """Let dragging sideways on `label` change the number."""
        _Drag(label, self)

    def sizeHint(self) -> QSize:
        unit = QFontMetrics(theme.font(11)).horizontalAdvance(self._unit)
        return QSize(72 + (unit + 6 if unit else 0), 28)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}
        if n := steps.get(Qt.Key(event.key())):
            self._take()
            self.step_by(n)
        elif event.key() == Qt.Key.Key_Escape:
            self._show()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus() and event.angleDelta().y():
            self.step_by(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        right = self.width() - 8
        if self._reason:
            right -= LOCK
            icons.draw(painter, "lock", QRectF(right, (self.height() - LOCK) / 2, LOCK, LOCK), "faint")
            right -= 4
        if self._unit:
            painter.setFont(theme.font(11))
            painter.setPen(theme.color("muted" if self.isEnabled() else "faint"))
            place = QRectF(0, 0, right, self.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._unit)

    def _make_room(self) -> None:
        unit = QFontMetrics(theme.font(11)).horizontalAdvance(self._unit)
        self.setTextMargins(0, 0, (unit + 6 if unit else 0) + (LOCK + 4 if self._reason else 0), 0)
        self.update()

    def _show(self) -> None:
        self.setText(count(int(self._value)) if self._whole else real(self._value))
        self.setModified(False)

    def _take(self) -> None:
        if not self.isModified():
            return
        try:
            value = parsed(self.text())
        except ValueError:
            value = self._value
        self._accept(value if isfinite(value) else self._value)

    def _accept(self, value: float) -> None:
        low, high = self._limits
        value = min(max(round(value) if self._whole else value, low), high)
        moved, self._value = value != self._value, value
        self._show()
        if moved:
            self.edited.emit(value)

    def _decades(self, steps: float) -> float:
        value = max(self._value, self._limits[0], 1e-12) * 10 ** (steps / 10)
        return float(f"{value:.2g}")

    def _size_of_step(self) -> float:
        if self._step is not None:
            return self._step
        if self._whole:
            return float(max(1, 10 ** (int(log10(max(abs(self._value), 1))) - 1)))
        return 0.01 if self._limits[1] <= 1 or abs(self._value) < 1 else 0.1


class _Drag(QObject):
    """Sideways drags on a label, as steps of its field."""

    def __init__(self, label: QWidget, field: NumberField) -> None:
        super().__init__(label)
        self._field, self._from = field, 0.0
        label.setCursor(Qt.CursorShape.SizeHorCursor)
        label.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent) and self._field.isEnabled():
            x = event.position().x()
            if event.type() == QEvent.Type.MouseButtonPress:
                self._from = x
            elif event.type() == QEvent.Type.MouseMove and abs(x - self._from) >= DRAG:
                steps = int((x - self._from) / DRAG)
                self._from += steps * DRAG
                self._field.step_by(steps)
        return False
