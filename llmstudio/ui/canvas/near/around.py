"""What all insides share: how the stream comes in through a norm, and how what was found is added to it."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from ....core.model.spec import parts
from ...numbers import percent
from ..paint import SMALL
from . import READS
from . import strokes as S
from .sketch import Frame, Sketch

NORM = (14.0, 66.0, 52.0)  # left, width, height
NORMS = {"layer": "layer", "rms": "RMS"}


def shapes(s: Sketch) -> tuple[str, int, int]:
    """B, T, C as they are said of this design."""
    return "B", s.design.context, s.design.width


def normed(s: Sketch) -> bool:
    return s.block.norm != "none" and s.block.placement != "post"


def norm_frame(s: Sketch) -> list[Frame]:
    """What one token brings in, as a strip in the norm."""
    x, wide, high = NORM
    y = READS[s.kind] - high / 2
    shown = normed(s) and s.inside is not None
    return [Frame("h", (x + 7, y + 38, wide - 14, 7), (s.token,))] if shown else []


def enter(p: QPainter, s: Sketch, y: float) -> float:
    """The stream comes in at y; where the wires to the matrices leave."""
    x, wide, high = NORM
    if not normed(s):
        S.line(p, (0, y), (x + wide, y), headed=False)
        return x + wide
    S.line(p, (0, y), (x - 1, y))
    again = s.block.parallel and s.kind != next(iter(parts(s.block)))
    words = "the same" if again else f"{NORMS[s.block.norm]}, {s.design.width}"
    S.norm_ground(p, QRectF(x, y - high / 2, wide, high), words)
    return x + wide + 1


def leave(p: QPainter, s: Sketch, x: float, y: float) -> None:
    """From x back to the stream at y, with how much that changes it."""
    S.line(p, (x, y), (0, y), headed=False)
    if s.block.placement == "sandwich" and s.block.norm != "none" and not s.block.parallel:
        S.op(p, 100, y, "norm")
    if s.inside is None:
        return
    share = s.inside.share
    verb = "adds" if s.block.residual else "replaces it by"
    said = f"{share:.2f} of the stream's size" if share >= 0.01 else f"{percent(share)} of the stream's size"
    S.middle(p, 320, y - 18, f"{verb} {said}", SMALL, 300)
