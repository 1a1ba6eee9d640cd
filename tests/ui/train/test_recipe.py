"""The recipe panel: fields, locks and deeds, by mouse and keys."""

from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from llmstudio.core.train.recipe import Recipe
from llmstudio.core.train.schedule import learning_rate
from llmstudio.session.series import Series
from llmstudio.ui.panels.train.recipe import RecipePanel
from llmstudio.ui.panels.train.recipe.panel import LOCKED


@pytest.fixture
def panel(desk: Any) -> RecipePanel:
    return desk.put(RecipePanel(desk.session), 280, 800)


def test_a_typed_number_is_the_recipe_and_can_be_undone(desk: Any, panel: RecipePanel) -> None:
    field = panel.row("steps").editor.number
    desk.click(field)
    field.selectAll()
    QTest.keyClicks(field, "40")
    desk.key(field, Qt.Key.Key_Return)
    assert desk.session.train.recipe.steps == 40
    desk.click(panel.undo)
    assert desk.session.train.recipe.steps == 12
    assert field.value == 12


def test_an_edit_from_elsewhere_is_shown(desk: Any, panel: RecipePanel) -> None:
    train = desk.session.train
    train.edit(replace(train.recipe, batch=7))
    desk.beat()
    assert panel.row("batch").editor.number.value == 7
    assert panel.portion.text() == f"{7 * 16} tokens a step"  # nothing is prepared: passes are not known


def test_train_hold_step_stop_and_go_on(desk: Any, panel: RecipePanel) -> None:
    train, deeds = desk.session.train, panel.deeds
    train.edit(replace(train.recipe, steps=100_000, sample_every=50_000, evaluate_every=50_000))
    assert deeds.start.text() == "Train"
    desk.click(deeds.start)
    desk.until(lambda: train.run is not None and train.run.step > 3)
    assert panel.row("warmup").editor.toolTip() == LOCKED
    assert not panel.row("warmup").editor.isEnabled()
    assert panel.row("learning_rate").editor.isEnabled(), "what can change now is bright"
    assert not panel.row("optimizer").editor.isEnabled()
    assert panel.row("optimizer").editor.part._locked
    assert deeds.reason.text() == "Fixed while a run goes on; the rest acts at the next step."
    assert "passes over the text" in panel.portion.text()
    desk.click(deeds.pause)
    desk.until(lambda: train.run.state == "paused")
    desk.beat(20)
    held = train.run.step
    assert deeds.resume.isVisible()
    assert not deeds.pause.isVisible()
    while train.run.step == held:  # a checkpoint may be due before the step
        news = len(train.run.log)
        desk.click(deeds.step)
        desk.until(lambda news=news: len(train.run.log) > news)
    desk.beat(20)
    assert train.run.step == held + 1
    desk.click(deeds.resume)
    desk.until(lambda: train.run.step > held + 5)
    desk.click(deeds.stop)
    desk.until(lambda: not train.busy)
    assert train.run.state == "stopped"
    assert panel.row("warmup").editor.isEnabled()
    assert deeds.go_on.isVisible()
    assert deeds.start.text() == "Train again"
    stopped = train.run.step
    desk.click(deeds.go_on)
    desk.until(lambda: train.run.step > stopped)
    assert len(train.runs) == 1
    train.stop()
    desk.until(lambda: not train.busy)


def test_what_is_changed_while_a_run_goes_on_is_asked_of_it(desk: Any, panel: RecipePanel) -> None:
    train = desk.session.train
    train.edit(replace(train.recipe, steps=5000, sample_every=50_000, evaluate_every=50_000))
    desk.click(panel.deeds.start)
    desk.until(lambda: train.run is not None and train.run.step > 3)
    field = panel.row("learning_rate").editor.number
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "0.0005")
    desk.key(field, Qt.Key.Key_Return)
    desk.click(panel.more)
    assert train.in_force.learning_rate == 5e-4
    assert train.in_force.steps == 6000
    desk.until(lambda: train.run.recipe_now.steps == 6000)
    assert train.run.recipe_now.learning_rate == 5e-4
    assert {name for change in train.run.changes for name in change.fields} >= {"learning_rate", "steps"}
    train.stop()
    desk.until(lambda: not train.busy)


def test_a_finished_run_can_be_made_longer(desk: Any, panel: RecipePanel) -> None:
    train = desk.session.train
    desk.train()
    assert panel.deeds.more.isVisible()
    desk.click(panel.deeds.more)
    desk.until(lambda: train.run.live and train.run.step > 12)
    assert len(train.runs) == 1
    assert train.in_force.steps == 1012
    train.stop()
    desk.until(lambda: not train.busy)


def test_only_what_counts_is_shown_with_its_formula(desk: Any, panel: RecipePanel) -> None:
    train, told = desk.session.train, panel.explanations["optimizer"]
    train.edit(replace(train.recipe, optimizer="adamw"))
    desk.beat()
    assert not panel.row("matrix_rate").isVisible()
    assert not panel.row("momentum").isVisible()
    assert not told.formula.isVisible()
    desk.click(told.fold.head)
    assert told.formula.isVisible()
    assert "θ ← θ" in told.formula.text()
    assert "Loshchilov" in told.source.text()
    combo = panel.row("optimizer").editor.part
    combo.setFocus()
    desk.key(combo, Qt.Key.Key_Up)
    assert train.recipe.optimizer == "muon"
    assert panel.row("matrix_rate").isVisible()
    assert "Jordan" in told.source.text()
    assert "Pascanu" in panel.row("clip").editor.toolTip()


def test_groups_that_most_never_need_are_closed_and_say_what_is_unusual(desk: Any, panel: RecipePanel) -> None:
    train, fold = desk.session.train, panel.folds["Against overfitting"]
    assert not panel.row("dropout").isVisible()
    train.edit(replace(train.recipe, dropout=0.1, label_smoothing=0.05))
    desk.beat()
    assert fold.head.words == "dropout: 0.1, label smoothing: 0.05"
    desk.click(fold.head)
    assert panel.row("dropout").isVisible()
    train.edit(replace(train.recipe, dropout=None))
    desk.beat()
    check = panel.row("dropout").editor.check
    desk.click(check, QPoint(8, check.height() // 2))
    assert train.recipe.dropout == 0.1


def test_the_past_is_drawn_as_it_was(desk: Any, panel: RecipePanel) -> None:
    recipe = Recipe(steps=100, warmup=0, learning_rate=1e-3, schedule="constant")
    past = Series()
    for step in range(1, 51):
        past.add(step, 2e-3 if step < 25 else 1e-3)
    panel.schedule.show_recipe(recipe, 50, 1, past)
    points = panel.schedule._points_before()
    assert points[0].y() < points[-1].y(), "the rate was twice as high before it was changed"
    assert points[-1] == panel.schedule._place(50)


def test_the_reason_stands_beside_the_button(desk: Any, panel: RecipePanel) -> None:
    build = desk.session.build
    build.edit(replace(build.model, width=15))
    desk.beat()
    assert not panel.deeds.start.isEnabled()
    assert panel.deeds.reason.text() == build.problems[0].text
    assert panel.deeds.reason.isVisible()


def test_the_schedule_says_what_the_rate_is(desk: Any, panel: RecipePanel) -> None:
    recipe = Recipe(steps=100, warmup=10, learning_rate=1e-3, min_learning_rate=1e-4)
    panel.schedule.show_recipe(recipe, None, 1)
    assert panel.schedule.words() == "to 1.0e−4"
    panel.schedule.show_recipe(recipe, 10, 1)
    assert learning_rate(recipe, 10) == 1e-3
    assert panel.schedule.words() == "now 1.0e−3"
    top, end = panel.schedule._place(10), panel.schedule._place(100)
    assert top.y() < end.y()
    assert top.x() < end.x()


def test_a_search_for_a_rate_comes_into_view(desk: Any, panel: RecipePanel) -> None:
    train = desk.session.train
    panel.resize(280, 360)
    panel.folds["Learning rate"].open(False)
    train.find_rate()
    desk.until(lambda: train.finder is not None and train.finder.log)
    finder, area = panel.finder, panel.area.viewport()
    assert finder.isVisible()
    assert finder.mapTo(area, QPoint(0, 0)).y() < area.height()
    train.finder.stop()
    desk.until(lambda: not train.finder.running)
