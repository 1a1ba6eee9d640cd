"""The inside of an attention: W, Q, K, V per head, scores, weights, what the heads read, and back to the stream."""

from msgspec.structs import replace
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from ....core.model.spec import Attention
from ....core.model.widths import head_width
from ..paint import CENTER, SHAPE, SMALL, card
from . import ADDS, READS
from . import strokes as S
from .around import enter, leave, norm_frame, shapes
from .sketch import MOST_HEADS as MOST
from .sketch import Frame, Sketch, side_by_side

ROWS = {"q": (62.0, 56.0), "k": (158.0, 56.0), "v": (262.0, 56.0)}  # top and height
W_X, W_SIZE, H_X, H_W = 108, 56, 246, 98
MAP, MAP_Y, SCORES_X, WEIGHTS_X = 116, 72, 386, 554
TIMES_X, READ_X, READ_W = 690, 712, 72
OUT = (560.0, ADDS["attn"] - 13, 136.0, 26.0)


def _sizes(s: Sketch) -> tuple[int, int, int]:
    """Heads, key/value heads, head width."""
    a = s.part
    assert isinstance(a, Attention)
    return a.heads, a.kv_heads or a.heads, head_width(a, s.design)


def frames(s: Sketch) -> list[Frame]:
    H, K, _ = _sizes(s)
    group = max(1, H // K)
    found = norm_frame(s)
    for name, (y, high) in ROWS.items():
        wide = W_SIZE if name == "q" else max(16.0, W_SIZE * min(1.0, K / H))
        found.append(Frame(f"w{name}", (W_X, y, wide, high), turned=True))
        if name == "q":
            found += side_by_side(name, (H_X, y, H_W, high), H, s.head)
        else:
            shared = side_by_side(name, (H_X, y, H_W, high), K, s.head // group)
            found += [replace(frame, head=frame.lead[0] * group) for frame in shared]
    found.append(Frame("scores", (SCORES_X, MAP_Y, MAP, MAP), (s.head,)))
    found.append(Frame("weights", (WEIGHTS_X, MAP_Y, MAP, MAP), (s.head,), ramp="probability"))
    found += side_by_side("read", (READ_X, ROWS["v"][0], READ_W, ROWS["v"][1]), H, s.head)
    x, y, _, high = OUT
    found.append(Frame("wo", (x + 4, y + 3, high - 6, high - 6), turned=True))
    return found


def opened(s: Sketch, frame: Frame) -> bool:
    """Whether a frame belongs to the opened head."""
    H, K, _ = _sizes(s)
    if frame.name in ("k", "v"):
        return frame.lead == (s.head * K // H,)
    return frame.name in ("q", "read", "weights") and frame.lead == (s.head,)


def facts(s: Sketch) -> str:
    H, K, _ = _sizes(s)
    shared = f", keys and values of group {s.head * K // H + 1}" if K < H else ""
    return f"head {s.head + 1} of {H} opened{shared}"


def draw(p: QPainter, s: Sketch, found: list[Frame]) -> None:
    _projections(p, s)
    _maps(p, s)
    _values(p, s)
    for frame in found:
        S.matrix(p, s, frame, opened(s, frame))
    _scales(p, s)


def _projections(p: QPainter, s: Sketch) -> None:
    H, K, D = _sizes(s)
    _, T, C = shapes(s)
    start = enter(p, s, READS["attn"])
    for name, (y, high) in ROWS.items():
        middle = y + high / 2
        count = H if name == "q" else K
        S.bow(p, (start, READS["attn"]), (W_X - 1, middle))
        S.called(p, W_X, y - 18, "W", name.upper())
        SHAPE.write(p, QRectF(W_X, y + high + 1, 110, 16), f"{C} × {count * D}")
        wide = W_SIZE if name == "q" else max(16.0, W_SIZE * min(1.0, K / H))
        S.line(p, (W_X + wide + 1, middle), (H_X - 1, middle))
        if name != "v":
            words = _turned(s)
            if words:
                S.op(p, (W_X + W_SIZE + H_X) / 2 - 2, middle, words)
        S.called(p, H_X, y - 18, name.upper())
        S.right(p, H_X + H_W, y + high + 1, f"B, {count}, {T}, {D}")


def _turned(s: Sketch) -> str:
    a = s.part
    assert isinstance(a, Attention)
    position = a.position or s.design.position
    words = ["norm"] if a.qk_norm and s.design.norm != "none" else []
    return ", ".join(words + (["RoPE"] if position == "rope" else []))


def _maps(p: QPainter, s: Sketch) -> None:
    a = s.part
    assert isinstance(a, Attention)
    H, _, D = _sizes(s)
    _, T, _ = shapes(s)
    for name, end in (("q", 0.3), ("k", 0.7)):
        y, high = ROWS[name]
        S.bow(p, (H_X + H_W + 4, y + high / 2), (SCORES_X - 1, MAP_Y + MAP * end))
    S.called(p, SCORES_X, MAP_Y - 18, "scores")
    S.right(p, SCORES_X + MAP, MAP_Y - 18, f"Q · K / √{D}", SMALL)
    middle = MAP_Y + MAP / 2
    S.line(p, (SCORES_X + MAP + 1, middle), (WEIGHTS_X - 1, middle))
    between = (SCORES_X + MAP + WEIGHTS_X) / 2
    words = [f"cap {a.softcap:g}"] if a.softcap else []
    words += ["slopes"] if (a.position or s.design.position) == "alibi" else []
    words += ["window"] if a.window else []
    for n, word in enumerate([*words, "mask"]):
        S.middle(p, between, middle - 4 - 15 * (len(words) + 1 - n), word, wide=52)
    S.middle(p, between, middle + 3, "softmax", wide=52)
    end = S.called(p, WEIGHTS_X, MAP_Y - 18, "weights")
    SMALL.write(p, QRectF(end + 8, MAP_Y - 18, 100, 16), "rows sum to 1")
    for x in (SCORES_X, WEIGHTS_X):
        S.middle(p, x + MAP / 2, MAP_Y + MAP + 2, f"B, {H}, {T}, {T}", SHAPE)


def _values(p: QPainter, s: Sketch) -> None:
    H, _, _ = _sizes(s)
    _, T, C = shapes(s)
    y, high = ROWS["v"]
    middle = y + high / 2
    S.line(p, (H_X + H_W + 4, middle), (TIMES_X - 11, middle))
    right = WEIGHTS_X + MAP
    S.line(p, (right + 1, MAP_Y + MAP / 2), (TIMES_X, MAP_Y + MAP / 2), (TIMES_X, middle - 11), headed=False)
    S.times(p, TIMES_X, middle)
    S.line(p, (TIMES_X + 11, middle), (READ_X - 1, middle))
    S.right(p, TIMES_X - 16, middle + 4, "weights · V", SMALL)
    title = f"{H} heads, side by side" if 1 < H <= MOST else f"{MOST} of {H} heads" if H > 1 else "one head"
    S.right(p, READ_X + READ_W, y - 18, title, S.BOLD)
    S.right(p, READ_X + READ_W, y + high + 1, f"B, {T}, {H * _sizes(s)[2]}")
    x, top, wide, tall = OUT
    add = top + tall / 2
    S.line(p, (READ_X + READ_W / 2, y + high + 18), (READ_X + READ_W / 2, add), (x + wide, add), headed=False)
    card(p, QRectF(*OUT), "raised", "line_strong")
    end = S.called(p, x + tall + 6, top + 4, "W", "O")
    SHAPE.write(p, QRectF(end + 6, top, x + wide - end - 12, tall), f"{H * _sizes(s)[2]} × {C}", CENTER)
    leave(p, s, x, add)


def _scales(p: QPainter, s: Sketch) -> None:
    if s.inside is None:
        return
    y = MAP_Y + MAP + 22
    S.scale(p, SCORES_X + 10, y, MAP - 20, "signed", s.limit("scores"))
    S.scale(p, WEIGHTS_X + 10, y, MAP - 20, "probability", 1.0)
