"""The insides of a short convolution and of a recurrence."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from ....core.model.spec import Convolution, Recurrence
from ....core.model.widths import memory_width
from ..paint import CENTER, SHAPE, SMALL, card
from . import ADDS, READS
from . import strokes as S
from .around import enter, leave, norm_frame, shapes
from .sketch import Frame, Sketch, side_by_side

IN, KERNEL, OUT = (112.0, 52.0, 150.0, 88.0), (330.0, 52.0, 150.0, 24.0), (560.0, 52.0, 150.0, 88.0)
TIMES_X = 405.0


def conv_frames(s: Sketch) -> list[Frame]:
    return [*norm_frame(s), Frame("h", IN), Frame("kernel", KERNEL, turned=True), Frame("out", OUT)]


def conv_facts(s: Sketch) -> str:
    assert isinstance(s.part, Convolution)
    return f"{s.part.size} positions, each number by itself"


def conv_draw(p: QPainter, s: Sketch, found: list[Frame]) -> None:
    assert isinstance(s.part, Convolution)
    _, T, C = shapes(s)
    y = READS["conv"]
    start = enter(p, s, y)
    S.line(p, (start, y), (IN[0] - 1, y))
    S.called(p, IN[0], IN[1] - 18, "what comes in")
    S.right(p, IN[0] + IN[2], IN[1] + IN[3] + 2, f"B, {T}, {C}")
    S.line(p, (IN[0] + IN[2] + 1, y), (TIMES_X - 11, y))
    S.called(p, KERNEL[0], KERNEL[1] - 18, "kernel")
    S.right(p, KERNEL[0] + KERNEL[2], KERNEL[1] - 18, f"{s.part.size} × {C}")
    S.line(p, (TIMES_X, KERNEL[1] + KERNEL[3] + 1), (TIMES_X, y - 11))
    S.times(p, TIMES_X, y)
    S.middle(p, TIMES_X, y + 14, f"sum over the last {s.part.size}")
    S.line(p, (TIMES_X + 11, y), (OUT[0] - 1, y))
    S.called(p, OUT[0], OUT[1] - 18, "what is put out")
    add = ADDS["conv"]
    x = OUT[0] + OUT[2] / 2
    S.line(p, (x, OUT[1] + OUT[3] + 1), (x, add), (x - 40, add), headed=False)
    leave(p, s, x - 40, add)
    for frame in found:
        S.matrix(p, s, frame)


W_X, W_SIZE, H_X, H_W = 112, 52, 206, 100
ROWS = {"q": 58.0, "k": 150.0, "v": 250.0}
MAP, MAP_X, MAP_Y = 116, 372, 66
MEMORY, KEEP = (556.0, 66.0, 76.0, 76.0), (672.0, 66.0, 108.0, 40.0)
PRODUCT_X, READ = 430.0, (520.0, 250.0, 100.0, 52.0)
GATE_X, FINISH = 672.0, (560.0, ADDS["rec"] - 13, 136.0, 26.0)


def _value(s: Sketch) -> tuple[Recurrence, int, int]:
    assert isinstance(s.part, Recurrence)
    return s.part, s.part.heads, memory_width(s.part, s.design)


def rec_frames(s: Sketch) -> list[Frame]:
    _, H, _ = _value(s)
    found = norm_frame(s)
    for name, y in ROWS.items():
        found.append(Frame(f"w{name}", (W_X, y, W_SIZE, W_SIZE), turned=True))
        found += side_by_side(name, (H_X, y, H_W, W_SIZE), H, s.head)
    found.append(Frame("scores", (MAP_X, MAP_Y, MAP, MAP), (s.head,)))
    found.append(Frame("memory", MEMORY, (s.head,)))
    found.append(Frame("keep", KEEP, ramp="probability"))
    found += side_by_side("read", READ, H, s.head)
    x, y, _, high = FINISH
    return [*found, Frame("wo", (x + 4, y + 3, high - 6, high - 6), turned=True)]


def rec_opened(s: Sketch, frame: Frame) -> bool:
    return frame.name in ("q", "k", "v", "read") and frame.lead == (s.head,)


def rec_facts(s: Sketch) -> str:
    _, H, D = _value(s)
    return f"head {s.head + 1} of {H} opened, {H} memories of {D} × {D}"


def rec_draw(p: QPainter, s: Sketch, found: list[Frame]) -> None:
    value, H, D = _value(s)
    _, T, C = shapes(s)
    start = enter(p, s, READS["rec"])
    for name, y in ROWS.items():
        middle = y + W_SIZE / 2
        S.bow(p, (start, READS["rec"]), (W_X - 1, middle))
        S.called(p, W_X, y - 18, "W", name.upper())
        SHAPE.write(p, QRectF(W_X, y + W_SIZE + 1, 100, 16), f"{C} × {C}")
        S.line(p, (W_X + W_SIZE + 1, middle), (H_X - 1, middle))
        S.called(p, H_X, y - 18, name.upper())
        S.right(p, H_X + H_W, y + W_SIZE + 1, f"B, {H}, {T}, {D}")
    for name, end in (("q", 0.3), ("k", 0.7)):
        S.bow(p, (H_X + H_W + 4, ROWS[name] + W_SIZE / 2), (MAP_X - 1, MAP_Y + MAP * end))
    S.called(p, MAP_X, MAP_Y - 18, "Q · K, faded")
    S.right(p, MAP_X + MAP, MAP_Y + MAP + 1, f"B, {H}, {T}, {T}")
    S.called(p, MEMORY[0], MEMORY[1] - 18, "memory at the end")
    SHAPE.write(p, QRectF(MEMORY[0], MEMORY[1] + MEMORY[3] + 1, 90, 16), f"{D} × {D}")
    S.called(p, KEEP[0], KEEP[1] - 18, "kept at each step")
    S.right(p, KEEP[0] + KEEP[2], KEEP[1] + KEEP[3] + 1, f"{H}, {T}")
    _reading(p, s, value, C)
    for frame in found:
        S.matrix(p, s, frame, rec_opened(s, frame))
    if s.inside is not None:
        S.scale(p, MAP_X + 10, MAP_Y + MAP + 20, MAP - 20, "signed", s.limit("scores"))
        S.scale(p, KEEP[0], KEEP[1] + KEEP[3] + 22, KEEP[2], "probability", 1.0)


def _reading(p: QPainter, s: Sketch, value: Recurrence, C: int) -> None:
    middle = ROWS["v"] + W_SIZE / 2
    S.line(p, (H_X + H_W + 4, middle), (PRODUCT_X - 11, middle))
    S.line(p, (PRODUCT_X, MAP_Y + MAP + 42), (PRODUCT_X, middle - 11), headed=False)
    S.times(p, PRODUCT_X, middle)
    S.line(p, (PRODUCT_X + 11, middle), (READ[0] - 1, middle))
    S.called(p, READ[0], READ[1] - 18, "what the heads read")
    x, y, wide, high = FINISH
    add = y + high / 2
    S.line(p, (READ[0] + READ[2] + 1, middle), (x + wide + 40, middle), (x + wide + 40, add), (x + wide, add))
    half = S.op(p, x + wide + 40, middle, "norm, gate" if value.gate else "norm")
    assert half > 0
    card(p, QRectF(*FINISH), "raised", "line_strong")
    end = S.called(p, x + high + 6, y + 4, "W", "O")
    SHAPE.write(p, QRectF(end + 6, y, x + wide - end - 12, high), f"{C} × {C}", CENTER)
    SMALL.write(p, QRectF(MEMORY[0], MEMORY[1] + MEMORY[3] + 24, 220, 16), "the same, carried from step to step")
    leave(p, s, x, add)
