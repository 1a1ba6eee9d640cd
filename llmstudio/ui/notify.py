"""A notification of the desktop when long work is over and nobody looks at the window."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from ..core.bus import Service, ask

if TYPE_CHECKING:
    from ..session.session import Session

DESKTOP = Service(
    bus="SESSION",
    name="org.freedesktop.Notifications",
    path="/org/freedesktop/Notifications",
    interface="org.freedesktop.Notifications",
)
SECONDS = 10  # that it is shown
NAME, ENTRY = "LLM Studio", "llmstudio"


class Notifier:
    """Says it by the desktop's own service (Linux), else by an icon in the tray for a moment; else not at all."""

    def __init__(self, window: QWidget, session: "Session") -> None:
        self._window, self._session = window, session
        self._icon: QSystemTrayIcon | None = None

    def tell(self, text: str) -> None:
        """Nothing where the window has the focus: it says so itself."""
        if not self._window.isActiveWindow():
            asked = self._session.files.ask(notify, text)
            self._session.then(asked, lambda _: None, lambda _: self._by_icon(text))

    def _by_icon(self, text: str) -> None:
        if self._icon is not None or not QSystemTrayIcon.isSystemTrayAvailable():
            return
        self._icon = QSystemTrayIcon(QApplication.windowIcon(), self._window)
        self._icon.messageClicked.connect(self._window.activateWindow)
        self._icon.show()
        self._icon.showMessage(NAME, text, QApplication.windowIcon(), SECONDS * 1000)
        QTimer.singleShot(SECONDS * 1000, self._window, self._gone)

    def _gone(self) -> None:
        if self._icon is not None:
            self._icon.hide()
            self._icon.deleteLater()
            self._icon = None


def notify(text: str) -> int:
    """The number that the desktop's service gave it. OSError where there is no such service."""
    hints = {"desktop-entry": ("s", ENTRY)}  # a click on it brings the window to the front
    (number,) = ask(DESKTOP, "Notify", "susssasa{sv}i", NAME, 0, "", NAME, escaped(text), [], hints, SECONDS * 1000)
    return int(number)


def escaped(text: str) -> str:
    """The body of a notification may hold marks, so the signs that begin one are written out."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
