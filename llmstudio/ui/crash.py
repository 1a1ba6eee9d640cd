"""When something breaks inside the studio: it is logged, and said in one sentence. Never a traceback."""

import faulthandler
import logging
import platform
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler, qVersion
from PySide6.QtGui import QGuiApplication

from .. import __version__

if TYPE_CHECKING:
    from .widgets.toast import Toasts

log = logging.getLogger(__name__)
KEPT = 20_000  # last characters of the log that "Copy diagnostics" takes
SENTENCE = "Something went wrong in the studio. Your work is saved as you go; the log has the details."
LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class Crashes(QObject):
    """Catches what nothing else has caught, on every thread, until `close`. `happened` is emitted on the GUI thread."""

    happened = Signal()

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.path = folder / "studio.log"
        self._file: TextIO = self.path.open("a", encoding="utf-8")
        self._handler = logging.StreamHandler(self._file)
        self._handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logging.getLogger().addHandler(self._handler)
        faulthandler.enable(self._file)
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._caught
        threading.excepthook = self._caught_in_thread
        self._qt_before = qInstallMessageHandler(_from_qt)

    def show_in(self, toasts: "Toasts") -> None:
        self.happened.connect(lambda: toasts.say(SENTENCE, True, ("Copy diagnostics", self.copy)))

    def copy(self) -> None:
        """Put versions and the end of the log on the clipboard."""
        self._file.flush()
        QGuiApplication.clipboard().setText(f"{about()}\n\n{self.path.read_text('utf-8')[-KEPT:]}")

    def close(self) -> None:
        sys.excepthook, threading.excepthook = self._before
        qInstallMessageHandler(self._qt_before)
        faulthandler.disable()
        logging.getLogger().removeHandler(self._handler)
        self._file.close()

    def _caught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.critical("Not caught", exc_info=(kind, error, trace))
        self._file.flush()
        self.happened.emit()

    def _caught_in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._caught(args.exc_type, args.exc_value, args.exc_traceback)


def about() -> str:
    """Versions, in one line."""
    return f"LLM Studio {__version__}, Python {platform.python_version()}, Qt {qVersion()}, {platform.platform()}"


def _from_qt(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    log.log(LEVELS.get(kind, logging.WARNING), "Qt: %s", message)
