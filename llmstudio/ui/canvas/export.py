"""The canvas as a picture file."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QRect, QRectF, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from ...core.files import write_atomic
from ..theme import theme
from .scene import Scene

SCALE = 2  # pixels of a PNG for each of the canvas


def png(scene: Scene) -> bytes:
    area = scene.sceneRect()
    image = QImage((area.size() * SCALE).toSize(), QImage.Format.Format_ARGB32)
    image.fill(theme.color("canvas"))
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    scene.render(painter, QRectF(image.rect()), area)
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(data.data())


def svg(scene: Scene) -> bytes:
    area = scene.sceneRect()
    buffer = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setTitle(scene.model.name)
    size: QSize = area.size().toSize()
    generator.setSize(size)
    generator.setViewBox(QRect(0, 0, size.width(), size.height()))
    painter = QPainter(generator)
    painter.fillRect(QRect(0, 0, size.width(), size.height()), theme.color("canvas"))
    scene.render(painter, QRectF(0, 0, size.width(), size.height()), area)
    painter.end()
    return bytes(buffer.data().data())


def save(scene: Scene, path: Path) -> None:
    """Write the picture in the format of the file's ending, .svg or .png. OSError where the disk refuses."""
    write_atomic(path, svg(scene) if path.suffix.lower() == ".svg" else png(scene))
