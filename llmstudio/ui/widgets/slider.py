"""A slider over real numbers, alone or with its number field."""

from collections.abc import Sequence
from math import exp, log

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QWidget

from ..theme import theme
from .number import NumberField

TRACK, KNOB, HEIGHT, STEPS = 4, 12, 28, 1000


class Slider(QSlider):
    """`moved` carries the value while it is dragged, stepped or set back to `default` by a double click."""

    moved = Signal(float)

    def __init__(
        self,
        value: float,
        limits: tuple[float, float],
        default: float | None = None,
        log: bool = False,
        whole: bool = False,
        stops: Sequence[float] = (),
        name: str = "",
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        assert limits[0] < limits[1] and (not log or limits[0] > 0)
        self._limits, self._log, self._whole = limits, log, whole
        self._default = value if default is None else default
        self._stops = tuple(stops)
        self._exact = value
        span = int(limits[1] - limits[0])
        self.setRange(0, span if whole and not log and span < STEPS else STEPS)
        self.setSingleStep(1 if self.maximum() < STEPS else STEPS // 50)
        self.setPageStep(max(1, self.maximum() // 10))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(40)
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setValue(self._place(value))
        self.valueChanged.connect(self._moved)
        theme.changed.connect(self.update)

    @property
    def exact(self) -> float:
        return self._exact

    def set_exact(self, value: float) -> None:
        """From code, silently."""
        self._exact = value
        self.setValue(self._place(value))

    def sizeHint(self) -> QSize:
        return QSize(96, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._drag(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._drag(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._exact = self._default
        self.setValue(self._place(self._default))
        self.moved.emit(self._default)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        left, right = KNOB / 2, self.width() - KNOB / 2
        at = left + (right - left) * self.value() / max(1, self.maximum())
        able = self.isEnabled()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("hover"))
        painter.drawRoundedRect(QRectF(left, middle - TRACK / 2, right - left, TRACK), 2, 2)
        painter.setBrush(theme.color("accent" if able else "control"))
        painter.drawRoundedRect(QRectF(left, middle - TRACK / 2, at - left, TRACK), 2, 2)
        painter.setPen(QPen(theme.color("control"), 1))
        for stop in self._stops:
            x = left + (right - left) * self._place(stop) / self.maximum()
            painter.drawLine(QPointF(x, middle + 7), QPointF(x, middle + 9))
        ground = "text" if theme.dark else "panel"
        painter.setPen(Qt.PenStyle.NoPen if theme.dark or not able else QPen(theme.color("accent"), 2))
        painter.setBrush(theme.color(ground if able else "control"))
        radius = KNOB / 2 if theme.dark else KNOB / 2 - 1
        painter.drawEllipse(QPointF(at, middle), radius, radius)

    def _drag(self, x: float) -> None:
        share = (x - KNOB / 2) / max(1, self.width() - KNOB)
        self.setValue(round(min(max(share, 0), 1) * self.maximum()))

    def _moved(self, place: int) -> None:
        self.update()
        if place != self._place(self._exact):  # else it only follows `set_exact`
            self._exact = self._at(place)
            self.moved.emit(self._exact)

    def _place(self, value: float) -> int:
        low, high = self._limits
        value = min(max(value, low), high)
        share = (log(value / low) / log(high / low)) if self._log else (value - low) / (high - low)
        return round(share * self.maximum())

    def _at(self, place: int) -> float:
        low, high = self._limits
        share = place / self.maximum()
        value = low * exp(share * log(high / low)) if self._log else low + share * (high - low)
        value = round(value) if self._whole else float(f"{value:.3g}" if self._log else f"{value:.2f}")
        return float(min(max(value, low), high))


class SliderField(QWidget):
    """A slider and its number field, in step. `edited` carries the value."""

    edited = Signal(float)

    def __init__(
        self,
        value: float,
        limits: tuple[float, float],
        default: float | None = None,
        unit: str = "",
        log: bool = False,
        whole: bool = False,
        stops: Sequence[float] = (),
        name: str = "",
    ) -> None:
        super().__init__()
        self.slider = Slider(value, limits, default, log, whole, stops, name)
        self.field = NumberField(value, unit, limits, whole, log, name)
        self.field.setFixedWidth(max(62, self.field.sizeHint().width() - 8))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.slider, 1)
        row.addWidget(self.field)
        self.slider.moved.connect(self._slid)
        self.field.edited.connect(self._typed)
        self.setFocusProxy(self.field)

    @property
    def value(self) -> float:
        return self.field.value

    def set_value(self, value: float) -> None:
        """From code, silently."""
        self.slider.set_exact(value)
        self.field.set_value(value)

    def _slid(self, value: float) -> None:
        self.field.set_value(value)
        self.edited.emit(value)

    def _typed(self, value: float) -> None:
        self.slider.set_exact(value)
        self.edited.emit(value)
