"""The inside of an MLP: up, the bend and where its inputs fall on it, the hidden neurons, down."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from ....core.model.spec import GATED, MLP
from ....core.model.widths import hidden_width
from ...numbers import count, percent, real
from ..paint import SHAPE, SMALL, card
from . import ADDS, READS
from . import strokes as S
from .around import enter, leave, norm_frame, shapes
from .sketch import Frame, Sketch

if TYPE_CHECKING:
    import numpy as np

UP_X, UP_W, UP_H = 112, 124, 48
CURVE = (296.0, 40.0, 128.0, 80.0)
TIMES_X, HIDDEN, DOWN = 462, (500.0, 78.0, 148.0, 92.0), (694.0, 70.0, 50.0, 108.0)
CURVES = {
    "gelu": "GELU", "gelu_tanh": "GELU, tanh", "relu": "ReLU", "relu2": "ReLU\u00b2", "silu": "SiLU",
    "swiglu": "SiLU", "geglu": "GELU", "geglu_tanh": "GELU, tanh",
}  # fmt: skip
BINS, ROOMY = 40, 60
SILENT = 0.1  # of the root mean square: a neuron that is nearer to 0 says nothing


def _gated(s: Sketch) -> bool:
    assert isinstance(s.part, MLP)
    return s.part.activation in GATED


def _ups(s: Sketch) -> list[tuple[str, str, float]]:
    """Upward matrices: tensor, subscript, top."""
    return [("wa", "GATE", 56.0), ("wb", "UP", 138.0)] if _gated(s) else [("wa", "UP", READS["mlp"] - UP_H / 2)]


def frames(s: Sketch) -> list[Frame]:
    found = norm_frame(s)
    found += [Frame(name, (UP_X, y, UP_W, UP_H), turned=True) for name, _, y in _ups(s)]
    return [*found, Frame("hidden", HIDDEN), Frame("wd", DOWN, turned=True)]


def facts(s: Sketch) -> str:
    assert isinstance(s.part, MLP)
    return f"{count(hidden_width(s.part, s.design))} neurons"


def draw(p: QPainter, s: Sketch, found: list[Frame]) -> None:
    assert isinstance(s.part, MLP)
    _, T, C = shapes(s)
    F = hidden_width(s.part, s.design)
    start = enter(p, s, READS["mlp"])
    for _, low, y in _ups(s):
        S.bow(p, (start, READS["mlp"]), (UP_X - 1, y + UP_H / 2))
        S.called(p, UP_X, y - 18, "W", low)
        S.right(p, UP_X + UP_W, y - 18, f"{C} × {F}")
    x, y, wide, high = CURVE
    y = y if _gated(s) else READS["mlp"] - high / 2
    top = y + high / 2
    S.line(p, (UP_X + UP_W + 1, top), (x - 1, top))
    bend(p, QRectF(x, y, wide, high), s, s.part.activation)
    middle = HIDDEN[1] + HIDDEN[3] / 2
    if _gated(s):
        low = _ups(s)[1][2] + UP_H / 2
        S.line(p, (x + wide + 1, top), (TIMES_X, top), (TIMES_X, middle - 11))
        S.line(p, (UP_X + UP_W + 1, low), (TIMES_X, low), (TIMES_X, middle + 11))
        S.pill_on(p, (UP_X + UP_W + TIMES_X) / 2, low, f"B, {T}, {F}")
        S.times(p, TIMES_X, middle)
        S.line(p, (TIMES_X + 11, middle), (HIDDEN[0] - 1, middle))
    else:
        S.bow(p, (x + wide + 1, top), (HIDDEN[0] - 1, middle))
    _hidden(p, s, T, F, C)
    for frame in found:
        S.matrix(p, s, frame)


def _hidden(p: QPainter, s: Sketch, T: int, F: int, C: int) -> None:
    x, y, wide, high = HIDDEN
    middle = y + high / 2
    S.called(p, x, y - 18, "hidden neurons")
    S.right(p, x + wide, y + high + 2, f"B, {T}, {F}")
    S.line(p, (x + wide + 1, middle), (DOWN[0] - 1, middle))
    there = s.tensor("hidden")
    if there is not None:
        SMALL.write(p, QRectF(x, y + high + 2, wide - 70, 16), silent(there))
        S.scale(p, x + 10, y + high + 22, wide - 20, "signed", s.limit("hidden"))
    x, y, wide, high = DOWN
    S.called(p, x, y - 34, "W", "DOWN")
    SHAPE.write(p, QRectF(x, y - 18, 100, 16), f"{F} × {C}")
    add = ADDS["mlp"]
    S.line(p, (x + wide / 2, y + high + 1), (x + wide / 2, add), (x, add), headed=False)
    leave(p, s, x, add)


def bend(p: QPainter, box: QRectF, s: Sketch, kind: str, lead: tuple[int, ...] = ()) -> None:
    """The curve of the activation, and how many inputs fall where on it."""
    card(p, box, "well", "line_strong")
    a = s.tensor("a")
    values = None if a is None else a[lead]
    span = 4.0 if values is None else max(2.0, _round(values))
    from ....core.inside.operations import bent

    curve = [(n / 40, bent(kind, span * n / 40) / span) for n in range(-40, 41)]
    bars = [] if values is None else spread(values, span)
    S.plot(p, box.adjusted(1, 1, -1, -1), curve, bars)
    S.called(p, box.x() + 8, box.y() + 4, CURVES[kind])
    if box.height() < ROOMY:
        return
    if values is not None:
        import numpy as np

        known = values[np.isfinite(values)]
        if known.size:
            fires = percent(float((known > 0).mean()), 0)
            SMALL.write(p, QRectF(box.x() + 8, box.y() + 19, box.width() - 16, 15), f"{fires} above 0")
    ends = QRectF(box.x() + 4, box.bottom() - 15, box.width() - 8, 14)
    SMALL.write(p, ends, f"\u2212{real(span)}")
    S.right(p, box.right() - 4, box.bottom() - 15, real(span), SMALL)


def _round(values: "np.ndarray") -> float:
    from ....core.inside.anatomy import limit

    return 2 * limit(values)


def spread(values: "np.ndarray", span: float) -> list[float]:
    """How many of the values lie where between -span and span, the most at 1."""
    import numpy as np

    counts = np.histogram(values[np.isfinite(values)].clip(-span, span), bins=BINS, range=(-span, span))[0]
    return [float(n) / max(1, int(counts.max())) for n in counts]


def silent(hidden: "np.ndarray") -> str:
    """How many of the neurons say next to nothing."""
    import numpy as np

    known = hidden[np.isfinite(hidden)]
    if not known.size:
        return ""
    none = float((known == 0).mean())
    if none > 0.05:
        return f"{percent(none, 0)} are 0"
    near = float((np.abs(known) < SILENT * np.sqrt(np.square(known).mean())).mean())
    return f"{percent(near, 0)} near 0"
