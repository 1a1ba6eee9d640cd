"""Names at points: those that fit are written, the others are dots. Painted once into a picture, however many."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QFontMetricsF, QImage, QPainter

from ..theme import theme
from . import glyphs

if TYPE_CHECKING:
    import numpy as np

ACROSS, UP = 22, 14  # pixels: of each such field at most one name is tried where there are many
MANY = 500  # points from which only some names are tried
HIGH, APART = 11, 1  # pixels a name takes in height, and between two
DOT = ((0, 0), (1, 0), (0, 1), (1, 1))


def paint(
    screen: "np.ndarray",
    names: Sequence[str],
    runs: "np.ndarray",
    size: QSize,
    ratio: float,
    first: Sequence[int] = (),
) -> QImage:
    """A see-through picture of `size`: `screen` (N, 2) places, `runs` (N,) the number of each one's run colour.

    `first` are named before all others, then lower numbers before higher ones.
    """
    import numpy as np

    inside = (screen >= 0).all(1) & (screen[:, 0] < size.width()) & (screen[:, 1] < size.height())
    there = np.flatnonzero(inside)
    written = _fitting(screen, names, there, size, first)
    dotted = np.setdiff1d(there, written, assume_unique=True)
    image = _dots(screen[dotted] * ratio, runs[dotted], size * ratio)
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    face = theme.mono(12)
    painter.setFont(face)
    metrics = QFontMetricsF(face)
    base = (metrics.ascent() - metrics.descent()) / 2
    inks = {run: theme.run(run) for run in set(runs.tolist())}
    for n in written:
        name = glyphs.plain(names[n])
        painter.setPen(inks[int(runs[n])])
        x, y = float(screen[n, 0]), float(screen[n, 1])
        painter.drawText(QPointF(x - metrics.horizontalAdvance(name) / 2, y + base), name)
    painter.end()
    return image


def _fitting(
    screen: "np.ndarray", names: Sequence[str], there: "np.ndarray", size: QSize, first: Sequence[int]
) -> list[int]:
    """Which names find room side by side."""
    import numpy as np

    order = there
    if len(there) > MANY:
        field = (screen[there] // (ACROSS, UP)).astype(np.int64) @ (1, 100_000)
        order = there[np.sort(np.unique(field, return_index=True)[1])]
    visible = set(there.tolist())
    wanted = [n for n in first if n in visible]
    metrics = QFontMetricsF(theme.mono(12))
    taken = np.zeros((size.height() // 2 + 2, size.width() // 2 + 2), dtype=bool)
    found: list[int] = []
    for n in [*wanted, *(n for n in order.tolist() if n not in set(wanted))]:
        half = metrics.horizontalAdvance(glyphs.plain(names[n])) / 2 + APART / 2
        x, y = float(screen[n, 0]), float(screen[n, 1])
        rows = slice(max(0, int(y - HIGH / 2) // 2), int(y + HIGH / 2) // 2 + 1)
        columns = slice(max(0, int(x - half) // 2), int(x + half) // 2 + 1)
        if not taken[rows, columns].any():
            taken[rows, columns] = True
            found.append(n)
    return found


def _dots(at: "np.ndarray", runs: "np.ndarray", size: QSize) -> QImage:
    """Small dots at places in device pixels, in the colours of their runs."""
    import numpy as np

    pixels = np.zeros((size.height(), size.width(), 4), dtype=np.uint8)
    if len(at):
        most = int(runs.max()) + 1
        inks = np.array([theme.run(max(run, 1)).getRgb() for run in range(most)], dtype=np.uint8)[runs]
        x, y = at[:, 0].astype(np.int64), at[:, 1].astype(np.int64)
        for across, up in DOT:
            pixels[(y + up).clip(0, size.height() - 1), (x + across).clip(0, size.width() - 1)] = inks
    image = QImage(pixels.data, size.width(), size.height(), 4 * size.width(), QImage.Format.Format_RGBA8888)
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
