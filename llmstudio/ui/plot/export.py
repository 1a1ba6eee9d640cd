"""A chart as a file: a picture in points or in lines, or its numbers."""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from ...core.files import write_atomic
from .series import Floats

if TYPE_CHECKING:
    from .chart import Chart

KINDS = {"png": "Picture (PNG)", "svg": "Drawing (SVG)", "csv": "Numbers (CSV)"}
RATIO = 2  # pixels of the picture for each on the screen


def encoded(chart: "Chart", path: Path) -> Callable[[], bytes]:
    """What makes the file that the ending of `path` asks for, on any thread. ValueError where the ending is another."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise ValueError(f"{path.name} should end in .png, .svg or .csv, so that it is clear what to write.")
    if kind == "csv":
        columns = [(curve.name, curve.x.copy(), curve.y.copy()) for curve in chart.curves()]
        return lambda: table(columns).encode()
    data = png(chart) if kind == "png" else svg(chart)
    return lambda: data


def put(path: Path, data: Callable[[], bytes]) -> None:
    """Write it. ValueError where the disk refuses."""
    try:
        write_atomic(path, data())
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


def table(columns: Sequence[tuple[str, Floats, Floats]]) -> str:
    """(name, steps, values) as one line a step, one column a curve, in the base unit; empty where there is none."""
    steps = np.unique(np.concatenate([x for _, x, _ in columns])) if columns else np.empty(0)
    cells = []
    for _, x, y in columns:
        column = np.full(len(steps), "", dtype=object)
        column[np.searchsorted(steps, x)] = [repr(value) for value in y.tolist()]
        cells.append(column)
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["step", *(name for name, _, _ in columns)])
    rows.writerows(zip([f"{step:.15g}" for step in steps.tolist()], *cells, strict=True))
    return out.getvalue()


def _buffer() -> tuple[QByteArray, QBuffer]:
    store = QByteArray()
    buffer = QBuffer(store)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return store, buffer
