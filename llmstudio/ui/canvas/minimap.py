"""The whole design in small, over a corner of the canvas: a click or a drag on it moves the view."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from ...core.model.spec import PARTS
from ..theme import theme
from .layout import Box
from .paint import card, pen
from .shown import BlockLook
from .tiny import tint

WIDTH, PAD = 72, 6
SLIM, SLIM_PAD, BORDER, TALLER = 10, 2, 2, 3
EDGE = 12  # to the border of the canvas
BELOW = 48  # room for the zoom bar
TALLEST = 0.62  # of the canvas
DIM = 0.6  # the colours of parts, so that what is selected or wrong stands out


class Minimap(QWidget):
    """There while the design does not fit into the view: at the right if there is room beside it.

    Otherwise it is slim and stands at the left border, where it covers no words.
    """

    def __init__(self, view: Any) -> None:
        """`view` is the CanvasView, which makes its own map."""
        super().__init__(view)
        self.view, self.scene = view, view.canvas
        self._drawn: QPixmap | None = None  # all but the frame of what is seen
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("The whole design. Click or drag to go there")
        self.setAccessibleName("Minimap")
        for bar in (view.horizontalScrollBar(), view.verticalScrollBar()):
            bar.valueChanged.connect(self.follow)
        view.zoomed.connect(self.follow)
        self.scene.redrawn.connect(self.redraw)
        theme.changed.connect(self.redraw)
        self.hide()

    @property
    def room(self) -> int:
        """What it takes of the view's width."""
        return WIDTH + 2 * EDGE

    @property
    def least(self) -> int:
        """The same where it is slim."""
        return SLIM + 2 * BORDER

    @property
    def bounds(self) -> Box:
        return self.scene.plan.bounds

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels of a unit of the canvas, across and down: long designs are pressed together."""
        across = (WIDTH - 2 * PAD) / self.bounds.w
        room = max(60.0, TALLEST * self.view.height() - 2 * PAD)
        if self.slim:
            return (SLIM - 2 * SLIM_PAD) / self.bounds.w, min(TALLER * across, room / self.bounds.h)
        return across, min(across, room / self.bounds.h)

    @property
    def slim(self) -> bool:
        """Whether there is no room beside the design."""
        return self.view.width() - self.bounds.w * self.view.zoom < self.room - EDGE

    @property
    def pad(self) -> int:
        return SLIM_PAD if self.slim else PAD

    def put(self) -> None:
        """Take its place, or go where everything can be seen."""
        seen, whole = self.view.seen(), self.bounds
        self.setVisible(whole.h > 1.02 * seen.height() or whole.w > 1.02 * seen.width())
        size = QSize(SLIM if self.slim else WIDTH, round(self.scale[1] * whole.h) + 2 * self.pad)
        if size != self.size():
            self.resize(size)
            self._drawn = None
        x, below = (BORDER, EDGE) if self.slim else (self.view.width() - WIDTH - EDGE, EDGE + BELOW)
        self.move(x, self.view.height() - size.height() - below)

    def follow(self) -> None:
        """The view has moved."""
        self.put()
        self.update()

    def redraw(self) -> None:
        """The design has changed, or what is selected."""
        self._drawn = None
        self.follow()

    def place(self, pos: QPointF) -> QPointF:
        """The place of the canvas at a pixel of the map."""
        across, down = self.scale
        return QPointF(self.bounds.x + (pos.x() - self.pad) / across, self.bounds.y + (pos.y() - self.pad) / down)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def _go(self, pos: QPointF) -> None:
        there, seen = self.place(pos), self.view.seen()
        fits = self.slim or seen.width() >= self.bounds.w
        self.view.centerOn(seen.center().x() if fits else there.x(), there.y())
        self.view.moved = True

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._drawn is None or self._drawn.devicePixelRatio() != self.devicePixelRatioF():
            self._drawn = self._draw()
        p = QPainter(self)
        p.drawPixmap(0, 0, self._drawn)
        seen = self.view.seen()
        frame = self._box(Box(seen.x(), seen.y(), seen.width(), seen.height()))
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(pen("accent", 1.5))
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.drawRoundedRect(frame.intersected(QRectF(self.rect()).adjusted(1, 1, -1, -1)), 2, 2)

    def _draw(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        image = QPixmap(self.size() * ratio)
        image.setDevicePixelRatio(ratio)
        image.fill(Qt.GlobalColor.transparent)
        p = QPainter(image)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        card(p, QRectF(self.rect()), "panel", "line")
        plan = self.scene.plan
        p.fillRect(self._box(Box(-6, plan.embed.y, 12, plan.head.bottom - plan.embed.y)), theme.color("control"))
        for box in (plan.embed, plan.head):
            p.fillRect(self._box(box), theme.color("control"))
        p.setPen(pen("muted", 1))
        for wire in plan.wires:
            along = self._box(Box(wire.x, min(wire.leaves, wire.enters), -wire.x, abs(wire.enters - wire.leaves)))
            p.drawPolyline([along.topRight(), along.topLeft(), along.bottomLeft(), along.bottomRight()])
        for color, opacity, boxes in self._boxes():
            p.setOpacity(opacity)
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(color)
            p.drawRects(boxes)
        p.end()
        return image

    def _boxes(self) -> Iterator[tuple[QColor, float, list[QRectF]]]:
        """Blocks and closed groups, by their colour: kinds of part, closed groups, what is selected, what is wrong."""
        plan, found = self.scene.plan, defaultdict[str, list[QRectF]](list)
        for item, place in zip(self.scene.blocks, plan.blocks, strict=True):
            if not place.shown:
                continue
            look: BlockLook = item.value[1]
            box = self._box(place.card)
            if look.wrong or look.selected:
                found["error" if look.wrong else "accent"].append(box)
                continue
            share = box.height() / max(1, len(look.rows))
            for k, row in enumerate(look.rows):
                part = QRectF(box.x(), box.y() + k * share, box.width(), max(0.5, share - 0.5))
                found[row.path.rsplit(".", 1)[1]].append(part)
            if not look.rows:
                found["hover"].append(box)
        for frame in plan.groups:
            shown = self.scene.groups[frame.path].value[1]
            if frame.shut:
                role = "error" if shown.problem else "accent" if shown.selected or shown.within else "muted"
                found[role].append(self._box(frame.box))
        for name, boxes in sorted(found.items(), key=lambda each: each[0] not in PARTS):
            yield (tint(name), DIM, boxes) if name in PARTS else (theme.color(name), 1.0, boxes)

    def _box(self, box: Box) -> QRectF:
        across, down = self.scale
        x, y = (box.x - self.bounds.x) * across + self.pad, (box.y - self.bounds.y) * down + self.pad
        return QRectF(x, y, max(1.0, box.w * across), max(0.7, box.h * down))
