"""How standard widgets are drawn: Fusion, a proxy for what a style sheet cannot say, and the one style sheet."""

from functools import cache
from importlib.resources import files
from string import Template

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle, QStyleHintReturn, QStyleOption, QWidget

from . import icons
from .theme import COLORS, Mode, theme

TIP_DELAY = 400  # ms


class ProxyStyle(QProxyStyle):
    def __init__(self) -> None:
        super().__init__("Fusion")

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        if element == QStyle.PrimitiveElement.PE_IndicatorCheckBox:
            _check(painter, option)
        elif element == QStyle.PrimitiveElement.PE_FrameFocusRect:
            pass  # the focus ring draws it
        else:
            super().drawPrimitive(element, option, painter, widget)

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returned: QStyleHintReturn | None = None,
    ) -> int:
        if hint == QStyle.StyleHint.SH_ToolTip_WakeUpDelay:
            return TIP_DELAY
        return super().styleHint(hint, option, widget, returned)


def dress(app: QApplication, mode: Mode) -> None:
    """Give the application the studio's style in `mode`, and keep the style sheet in step with the theme."""
    app.setStyle(ProxyStyle())
    _keep_in_step()
    theme.apply(mode)


@cache
def _keep_in_step() -> None:
    theme.changed.connect(_sheet)


def _sheet() -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.setStyleSheet(_template().substitute({name: theme.color(name).name() for name in COLORS}))


@cache
def _template() -> Template:
    return Template((files("llmstudio") / "resources" / "style.qss").read_text("utf-8").replace("$words", "Words"))


def _check(painter: QPainter, option: QStyleOption) -> None:
    """A box of 16: accent with a tick when on, an outline when off."""
    on = bool(option.state & QStyle.StateFlag.State_On)
    able = bool(option.state & QStyle.StateFlag.State_Enabled)
    hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
    box = QRectF(option.rect)
    side = min(16.0, box.width(), box.height())
    square = QRectF(box.center().x() - side / 2, box.center().y() - side / 2, side, side).adjusted(0.5, 0.5, -0.5, -0.5)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    outline = "line" if not able else "accent" if on else "text" if hovered else "control"
    painter.setPen(QPen(theme.color(outline), 1.25))
    painter.setBrush(theme.color("accent") if on and able else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(square, 4, 4)
    if on:
        icons.draw(painter, "check", square.adjusted(1, 1, -1, -1), "on_accent" if able else "faint")
    painter.restore()
