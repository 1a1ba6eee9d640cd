"""A person with nothing but a mouse, before a real window: every event enters where the system's would."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QCheckBox, QMenu, QScrollArea, QWidget

from llmstudio.ui.panels.build.canvas import CanvasPanel
from llmstudio.ui.panels.build.parts import PartsPanel
from llmstudio.ui.widgets.combo import Combo
from llmstudio.ui.widgets.segments import Segments
from llmstudio.ui.window import Window

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier
CLICK, DRAG, LOOK = 1.3, 2.4, 1.35
"""Seconds: point and click; press, point and let go; find what to do next. Card, Moran & Newell 1980."""


class Person:
    def __init__(self, window: Window, qtbot: Any) -> None:
        self.window, self.qtbot = window, qtbot
        self.seconds = 0.0  # that a person would have taken
        self.canvas = window.workspace.findChildren(CanvasPanel)[0]
        self.view = self.canvas.view

    def click(self, widget: QWidget, pos: QPoint | None = None, button: Qt.MouseButton = LEFT) -> None:
        place = widget.rect().center() if pos is None else pos
        assert widget.isVisible() and widget.isEnabled(), f"{widget.accessibleName()} cannot be clicked"
        assert widget.visibleRegion().contains(place), f"{widget.accessibleName()} is not in view"
        self.seconds += LOOK + CLICK
        top = widget.window()
        QTest.mouseClick(top.windowHandle(), button, NONE, widget.mapTo(top, place))

    def drag(self, start: QPoint, end: QPoint) -> None:
        """Over the canvas."""
        viewport = self.view.viewport()
        assert viewport.rect().contains(start) and viewport.rect().contains(end)
        self.seconds += LOOK + DRAG
        handle = viewport.window().windowHandle()
        points = [start + (end - start) * share / 5 for share in range(6)]
        places = [viewport.mapTo(viewport.window(), point) for point in points]
        QTest.mousePress(handle, LEFT, NONE, places[0])
        for place in places[1:]:
            QTest.mouseMove(handle, place)
        QTest.mouseRelease(handle, LEFT, NONE, places[-1])

    # on the canvas

    def place(self, x: float, y: float) -> QPoint:
        return self.view.mapFromScene(x, y)

    def ground(self) -> QPoint:
        """A place in view beside everything."""
        room, plan = self.view.viewport().rect(), self.canvas.scene.plan
        for y in range(room.height() // 2, room.height(), 10):
            pos = QPoint(20, y)
            if self.view.path_at(pos) is None and abs(self.view.mapToScene(pos).x()) > plan.embed.w / 2:
                return pos
        raise AssertionError("there is no ground in view")

    def on(self, path: str) -> QPoint:
        """A place on a part: for a block on its title."""
        plan = self.canvas.scene.plan
        area = plan.area(path)
        assert area is not None
        title = path.startswith("blocks.") and path.count(".") == 1
        return self.place(area.x + area.w / 2, area.y + 16 if title else area.middle)

    def select(self, path: str) -> None:
        self.click(self.view.viewport(), self.on(path))
        assert self.window.session.build.selected == path

    def menu(self, pos: QPoint, *texts: str) -> None:
        """Right-click, then one entry after the other."""
        self.click(self.view.viewport(), pos, RIGHT)
        for text in texts:
            self.qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
            menu = QApplication.activePopupWidget()
            assert isinstance(menu, QMenu)
            action = next((action for action in menu.actions() if action.text() == text), None)
            assert action is not None and action.isEnabled(), f"{text} is not offered"
            self.click(menu, menu.actionGeometry(action).center())
            self.qtbot.waitUntil(lambda menu=menu: QApplication.activePopupWidget() is not menu)

    # in panels and lists

    def pick(self, title: str, word: str) -> None:
        """Choose a word at a visible option of that title."""
        self.qtbot.wait(50)  # a form that has just come gets its place
        field = self._field(title)
        self._scroll_to(field)
        if isinstance(field, Segments):
            self.click(field, field.rects()[field.words.index(word)].center())
        elif isinstance(field, Combo):
            self.click(field)
            self.row(field.view(), lambda text: text == word)
        else:
            self.click(field, QPoint(8, field.height() // 2))

    def choose(self, design: str) -> None:
        """Click a whole design to start from."""
        rows = self.window.workspace.findChildren(PartsPanel)[0].designs
        index = next(i for n in range(rows.model().rowCount()) if (i := rows.model().index(n, 0)).data() == design)
        place = QRect(rows.visualRect(index))
        self._scroll_to(rows, place.center())
        self.click(rows.viewport(), place.center())

    def row(self, rows: QAbstractItemView, wanted: Callable[[str], bool]) -> None:
        """Click the row of a list whose text is wanted."""
        model = rows.model()
        index = next(i for n in range(model.rowCount()) if wanted(str((i := model.index(n, 0)).data())))
        rect: QRect = rows.visualRect(index)
        self.click(rows.viewport(), rect.center())

    def _scroll_to(self, widget: QWidget, wanted: QPoint | None = None) -> None:
        """Turn the wheel over the panel until the place, or the whole widget, is in view."""
        places = [wanted] if wanted is not None else [widget.rect().center(), QPoint(8, 4)]
        area = widget.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        for _ in range(30 if area else 0):
            if all(widget.visibleRegion().contains(place) for place in places):
                return
            at = QPointF(area.viewport().rect().center())
            turn, none = QPoint(0, -60), Qt.MouseButton.NoButton
            where = QPointF(area.viewport().mapToGlobal(at.toPoint()))
            event = QWheelEvent(at, where, QPoint(), turn, none, NONE, Qt.ScrollPhase.NoScrollPhase, False)
            QApplication.sendEvent(area.viewport(), event)
            self.seconds += 0.2

    def _field(self, title: str) -> Segments | Combo | QCheckBox:
        kinds = (Segments, Combo, QCheckBox)
        found = [
            w for kind in kinds for w in self.window.findChildren(kind) if w.isVisible() and w.accessibleName() == title
        ]
        assert found, f"{title} is not in view"
        return found[0]
