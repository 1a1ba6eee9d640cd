"""The end of a run is told on the desktop, where nobody looks at the window."""

import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from llmstudio.session.session import Session
from llmstudio.ui import notify
from llmstudio.ui.notify import Notifier
from llmstudio.ui.style import dress
from llmstudio.ui.window import Window
from tests.bus import service

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="D-Bus")


@pytest.fixture
def session():
    made = Session()
    yield made
    made.close()


@LINUX
def test_the_desktop_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, tuple[Any, ...]]] = []

    def answer(method: str, arguments: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        asked.append((method, arguments))
        return "u", (7,)

    with service(tmp_path, "org.freedesktop.Notifications", answer) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        assert notify.notify("Run <1> & more are finished.") == 7
    ((method, (name, replaces, _, title, body, actions, hints, milliseconds)),) = asked
    assert method == "Notify" and name == title == "LLM Studio" and replaces == 0 and actions == []
    assert body == "Run &lt;1&gt; &amp; more are finished."
    assert hints["desktop-entry"][1] == "llmstudio" and 1000 < milliseconds < 60_000
    desktop = Path(__file__).parents[2] / "packaging" / f"{notify.ENTRY}.desktop"
    assert desktop.exists()


@LINUX
@pytest.mark.parametrize("address", ["", "unix:path=/nothing/here", "nonsense"])
def test_without_a_desktop_there_is_an_error_to_go_on_from(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    if not address:
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    with pytest.raises(OSError, match="session bus"):
        notify.notify("Finished.")


class Tray:
    """Remembers what was shown."""

    shown: list[str]

    def __init__(self, monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
        self.shown = []
        monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: there)
        monkeypatch.setattr(QSystemTrayIcon, "show", lambda icon: None)
        monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda icon, name, text, *_: self.shown.append(text))


@pytest.mark.parametrize("there", [True, False])
def test_else_an_icon_in_the_tray_or_nothing(qtbot, session, monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    def refused(text: str) -> int:
        raise OSError("no bus")

    monkeypatch.setattr(notify, "notify", refused)
    monkeypatch.setattr(notify, "SECONDS", 0.05)
    tray = Tray(monkeypatch, there)
    window = QWidget()
    qtbot.addWidget(window)
    notifier = Notifier(window, session)
    notifier.tell("Run 1 is finished.")
    qtbot.waitUntil(lambda: (session.poll(), not session._waiting)[1])
    assert tray.shown == ["Run 1 is finished."] * there
    if there:
        qtbot.waitUntil(lambda: notifier._icon is None)  # it goes again
    assert not session.notices  # an error of the desktop's is no matter for the person


def test_the_window_tells_what_is_done_and_only_that(qtbot, qapp, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(notify, "notify", lambda text: told.append(text) or 1)
    dress(qapp, "dark")
    session = Session()
    window = Window(session)
    qtbot.addWidget(window)
    window.show()
    monkeypatch.setattr(Window, "isActiveWindow", lambda _: False)
    session.say("Something else.")
    session.say("Run 1 is finished.", "done")
    session.files.ask(lambda: None).result(10)
    assert told == ["Run 1 is finished."]
    monkeypatch.setattr(Window, "isActiveWindow", lambda _: True)
    session.say("Run 2 is finished.", "done")  # the person sees it
    session.files.ask(lambda: None).result(10)
    assert told == ["Run 1 is finished."]
    window.close()
    QApplication.processEvents()
