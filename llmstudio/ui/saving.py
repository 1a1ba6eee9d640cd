"""Saving what a panel shows: its picture or its numbers."""

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QFileDialog, QWidget

from ..core.files import write_atomic
from .theme import theme

if TYPE_CHECKING:
    from .panel import Panel

RATIO = 2  # pixels of the picture for each on the screen
FILTERS = "Picture (*.png);;Numbers (*.csv)"
Table = Callable[[], Iterable[Iterable[Any]]]


def save_view(panel: "Panel", name: str, picture: QWidget, table: Table) -> None:
    """Ask where to, then write `picture` (.png) or `table` (.csv) as the ending says, and say so."""
    dialog = QFileDialog(panel, "Save the picture or its numbers", f"{name}.png", FILTERS)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("png")
    dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix("csv" if "csv" in chosen else "png"))
    dialog.fileSelected.connect(lambda path: write(panel, Path(path), picture, table))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def write(panel: "Panel", path: Path, picture: QWidget, table: Table) -> None:
    """Write the file; where that cannot be, the person is told."""
    try:
        if path.suffix.lower() not in (".png", ".csv"):
            raise ValueError(f"{path.name} should end in .png or .csv, so that it is clear what to write.")
        write_atomic(path, png(picture) if path.suffix.lower() == ".png" else text(table()).encode())
    except (OSError, ValueError) as error:
        panel.session.tell(error)
    else:
        panel.session.say(f"{path.name} written")


def png(widget: QWidget) -> bytes:
    """The widget on the panel's ground, twice as sharp as on a plain screen."""
    image = QImage(widget.size() * RATIO, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(RATIO)
    image.fill(theme.color("panel"))
    painter = QPainter(image)
    widget.render(painter, QPoint(0, 0))
    painter.end()
    store = QByteArray()
    buffer = QBuffer(store)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(store.data())


def text(rows: Iterable[Iterable[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
