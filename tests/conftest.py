"""What every test gets: no real window, no real user folder, few threads, and a look behind it for what it left."""

import gc
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"  # tests that need a display start the studio as a child with its own
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "2"  # read when torch is first imported
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

import pytest  # noqa: E402  (after the variables that its plugins read)

QTS_OWN = {"QTipLabel"}  # one tooltip, which Qt keeps


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if missing := [tool for tool in ("Xvfb", "xdotool") if not shutil.which(tool)]:
        for item in items:
            if item.get_closest_marker("window"):
                item.add_marker(pytest.mark.skip(reason=f"no {' and no '.join(missing)}: run.py test installs them"))


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data folder of this test: settings, recent projects and the starter go here, never to the real one."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("LLMSTUDIO_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test that leaves a thread, a running timer or a top-level widget behind."""
    before = set(threading.enumerate())
    application = _application()
    old = _qt_leftovers(application) if application else set()
    yield
    left = [thread.name for thread in set(threading.enumerate()) - before if not _ended(thread)]
    assert not left, f"threads left running: {left}"
    if application := _application():
        application.processEvents()
        application.sendPostedEvents(None, 52)  # QEvent.DeferredDelete: what was asked to go, goes
        new = [repr(thing) for thing in _qt_leftovers(application) - old]
        assert not new, f"widgets or timers left behind: {new}"


def _ended(thread: threading.Thread) -> bool:
    thread.join(2.0)
    return not thread.is_alive() or thread.name.startswith(("tqdm", "pytest"))


def _application():  # type: ignore[no-untyped-def]
    """The QApplication, if this test process has loaded Qt and made one."""
    if "PySide6.QtWidgets" not in sys.modules:
        return None
    from PySide6.QtWidgets import QApplication

    return QApplication.instance()


def _qt_leftovers(application) -> set[object]:  # type: ignore[no-untyped-def]
    from PySide6.QtCore import QTimer
    from shiboken6 import isValid

    timers = {thing for thing in gc.get_objects() if issubclass(type(thing), QTimer)}  # a timer need not have a parent
    running = {timer for timer in timers if isValid(timer) and timer.isActive()}
    return running | {widget for widget in application.topLevelWidgets() if type(widget).__name__ not in QTS_OWN}
