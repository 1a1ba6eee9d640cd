"""Opening the window and running it to its end."""

import os
import signal
import sys
import time
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QApplication

from ..session import settings
from .crash import Crashes
from .icons import icon
from .style import dress
from .window import Window

if TYPE_CHECKING:
    from ..session.session import Session

SWITCH = 0.002  # seconds a thread may keep Python before the window gets a turn


def run(session: "Session") -> int:
    """Show the studio's window for `session` and stay until it is closed. The exit code."""
    sys.setswitchinterval(SWITCH)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("LLM Studio")
    app.setDesktopFileName("llmstudio")  # the name of packaging/llmstudio.desktop
    crashes = Crashes(settings.log_folder())
    dress(app, session.settings.theme)
    app.setWindowIcon(icon("mark", "accent"))
    window = Window(session)
    crashes.show_in(window.toasts)
    window.painted.connect(lambda: _mark("painted"))
    window.painted.connect(lambda: _open_first(session, window))
    window.ready.connect(lambda: _ready(session, window))
    for number in (signal.SIGINT, signal.SIGTERM):  # heard at the next beat of the window's clock
        signal.signal(number, lambda *_: window.close())
    window.show()
    code = app.exec()
    crashes.close()
    return code


def _open_first(session: "Session", window: Window) -> None:
    """The last project, or the starter at the first launch."""
    recent = [Path(name) for name in session.settings.recent if (Path(name) / "project.json").exists()]
    starter = settings.starter_folder()
    if recent:
        window.attempt(lambda: session.open(recent[0]))
    elif (starter / "project.json").exists():
        window.attempt(lambda: session.open(starter))
    else:
        window.attempt(lambda: session.new(starter, kit="persona", name="Odo"))


def _ready(session: "Session", window: Window) -> None:
    window.ready.disconnect()
    _mark("ready")
    warm_up_models(session)


def warm_up_models(session: "Session") -> "Future[Any]":
    """Load torch on the thread that will own the models, and name the machine that was found."""
    return session.computer.find()


def _mark(what: str) -> None:
    if os.environ.get("LLMSTUDIO_TIMING"):
        print(f"{what} {_age():.3f}", file=sys.stderr, flush=True)  # noqa: T201


def _age() -> float:
    """Seconds since this process started, by the system's own record where there is one."""
    try:
        started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        return float(Path("/proc/uptime").read_text().split()[0]) - started
    except OSError:
        return time.process_time()
