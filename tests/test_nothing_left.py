"""The look behind each test (conftest.py) finds what is left, and only that."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.source import ROOT

TESTS = """
import threading, time
from PySide6.QtCore import QPoint, QTimer, qWarning
from PySide6.QtWidgets import QToolTip, QWidget
kept = []

def test_widget(qapp):
    kept.append(QWidget())

def test_timer(qapp):
    kept.append(QTimer())
    kept[-1].start(1000)

def test_thread():
    threading.Thread(target=time.sleep, args=(30,), daemon=True).start()

def test_warning(qapp):
    qWarning("something is wrong")

def test_tidy(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    QTimer(widget).start(10)
    QToolTip.showText(QPoint(1, 1), "a tip", widget)
    thread = threading.Thread(target=time.sleep, args=(0.01,))
    thread.start()
"""


def test_leftovers_are_found(tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_untidy.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "--rootdir", tmp_path, "-rA", tmp_path]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout
    for name, words in {"widget": "QWidget", "timer": "QTimer", "thread": "threads left running"}.items():
        assert f"ERROR test_untidy.py::test_{name}" in said and words in said, said
    assert "FAILED test_untidy.py::test_warning" in said and "PASSED test_untidy.py::test_tidy" in said
    assert "3 errors" in said and "1 failed" in said, said
