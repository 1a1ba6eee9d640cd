"""What the panel of the computer says, and what gives way where it is small."""

import time
from types import SimpleNamespace

import pytest
from msgspec.structs import replace
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from llmstudio.core.gpus import Gpu
from llmstudio.core.machine import Reading
from llmstudio.core.train.device import Device
from llmstudio.ui.panels.train.computer import ComputerPanel
from llmstudio.ui.widgets.cells import Cells
from llmstudio.ui.words.computer import awake, cells, speed

CPU = Device(kind="cpu", name="Ten cores", threads=2, why="")
GPU = Device(kind="cuda", key="cuda:1", name="Big", threads=2, why="")
FULL = Reading(
    processors=4, load=0.97, ours=1.94, memory=612_000_000, memory_total=15_600_000_000, memory_free=9_000_000_000,
    temperature=61.4, power=14.2, power_of="processor", battery=0.54, plugged=False, disk_free=80_000_000_000,
    project=41_000_000,
)  # fmt: skip


def said(reading, device=CPU):
    return {cell.caption: f"{cell.value} {cell.rest}".strip() for cell in cells(reading, device)}


def test_everything_that_is_told():
    assert said(FULL) == {
        "processor": "2 of 4 threads", "memory": "612 MB of 16 GB", "this project": "41 MB on disk",
        "temperature": "61 °C", "power": "14 W", "battery": "54\u2009%",
    }  # fmt: skip
    hint = cells(FULL, CPU)[0].hint
    assert hint.startswith("Ten cores. The studio keeps 1.9 of 4 threads at work.") and "97" in hint


def test_what_is_not_told_is_left_out():
    assert said(Reading(processors=4)) == {"processor": "2 of 4 threads"}
    assert cells(Reading(processors=4), None) == []
    assert "battery" not in said(replace(FULL, plugged=True)) and "battery" not in said(replace(FULL, plugged=None))
    assert said(replace(FULL, memory_total=None))["memory"] == "612 MB"


def test_care_is_said():
    by = {cell.caption: cell for cell in cells(replace(FULL, temperature=99.0, disk_free=1_000_000_000), CPU)}
    assert {caption for caption, cell in by.items() if cell.role == "warning"} == {
        "temperature", "this project", "battery",
    }  # fmt: skip
    assert "slows itself down" in by["temperature"].hint and "nearly full" in by["this project"].hint
    whole = cells(replace(FULL, power_of="computer"), CPU)
    assert "whole computer" in next(cell.hint for cell in whole if cell.caption == "power")


def test_the_gpu_in_use_is_told():
    other = Gpu(name="Other", load=0.01)
    big = Gpu(name="Big", load=0.93, memory=3_200_000_000, memory_total=80_000_000_000, temperature=58, power=412)
    found = said(replace(FULL, gpus=(big, other)), GPU)  # its name tells it from the other, not its place
    assert found["GPU"] == "93\u2009% at work" and found["GPU memory"] == "3.2 GB of 80 GB"
    assert found["GPU temperature"] == "58 °C" and found["GPU power"] == "412 W"
    assert found["processor"] == "97\u2009% at work"
    twins = (replace(big, load=0.5), replace(big, load=0.6))
    assert said(replace(FULL, gpus=twins), GPU)["GPU"] == "60\u2009% at work"
    assert "GPU" not in said(replace(FULL, gpus=(other,)), GPU)
    assert "GPU" not in said(replace(FULL, gpus=(big,)), CPU)


@pytest.mark.parametrize(
    ("held", "why_not", "wanted", "running", "words", "hint"),
    [
        (True, "", True, True, "kept awake while a run goes on", "granted"),
        (False, "", True, False, "stays awake while a run goes on", ""),
        (False, "", True, True, "", ""),  # in its first seconds
        (False, "It cannot.", True, True, "may fall asleep", "It cannot."),
        (False, "", False, True, "may fall asleep", "switched off"),
    ],
)
def test_whether_it_stays_awake(held, why_not, wanted, running, words, hint):
    computer = SimpleNamespace(awake=held, why_not_awake=why_not, devices=(CPU,))
    found = awake(computer, wanted, running)
    assert found[0] == words and hint in found[1]


def test_speeds_in_words():
    assert [speed(value) for value in (8.9e11, 9.18e14, 1.2e15, 5e6)] == [
        "890\u2009GFLOP/s", "918\u2009TFLOP/s", "1.2\u2009PFLOP/s", "5\u2009MFLOP/s",
    ]  # fmt: skip


def test_the_panel_reads_the_computer_while_it_is_seen(desk):
    desk.session.computer.devices = (CPU,)
    panel = desk.put(ComputerPanel(desk.session), 388, 90)
    desk.until(lambda: panel.cells.shown())
    text = panel.cells.accessibleName()
    assert "processor 2 of" in text and "memory " in text and "this project" in text
    assert panel.awake.text() == "stays awake while a run goes on"
    panel.hide()
    before = desk.session.computer.reading
    desk.session.computer._read_at -= 100
    for _ in range(5):
        desk.beat()
        time.sleep(0.01)
    assert desk.session.computer.reading is before


def test_the_last_ones_go_where_there_is_no_room(qtbot):
    widget = Cells()
    qtbot.addWidget(widget)
    widget.set(cells(FULL, CPU))
    for size, captions in (
        ((360, 40), ["processor", "memory", "this project"]),
        ((360, 90), ["processor", "memory", "this project", "temperature", "power", "battery"]),
        ((240, 40), ["processor", "memory"]),
        ((100, 40), ["processor"]),
        ((900, 40), ["processor", "memory", "this project", "temperature", "power", "battery"]),
    ):
        widget.resize(*size)
        assert [cell.caption for cell, _ in widget.shown()] == captions
        assert all(place.right() < size[0] + 0.01 and place.bottom() <= size[1] for _, place in widget.shown())
        widget.grab()


def test_each_number_has_its_own_sentence(qtbot):
    widget = Cells()
    qtbot.addWidget(widget)
    widget.resize(360, 40)
    widget.set(cells(FULL, CPU))
    widget.show()
    for cell, place in widget.shown():
        at = place.center().toPoint()
        QApplication.sendEvent(widget, QHelpEvent(QHelpEvent.Type.ToolTip, at, widget.mapToGlobal(at)))
        assert QToolTip.text() == cell.hint
    QToolTip.hideText()
