"""One part of an opened block on the canvas."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ....core.inside.spot import Spot
from ....core.model.spec import Model, part
from ....session.session import Session
from ... import icons
from ...numbers import count, real
from ...widgets import glyphs, tip
from .. import tiny, words
from ..paint import PATH, RIGHT, SMALL, TITLE, card, pen
from . import attention, experts, mixers, mlp
from .sketch import Frame, Sketch
from .strokes import matrix

READABLE = 0.45  # below this zoom there are no words


class Kind(Struct, frozen=True):
    frames: Callable[[Sketch], list[Frame]]
    draw: Callable[[QPainter, Sketch, list[Frame]], None]
    facts: Callable[[Sketch], str]


KINDS = {
    "attn": Kind(attention.frames, attention.draw, attention.facts),
    "mlp": Kind(mlp.frames, mlp.draw, mlp.facts),
    "moe": Kind(experts.frames, experts.draw, experts.facts),
    "conv": Kind(mixers.conv_frames, mixers.conv_draw, mixers.conv_facts),
    "rec": Kind(mixers.rec_frames, mixers.rec_draw, mixers.rec_facts),
}


class NearItem(QGraphicsItem):
    """Draws the inside of the part at `path` into the rectangle it was given."""

    def __init__(self, session: Session, path: str) -> None:
        super().__init__()
        self.session, self.path = session, path
        self.inner = session.inside.inner
        self.box = QRectF()
        self.sketch = Sketch(session.build.model, path)
        self.frames: list[Frame] = []

    def place(self, box: QRectF) -> None:
        if box != self.box:
            self.prepareGeometryChange()
            self.box = QRectF(box)
            self.setPos(box.topLeft())
        self.refresh()

    def refresh(self) -> None:
        """Take in the design, the newest numbers and the opened head."""
        design: Model = self.session.build.model
        if part(design, self.path) is None:
            return  # it has just gone from the design; the canvas hears of that next
        if design is not self.sketch.design:
            self.sketch = Sketch(design, self.path)
        heads = getattr(self.sketch.part, "heads", getattr(self.sketch.part, "experts", 1))
        head = min(self.inner.heads.get(self.path, 0), heads - 1)
        found = self.inner.block(self.sketch.index).value
        inside = self.inner.inside(design, self.path)
        spot = self.inner.spot
        token = spot.index[1] if spot and spot.path == self.path and len(spot.index) == 3 else None
        self.sketch.fill(inside, found.texts if found and inside else [], head, token)
        self.frames = KINDS[self.sketch.kind].frames(self.sketch)
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, self.box.width(), self.box.height())

    # what is under a point

    def frame_at(self, at: QPointF) -> Frame | None:
        """The frame under a point of the item."""
        return next((frame for frame in reversed(self.frames) if frame.rect.contains(at)), None)

    def spot_at(self, at: QPointF) -> Spot | None:
        frame = self.frame_at(at)
        return self.sketch.spot(frame, at) if frame else None

    def beside(self, spot: Spot, down: int, across: int) -> Spot | None:
        """The number that is so many rows and columns away in the picture; at its border, the same one: let go."""
        frame = self._frame(spot)
        cell = self._cell(spot)
        if frame is None or cell is None:
            return None
        place = cell.center() + QPointF(across * cell.width(), down * cell.height())
        return self.sketch.spot(frame, place) if frame.rect.contains(place) else None

    def head_at(self, at: QPointF) -> int | None:
        """The head or expert that a click there opens; None where it opens none."""
        frame = self.frame_at(at)
        if frame and frame.head >= 0:
            return frame.head
        return experts.head_at(self.sketch, at.x(), at.y()) if self.sketch.kind == "moe" else None

    # paint

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        chosen = self.path in self.session.build.selection
        card(p, self.boundingRect(), "panel", *(("accent", 2.0) if chosen else ("line", 1.0)), radius=6)
        p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        zoom = option.levelOfDetailFromTransform(p.worldTransform())
        if zoom < READABLE:
            icons.draw(p, words.icon(self.path), QRectF(16, 12, 16, 16), "text")
            tiny.line(p, QRectF(40, 2, self.box.width() - 56, 36), words.NAMES[self.sketch.kind], (), zoom)
            for frame in self.frames:
                matrix(p, self.sketch, frame)
            return
        self._header(p)
        KINDS[self.sketch.kind].draw(p, self.sketch, self.frames)
        if self.inner.spot is not None and self.inner.spot.path == self.path:
            self._point(p, self.inner.spot, max(1.0, zoom))

    def _header(self, p: QPainter) -> None:
        sketch = self.sketch
        icons.draw(p, words.icon(self.path), QRectF(16, 12, 16, 16), "text")
        taken = TITLE.write(p, QRectF(40, 8, 200, 24), words.NAMES[sketch.kind])
        taken += PATH.write(p, QRectF(40 + taken + 12, 8, 200, 24), self.path) + 12
        said = f"{KINDS[sketch.kind].facts(sketch)}, {count(sketch.parameters)} parameters"
        reason = "" if sketch.inside else self.inner.why_not(sketch.design, sketch.index)
        text = reason if reason and self.inner.values else said
        SMALL.write(p, QRectF(64 + taken, 8, self.box.width() - taken - 80, 24), text, RIGHT)

    def _point(self, p: QPainter, spot: Spot, zoom: float) -> None:
        """The cell that is pointed at, the rows it was made from, and what it is in words that do not grow."""
        cell = self._cell(spot)
        found = self.inner.number(spot) if self.sketch.inside else None
        if cell is None or found is None:
            return
        number, _ = found
        for operand in number.operands:
            row = self._cell(operand.spot) if operand.spot else None
            if row is not None:
                p.setPen(_dashes())
                p.drawLine(row.center(), cell.center())
                p.setPen(pen("text", 1.5))
                p.setBrush(Qt.BrushStyle.NoBrush)
                p.drawRect(row.adjusted(-1, -1, 1, 1))
        least = max(5.0, cell.width()), max(5.0, cell.height())
        around = QRectF(0, 0, *least)
        around.moveCenter(cell.center())
        p.setPen(pen("text", 2))
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.drawRect(around)
        if self.inner.hovered == spot:
            title = " ".join(glyphs.plain(word) if token else word for word, token in number.title)
            frame = self._frame(spot)
            value = f"{number.value:.4g}".replace("-", "\u2212")
            span = f", drawn from \u2212{real(self.sketch.limit(spot.name))} to {real(self.sketch.limit(spot.name))}"
            probable = frame is None or frame.ramp == "probability"
            lines = [title, value if probable else value + span, self._deed(spot)]
            low = (frame.rect.bottom() if frame else cell.bottom()) * zoom + 6 + tip.OFF + len(lines) * tip.LINE + 12
            p.scale(1 / zoom, 1 / zoom)
            room = QRectF(0, 0, zoom * self.box.width(), zoom * self.box.height())
            tip.paint(p, room, QPointF(zoom * cell.center().x(), low), lines)

    def _deed(self, spot: Spot) -> str:
        if spot == self.inner.locked:
            return "click to let go"
        frame: Any = next((f for f in self.frames if f.head >= 0 and self.sketch.cell(f, spot.index)), None)
        opens = frame is not None and frame.name == spot.name and frame.head != self.sketch.head
        return f"click to open head {frame.head + 1}" if opens else "click to keep"

    def _cell(self, spot: Spot) -> QRectF | None:
        frame = self._frame(spot)
        return self.sketch.cell(frame, spot.index) if frame else None

    def _frame(self, spot: Spot) -> Frame | None:
        there = (frame for frame in self.frames if frame.name == spot.name)
        return next((frame for frame in there if self.sketch.cell(frame, spot.index) is not None), None)


def _dashes() -> QPen:
    made = pen("text", 1)
    made.setDashPattern([4, 3])
    return made
