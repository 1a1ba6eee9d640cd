"""All opened insides of one canvas, and the pointer over them."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QGraphicsScene, QGraphicsView

from ....session.session import Session
from ...theme import theme
from ...widgets.heatmap import STEPS
from .item import NearItem

STILL = 6  # pixels: less is a click


class Insides(QObject):
    """`place` keeps the items in step with what is open; `tick`, called while visible, asks for newer numbers.

    It watches the views of its scene: pointing at a number tells where it comes from, a click keeps it or opens a head.
    """

    def __init__(self, session: Session, scene: QGraphicsScene) -> None:
        super().__init__(scene)
        self.session, self.scene, self.inner = session, scene, session.inside.inner
        self.items: dict[str, NearItem] = {}
        self._watched: dict[QObject, QGraphicsView] = {}  # views and their viewports: a dying view is asked for nothing
        self._pressed: QPointF | None = None
        self.inner.changed.connect(self.refresh)
        self.inner.pointed.connect(self.refresh)
        session.train.changed.connect(self.refresh)
        session.build.selected_changed.connect(self._reselect)
        theme.changed.connect(self.refresh)

    def place(self, boxes: Mapping[str, QRectF]) -> None:
        """Show the insides of these parts ("blocks.2.attn") in these rectangles, and no others."""
        for path in [path for path in self.items if path not in boxes]:
            self.scene.removeItem(self.items.pop(path))
        for path, box in boxes.items():
            if path not in self.items:
                self.items[path] = NearItem(self.session, path)
                self.items[path].setZValue(8)
                self.scene.addItem(self.items[path])
            self.items[path].place(box)
        if boxes:
            self._watch()

    def refresh(self) -> None:
        for item in self.items.values():
            item.refresh()

    def _reselect(self) -> None:
        for item in self.items.values():
            item.update()

    def tick(self) -> None:
        """Nothing is asked for while nothing is open, or only shapes are wanted."""
        for index in sorted({item.sketch.index for item in self.items.values() if self._seen(item)}):
            self.inner.keep(self.session.build.model, index)

    def _seen(self, item: NearItem) -> bool:
        """Whether a part is on the screen."""
        place = item.sceneBoundingRect()
        views = self.scene.views()
        return any(view.mapToScene(view.viewport().rect()).boundingRect().intersects(place) for view in views)

    def point(self, at: QPointF | None) -> bool:
        """The pointer is at this place of the scene, or gone. True over a number."""
        item = self._item(at)
        spot = item.spot_at(item.mapFromScene(at)) if item and at is not None else None
        self.inner.hover(spot)
        inside = self.session.inside
        if spot and item and item.sketch.kind == "attn" and spot.name in ("scores", "weights"):
            head, query, key = spot.index
            inside.hover(block=item.sketch.index, head=head, query=query, key=key)
        elif inside.hovered is not None:
            inside.hover()
        return spot is not None

    def press(self, at: QPointF) -> bool:
        """A click there: a head that is not open opens, else the number is kept. True if it meant something."""
        item = self._item(at)
        if item is None:
            return False
        here = item.mapFromScene(at)
        head, spot = item.head_at(here), item.spot_at(here)
        if head is not None and head != item.sketch.head:
            self.inner.open_head(item.path, head)
            return True
        if spot is not None:
            self.inner.lock(spot)
        return spot is not None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        view = self._watched.get(watched)
        if view is None or not self.items:
            return False
        if isinstance(event, QKeyEvent):
            return self._key(event)
        if event.type() == QEvent.Type.Leave:
            self.point(None)
        elif event.type() == QEvent.Type.ToolTip and self.inner.hovered is not None:
            return True  # what the number is stands beside it: the words of its part would lie over them
        elif isinstance(event, QMouseEvent):
            return self._mouse(view, event)
        return False

    def _mouse(self, view: QGraphicsView, event: QMouseEvent) -> bool:
        """The canvas hears of all of it too, but of a second click on a number."""
        place = event.position()
        at = view.mapToScene(place.toPoint())
        kind = event.type()
        if kind == QEvent.Type.MouseMove and not event.buttons():
            self.point(at)
        elif kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            self._pressed = place
        elif kind == QEvent.Type.MouseButtonRelease and self._pressed is not None:
            still = (place - self._pressed).manhattanLength() < STILL
            self._pressed = None
            if still:
                self.press(at)
        elif kind == QEvent.Type.MouseButtonDblClick:
            item = self._item(at)
            return item is not None and item.frame_at(item.mapFromScene(at)) is not None
        return False

    def _key(self, event: QKeyEvent) -> bool:
        """While a number is kept, arrow keys go to its neighbours and Esc lets go of it."""
        spot = self.inner.locked
        step = STEPS.get(Qt.Key(event.key()))
        if spot is None or spot.path not in self.items or not (step or event.key() == Qt.Key.Key_Escape):
            return False
        if event.type() == QEvent.Type.KeyPress:
            self.inner.hover(None)
            self.inner.lock(self.items[spot.path].beside(spot, *step) if step else None)
        event.accept()
        return event.type() in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)

    def _watch(self) -> None:
        for view in self.scene.views():
            if view not in self._watched:
                self._watched |= {view: view, view.viewport(): view}
                view.installEventFilter(self)
                view.viewport().installEventFilter(self)

    def _item(self, at: QPointF | None) -> NearItem | None:
        if at is None:
            return None
        return next((item for item in self.items.values() if item.sceneBoundingRect().contains(at)), None)
