"""Sweeps and the scaling law, by mouse and keys: made, queued, run, looked at."""

from time import perf_counter
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from llmstudio.core.model.cost import total
from llmstudio.core.model.spec import Model
from llmstudio.core.train.events import Evaluated, Step
from llmstudio.core.train.recipe import Recipe
from llmstudio.session.run import Run
from llmstudio.ui.panels.train.runs import Runs
from llmstudio.ui.panels.train.runs.values import worth_trying
from llmstudio.ui.widgets.points_plot import Dot, PointsPlot


@pytest.fixture
def panel(desk: Any) -> Runs:
    return desk.put(Runs(desk.session), 420, 620)


def turn(desk: Any, switch: Any, word: str) -> None:
    """Click a word of a switch."""
    desk.click(switch, switch.rects()[switch.words.index(word)].center())


def write(desk: Any, line: QWidget, text: str) -> None:
    line.setFocus()
    QTest.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(line, text)
    desk.beat()


def ended(number: int, model: Model, loss: float, steps: int = 100) -> Run:
    """A run that was written down."""
    log = [Step(step=n, loss=loss, learning_rate=1e-3, gradient=1.0, seconds=n / 10) for n in range(1, steps + 1)] + [
        Evaluated(step=steps, loss=loss, whole=True)
    ]
    return Run(name=f"run {number}", number=number, model=model, recipe=Recipe(steps=steps), state="finished", log=log)


def test_a_sweep_is_made_run_and_its_best_setting_said(desk: Any, panel: Runs) -> None:
    train = desk.session.train
    turn(desk, panel.switch, "sweep")
    maker = panel.sweep.maker
    assert maker.deed.text() == "Queue 3"
    assert "once a run has been made here" in maker.said.text()
    write(desk, maker.rows[0].values, "1e-5, 1e-2")
    maker.seeds.setFocus()
    QTest.keyClick(maker.seeds, Qt.Key.Key_Up)
    desk.beat()
    assert maker.deed.text() == "Queue 4"
    desk.click(maker.deed)
    assert panel.sweep.view.chosen == "settings"
    desk.until(lambda: not train.queue and not train.busy)
    assert [run.about.label for run in train.runs] == [
        "learning rate 1e-05, seed 1337", "learning rate 1e-05, seed 1338",
        "learning rate 0.01, seed 1337", "learning rate 0.01, seed 1338",
    ]  # fmt: skip
    result = panel.sweep.result
    shown = result.settings.settings()
    assert [setting.name for setting in shown] == ["learning rate 0.01", "learning rate 1.0e\u22125"]
    best = [run.whole for run in train.runs[2:]]
    assert shown[0].values == tuple(best)
    assert (shown[0].low, shown[0].high) == (min(best), max(best))
    assert result.said.text().startswith("Learning rate 0.01 reaches ")
    desk.click(result.settings.viewport(), result.settings.rect_of(0).center().toPoint())
    assert train.overlaid == train.runs[2:]
    turn(desk, panel.sweep.view, "time")
    assert [dot.y for dot in result.times.dots()] == [setting.median for setting in shown]
    assert result.times.dots()[0].named  # nothing is better than the best
    name, picture, rows = panel.page.seen()
    assert (name, picture) == ("sweep", result.times)
    assert [row[:3] for row in rows()][1] == ("learning rate 0.01", train.runs[2].name, best[0])


def test_what_is_wrong_with_a_value_is_said_under_it(desk: Any, panel: Runs) -> None:
    turn(desk, panel.switch, "sweep")
    maker = panel.sweep.maker
    row = maker.rows[0]
    write(desk, row.values, "0.1, much")
    assert "much" in row.wrong.text()
    assert row.wrong.isVisible()
    assert not maker.deed.isEnabled()
    write(desk, row.values, "0.1, 99")
    assert "at most 10" in maker.said.text()
    assert not maker.deed.isEnabled()
    write(desk, row.values, "0.1")
    assert not row.wrong.isVisible()
    assert maker.deed.isEnabled()
    assert desk.session.train.queue == ()


def test_settings_are_combined_or_drawn(desk: Any, panel: Runs) -> None:
    turn(desk, panel.switch, "sweep")
    maker = panel.sweep.maker
    assert not maker.kind.isVisible()
    write(desk, maker.rows[0].values, "1e-4, 1e-3, 1e-2")
    desk.click(maker.more)
    assert maker.rows[1].setting.currentText() == "width"
    write(desk, maker.rows[1].values, "16, 32")
    assert maker.deed.text() == "Queue 6"
    turn(desk, maker.kind, "at random")
    write(desk, maker.draws, "4")
    QTest.keyClick(maker.draws, Qt.Key.Key_Return)
    desk.beat()
    assert maker.deed.text() == "Queue 4"
    write(desk, maker.rows[0].values, "1e-4 .. 1e-2")
    assert maker.deed.text() == "Queue 4"
    rates = {each.recipe.learning_rate for each in maker.runs}
    assert len(rates) == 4
    assert all(1e-4 <= rate <= 1e-2 for rate in rates)
    desk.click(maker.rows[1].cross)
    assert len(maker.rows) == 1
    assert maker.deed.text() == "Queue 4"


def test_the_law_through_runs_predicts_a_bigger_one(desk: Any, panel: Runs) -> None:
    train = desk.session.train
    models = [Model(width=width) for width in (32, 64, 128, 256)]
    train.runs = [ended(n + 1, model, 1.5 + 200 * total(model) ** -0.5) for n, model in enumerate(models[:2])]
    train.show(train.runs[0])
    turn(desk, panel.switch, "scaling")
    page = panel.scaling
    desk.until(lambda: page.empty.text.text().startswith("A law needs runs of at least 3 sizes"))
    train.runs += [ended(n + 3, model, 1.5 + 200 * total(model) ** -0.5) for n, model in enumerate(models[2:])]
    train.changed.emit()
    desk.until(lambda: page.law is not None)
    assert page.plot.isVisible()
    write(desk, page.target, "1e8")
    QTest.keyClick(page.target, Qt.Key.Key_Return)
    desk.beat()
    assert page.forecast.text().startswith("A run of 100\u2009M parameters would reach 1.5")
    last = page.plot.dots()[-1]
    assert last.open
    assert abs(last.y - (1.5 + 200 * 1e8**-0.5)) < 0.02
    assert page.said.text().startswith("Through 4 runs. Twice the parameters take ")
    at = page.plot.place(page.plot.dots()[2].x, page.plot.dots()[2].y).toPoint()
    QTest.mouseMove(page.plot, at)
    desk.click(page.plot, at)
    assert train.run is train.runs[2]
    turn(desk, page.by, "tokens")
    desk.until(lambda: page.law is None)  # all read as much
    assert page.empty.isVisible()


def test_values_worth_trying_suit_the_field() -> None:
    model, recipe = Model(width=96), Recipe(learning_rate=1e-3)
    wanted = {
        "recipe.learning_rate": "0.00033, 0.001, 0.003",
        "recipe.schedule": "cosine, linear, wsd, one_cycle, inverse_sqrt, constant",
        "recipe.beta2": "0.98, 0.99, 0.995",
        "recipe.weight_decay": "0.033, 0.1, 0.3",
        "recipe.batch": "6, 12, 24",
        "model.width": "48, 96, 192",
        "model.tied": "off, on",
        "blocks.*.norm": "layer, rms, none",
    }
    assert {path: worth_trying(model, recipe, path) for path in wanted} == wanted


def test_every_field_has_values_that_can_be_read_back(desk: Any) -> None:
    from llmstudio.core.train.fields import parse, paths

    model, recipe = desk.session.build.model, desk.session.train.recipe
    for path in paths(model):
        assert parse(model, path, worth_trying(model, recipe, path)), path


def test_points_are_reached_by_keys(qtbot: Any) -> None:
    plot = PointsPlot("Points")
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    plot.show()
    plot.set([Dot(key=str(n), name=str(n), x=10.0**-n, y=n, color=QColor()) for n in range(3)], ("", ""), str, log=True)
    picked: list[str] = []
    plot.picked.connect(picked.append)
    plot.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        QTest.keyClick(plot, key)
    assert picked == ["2", "0"]  # from the left
    QTest.mouseMove(plot, QPoint(1, 1))
    QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert picked == ["2", "0"]


def test_a_hundred_runs_are_shown_in_a_moment(desk: Any, panel: Runs) -> None:
    train = desk.session.train
    train.runs = [ended(n + 1, Model(width=16 + n), 2.0 + n / 100, steps=10) for n in range(100)]
    train.show(train.runs[0])
    desk.beat()
    assert panel.table.list.rows.rowCount() == 100
    assert panel.table.search.isVisible()
    start = perf_counter()
    for _ in range(20):
        panel.tick()
    assert (perf_counter() - start) / 20 < 0.008
    assert "run 1 is the best of 100" in panel.table.said.text()
