"""One stage of the studio: dock panels, arranged for it, rearranged at will, remembered."""

from concurrent.futures import Future
from importlib import import_module
from itertools import pairwise
from types import ModuleType
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QMouseEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QDockWidget, QLineEdit, QMainWindow, QPlainTextEdit, QTabWidget, QTextEdit, QWidget

from .arrangement import TAB, Place, Split, Stage, fitted, places, resized, sizes, tabs
from .panel import Panel, ground

if TYPE_CHECKING:
    from ..session.session import Session

GUTTER = 4
WAIT = 5  # ms between looks whether a panel's module is there
TALL = 10_000  # a height for which no place has to be a tab
LEAST = (140, 72)  # no panel can keep the window from getting smaller than this


class Workspace(QMainWindow):
    """Docks for all panels of a stage. The panels in them are made one per beat of the event loop, see `fill`."""

    filled = Signal()
    touched = Signal()  # the person moved something

    def __init__(self, session: "Session", stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self._session = session
        self._mine = False  # the person has arranged it: sizes are no longer ours
        self._started = False
        self._queue: list[Dock] = []
        self._coming: Future[ModuleType] | None = None
        self._beat = QTimer(self, singleShot=True)
        self._beat.timeout.connect(self._next)
        self._sizes_soon = QTimer(self, singleShot=True, interval=0)  # a panel asks in the midst of being resized
        self._sizes_soon.timeout.connect(self._apply_sizes)
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setDockNestingEnabled(True)
        self.setDockOptions(QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.docks = {place.name: Dock(place, self) for place in places(stage.layout)}
        self._layout = stage.layout  # without the places that are tabs for want of height
        self._arrange()
        for dock in self.docks.values():
            dock.topLevelChanged.connect(self._touch)

    def panels(self) -> list[Panel]:
        """Those that can be seen now."""
        found = (dock.panel for dock in self.docks.values() if dock.panel is not None)
        return [panel for panel in found if panel.isVisible()]

    def panel(self, name: str) -> Panel | None:
        """By its `name`, "train.loss", once it is made."""
        made = (dock.panel for dock in self.docks.values())
        return next((panel for panel in made if panel is not None and panel.name == name), None)

    def fill(self) -> None:
        """Make the panels, one per beat; modules are imported on the file thread, so that the window stays awake."""
        if not self._started:
            self._started = True
            self._queue = sorted(self.docks.values(), key=lambda dock: dock.place.needs >= TAB)  # what is seen first
            self._next()

    def fill_now(self) -> None:
        """Make all panels before returning: for pictures and tests."""
        self._started = True
        self._queue.clear()
        for dock in self.docks.values():
            if dock.panel is None:
                self._fill(dock)
        self._apply_sizes()
        self.filled.emit()

    def stop(self) -> None:
        """Make no more panels: the session ends."""
        self._beat.stop()
        self._sizes_soon.stop()
        self._queue.clear()

    def reset(self) -> None:
        """Every panel back in its first place."""
        self._arrange()
        self._mine = False
        self._apply_sizes()
        self.touched.emit()

    def state(self) -> str:
        """The arrangement as base64; "" while it is the first one."""
        return bytes(self.saveState().toBase64().data()).decode() if self._mine else ""

    def restore(self, state: str) -> None:
        """Take up a saved arrangement; one that does not fit is ignored."""
        if state and self.restoreState(QByteArray.fromBase64(state.encode())):
            self._mine = True

    def bring(self, name: str) -> None:
        """Show a panel by its `name`, "build.code", in front of what it shares a place with."""
        dock = next((dock for dock in self.docks.values() if dock.panel is not None and dock.panel.name == name), None)
        if dock is not None:
            dock.show()
            dock.raise_()

    def view_actions(self) -> list[QAction]:
        """One per panel, to show or hide it."""
        return [dock.toggleViewAction() for dock in self.docks.values()]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._apply_sizes()

    def showEvent(self, event: QEvent) -> None:
        super().showEvent(event)
        self._apply_sizes()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._touch()  # a gutter is being dragged
        super().mousePressEvent(event)

    def createPopupMenu(self) -> None:
        """No menu on the gutters."""

    def _touch(self, *_: object) -> None:
        self._mine = True
        self.touched.emit()

    def _arrange(self) -> None:
        first = next(iter(self.docks.values()))
        for dock in self.docks.values():
            dock.setFloating(False)
            self.removeDockWidget(dock)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, first)
        height = self.height() if self.isVisible() else TALL
        self._layout = fitted(self.stage.layout, height)
        self._split(self._layout)
        for behind, before in tabs(self.stage.layout, height):
            self.tabifyDockWidget(self.docks[before.name], self.docks[behind.name])
        for dock in self.docks.values():
            dock.show()
        for _, before in tabs(self.stage.layout, height):
            self.docks[before.name].raise_()

    def _split(self, part: Place | Split) -> None:
        """The first place of `part` is docked and has all its room: share it out."""
        if isinstance(part, Place):
            return
        heads = [self.docks[next(places(inner)).name] for inner in part.parts]
        side = Qt.Orientation.Horizontal if part.across else Qt.Orientation.Vertical
        for before, after in pairwise(heads):
            self.splitDockWidget(before, after, side)
        for inner in part.parts:
            self._split(inner)

    def _apply_sizes(self) -> None:
        if self._mine or self.width() < 200:
            return
        if fitted(self.stage.layout, self.height()) != self._layout:
            self._arrange()
        rooms = {dock.place.name: dock.panel.room for dock in self.docks.values() if dock.panel and dock.panel.room}
        wanted = sizes(resized(self._layout, rooms), self.width(), self.height(), GUTTER)
        docks = [self.docks[name] for name in wanted]
        self.resizeDocks(docks, [width for width, _ in wanted.values()], Qt.Orientation.Horizontal)
        self.resizeDocks(docks, [height for _, height in wanted.values()], Qt.Orientation.Vertical)

    def _next(self) -> None:
        """Ask for the next panel's module, or make the panel once it is there."""
        if not self._queue:
            self._apply_sizes()  # the panels ask for other sizes than the empty places did
            self.filled.emit()
            return
        if self._coming is None:
            self._coming = self._session.files.ask(import_module, self._queue[0].place.module)
        if not self._coming.done():
            self._beat.start(WAIT)
            return
        self._coming.result()
        self._coming = None
        self._fill(self._queue.pop(0))
        self._beat.start(0)

    def _fill(self, dock: "Dock") -> None:
        dock.fill(self._session)
        assert dock.panel is not None
        dock.panel.resized.connect(self._sizes_soon.start)


class Dock(QDockWidget):
    """The place of one panel. Until the panel is made it is a flat ground."""

    def __init__(self, place: Place, parent: QWidget) -> None:
        super().__init__(parent)
        self.place = place
        self.panel: Panel | None = None
        self.setObjectName(place.name)
        self.setTitleBarWidget(_Nothing(self))
        self.setMinimumSize(*LEAST)
        self.topLevelChanged.connect(self._floated)

    def fill(self, session: "Session") -> None:
        if self.panel is not None:
            return
        kind: type[Panel] = getattr(import_module(self.place.module), self.place.name)
        panel = kind(session)
        panel.setMinimumSize(*LEAST)
        for text in panel.findChildren(QWidget):
            if isinstance(text, (QLineEdit, QPlainTextEdit, QTextEdit)):
                text.setAcceptDrops(False)  # files go to the window, wherever they are dropped
        self.setWindowTitle(kind.tab or kind.title)
        self.toggleViewAction().setText(kind.title)
        old = self.titleBarWidget()
        bar = panel.title_bar
        if panel.titled:
            self.setTitleBarWidget(bar)
            old.deleteLater()
        bar.show_dock_buttons(True)
        bar.float_wanted.connect(lambda: self.setFloating(not self.isFloating()))
        bar.close_wanted.connect(self.close)
        self.setWidget(panel)
        self.panel = panel

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.panel is None:
            ground(self, top=True, bottom=True)

    def _floated(self, floating: bool) -> None:
        if floating:
            self.resize(max(self.width(), 360), max(self.height(), 240))


class _Nothing(QWidget):
    """A title bar of no height."""
