"""What the window can do by menu and by key."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from .arrangement import Stage
from .icons import icon
from .panel import Panel
from .theme import Mode, theme
from .workspace import Dock, Workspace

if TYPE_CHECKING:
    from ..session.session import Session

THEMES: dict[str, Mode] = {"Like the system": "system", "Dark": "dark", "Light": "light"}
RECENT = 8


class Host(Protocol):
    """What the actions need of the window, besides its being one."""

    session: "Session"
    stages: tuple[Stage, ...]
    stage: str

    @property
    def workspace(self) -> Workspace: ...
    def choose(self, name: str) -> None: ...
    def attempt(self, verb: Callable[[], object]) -> None: ...
    def explain(self) -> None: ...


class Actions:
    """The project menu, and shortcuts for the whole window."""

    def __init__(self, window: QWidget, host: Host) -> None:
        self._host = host
        self._window = window
        self.menu = QMenu(window)
        self.recent = QMenu("Open recent", self.menu)
        self.panels = QMenu("Panels", self.menu)
        self._add("New project", "plus", "Ctrl+N", self.new)
        self._add("New project with the starter text", "chat", "", lambda: self.new("persona"))
        self._add("Open project", "folder", "Ctrl+O", self.open)
        self.menu.addMenu(self.recent)
        self.menu.addSeparator()
        self.undo = self._add("Undo", "undo", QKeySequence.StandardKey.Undo, lambda: self._in_room("undo"))
        self.redo = self._add("Redo", "redo", "Ctrl+Shift+Z", lambda: self._in_room("redo"))
        self.menu.addSeparator()
        self.menu.addMenu(self.panels)
        self._add("Reset layout", "restore", "", lambda: host.workspace.reset())
        self.menu.addMenu(self._themes())
        self.menu.addSeparator()
        self._add("Quit", "power", "Ctrl+Q", window.close)
        self.recent.aboutToShow.connect(self._list_recent)
        self.panels.aboutToShow.connect(self._list_panels)
        self.menu.aboutToShow.connect(self._enable)
        for n, stage in enumerate(host.stages, 1):
            self._hidden(f"Ctrl+{n}", lambda name=stage.name: host.choose(name))
        self._hidden("F1", host.explain)
        self._hidden("Esc", lambda: host.session.inside.unlock())

    def new(self, kit: str = "") -> None:
        """Ask for a folder and make a project in it."""

        def chosen(name: str) -> None:
            self._host.attempt(lambda: self._host.session.new(Path(name), kit=kit))

        dialog = self._dialog("New project", chosen)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setLabelText(QFileDialog.DialogLabel.FileName, "Name of the folder")
        dialog.setLabelText(QFileDialog.DialogLabel.Accept, "Make project")
        dialog.open()

    def open(self) -> None:
        """Ask for a project's folder and open it."""

        def chosen(name: str) -> None:
            self._host.attempt(lambda: self._host.session.open(Path(name)))

        dialog = self._dialog("Open project", chosen)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.open()

    def _dialog(self, title: str, chosen: Callable[[str], None]) -> QFileDialog:
        dialog = QFileDialog(self._window, title, str(self._home()))
        dialog.fileSelected.connect(chosen)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def _home(self) -> Path:
        recent = self._host.session.settings.recent
        return Path(recent[0]).parent if recent else Path.home()

    def _add(
        self, text: str, icon_name: str, key: "str | QKeySequence.StandardKey", do: Callable[[], object]
    ) -> QAction:
        action = QAction(icon(icon_name), text, self._window)
        if key:
            action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda: do())
        self.menu.addAction(action)
        self._window.addAction(action)  # the key works while the menu is closed
        return action

    def _hidden(self, key: str, do: Callable[[], object]) -> None:
        action = QAction(self._window)
        action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda: do())
        self._window.addAction(action)

    def _themes(self) -> QMenu:
        menu = QMenu("Theme", self.menu)
        menu.setIcon(icon("sun"))
        group = QActionGroup(menu)
        for title, mode in THEMES.items():
            action = menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(theme.mode == mode)
            action.triggered.connect(lambda _, mode=mode: self._host.session.edit_settings(theme=mode))
            group.addAction(action)
        return menu

    def _list_recent(self) -> None:
        self.recent.clear()
        session = self._host.session
        for name in session.settings.recent[:RECENT]:
            action = self.recent.addAction(Path(name).name)
            action.setToolTip(name)
            action.triggered.connect(lambda _, name=name: self._host.attempt(lambda: session.open(Path(name))))
        self.recent.setToolTipsVisible(True)

    def _list_panels(self) -> None:
        self.panels.clear()
        self.panels.addActions(self._host.workspace.view_actions())

    def _enable(self) -> None:
        room = self._room()
        self.undo.setVisible(hasattr(room, "can_undo"))
        self.redo.setVisible(hasattr(room, "can_undo"))
        self.recent.setEnabled(bool(self._host.session.settings.recent))

    def _room(self) -> object:
        return getattr(self._host.session, self._host.stage)

    def _in_room(self, verb: str) -> None:
        room = self._room()
        if getattr(room, f"can_{verb}", False):
            getattr(room, verb)()


def panel_under(widget: QWidget | None) -> Panel | None:
    """The panel that `widget` is part of."""
    while widget is not None:
        if isinstance(widget, Panel):
            return widget
        if isinstance(widget, Dock):
            return widget.panel
        widget = widget.parentWidget()
    return None
