"""The focus ring follows the keyboard, not the mouse."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from llmstudio.ui.focus import Focus, Ring


@pytest.fixture
def row(qtbot):
    """A window with two buttons; the first one switches itself off when it is used."""
    window = QWidget()
    qtbot.addWidget(window)
    layout = QHBoxLayout(window)
    buttons = QPushButton("Once"), QPushButton("Other")
    for button in buttons:
        layout.addWidget(button)
    buttons[0].clicked.connect(lambda: buttons[0].setEnabled(False))
    window.focus = Focus(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    buttons[1].setFocus()
    return window, *buttons


def ringed(window):
    return [ring._around for ring in window.findChildren(Ring) if ring.isVisible()]


def test_a_click_draws_no_ring_also_where_the_focus_falls_after_it(qtbot, row):
    window, once, other = row
    qtbot.mouseClick(once, Qt.MouseButton.LeftButton)
    assert other.hasFocus() and not once.isEnabled()
    assert not ringed(window)


def test_keys_draw_it_and_keep_it_where_the_focus_falls(qtbot, row):
    window, once, other = row
    qtbot.keyClick(other, Qt.Key.Key_Tab)
    assert ringed(window) == [once]
    qtbot.keyClick(once, Qt.Key.Key_Space)
    assert other.hasFocus() and ringed(window) == [other]
