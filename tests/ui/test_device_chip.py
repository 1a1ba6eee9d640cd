"""The computer in the top bar: named, explained, and chosen by hand."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt

from llmstudio.core.train.device import Device
from llmstudio.core.train.peak import Peak
from llmstudio.session.session import Session
from llmstudio.ui.devicechip import DeviceChip, counts
from llmstudio.ui.style import dress
from llmstudio.ui.topbar import TopBar

CPU = Device(kind="cpu", name="Ten cores", threads=2, why="")
GPU = Device(kind="cuda", key="cuda:0", name="Big", threads=2, why="", memory=8_000_000_000)
BROKEN = Device(kind="cuda", key="cuda:1", name="Broken", threads=0, why="It was found but does not work: no.",
                works=False)  # fmt: skip


@pytest.fixture
def session():
    made = Session()
    yield made
    made.close()


@pytest.fixture
def chip(qtbot, qapp, session):
    dress(qapp, "dark")
    made = DeviceChip(session)
    qtbot.addWidget(made)
    made.tick()
    yield made
    made.menu.close()


def found(session, *devices):
    session.computer.devices = devices
    session.computer.changed.emit()


def opened(qtbot, chip):
    """The menu, by a click."""
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(chip.menu.isVisible)
    return {action.text(): action for action in chip.menu.actions() if action.text()}


def click(qtbot, chip, action):
    qtbot.mouseClick(chip.menu, Qt.MouseButton.LeftButton, pos=chip.menu.actionGeometry(action).center())


def test_it_is_hidden_until_found_then_named_with_why(session, chip):
    assert chip.isHidden()
    found(session, CPU)
    chip.tick()
    assert chip.isVisible() and chip.accessibleName() == "CPU, 2 threads"
    assert chip.toolTip() == "Ten cores. No GPU that PyTorch can use was found."


def test_a_device_is_chosen_and_a_broken_one_cannot_be(qtbot, session, chip):
    found(session, GPU, BROKEN, CPU)
    chip.tick()
    entries = opened(qtbot, chip)
    assert entries["The fastest"].isChecked() and not entries["Big, 8.0 GB"].isChecked()
    assert not entries["Broken"].isEnabled() and "does not work" in entries["Broken"].toolTip()
    assert any("taken to be faster" in text for text in entries)  # why it was chosen
    click(qtbot, chip, entries["Ten cores (CPU)"])
    assert session.settings.device == "cpu" and session.computer.device.key == "cpu"
    chip.tick()
    assert chip.accessibleName() == "CPU, 2 threads" and chip.toolTip() == "Ten cores. You chose it."
    assert opened(qtbot, chip)["Ten cores (CPU)"].isChecked()


def test_threads_are_chosen_by_key(qtbot, session, chip, monkeypatch):
    monkeypatch.setattr(type(session.computer), "processors", 3)
    asked = []
    monkeypatch.setattr(session.computer, "set_threads", asked.append)
    found(session, CPU)
    chip.tick()
    qtbot.keyClick(chip, Qt.Key.Key_Space)
    qtbot.waitUntil(chip.menu.isVisible)
    words = {action.text(): action for action in chip.menu.actions()}
    assert words["2 threads"].isChecked() and not words["1 thread"].isChecked()
    chip.menu.setActiveAction(words["3 threads"])
    qtbot.keyClick(chip.menu, Qt.Key.Key_Return)
    assert asked == [3]


def test_the_measured_speed_is_said(qtbot, session, chip):
    session.edit_settings(peaks={"Ten cores, 2 threads": Peak(float32=2e11, bfloat16=8.9e11)})
    found(session, CPU)
    chip.tick()
    assert any(text.startswith("Multiplies matrices at up to 890") for text in opened(qtbot, chip))
    chip.menu.close()
    found(session, GPU, CPU)
    chip.tick()
    assert "taken to be faster" in chip.toolTip()
    session.edit_settings(peaks=session.settings.peaks | {"Big": Peak(float32=8.9e12)})
    chip.tick()
    assert "10 times as fast" in chip.toolTip()


def test_staying_awake_is_switched_off_and_on(qtbot, session, chip, monkeypatch):
    found(session, CPU)
    chip.tick()
    for wanted in (False, True):
        click(qtbot, chip, opened(qtbot, chip)["Keep awake while a run goes on"])
        assert session.settings.keep_awake is wanted
    monkeypatch.setattr(type(session.computer), "why_not_awake", "It cannot.")
    entry = opened(qtbot, chip)["Keep awake while a run goes on"]
    assert not entry.isEnabled() and entry.toolTip() == "It cannot."


def test_many_threads_are_not_listed_one_by_one():
    assert counts(1) == [1] and counts(4) == [1, 2, 3, 4] and counts(16) == list(range(1, 17))
    assert counts(96) == [1, 2, 4, 8, 16, 32, 64, 96] and counts(128) == [1, 2, 4, 8, 16, 32, 64, 128]


def test_in_the_bar_it_gives_way_where_there_is_little_room(qtbot, qapp, session):
    dress(qapp, "dark")
    from PySide6.QtWidgets import QMenu

    bar = TopBar(session, (), menu := QMenu())
    qtbot.addWidget(bar)
    bar.show()
    found(session, replace(GPU, name="A GPU with a name that is longer than any bar has room for, of which there are"))
    bar.tick()
    bar.resize(900, bar.height())
    qtbot.wait(10)
    assert bar.device.geometry().right() <= bar.run.geometry().left() and bar.run.geometry().right() < 900
    menu.deleteLater()
