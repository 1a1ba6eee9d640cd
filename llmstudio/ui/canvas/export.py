"""The canvas, or a part of it, as a picture file: the design alone, without what is selected."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QRect, QRectF, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from ...core.files import write_atomic
from ..theme import theme
from .layout import GAP, LANE_X
from .scene import Scene

SCALE = 2  # pixels of a PNG for each of the canvas
LARGEST = 20_000  # pixels of a side: Qt paints little further
QUICK = 80  # how Qt is told to compress it lightly
AROUND = 16


def area(scene: Scene, paths: Iterable[str] = ()) -> QRectF:
    """What a picture of these parts shows: them and the stream beside them; of none, the whole design."""
    found = QRectF()
    for path in paths:
        found = found.united(scene.area(path))
    if found.isEmpty():
        return scene.sceneRect()
    found.setLeft(min(found.left(), LANE_X))
    return found.adjusted(-AROUND, -AROUND - GAP, AROUND, AROUND)


def png(scene: Scene, shown: QRectF) -> bytes:
    scale = min(SCALE, LARGEST / max(shown.width(), shown.height()))
    image = QImage((shown.size() * scale).toSize(), QImage.Format.Format_ARGB32)
    image.fill(theme.color("canvas"))
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    scene.render(painter, QRectF(image.rect()), shown)
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG", QUICK)
    return bytes(data.data())


def svg(scene: Scene, shown: QRectF) -> bytes:
    buffer = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setTitle(scene.model.name)
    size: QSize = shown.size().toSize()
    generator.setSize(size)
    generator.setViewBox(QRect(0, 0, size.width(), size.height()))
    painter = QPainter(generator)
    painter.fillRect(QRect(0, 0, size.width(), size.height()), theme.color("canvas"))
    scene.render(painter, QRectF(0, 0, size.width(), size.height()), shown)
    painter.end()
    return bytes(buffer.data().data())


def save(scene: Scene, path: Path, paths: Iterable[str] = ()) -> None:
    """Write a picture of these parts, or of all, in the format of the file's ending, .svg or .png.

    OSError where the disk refuses.
    """
    draw = svg if path.suffix.lower() == ".svg" else png
    with _plain(scene):
        data = draw(scene, area(scene, paths))
    write_atomic(path, data)


@contextmanager
def _plain(scene: Scene) -> Iterator[None]:
    """While nothing is selected or hovered."""
    scene.bare = True
    scene.restyle()
    try:
        yield
    finally:
        scene.bare = False
        scene.restyle()
