"""What the inside of one part shows: its frames, and what is needed to fill them."""

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage

from ....core.inside.spot import Spot
from ....core.model import cost
from ....core.model.spec import Model, part
from ...theme import Ramp, theme
from ...widgets.heatmap import picture

if TYPE_CHECKING:
    import numpy as np

    from ....core.inside.anatomy import Inside

MOST_HEADS = 6  # drawn side by side: those around the opened one
MOST = 256  # rows or columns of a picture; of a larger matrix evenly spaced ones are drawn


class Frame(Struct, frozen=True):
    """A matrix drawn in a box: the tensor `name` at the first indices `lead`, rows downwards.

    `turned`: drawn with its columns downwards, as weights are: from what comes in at the left, out along the top.
    """

    name: str
    box: tuple[float, float, float, float]
    lead: tuple[int, ...] = ()
    turned: bool = False
    ramp: Ramp = "signed"
    head: int = -1  # opening it opens this head or expert

    @property
    def rect(self) -> QRectF:
        return QRectF(*self.box)


class Sketch:
    """One part of a design, and its tensors where there are some. Images are kept until either changes."""

    def __init__(self, design: Model, path: str) -> None:
        self.path, self.design = path, design
        self.index, self.kind = int(path.split(".")[1]), path.split(".")[2]
        self.block = design.blocks[self.index]
        self.part = part(design, path)
        self.parameters = cost.parameters(design)[path]
        self.inside: Inside | None = None
        self.texts: list[str] = []
        self.head = 0
        self.token = 0  # the one that the norm's strip is of
        self._images: dict[tuple[Frame, bool], QImage] = {}
        self._limits: dict[str, float] = {}

    def fill(self, inside: "Inside | None", texts: list[str], head: int, token: int | None = None) -> None:
        """`token`: a place in the text, the last one if None."""
        self.token = max(0, len(texts) - 1 if token is None or token >= len(texts) else token)
        if inside is not self.inside:
            self._images.clear()
            self._limits.clear()
        self.inside, self.texts, self.head = inside, texts, head

    def tensor(self, name: str) -> "np.ndarray | None":
        return self.inside.tensors.get(name) if self.inside else None

    def matrix(self, frame: Frame) -> "np.ndarray | None":
        """What is drawn in a frame, rows downwards; a single row is one."""
        found = self.tensor(frame.name)
        if found is None:
            return None
        there = found[frame.lead]
        if there.ndim == 1:
            return there[None]
        return there.T if frame.turned else there

    def limit(self, name: str) -> float:
        """The end of the scale of a tensor."""
        if name not in self._limits:
            from ....core.inside.anatomy import limit

            found = self.tensor(name)
            self._limits[name] = 1.0 if found is None else limit(found)
        return self._limits[name]

    def image(self, frame: Frame) -> QImage | None:
        key = (frame, theme.dark)
        if key not in self._images:
            there = self.matrix(frame)
            if there is None:
                return None
            down, across = (-(-size // MOST) for size in there.shape)
            there = there[::down, ::across]
            end = self.limit(frame.name)
            limits = (0.0, 1.0) if frame.ramp == "probability" else (-end, end)
            self._images[key] = picture(there, frame.ramp, limits, self._hidden(frame, there))
        return self._images[key]

    def _hidden(self, frame: Frame, there: "np.ndarray") -> "np.ndarray | None":
        """Which cells are none: what cannot be looked at, and tokens that an expert does not get."""
        import numpy as np

        if self.kind == "moe":
            return np.isnan(there)
        if frame.name == "weights" or (frame.name == "scores" and self.kind == "rec"):
            ahead = np.triu(np.ones(there.shape, dtype=bool), 1)
            return ahead | self._outside(there.shape[0])
        return None

    def _outside(self, size: int) -> "np.ndarray":
        import numpy as np

        facts = self.inside.facts if self.inside else {}
        if "window" not in facts:
            return np.zeros((size, size), dtype=bool)
        far = np.tril(np.ones((size, size), dtype=bool), -int(facts["window"]))
        far[:, : int(facts["sinks"])] = False
        return far

    def spot(self, frame: Frame, at: QPointF) -> Spot | None:
        """The number under a point of a frame."""
        there = self.matrix(frame)
        if there is None:
            return None
        rows, columns = there.shape
        row = min(rows - 1, max(0, int((at.y() - frame.rect.y()) * rows / frame.rect.height())))
        column = min(columns - 1, max(0, int((at.x() - frame.rect.x()) * columns / frame.rect.width())))
        cell = (column, row) if frame.turned else (row, column)
        found = self.tensor(frame.name)
        inner = cell[1:] if found is not None and found.ndim == len(frame.lead) + 1 else cell
        return Spot(path=self.path, name=frame.name, index=(*frame.lead, *inner))

    def cell(self, frame: Frame, index: tuple[int, ...]) -> QRectF | None:
        """Where a number, or a whole row of them, is drawn; None where it is not in this frame."""
        there, found = self.matrix(frame), self.tensor(frame.name)
        rest = index[len(frame.lead) :]
        if there is None or found is None or index[: len(frame.lead)] != frame.lead:
            return None
        if found.ndim == len(frame.lead) + 1:
            rest = (0, *rest)
        if not rest:
            return None
        rows, columns = there.shape
        high, wide = frame.rect.height() / rows, frame.rect.width() / columns
        row, column = (rest[0], rest[1] if len(rest) > 1 else None)
        if frame.turned:
            across = QRectF(frame.rect.x() + row * wide, frame.rect.y(), wide, frame.rect.height())
            return across if column is None else QRectF(across.x(), frame.rect.y() + column * high, wide, high)
        along = QRectF(frame.rect.x(), frame.rect.y() + row * high, frame.rect.width(), high)
        return along if column is None else QRectF(frame.rect.x() + column * wide, along.y(), wide, high)


def side_by_side(
    name: str,
    box: tuple[float, float, float, float],
    count: int,
    opened: int,
    most: int = MOST_HEADS,
    ramp: Ramp = "signed",
) -> list[Frame]:
    """A frame for each head, at most `most` of them around the opened one."""
    x, y, w, h = box
    shown = min(count, most)
    first = min(max(0, opened - shown // 2), count - shown)
    gap = 3.0
    wide = (w - gap * (shown - 1)) / shown
    frames = (Frame(name, (x + n * (wide + gap), y, wide, h), (first + n,), ramp=ramp) for n in range(shown))
    return [replace(frame, head=frame.lead[0]) for frame in frames]
