"""A curve as data, and the part of it that is in view, made short."""

from math import log10

import numpy as np
from msgspec import Struct
from PySide6.QtGui import QColor

from .bins import FEW, Bins, Table, extremes, means, spread, width_for
from .series import Floats

COLORS = 8  # of runs
APART = 2.0  # pixels from batch to batch from which on each of them is drawn


class Curve(Struct, frozen=True, kw_only=True):
    """`x` rises; `y` in the base unit of the chart (nats). `key` stays the same while it grows.

    `version`: another one says that what was there before has changed; while it is the same, a curve only grows.
    """

    key: str
    name: str
    x: Floats
    y: Floats
    color: QColor
    version: object = 0
    width: float = 1.25
    mean: bool = False  # a smoothed curve: where points are dense, the mean of a column is drawn and not its extremes
    band: bool = False  # where points are dense, between which eight of ten of them lie
    top: Floats | None = None  # the ground between `y` and this is filled, no line is drawn
    opacity: float = 1.0
    ringed: bool = False
    dash: int = 0  # 0 none, 1 dashes, 2 dashes and dots
    dotted: bool = False
    label: tuple[str, str] | None = None  # written at its end: name, a word about it
    dot: bool = False  # a dot at its end
    framed: bool = True  # counts for the range that is followed
    behind: bool = False  # drawn once and kept as a picture while nothing of it changes

    def state(self) -> tuple[object, ...]:
        """Another one when it has to be drawn again."""
        ends = (float(self.y[0]), float(self.y[-1])) if len(self.y) else ()
        return self.key, self.version, len(self.y), str(ends), self.color.rgba(), self.width, self.opacity, self.dash


class View(Struct, frozen=True, kw_only=True):
    """The steps in view, `low` to `high`, on how many pixels, on a plain axis or one of log10(1 + step)."""

    low: float
    high: float
    pixels: int
    log: bool

    def place(self, x: Floats) -> Floats:
        return np.log10(1 + np.maximum(x, 0)) if self.log else x

    def octaves(self) -> list[tuple[float, float, float]]:
        """(from, to, pixels): parts in which a bin of one width is right. One where the axis is plain."""
        if not self.log:
            return [(self.low, self.high, self.pixels)]
        wide = log10(1 + self.high) - log10(1 + max(self.low, 0))
        pixels = self.pixels * log10(2) / max(wide, 1e-9)
        first, found = 0, []
        while 2.0**first - 1 < self.high:
            if 2.0 ** (first + 1) - 1 >= self.low:
                found.append((2.0**first - 1, 2.0 ** (first + 1) - 1, pixels))
            first += 1
        return found


class Short:
    """One curve made short; keeps its full bins while the curve grows."""

    def __init__(self) -> None:
        self._bins: dict[tuple[str, int], Bins] = {}
        self._version: object = None
        self._n = 0
        self._known: tuple[object, ...] = ()
        self._found: Table = np.empty((2, 0))

    def line(self, curve: Curve, view: View) -> Table:
        """(2, n): places and values; of a curve of extremes the least and the largest of each bin in turn."""
        known = ("line", *curve.state(), view)
        if known != self._known:
            self._fresh(curve)
            found = self._joined(curve, view, "mean" if curve.mean else "ends", 1.5 if curve.mean else 1.0, 1)
            self._known, self._found = known, found if curve.mean else _woven(found)
        return self._found

    def band(self, curve: Curve, view: View) -> Table:
        """(3, n): places, 10th and 90th percentile, for where points lie close together; empty elsewhere."""
        self._fresh(curve)
        return self._joined(curve, view, "band", 3.0, FEW)

    def single(self, curve: Curve, view: View) -> Table:
        """(2, n): the points themselves where they are far enough apart to be told from each other."""
        parts = [
            np.stack([curve.x[i:j], curve.y[i:j]])
            for low, high, pixels in view.octaves()
            if (high - low) / _spacing(curve.x) * APART <= pixels
            for i, j in [_indices(curve.x, low, high)]
        ]
        found = np.concatenate(parts, axis=1) if parts else np.empty((2, 0))
        return _placed(found, view)

    def _fresh(self, curve: Curve) -> None:
        if curve.version != self._version or len(curve.y) < self._n:
            self._bins.clear()
            self._version = curve.version
        self._n = len(curve.y)

    def _joined(self, curve: Curve, view: View, kind: str, every: float, least: int) -> Table:
        """`every`: pixels of a bin at least."""
        x, y = curve.x, curve.y
        parts = []
        for place, (low, high, pixels) in enumerate(view.octaves()):
            points = (high - low) / _spacing(x)
            first, last = _indices(x, low, high)
            if last <= first or (kind == "band" and points * APART <= pixels):
                continue
            number = place if not view.log else round(log10(1 + low) / log10(2))
            bins = self._bins.setdefault((kind, number), Bins(_KINDS[kind]))
            found = bins.of(x, y, first, last, width_for(points, int(pixels / every), least))
            if view.log:  # each part its own, without the neighbours
                found = found[:, (found[0] >= low) & (found[0] < high)]
            parts.append(found)
        rows = 2 if kind == "mean" else 3
        whole = np.concatenate(parts, axis=1) if parts else np.empty((rows, 0))
        return _placed(_with_ends(whole, x, y, kind, view), view)


_KINDS = {"mean": means, "ends": extremes, "band": spread}


def _with_ends(table: Table, x: Floats, y: Floats, kind: str, view: View) -> Table:
    """A curve begins at its first point and ends at its last, wherever its bins lie."""
    if not len(x) or not table.shape[1]:
        return table
    if table[0, 0] > x[0] >= view.low and not (view.log and kind == "band"):
        first = table[:, :1].copy() if kind == "band" else np.full((len(table), 1), y[0])
        first[0] = x[0]
        table = np.concatenate([first, table], axis=1)
    if table[0, -1] < x[-1] <= view.high:
        last = table[:, -1:].copy() if kind == "band" else np.full((len(table), 1), y[-1])
        last[0] = x[-1]
        table = np.concatenate([table, last], axis=1)
    return table


def _woven(table: Table) -> Table:
    """Least and largest of each bin as one line, the nearer to the last point first."""
    found = np.empty((2, 2 * table.shape[1]))
    found[0, 0::2] = found[0, 1::2] = table[0]
    falling = np.append(table[2, 1:] < table[2, :-1], False) if table.shape[1] else np.empty(0, bool)
    found[1, 0::2] = np.where(falling, table[2], table[1])
    found[1, 1::2] = np.where(falling, table[1], table[2])
    return found


def _placed(table: Table, view: View) -> Table:
    if view.log and table.shape[1]:
        table = table.copy()
        table[0] = view.place(table[0])
    return table


def _spacing(x: Floats) -> float:
    """Steps from point to point."""
    return max(float(x[-1] - x[0]) / (len(x) - 1), 1e-9) if len(x) > 1 else 1.0


def _indices(x: Floats, low: float, high: float) -> tuple[int, int]:
    """The points within, and a neighbour at each side."""
    return max(0, int(np.searchsorted(x, low)) - 1), min(len(x), int(np.searchsorted(x, high, "right")) + 1)


def dash(number: int) -> int:
    """How a run is drawn that has the colour of an earlier one: from the ninth on with dashes."""
    return (number - 1) // COLORS % 3
