"""The studio's own icons: SVGs on a 16 grid whose stroke takes the theme's colour, drawn sharp at any size."""

from functools import cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from .theme import theme


@cache
def icon(name: str, role: str = "muted") -> QIcon:
    """An icon that follows the theme: `role` is a colour token; it is `faint` when disabled, `accent` when on."""
    return QIcon(_Engine(name, role))


def draw(painter: QPainter, name: str, rect: QRectF | QRect, role: str = "muted") -> None:
    """Paint the icon into `rect`, sharp at the painter's own scale."""
    _renderer(name, theme.color(role).name()).render(painter, QRectF(rect))


def pixmap(name: str, role: str, size: int, ratio: float) -> QPixmap:
    """A square of `size` logical pixels at the screen's `ratio`."""
    image = QPixmap(QSize(size, size) * ratio)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    draw(painter, name, QRectF(QPointF(0, 0), QSize(size, size)), role)
    painter.end()
    return image


class _Engine(QIconEngine):
    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self._name, self._role = name, role

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._role)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        role = self._role
        if mode == QIcon.Mode.Disabled:
            role = "faint"
        elif state == QIcon.State.On:
            role = "accent"
        side = min(rect.width(), rect.height())
        place = QRectF(0, 0, side, side)
        place.moveCenter(QRectF(rect).center())
        draw(painter, self._name, place, role)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        image = QPixmap(size)  # already in device pixels: Qt sets the ratio
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return image


@cache
def _source(name: str) -> str:
    return (files("llmstudio") / "resources" / "icons" / f"{name}.svg").read_text("utf-8")


@cache
def _renderer(name: str, color: str) -> QSvgRenderer:
    drawing = _source(name).replace("currentColor", color).replace("knockout", theme.color("on_accent").name())
    renderer = QSvgRenderer(QByteArray(drawing.encode()))
    assert renderer.isValid(), f"The icon {name} is not a picture."
    return renderer
