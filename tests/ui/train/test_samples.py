"""Samples of real trainings, by mouse and keys."""

from typing import Any

from PySide6.QtCore import QPoint, Qt

from llmstudio.ui.panels.train.samples import Samples
from llmstudio.ui.widgets.sample_list import Entry, SampleList, wrapped


def middle(panel: Samples, index: int) -> QPoint:
    return panel.list.rect_of(index).center().toPoint()


def test_samples_come_newest_first_with_their_loss(desk: Any) -> None:
    panel = desk.put(Samples(desk.session))
    assert panel.stack.currentWidget() is panel.empty
    desk.train()
    run = desk.session.train.run
    assert [entry.step for entry in panel.list.entries()] == [12, 6, 0]
    assert panel.list.entries()[0].text == run.samples[-1].text.strip("\n")
    assert panel.list.entries()[0].below == f"loss {run.validation.last:.2f}"
    assert panel.list.entries()[1].below == f"loss {run.loss_at(6):.2f}"  # it was not tested at step 6
    assert "temperature 0.8" in panel.facts.text()


def test_a_click_on_a_sample_moves_the_time_machine(desk: Any) -> None:
    panel = desk.put(Samples(desk.session))
    desk.train()
    inside = desk.session.inside
    desk.click(panel.list.viewport(), middle(panel, 2))
    assert inside.moment == 0
    desk.click(panel.list.viewport(), middle(panel, 2))
    assert inside.moment is None
    panel.list.setFocus()
    desk.key(panel.list, Qt.Key.Key_Up)
    desk.key(panel.list, Qt.Key.Key_Return)
    assert inside.moment == 6


def test_what_is_read_stays_when_a_sample_comes(qtbot: Any) -> None:
    made = SampleList()
    qtbot.addWidget(made)
    made.resize(500, 120)
    made.show()
    entries = [Entry(step=n, head=str(n), below="", text="some words " * 40) for n in range(10, 0, -1)]
    made.set(entries)
    bar = made.verticalScrollBar()
    bar.setValue(round(made._tops[4]) + 5)
    before = made.rect_of(4).top()
    made.set([Entry(step=11, head="11", below="", text="new"), *entries])
    assert made.rect_of(5).top() == before
    bar.setValue(0)
    made.set([Entry(step=12, head="12", below="", text="new"), *made.entries()])
    assert bar.value() == 0


def test_long_samples_are_cut_and_breaks_are_seen(qtbot: Any) -> None:
    assert wrapped("one\ntwo\tthree", 1000, 2) == ["one↵ two→ three"]
    lines = wrapped("words and " * 50, 300, 2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert wrapped("a\x07b", 1000, 2) == ["a07b"]
