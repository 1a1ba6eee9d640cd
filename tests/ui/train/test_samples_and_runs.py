"""Samples and runs of real trainings, by mouse and keys."""

from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt

from llmstudio.session.run import Run
from llmstudio.ui.panels.train.runs import Runs
from llmstudio.ui.panels.train.samples import Samples
from llmstudio.ui.widgets.sample_list import Entry, SampleList, wrapped
from llmstudio.ui.words.runs import compared, loss_at


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


def test_runs_are_listed_with_what_changed(desk: Any) -> None:
    panel = desk.put(Runs(desk.session), 400, 500)
    train = desk.session.train
    desk.train()
    train.edit(replace(train.recipe, batch=2))
    desk.train()
    model = panel.table.model()
    assert [model.index(row, 1).data() for row in (0, 1)] == ["the first, nanoGPT", "batch: 2"]
    assert [model.index(row, 2).data() for row in (0, 1)] == ["12", "12"]
    assert model.index(1, 3).data() == f"{train.runs[1].validation.last:.2f}"
    assert panel.said.text().startswith("At step 12, run 2 is ")


def test_a_run_is_shown_removed_and_brought_back(desk: Any) -> None:
    panel = desk.put(Runs(desk.session), 400, 500)
    train = desk.session.train
    desk.train()
    desk.train()
    first, second = train.runs
    assert train.run is second
    desk.click(panel.table.viewport(), panel.table.visualRect(panel.table.model().index(0, 1)).center())
    assert train.run is first
    desk.key(panel.table, Qt.Key.Key_Delete)
    assert train.runs == [second]
    assert panel.table.model().rowCount() == 1
    desk.session.notices[-1].deed[1]()
    desk.beat()
    assert train.runs == [first, second]
    assert panel.table.model().index(0, 0).data() == "run 1"


def test_a_stopped_run_can_go_on(desk: Any) -> None:
    panel = desk.put(Runs(desk.session), 400, 500)
    train = desk.session.train
    train.edit(replace(train.recipe, steps=100_000, sample_every=50_000, evaluate_every=50_000))
    train.start()
    desk.until(lambda: train.run is not None and train.run.step > 3)
    assert not panel.go_on.isVisible()
    assert not panel.remove.isEnabled()
    train.stop()
    desk.until(lambda: not train.busy)
    stopped = train.run.step
    assert panel.table.model().index(0, 1).data().endswith("stopped")
    desk.click(panel.go_on)
    desk.until(lambda: train.run.step > stopped)
    train.stop()
    desk.until(lambda: not train.busy)


def test_the_error_of_a_failed_run_is_its_line(desk: Any) -> None:
    panel = desk.put(Runs(desk.session), 400, 500)
    train = desk.session.train
    train.edit(replace(train.recipe, learning_rate=10.0, min_learning_rate=10.0, warmup=0, steps=4000, clip=0.0))
    train.start()
    desk.until(lambda: not train.busy)
    if train.run.state != "failed":  # it survived such steps: fail it by hand
        train.run.error = "The loss is no longer a number."
        train.run.end("failed")
        train.changed.emit()
    desk.beat()
    assert panel.error.isVisible()
    assert panel.error.text() == train.run.error
    assert panel.table.model().index(0, 1).data().endswith("failed")


def test_runs_are_compared_where_both_were_tested() -> None:
    from llmstudio.core.model.spec import Model
    from llmstudio.core.train.events import Evaluated, Step
    from llmstudio.core.train.recipe import Recipe

    def made(number: int, tested: dict[int, float]) -> Run:
        log = [Evaluated(step=step, loss=loss) for step, loss in tested.items()]
        return Run(name=f"run {number}", number=number, model=Model(), recipe=Recipe(), log=log)

    one = made(1, {0: 4.0, 100: 2.0, 200: 1.8})
    assert compared(one, [one]) == ""
    assert compared(one, [one, made(2, {0: 4.0, 100: 2.14})]) == (
        "At step 100, run 1 is 0.14 below run 2 on validation text."
    )
    assert "level with run 2" in compared(one, [one, made(2, {100: 2.001})])
    both = [one, made(2, {100: 1.9}), made(3, {200: 1.9})]
    assert compared(one, both) == (
        "At step 100, run 1 is 0.10 above run 2 and at step 200 0.10 below run 3 on validation text."
    )
    one.log.append(Step(step=150, loss=1.5, learning_rate=0, gradient=0, seconds=0))
    one.refresh()
    assert loss_at(one, 100) == 2.0
    assert loss_at(one, 160) == 1.5
