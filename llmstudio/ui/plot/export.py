"""A chart as a file: a picture in points or in lines, or its numbers."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from ...core.files import write_atomic

if TYPE_CHECKING:
    from .chart import Chart, Curve

KINDS = {"png": "Picture (PNG)", "svg": "Drawing (SVG)", "csv": "Numbers (CSV)"}
RATIO = 2  # pixels of the picture for each on the screen


def write(chart: "Chart", path: Path) -> None:
    """Write the chart as the ending of `path` says. ValueError where the ending is another or the disk refuses."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise ValueError(f"{path.name} should end in .png, .svg or .csv, so that it is clear what to write.")
    data = {"png": png, "svg": svg}[kind](chart) if kind != "csv" else table(list(chart.curves())).encode()
    try:
        write_atomic(path, data)
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror}. Choose another folder.") from error


def png(chart: "Chart") -> bytes:
    image = QImage(chart.size() * RATIO, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(RATIO)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    chart.render(painter)
    painter.end()
    store, buffer = _buffer()
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(store.data())


def svg(chart: "Chart") -> bytes:
    store, buffer = _buffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(QSize(chart.width(), chart.height()))
    generator.setViewBox(QRectF(0, 0, chart.width(), chart.height()))
    painter = QPainter(generator)
    chart.render(painter)
    painter.end()
    return bytes(store.data())


def table(curves: "list[Curve]") -> str:
    """One line a step, one column a curve, in the base unit; empty where a curve has no value."""
    columns = [dict(zip(curve.x.tolist(), curve.y.tolist(), strict=True)) for curve in curves]
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["step", *(curve.name for curve in curves)])
    for step in sorted({step for column in columns for step in column}):
        rows.writerow([f"{step:g}" if step != int(step) else int(step), *(column.get(step, "") for column in columns)])
    return out.getvalue()


def _buffer() -> tuple[QByteArray, QBuffer]:
    store = QByteArray()
    buffer = QBuffer(store)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return store, buffer
