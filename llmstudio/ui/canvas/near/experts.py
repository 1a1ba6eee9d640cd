"""The inside of a mixture of experts: the router, which experts each token gets, and the opened one of them."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from ....core.model.spec import GATED, Experts
from ....core.model.widths import hidden_width
from ...numbers import percent
from ...theme import theme
from ..paint import RIGHT, SHAPE, SMALL, card
from . import ADDS, READS
from . import strokes as S
from .around import NORM, enter, leave, norm_frame, shapes
from .mlp import bend
from .sketch import Frame, Sketch

TOP = 62.0
ROUTER, CHANCES, MIX = (112.0, TOP, 58.0, 58.0), (222.0, TOP, 90.0, 84.0), (380.0, TOP, 90.0, 84.0)
LOAD = (560.0, TOP, 220.0, 84.0)
LOW = 188.0
UP, CURVE, BEND_X = (112.0, LOW, 104.0, 56.0), (240.0, LOW, 86.0, 56.0), 352.0
HIDDEN, DOWN = (380.0, LOW, 124.0, 56.0), (548.0, LOW, 58.0, 56.0)
TIMES_X = 650.0
SHOWN = 5  # experts whose load is drawn


def _value(s: Sketch) -> Experts:
    assert isinstance(s.part, Experts)
    return s.part


def _ups(s: Sketch) -> list[tuple[str, float, float]]:
    """The upward matrices of the opened expert: tensor, top, height."""
    if _value(s).activation in GATED:
        return [("wa", LOW, 25.0), ("wb", LOW + 31, 25.0)]
    return [("wa", LOW, 56.0)]


def frames(s: Sketch) -> list[Frame]:
    e = (s.head,)
    return [
        *norm_frame(s),
        Frame("router", ROUTER, turned=True),
        Frame("chances", CHANCES, ramp="probability"),
        Frame("mix", MIX, ramp="probability"),
        *(Frame(name, (UP[0], y, UP[2], high), e, turned=True) for name, y, high in _ups(s)),
        Frame("hidden", HIDDEN, e),
        Frame("wd", DOWN, e, turned=True),
    ]


def facts(s: Sketch) -> str:
    value = _value(s)
    return f"expert {s.head + 1} of {value.experts} opened, {value.top_k} used at once"


def bar(s: Sketch, n: int) -> QRectF:
    """Where the load of expert n is drawn; clicking it opens the expert."""
    x, y, wide, high = LOAD
    row = high / min(SHOWN, _value(s).experts)
    return QRectF(x, y + (n - first(s)) * row, wide, row)


def first(s: Sketch) -> int:
    count = _value(s).experts
    return min(max(0, s.head - SHOWN // 2), count - min(SHOWN, count))


def head_at(s: Sketch, x: float, y: float) -> int | None:
    """The expert whose load is under a point."""
    shown = range(first(s), first(s) + min(SHOWN, _value(s).experts))
    return next((n for n in shown if bar(s, n).contains(x, y)), None)


def draw(p: QPainter, s: Sketch, found: list[Frame]) -> None:
    value = _value(s)
    _, T, C = shapes(s)
    E = value.experts
    start = enter(p, s, READS["moe"])
    middle = TOP + 29
    S.bow(p, (start, READS["moe"]), (ROUTER[0] - 1, middle))
    S.called(p, ROUTER[0], TOP - 18, "W", "ROUTER")
    SHAPE.write(p, QRectF(ROUTER[0], TOP + 59, 100, 16), f"{C} × {E}")
    S.line(p, (ROUTER[0] + 59, middle), (CHANCES[0] - 1, middle))
    S.middle(p, (ROUTER[0] + 58 + CHANCES[0]) / 2, middle - 17, "softmax", wide=50)
    S.called(p, CHANCES[0], TOP - 18, "chances")
    S.right(p, CHANCES[0] + CHANCES[2], TOP + CHANCES[3] + 1, f"B, {T}, {E}")
    S.line(p, (CHANCES[0] + 91, middle), (MIX[0] - 1, middle))
    S.middle(
        p,
        (CHANCES[0] + CHANCES[2] + MIX[0]) / 2,
        middle - 17,
        "the best" if value.top_k == 1 else f"best {value.top_k}",
        wide=64,
    )
    end = S.called(p, MIX[0], TOP - 18, "used")
    SMALL.write(p, QRectF(end + 8, TOP - 18, 100, 16), "rows sum to 1" if value.top_k > 1 else "its chance")
    _load(p, s)
    _expert(p, s)
    for frame in found:
        S.matrix(p, s, frame)


def _load(p: QPainter, s: Sketch) -> None:
    """How the tokens of this text are spread."""
    x, y, wide, _ = LOAD
    S.called(p, x, y - 18, "tokens per expert")
    mix = s.tensor("mix")
    count = _value(s).experts
    for n in range(first(s), first(s) + min(SHOWN, count)):
        row = bar(s, n)
        chosen = n == s.head
        ink = SMALL.as_("accent") if chosen else SMALL
        ink.write(p, QRectF(x, row.y(), 52, row.height()), f"expert {n + 1}")
        track = QRectF(x + 58, row.center().y() - 3, wide - 110, 6)
        card(p, track, "well", "edge", radius=3)
        if mix is not None:
            share = float((mix[:, n] > 0).sum() / (mix > 0).sum())
            fill = QRectF(track.x(), track.y(), track.width() * share, 6)
            p.fillRect(fill, theme.color("accent") if chosen else theme.color("control"))
            SMALL.write(p, QRectF(x, row.y(), wide, row.height()), percent(share, 0), RIGHT)
    if count > SHOWN:
        S.right(p, x + wide, y - 18, f"{SHOWN} of {count} experts", SMALL)


def _expert(p: QPainter, s: Sketch) -> None:
    value = _value(s)
    C = s.design.width
    F = hidden_width(value, s.design)
    middle = LOW + 28
    gated = len(_ups(s)) > 1
    S.called(p, UP[0], LOW - 18, "W", "GATE, UP" if gated else "UP")
    S.right(p, UP[0] + UP[2], LOW + 58, f"{C} × {F}")
    for _, y, high in _ups(s):
        S.bow(p, (NORM[0] + NORM[1] + 1, READS["moe"]), (UP[0] - 1, y + high / 2))
    x, _, wide, high = CURVE
    top = LOW + 12.5 if gated else middle
    S.line(p, (UP[0] + UP[2] + 1, top), (x - 1, top))
    bend(p, QRectF(x, top - 20 if gated else LOW, wide, 40 if gated else high), s, value.activation, (s.head,))
    if gated:
        low = LOW + 43.5
        S.line(p, (x + wide + 1, top), (BEND_X, top), (BEND_X, middle - 11), headed=False)
        S.line(p, (UP[0] + UP[2] + 1, low), (BEND_X, low), (BEND_X, middle + 11), headed=False)
        S.times(p, BEND_X, middle)
        S.line(p, (BEND_X + 11, middle), (HIDDEN[0] - 1, middle))
    else:
        S.line(p, (x + wide + 1, middle), (HIDDEN[0] - 1, middle))
    S.called(p, HIDDEN[0], LOW - 18, "hidden neurons")
    if s.inside is not None:
        S.middle(p, HIDDEN[0] + HIDDEN[2] / 2, LOW + 58, "grey: goes elsewhere", wide=HIDDEN[2])
    S.line(p, (HIDDEN[0] + HIDDEN[2] + 1, middle), (DOWN[0] - 1, middle))
    S.called(p, DOWN[0], LOW - 18, "W", "DOWN")
    S.line(p, (DOWN[0] + DOWN[2] + 1, middle), (TIMES_X - 11, middle))
    used = MIX[0] + MIX[2]
    turn = TOP + 42
    S.line(p, (used + 1, turn), (used + 30, turn), (used + 30, LOW - 28), (TIMES_X, LOW - 28), (TIMES_X, middle - 11))
    S.times(p, TIMES_X, middle)
    SMALL.write(
        p,
        QRectF(TIMES_X + 16, middle - 9, 120, 18),
        "of the one used" if value.top_k == 1 else f"sum of the {value.top_k} used",
    )
    if s.inside is not None:
        S.scale(p, MIX[0] + 10, MIX[1] + MIX[3] + 4, MIX[2] - 20, "probability", 1.0)
    add = ADDS["moe"]
    S.line(p, (TIMES_X, middle + 11), (TIMES_X, add), (TIMES_X - 40, add), headed=False)
    leave(p, s, TIMES_X - 40, add)
