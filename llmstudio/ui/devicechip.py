"""The computer in the top bar: what it computes on and why, and a menu to choose otherwise."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QActionGroup, QEnterEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from . import icons
from .theme import theme
from .words.computer import choices, speed
from .words.numbers import plural

if TYPE_CHECKING:
    from ..session.session import Session

HEIGHT, ICON, PAD, GAP = 32, 16, 8, 8
NEXT = "From the next run on; one that goes on stays where it is"
AT_ONCE = "At once, also for a run that goes on. Sums are then cut differently: the last digits may change"
LISTED = 16  # counts of threads that are listed one by one; of more, every power of two and all


class DeviceChip(QWidget):
    """Hidden until the devices have been found."""

    def __init__(self, session: "Session") -> None:
        super().__init__()
        self._session, self._words, self._why, self._hovered = session, "", "", False
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self._fill)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.hide()
        theme.changed.connect(self.update)

    def tick(self) -> None:
        device = self._session.computer.device
        words, why = (device.words, f"{device.name}. {device.why}") if device else ("", "")
        if (words, why) == (self._words, self._why):
            return
        self._words, self._why = words, why
        self.setVisible(bool(words))
        self.setAccessibleName(words)
        self.setToolTip(why)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(theme.font(13)).horizontalAdvance(self._words) + ICON + GAP + 2 * PAD + 1, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(ICON + 2 * PAD, HEIGHT)

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
            painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        icons.draw(painter, "cpu", QRectF(PAD, (HEIGHT - ICON) / 2, ICON, ICON))
        font = theme.font(13)
        left = PAD + ICON + GAP
        room = self.width() - left - PAD
        painter.setFont(font)
        painter.setPen(theme.color("text" if self._hovered else "muted"))
        words = QFontMetrics(font).elidedText(self._words, Qt.TextElideMode.ElideRight, room + 1)
        painter.drawText(QRectF(left, 0, room + 1, HEIGHT), Qt.AlignmentFlag.AlignVCenter, words)

    def _open(self) -> None:
        self.menu.popup(self.mapToGlobal(QPointF(0, self.height() + 2).toPoint()))

    def _fill(self) -> None:
        self.menu.clear()
        for group in self.menu.findChildren(QActionGroup):
            group.deleteLater()
        self._devices()
        self.menu.addSeparator()
        self._threads()
        self.menu.addSeparator()
        awake = self.menu.addAction("Keep awake while a run goes on")
        awake.setCheckable(True)
        awake.setChecked(self._session.settings.keep_awake)
        why_not = self._session.computer.why_not_awake
        awake.setEnabled(not why_not)
        awake.setToolTip(why_not or "The computer does not fall asleep meanwhile; the screen may go dark")
        awake.triggered.connect(lambda on: self._session.edit_settings(keep_awake=on))

    def _devices(self) -> None:
        computer, wanted = self._session.computer, self._session.settings.device
        chosen = computer.device
        if chosen is None:
            return
        group = QActionGroup(self.menu)
        offered = [("", "The fastest", True, NEXT)] if len(computer.devices) > 1 else []
        offered += [(one.key, choices(one), one.works, NEXT if one.works else one.why) for one in computer.devices]
        for key, text, works, hint in offered:
            action = self.menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(key == wanted or (len(offered) == 1 and key == chosen.key))
            action.setEnabled(works)
            action.setToolTip(hint)
            action.triggered.connect(lambda _, key=key: computer.choose(key))
            group.addAction(action)
        self._remark(chosen.why)
        if computer.peak:
            self._remark(f"Multiplies matrices at up to {speed(computer.peak)}, measured")

    def _threads(self) -> None:
        computer = self._session.computer
        group = QActionGroup(self.menu)
        for n in counts(computer.processors):
            action = self.menu.addAction(plural(n, "thread"))
            action.setCheckable(True)
            action.setChecked(n == computer.threads)
            action.setToolTip(AT_ONCE)
            action.triggered.connect(lambda _, n=n: computer.set_threads(n))
            group.addAction(action)

    def _remark(self, text: str) -> None:
        self.menu.addAction(text.rstrip(".")).setEnabled(False)


def counts(processors: int) -> list[int]:
    """How many threads are offered."""
    if processors <= LISTED:
        return list(range(1, processors + 1))
    return sorted({2**n for n in range(processors.bit_length())} | {processors})
