"""The studio's window: the top bar, a workspace per stage, the time machine, toasts, and the clock that moves them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QCursor, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QToolTip, QVBoxLayout, QWidget

from .actions import Actions, panel_under
from .clock import Clock, Ticking
from .drops import DropOverlay, paths
from .focus import Focus
from .notify import Notifier
from .panels import WORKSPACES
from .theme import theme
from .timebar import HEIGHT as TIME_HEIGHT
from .timebar import TimeBar
from .topbar import TopBar
from .widgets.toast import Toasts
from .workspace import GUTTER, Workspace

if TYPE_CHECKING:
    from ..session.session import Session
    from .panels.train.first_run import FirstRun

SIZE, LEAST = (1440, 900), (900, 560)
FIRST = "train"  # the stage of the first launch
SAVE_AFTER = 1000  # ms without a move before the arrangement is saved


class Window(QWidget):
    """`painted` once, after the first picture is on the screen; `ready` once the first workspace's panels are made."""

    painted, ready = Signal(), Signal()

    def __init__(self, session: "Session") -> None:
        super().__init__()
        self.session = session
        self.stages = WORKSPACES
        self.stage = ""
        self._painted = False
        self._theme = session.settings.theme
        self._told = len(session.notices)
        self._workspaces: dict[str, Workspace] = {}
        self._passed: object = None  # the opened project whose first page the person has left
        self._first: FirstRun | None = None  # stands in the place of the first stage until there is a run
        self.setWindowTitle("LLM Studio")
        self.setMinimumSize(*LEAST)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # a click beside everything ends the typing
        self.actions_ = Actions(self, self)
        self.top = TopBar(session, WORKSPACES, self.actions_.menu)
        self.time = TimeBar(session)
        self.stack = QStackedWidget()
        self.stack.addWidget(QWidget())  # shown until the first picture is there
        self._lay_out()
        self.toasts = Toasts(self, above=TIME_HEIGHT + 2 * GUTTER)
        self.notifier = Notifier(self, session)
        self.overlay = DropOverlay(self)
        self.focus = Focus(self)
        self.clock = Clock(self, session.poll, self._turns, [self.top, self.time], self._sparing)
        self._save_soon = QTimer(self, singleShot=True, interval=SAVE_AFTER)
        self._save_soon.timeout.connect(self._save_layout)
        self.top.chosen.connect(self.choose)
        self.top.run.clicked.connect(lambda: self.choose("train"))
        theme.changed.connect(self.update)
        session.project_changed.connect(self._entitle)
        session.project_changed.connect(self._show_page)
        session.train.changed.connect(self._show_page)
        session.settings_changed.connect(self._dress)
        session.noticed.connect(self._tell)
        self._place()
        known = {stage.name for stage in WORKSPACES}
        self.choose(session.settings.workspace if session.settings.workspace in known else FIRST)
        self._entitle()
        self.setFocus()
        self.clock.start()

    def _sparing(self) -> bool:
        return self.session.train.busy and not self.session.chat.writing

    @property
    def workspace(self) -> Workspace:
        return self._workspaces[self.stage]

    def choose(self, name: str) -> None:
        """Show a stage; its workspace is made at the first visit."""
        if name == self.stage:
            return
        if name not in self._workspaces:
            stage = next(stage for stage in WORKSPACES if stage.name == name)
            made = Workspace(self.session, stage)
            made.restore(self.session.settings.layouts.get(name, ""))
            made.touched.connect(self._save_soon.start)
            made.filled.connect(self.ready)
            self._workspaces[name] = made
            self.stack.addWidget(made)
        self.stage = name
        self.top.choose(name)
        self._show_page()
        if self._painted:
            self._save_soon.start()

    def bring(self, name: str) -> None:
        """Show a panel of this stage in front."""
        self.workspace.bring(name)

    def attempt(self, verb: Callable[[], object]) -> None:
        """Do what the person asked for; what they cannot do is said in a toast."""
        try:
            verb()
        except (ValueError, OSError) as error:
            self.session.tell(error)

    def explain(self) -> None:
        """Say what the panel under the pointer, or with the focus, shows."""
        at = QCursor.pos()
        panel = panel_under(QApplication.widgetAt(at)) or panel_under(QApplication.focusWidget())
        if panel is not None and panel.hint:
            QToolTip.showText(panel.mapToGlobal(QPoint(12, 28)), panel.hint, panel, QRect(), 15_000)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if paths(event.mimeData()):
            event.acceptProposedAction()
            self.overlay.cover(self.session.project is not None)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.overlay.hide()
        dropped = paths(event.mimeData())
        if self.session.project is None or not dropped:
            return
        event.acceptProposedAction()
        self.choose("data")
        self.attempt(lambda: self.session.data.add(dropped))

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.color("window"))
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self._first_picture)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save where everything is, stop what runs, let go of the project."""
        self.clock.stop()
        self._save_soon.stop()
        self._save_layout()
        for workspace in self._workspaces.values():
            workspace.stop()
        self.hide()
        self.session.close()
        event.accept()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        middle = QHBoxLayout()
        middle.setContentsMargins(GUTTER, 0, GUTTER, GUTTER)
        middle.addWidget(self.stack)
        column.addLayout(middle, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(GUTTER, 0, GUTTER, GUTTER)
        foot.addWidget(self.time)
        column.addLayout(foot)

    def _first_picture(self) -> None:
        self.painted.emit()
        self._show_page()

    def _turns(self) -> list[Ticking]:
        """Every panel that can be seen: in the current workspace, or floating."""
        first = [self._first] if self._first is not None and self._first.isVisible() else []
        return first + [panel for workspace in self._workspaces.values() for panel in workspace.panels()]

    def _show_page(self) -> None:
        """The workspace of the stage; before the first run, the page that leads to it."""
        if not self._painted:
            return
        if self.stage == FIRST and self._untrained():
            if self._first is None:
                from .panels.train.first_run import FirstRun  # after the first picture

                self._first = FirstRun(self.session)
                self._first.passed.connect(self._pass_page)
                self.stack.addWidget(self._first)
                QTimer.singleShot(0, self, self.ready.emit)
            self.stack.setCurrentWidget(self._first)
        else:
            self.stack.setCurrentWidget(self.workspace)
            self.workspace.fill()

    def _pass_page(self) -> None:
        """Show the workspace itself, as long as this project is open."""
        self._passed = self.session.opened
        self._show_page()

    def _untrained(self) -> bool:
        """Nothing has been trained: in this project, or, while none is open, ever."""
        session = self.session
        if session.project is None:
            return not session.settings.recent
        return not session.train.runs and session.opened is not self._passed

    def _entitle(self) -> None:
        project = self.session.project
        self.setWindowTitle(f"{project.name} - LLM Studio" if project else "LLM Studio")

    def _dress(self) -> None:
        if self._theme != self.session.settings.theme:
            self._theme = self.session.settings.theme
            theme.apply(self._theme)

    def _tell(self) -> None:
        for notice in self.session.notices[self._told :]:
            self.toasts.say(notice.text, notice.kind == "error", notice.deed)
            if notice.kind == "done":
                self.notifier.tell(notice.text)
        self._told = len(self.session.notices)

    def _place(self) -> None:
        geometry = self.session.settings.geometry
        if not (geometry and self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))):
            screen = self.screen().availableSize()
            self.resize(min(SIZE[0], screen.width()), min(SIZE[1], screen.height()))

    def _save_layout(self) -> None:
        saved = self.session.settings
        layouts = saved.layouts | {name: each.state() for name, each in self._workspaces.items()}
        geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        if (geometry, self.stage, layouts) != (saved.geometry, saved.workspace, saved.layouts):
            self.session.edit_settings(geometry=geometry, workspace=self.stage, layouts=layouts)
