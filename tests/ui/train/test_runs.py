"""The table of runs, what waits and what is written about them, on real trainings, by mouse and keys."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMenu

from llmstudio.session.run import Run
from llmstudio.ui.panels.train.runs import Runs
from llmstudio.ui.widgets.run_rows import CHANGED, EYE, NAME, NOTE, STEPS, TIME, VALIDATION


class Table:
    """The panel, and where to click in it."""

    def __init__(self, desk: Any, width: int = 420, height: int = 500) -> None:
        self.desk, self.train = desk, desk.session.train
        self.panel = desk.put(Runs(desk.session), width, height)
        self.page = self.panel.table
        self.list = self.page.list

    def text(self, row: int, column: int) -> str:
        return str(self.list.rows.text(row, column))

    def click(self, row: int, column: int, keys: Any = Qt.KeyboardModifier.NoModifier) -> None:
        at = self.list.visualRect(self.list.rows.index(row, column)).center()
        QTest.mouseClick(self.list.viewport(), Qt.MouseButton.LeftButton, keys, at)
        self.desk.beat()

    def key(self, key: Qt.Key, keys: Any = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.list, key, keys)
        self.desk.beat()

    def menu(self) -> QMenu:
        """That of the selected runs, by the menu button."""
        self.desk.click(self.panel.more)
        found = [menu for menu in self.panel.findChildren(QMenu) if menu.parent() is self.panel and menu.isVisible()]
        assert len(found) == 1
        return found[0]

    def choose(self, *words: str) -> None:
        """An entry of the menu, through its submenus."""
        top = menu = self.menu()
        for word in words[:-1]:
            menu = next(entry for entry in menu.actions() if entry.text() == word).menu()
        next(entry for entry in menu.actions() if entry.text() == words[-1]).trigger()
        top.close()
        self.desk.beat()


@pytest.fixture
def table(desk: Any) -> Iterator[Table]:
    yield Table(desk)


def trained(desk: Any, count: int, **recipe: Any) -> list[Run]:
    """So many runs of few steps, one behind the other."""
    train = desk.session.train
    for n in range(count):
        train.edit(replace(train.recipe, **{name: values[n] for name, values in recipe.items()}))
        desk.train()
    return list(train.runs)


def test_runs_are_listed_with_what_changed(desk: Any, table: Table) -> None:
    runs = trained(desk, 2, batch=[4, 2])
    assert [table.text(row, CHANGED) for row in (0, 1)] == ["the first, nanoGPT", "batch: 2"]
    assert [table.text(row, STEPS) for row in (0, 1)] == ["12", "12"]
    assert table.text(1, VALIDATION) == f"{runs[1].validation.last:.2f}"
    assert table.page.said.text().startswith("At step 12, run 2 is ")
    assert table.page.said.text().endswith("before you believe a small difference.")


def test_the_shown_run_is_in_view_in_a_short_table(desk: Any) -> None:
    short = Table(desk, height=260)
    trained(desk, 5)

    def seen(row: int) -> bool:
        return short.list.viewport().rect().contains(short.list.visualRect(short.list.rows.index(row, NAME)))

    desk.until(lambda: seen(4))
    assert not seen(0)
    short.train.show(short.train.runs[0])
    desk.until(lambda: seen(0))


def test_a_run_is_shown_removed_and_brought_back(desk: Any, table: Table) -> None:
    first, second = trained(desk, 2)
    assert table.train.run is second
    table.click(0, CHANGED)
    assert table.train.run is first
    table.key(Qt.Key.Key_Delete)
    assert table.train.runs == [second]
    assert table.list.rows.rowCount() == 1
    desk.session.notices[-1].deed[1]()
    desk.beat()
    assert table.train.runs == [first, second]
    assert table.text(0, NAME) == "run 1"


def test_eyes_draw_curves_without_changing_the_shown_run(desk: Any, table: Table) -> None:
    first, second, third = trained(desk, 3)
    assert table.train.overlaid == [first, second, third]
    table.train.overlay([])
    table.click(0, EYE)
    assert table.train.run is third
    assert table.train.overlaid == [first, third]
    table.click(1, EYE)
    table.click(0, EYE)
    assert table.train.overlaid == [second, third]
    table.click(0, EYE, Qt.KeyboardModifier.AltModifier)
    assert table.train.overlaid == [first]
    header = table.list.horizontalHeader()
    at = QPoint(header.sectionViewportPosition(EYE) + 8, header.height() // 2)
    desk.click(header.viewport(), at)
    assert table.train.overlaid == [first, second, third]
    desk.click(header.viewport(), at)
    assert table.train.overlaid == [first]


def test_several_are_selected_compared_and_removed(desk: Any, table: Table) -> None:
    first, second, third = trained(desk, 3)
    assert not table.page.compare.isVisible()
    table.click(0, NAME)
    table.click(1, NAME, Qt.KeyboardModifier.ControlModifier)
    assert table.list.chosen_runs() == [first, second]
    assert table.page.compare.text() == "Compare 2"
    desk.click(table.page.compare)
    assert table.train.overlaid == [first, second]
    table.key(Qt.Key.Key_Space)
    assert table.train.shown == set()
    table.key(Qt.Key.Key_Delete)
    assert table.train.runs == [third]
    desk.session.notices[-1].deed[1]()
    desk.beat()
    assert table.train.runs == [first, second, third]


def test_a_note_is_written_in_the_row(desk: Any, table: Table) -> None:
    (run,) = trained(desk, 1)
    table.click(0, NAME)
    table.key(Qt.Key.Key_F2)
    line = table.list.findChild(QLineEdit)
    assert line is not None
    QTest.keyClicks(line, "slower, but steady #keep #wide")
    QTest.keyClick(line, Qt.Key.Key_Return)
    desk.beat()
    assert (run.note, run.tags) == ("slower, but steady", ("keep", "wide"))
    assert table.text(0, NOTE) == "slower, but steady #keep #wide"
    assert table.train.run is run


def test_a_note_is_written_while_the_run_goes_on(desk: Any, table: Table) -> None:
    train = table.train
    train.edit(replace(train.recipe, steps=100_000, sample_every=50_000, evaluate_every=50_000))
    train.start()
    desk.until(lambda: train.run is not None and train.run.step > 3)
    table.list.setFocus()
    table.key(Qt.Key.Key_F2)
    line = table.list.findChild(QLineEdit)
    QTest.keyClicks(line, "half a")
    step, shown = train.run.step, table.text(0, STEPS)
    desk.until(lambda: train.run.step > step + 3)
    assert table.text(0, STEPS) != shown
    train.changed.emit()
    QTest.keyClicks(line, " thought")
    QTest.keyClick(line, Qt.Key.Key_Return)
    desk.beat()
    assert train.run.note == "half a thought"
    train.stop()
    desk.until(lambda: not train.busy)
    assert table.text(0, CHANGED).endswith("stopped")


def test_rows_are_sorted_by_a_click_on_the_header_and_found_by_words(desk: Any, table: Table) -> None:
    runs = trained(desk, 3, learning_rate=[1e-4, 1e-2, 1e-3])
    header = table.list.horizontalHeader()
    at = QPoint(header.sectionViewportPosition(VALIDATION) + 8, header.height() // 2)
    losses = sorted(runs, key=lambda run: run.validation.last)
    for wanted in (losses, losses[::-1], runs):
        desk.click(header.viewport(), at)
        assert table.list.rows.runs == wanted
    assert table.list.rows.best is losses[0]
    table.list.search("rate: 0.01")
    assert [run.name for run in table.list.rows.runs] == ["run 2"]
    table.list.search("nothing like it")
    assert table.list.rows.rowCount() == 0


def test_columns_go_where_there_is_little_room(desk: Any) -> None:
    table = Table(desk, 800, 400)
    trained(desk, 1)
    assert not table.list.isColumnHidden(NOTE)
    table.panel.resize(500, 400)
    desk.beat()
    assert table.list.isColumnHidden(NOTE)
    assert not table.list.isColumnHidden(TIME)
    table.panel.resize(320, 400)
    desk.beat()
    assert table.list.isColumnHidden(TIME)
    widths = sum(table.list.columnWidth(i) for i in range(7) if not table.list.isColumnHidden(i))
    assert widths <= table.list.viewport().width()


def test_a_stopped_run_can_go_on_and_another_waits(desk: Any, table: Table) -> None:
    train = table.train
    train.edit(replace(train.recipe, steps=100_000, sample_every=50_000, evaluate_every=50_000))
    train.start()
    desk.until(lambda: train.run is not None and train.run.step > 3)
    assert not table.page.go_on.isVisible()
    assert table.page.new.text() == "Queue"
    desk.click(table.page.new)
    assert len(train.queue) == 1
    assert table.page.queue.isVisible()
    table.key(Qt.Key.Key_Delete)
    assert len(train.runs) == 1  # it goes on: it cannot be removed
    train.clear()
    train.stop()
    desk.until(lambda: not train.busy)
    stopped = train.run.step
    assert table.text(0, CHANGED).endswith("stopped")
    desk.click(table.page.go_on)
    desk.until(lambda: train.run.step > stopped)
    train.stop()
    desk.until(lambda: not train.busy)


def test_three_seeds_are_enqueued_and_run(desk: Any, table: Table) -> None:
    (run,) = trained(desk, 1)
    desk.click(table.page.seeds)
    assert [each.recipe.seed for each in table.train.queue] == [run.recipe.seed + 2] or len(table.train.queue) == 2
    desk.until(lambda: not table.train.queue and not table.train.busy)
    assert [each.recipe.seed for each in table.train.runs] == [run.recipe.seed + n for n in range(3)]
    assert all(each.group == "run 1, seeds" for each in table.train.runs[1:])
    assert table.page.said.text().split(". ")[-1].startswith("Another seed alone changed it by up to ")


def test_what_waits_is_moved_by_dragging_and_dropped_by_its_cross(desk: Any, table: Table) -> None:
    train, build = table.train, desk.session.build
    train.held = True
    train.enqueue([train.order(build.model, replace(train.recipe, batch=n), name=f"batch {n}") for n in (1, 2, 3)])
    train.held = True
    desk.beat()
    waiting = table.page.queue
    assert [row.name for row in waiting.list.rows()][-2:] == ["batch 2", "batch 3"]
    names = [each.name for each in train.queue]
    view = waiting.list.viewport()
    last, first = waiting.list.rect_of(len(names) - 1).center(), waiting.list.rect_of(0).center()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=last)
    for share in (0.3, 0.6, 1.0):
        QTest.mouseMove(view, QPoint(last.x(), round(last.y() + share * (first.y() - 12 - last.y()))))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(first.x(), first.y() - 12))
    desk.beat()
    assert [each.name for each in train.queue] == [names[-1], *names[:-1]]
    waiting.list.setFocus()
    QTest.keyClick(waiting.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    desk.beat()
    assert train.queue[1].name == names[-1]
    desk.click(view, waiting.list.cross(0).center())
    assert names[0] not in [each.name for each in train.queue]
    desk.click(waiting.clear)
    assert train.queue == ()
    assert not waiting.isVisible()
    desk.until(lambda: not train.busy)


def test_the_menu_repeats_copies_and_begins_from_old_weights(desk: Any, table: Table) -> None:
    (run,) = trained(desk, 1)
    table.choose("Repeat exactly")
    desk.until(lambda: not table.train.busy and not table.train.queue)
    again = table.train.runs[1]
    assert again.origin.repeats == "run 1"
    assert list(again.loss.values) == list(run.loss.values)
    assert table.text(1, CHANGED) == "run 1 repeated"
    table.choose("New run from its weights", "Step 12, the newest")
    desk.until(lambda: not table.train.busy and not table.train.queue and len(table.train.runs) == 3)
    assert table.text(2, CHANGED) == "from run 2 at step 12"
    table.train.edit(replace(table.train.recipe, batch=2))
    table.choose("Copy and edit")
    assert table.train.recipe == run.recipe


def test_a_run_is_made_longer(desk: Any, table: Table) -> None:
    (run,) = trained(desk, 1)
    table.choose("Make it longer", "12 more steps")
    desk.until(lambda: run.step == 24 and not table.train.busy)
    assert len(table.train.runs) == 1


def test_runs_are_exported_to_a_chosen_file(desk: Any, table: Table, tmp_path: Path) -> None:
    trained(desk, 2)
    table.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    table.choose("Export", "CSV")
    dialog = table.panel.findChild(QFileDialog)
    assert dialog is not None
    dialog.findChild(QLineEdit, "fileNameEdit").setText(str(tmp_path / "both.csv"))
    dialog.accept()
    desk.until(lambda: any("both.csv written" in notice.text for notice in desk.session.notices))
    lines = (tmp_path / "both.csv").read_text("utf-8").splitlines()
    assert {line.split(",")[0] for line in lines[1:]} == {"run 1", "run 2"}
    assert lines[0].startswith("run,step,loss")


def test_the_error_of_a_failed_run_is_its_line(desk: Any, table: Table) -> None:
    (run,) = trained(desk, 1)
    run.error = "The loss is no longer a number."
    run.end("failed")
    table.train.changed.emit()
    desk.beat()
    assert table.page.error.isVisible()
    assert table.page.error.text() == run.error
    assert table.text(0, CHANGED).endswith("failed")
