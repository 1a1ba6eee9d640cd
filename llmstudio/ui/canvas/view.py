"""The window onto the canvas: zoom, pan and what is under a point. What the person does is in `desk`."""

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QNativeGestureEvent,
    QPainter,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QToolTip

from ..theme import theme
from .items import BlockItem
from .minimap import Minimap
from .paint import DOTS, dots
from .scene import Scene
from .tips import tip

ZOOMS = (0.02, 4.0)
INSIDE = 2.5  # nearer than this over a block, its inside opens
OUTSIDE = 0.4  # and closes where it would be drawn smaller than this
STEP = 1.25  # of the buttons
NARROW = 0.7  # the least to which a narrow room shrinks it
BESIDE = 24  # left of the stream, where there is no room for what stands there
READABLE = 0.92  # the least at which a design is first shown
SPACE_AROUND = 400  # how far one can pan past the drawing


class CanvasView(QGraphicsView):
    zoomed = Signal()

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.canvas, self.build = scene, scene.build
        self.space = False  # held: the mouse pans
        self.busy = False  # a drag goes on: then nothing scrolls by itself
        self.moved = False  # by the person: then the place is kept when the room changes
        self._fitted = False
        self._outer: dict[BlockItem, float] = {}  # the zoom before the inside of a block was opened by hand
        self._entered: set[BlockItem] = set()  # the blocks whose inside was opened by zooming
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        theme.changed.connect(self._restyle)
        self.map = Minimap(self)
        scene.sceneRectChanged.connect(self.grow)
        scene.went_inside.connect(self._show_inside)
        scene.came_out.connect(self._show_outside)

    # zoom

    @property
    def zoom(self) -> float:
        return self.transform().m11()

    def set_zoom(self, zoom: float) -> None:
        zoom = max(ZOOMS[0], min(ZOOMS[1], zoom))
        if abs(zoom - self.zoom) > 1e-6:
            self.scale(zoom / self.zoom, zoom / self.zoom)
            self.moved = True
            self.zoomed.emit()

    def _cross(self, pos: QPoint) -> None:
        """Semantic zoom: close enough to a block its inside opens, and closes again far enough away.

        Where it opens the card keeps its width on the screen, and the place of it under `pos` stays there.
        """
        point, scene = self.mapToScene(pos), self.canvas
        if self.zoom > INSIDE and (index := scene.plan.block_at(point.x(), point.y())) is not None:
            before = scene.plan.blocks[index]
            if before.rows and not before.near:
                self._entered.add(scene.blocks[index])
                scene.look_inside(index)
                card, after = before.card, scene.plan.blocks[index].card
                self.set_zoom(self.zoom * card.w / after.w)
                share = (point.x() - card.x) / card.w, (point.y() - card.y) / card.h
                self._hold(QPointF(after.x + share[0] * after.w, after.y + share[1] * after.h), pos)
        elif self.zoom < OUTSIDE and self._entered:
            for index in sorted(scene.open_near):
                if scene.blocks[index] in self._entered:
                    scene.look_inside(index, False)
            self._entered.clear()

    def _hold(self, point: QPointF, pos: QPoint) -> None:
        """Scroll so that a place of the drawing is at `pos`."""
        self.pan(QPointF(pos - self.mapFromScene(point)))

    def _show_inside(self, index: int) -> None:
        """Opened by hand: as much of it as there is room for, at 100 % at most."""
        if self.canvas.blocks[index] in self._entered:
            return
        card = self.canvas.plan.blocks[index].card
        self._outer[self.canvas.blocks[index]] = self.zoom
        plan = self.canvas.plan
        left, right = plan.bounds.x if plan.wires else plan.embed.x - 8, card.right + 16
        if self.viewport().width() < NARROW * (right - left):
            left = -BESIDE
        self.set_zoom(min(1.0, self.viewport().width() / (right - left)))
        room = self.viewport().height() / self.zoom
        self.centerOn((left + right) / 2, card.middle if card.h + 48 <= room else card.y - 24 + room / 2)
        self.moved = True

    def _show_outside(self, index: int) -> None:
        """Closed by hand: as near as before."""
        block = self.canvas.blocks[index]
        if block not in self._outer:
            return
        card = self.canvas.plan.blocks[index].card
        self.set_zoom(self._outer.pop(block))
        self.centerOn(self.canvas.sceneRect().center().x(), card.middle)

    def step_zoom(self, by: int) -> None:
        """One step closer (1) or further (-1), about the middle."""
        self.zoom_at(self.zoom * STEP**by, self.viewport().rect().center())

    def zoom_at(self, zoom: float, pos: QPoint) -> None:
        """About the point under `pos`, which stays there."""
        point = self.mapToScene(pos)
        self.set_zoom(zoom)
        self._hold(point, pos)
        self._cross(pos)

    def fit(self) -> None:
        """Show the whole design, at 100 % where it has room."""
        rect = self.scene().sceneRect()
        room = self.viewport().size()
        self.set_zoom(min(1.0, room.width() / rect.width(), room.height() / rect.height()))
        self.centerOn(rect.center())
        self.moved = True

    def look_at(self, path: str) -> None:
        """Scroll as far as needed to see the part, and no further."""
        self.canvas.reveal(path)
        area = self.canvas.area(path)
        if not area.isEmpty() and not self.busy:
            self.ensureVisible(area.adjusted(-40, -40, 40, 40), 0, 0)

    def grow(self) -> None:
        """Leave room to pan around the drawing."""
        rect = self.canvas.sceneRect()
        self.setSceneRect(rect.adjusted(-SPACE_AROUND, -SPACE_AROUND, SPACE_AROUND, SPACE_AROUND))
        self.map.put()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Wheel zooms; with shift it goes sideways. A touch pad, which sends pixels, pans, and zooms with Ctrl."""
        pixels = event.pixelDelta()
        if not pixels.isNull() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.pan(QPointF(pixels))
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(QPointF(event.angleDelta().y() / 2, 0))
        else:
            self.zoom_at(self.zoom * STEP ** (event.angleDelta().y() / 240), event.position().toPoint())
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_at(self.zoom * (1 + event.value()), event.position().toPoint())
            return True
        if isinstance(event, QHelpEvent):
            path = self.path_at(event.pos())
            QToolTip.showText(event.globalPos(), tip(self.canvas.session, path) if path else "", self.viewport())
            return True
        return super().viewportEvent(event)

    def pan(self, by: QPointF) -> None:
        self.moved = True
        for bar, d in ((self.horizontalScrollBar(), by.x()), (self.verticalScrollBar(), by.y())):
            bar.setValue(bar.value() - round(d))

    # places

    def seen(self) -> QRectF:
        """The part of the drawing that is in view."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def path_at(self, pos: QPoint) -> str | None:
        point = self.mapToScene(pos)
        return self.canvas.plan.at(point.x(), point.y())

    # paint

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Dots keep their size and move with the drawing."""
        painter.save()
        painter.resetTransform()
        start, room = self.mapFromScene(0, 0), self.viewport().size()
        ground, color, ratio = theme.color("canvas").name(), theme.color("dots").name(), self.devicePixelRatioF()
        image = dots(ground, color, room.width() + DOTS, room.height() + DOTS, ratio)
        painter.drawPixmap(start.x() % DOTS - DOTS, start.y() % DOTS - DOTS, image)
        painter.restore()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._fitted:
            self._fitted = True
            self.grow()
            self.home()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitted and not self.moved and event.oldSize() != QSize(-1, -1):
            self.home()
        self.map.put()

    def home(self) -> None:
        """The start: all of it if it has room at a readable size, otherwise its top in full width."""
        rect, room = self.canvas.sceneRect(), self.viewport().size()
        fitting = min(1.0, room.width() / rect.width(), room.height() / rect.height())
        wide, whole = ((room.width() - taken) / rect.width() for taken in (self.map.room, 2 * self.map.least))
        readable = next((zoom for zoom in (fitting, wide) if zoom >= READABLE), max(NARROW, whole))
        self.set_zoom(min(1.0, readable))
        if rect.height() * self.zoom <= room.height() + 1:
            self.centerOn(rect.center())
        else:
            spare = 0.0 if self.map.slim else room.width() - rect.width() * self.zoom
            beside = max(0.0, min(self.map.room, spare)) / self.zoom / 2
            self.centerOn(rect.center().x() + beside, rect.top() + room.height() / self.zoom / 2)
        self.moved = False

    def _restyle(self) -> None:
        self.viewport().update()
