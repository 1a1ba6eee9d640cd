"""The bar at the top: project, the five stages, the computer, the run."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from . import icons
from .arrangement import Stage
from .devicechip import DeviceChip
from .runchip import RunChip
from .theme import theme

if TYPE_CHECKING:
    from ..session.session import Session

HEIGHT, CHEVRON = 44, 12


class TopBar(QWidget):
    """`chosen` carries the name of the stage whose tab was clicked."""

    chosen = Signal(str)

    def __init__(self, session: "Session", stages: tuple[Stage, ...], menu: QMenu) -> None:
        super().__init__()
        self._session = session
        self.setFixedHeight(HEIGHT)
        self.project = ProjectButton(menu)
        self.tabs = {stage.name: Tab(stage) for stage in stages}
        self.device = DeviceChip(session)
        self.run = RunChip(session)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 8, 0)
        row.setSpacing(0)
        row.addWidget(self.project)
        row.addSpacing(48)
        for n, tab in enumerate(self.tabs.values()):
            if n:
                row.addWidget(_Icon("chevron-right", CHEVRON, "control"))
            row.addWidget(tab)
            tab.chosen.connect(self.chosen)
        row.addStretch(1)
        row.addWidget(self.device)
        row.addSpacing(8)
        row.addWidget(self.run)
        theme.changed.connect(self.update)
        session.project_changed.connect(self.refresh)
        self.refresh()

    def choose(self, name: str) -> None:
        for stage, tab in self.tabs.items():
            tab.set_current(stage == name)

    def refresh(self) -> None:
        project = self._session.project
        loading = "Opening" if self._session.loading else "No project"
        self.project.set_name(project.name if project else loading)

    def tick(self) -> None:
        self.run.tick()
        self.device.tick()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.color("window"))


class Tab(QWidget):
    """One stage: muted, or in text with an accent line at the bar's foot."""

    chosen = Signal(str)

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage, self._current, self._hovered = stage, False, False
        self.setToolTip(stage.hint)
        self.setAccessibleName(stage.title)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self.update)

    def set_current(self, current: bool) -> None:
        if current != self._current:
            self._current = current
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(theme.font(13, 600)).horizontalAdvance(self._stage.title) + 24, HEIGHT)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hovered = True
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._hovered = False
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._stage.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._stage.name)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        lit = self._current or self._hovered
        painter.setFont(theme.font(13, 600 if self._current else 500))
        painter.setPen(theme.color("text" if lit else "muted"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._stage.title)
        if self._current:
            painter.fillRect(QRectF(8, HEIGHT - 2, self.width() - 16, 2), theme.color("accent"))


class ProjectButton(QWidget):
    """The mark and the project's name; opens the project menu."""

    def __init__(self, menu: QMenu) -> None:
        super().__init__()
        self._menu, self._name, self._hovered = menu, "", False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self.update)

    def set_name(self, name: str) -> None:
        self._name = name
        self.setAccessibleName(f"Project {name}")
        self.setToolTip(name)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        wide = min(QFontMetrics(theme.font(13, 600)).horizontalAdvance(self._name), 180)
        return QSize(28 + wide + 6 + CHEVRON + 8, 32)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hovered = True
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._hovered = False
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Down):
            self._open()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("raised"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(-0, 0, 0, 0), 6, 6)
        icons.draw(painter, "mark", QRectF(0, 6, 20, 20), "accent")
        font = theme.font(13, 600)
        metrics = QFontMetrics(font)
        name = metrics.elidedText(self._name, Qt.TextElideMode.ElideMiddle, 180)
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        painter.drawText(QRectF(28, 0, 190, 32), Qt.AlignmentFlag.AlignVCenter, name)
        left = 28 + metrics.horizontalAdvance(name) + 6
        icons.draw(painter, "chevron-down", QRectF(left, 10, CHEVRON, CHEVRON))

    def _open(self) -> None:
        self._menu.popup(self.mapToGlobal(QPointF(0, self.height() + 2).toPoint()))


class _Icon(QWidget):
    def __init__(self, name: str, size: int = 16, role: str = "muted") -> None:
        super().__init__()
        self._name, self._role = name, role
        self.setFixedSize(size, size)
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        icons.draw(QPainter(self), self._name, QRectF(self.rect()), self._role)
