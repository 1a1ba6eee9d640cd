"""What nothing else catches is logged and said once, without a traceback on the screen."""

import sys
import threading

import pytest
from PySide6.QtCore import QtMsgType, qWarning
from PySide6.QtWidgets import QWidget

from llmstudio.ui import crash
from llmstudio.ui.widgets.toast import Toasts


@pytest.fixture
def crashes(qtbot, tmp_path):
    made = crash.Crashes(tmp_path)
    yield made
    made.close()


def fail():
    raise KeyError("the lost key")


def test_an_error_is_logged_and_said(qtbot, crashes, tmp_path, qapp):
    home = QWidget()
    qtbot.addWidget(home)
    home.resize(900, 600)
    home.show()
    toasts = Toasts(home, above=0)
    crashes.show_in(toasts)
    try:
        fail()
    except KeyError:
        sys.excepthook(*sys.exc_info())
    toast = toasts._shown[0]
    assert toast.text.text() == crash.SENTENCE and "Traceback" not in toast.text.text()
    copy = next(each for each in toast.findChildren(QWidget) if each.accessibleName() == "Copy diagnostics")
    copy.click()
    assert "the lost key" in qapp.clipboard().text() and crash.about() in qapp.clipboard().text()
    assert "the lost key" in (tmp_path / "studio.log").read_text("utf-8")


def test_an_error_on_another_thread_is_said_on_this_one(qtbot, crashes):
    with qtbot.waitSignal(crashes.happened):
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()


def test_qt_speaks_into_the_log(crashes, tmp_path):
    qWarning("a widget is upset")
    crash._from_qt(QtMsgType.QtCriticalMsg, None, "very upset")
    assert "very upset" in (tmp_path / "studio.log").read_text("utf-8")


def test_hooks_are_given_back(qtbot, tmp_path):
    before = sys.excepthook, threading.excepthook
    made = crash.Crashes(tmp_path)
    assert sys.excepthook != before[0]
    made.close()
    assert (sys.excepthook, threading.excepthook) == before
