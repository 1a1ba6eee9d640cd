"""The small charts, and what they share with the loss: steps in view, cross-hair, moment."""

from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from llmstudio.core.train.events import Changed, Note, RolledBack, Snapshot, Step
from llmstudio.core.train.schedule import learning_rate
from llmstudio.ui.numbers import count
from llmstudio.ui.panels.train.charts import Charts
from llmstudio.ui.panels.train.charts.kinds import of_peak
from llmstudio.ui.panels.train.loss import Loss
from llmstudio.ui.words.flags import happened
from tests.ui.train.made_runs import Going, make, told
from tests.ui.train.test_loss import wheel


class Window(QWidget):
    """The two in one, as they stand in the studio."""

    def __init__(self, loss: Loss, charts: Charts) -> None:
        super().__init__()
        self.panels = loss, charts
        column = QVBoxLayout(self)
        column.addWidget(loss, 1)
        column.addWidget(charts)
        charts.setFixedHeight(200)

    def tick(self) -> None:
        for panel in self.panels:
            panel.tick()


@pytest.fixture
def both(desk: Any) -> tuple[Loss, Charts]:
    loss, charts = Loss(desk.session), Charts(desk.session)
    desk.put(Window(loss, charts), 760, 670)
    make(desk.session, (2000, 800))
    desk.until(lambda: loss.picture is not None and charts.small)
    desk.beat(12)
    return loss, charts


def point(chart: Any, step: float) -> QPoint:
    return QPoint(round(chart.x_of(step)), round(chart.frame.center().y()))


def move(desk: Any, chart: Any, to: QPoint) -> None:
    QTest.mouseMove(chart.viewport(), to + QPoint(20, 0))
    desk.beat(1)
    QTest.mouseMove(chart.viewport(), to)
    desk.beat()


def test_without_a_run_they_say_what_will_be_here(desk: Any) -> None:
    panel = desk.put(Charts(desk.session), 760, 200)
    assert panel.stack.currentWidget() is panel.empty
    assert not panel.export.isEnabled()


def test_their_numbers_are_those_of_the_run(desk: Any, both: tuple[Loss, Charts]) -> None:
    run = desk.session.train.run
    rate, gradient, speed, _ = both[1].small
    drawn = rate.chart.curves()[-1]
    assert drawn.y.tolist() == list(run.rate.values)
    planned = rate.chart.curves()[0]
    assert run.state == "stopped" and planned.name != "run 2, planned"  # a run that is over has no plan
    assert speed.value.text() == count(round(run.speed.last))
    clipped = gradient.chart.curves()[-1]
    assert clipped.y.tolist() == [min(each, 1.0) for each in run.gradient.values]


def test_a_run_that_goes_on_shows_its_plan(desk: Any, both: tuple[Loss, Charts]) -> None:
    run, chart = desk.session.train.run, both[1].small[0].chart
    run.job = Going()
    desk.beat(12)
    planned = next(curve for curve in chart.curves() if curve.dotted)
    assert planned.x[0] == 1 and planned.x[-1] == 2000
    assert planned.y[-1] == pytest.approx(learning_rate(run.recipe, 1999))
    run.job.stop()


def test_the_pointer_on_one_is_on_all(desk: Any, both: tuple[Loss, Charts]) -> None:
    loss, charts = both
    run = desk.session.train.run
    move(desk, loss.picture, point(loss.picture, 400))
    step = desk.session.train.hover
    assert step == pytest.approx(400, abs=3)
    assert all(small.chart.cross == step for small in charts.small)
    assert charts.small[0].value.text().replace("−", "-") == f"{run.rate.at(step):.1e}".replace("e-0", "e-")
    move(desk, charts.small[1].chart, point(charts.small[1].chart, 700))
    assert loss.picture.cross == desk.session.train.hover == pytest.approx(700, abs=12)
    QTest.mouseMove(charts, QPoint(3, 3))
    desk.beat()
    assert desk.session.train.hover is None and loss.picture.cross is None


def test_a_zoom_on_one_is_on_all_and_ends_on_all(desk: Any, both: tuple[Loss, Charts]) -> None:
    loss, charts = both
    wheel(loss.picture, point(loss.picture, 500), 480)
    desk.beat(12)
    span = desk.session.train.span
    assert span is not None and span[0] < 500 < span[1] and span[1] - span[0] < 1100
    for small in charts.small:
        assert small.chart.span == pytest.approx(span)
    chart = charts.small[2].chart
    desk.click(chart.viewport(), point(chart, 500), double=True)
    assert desk.session.train.span is None
    assert loss.picture.following and loss.following.text() == "Following"


def test_a_drag_moves_along_and_with_shift_chooses_a_part(desk: Any, both: tuple[Loss, Charts]) -> None:
    chart = both[0].picture
    wheel(chart, point(chart, 1000), 480)
    before = chart.span
    drag(chart, QPoint(300, 150), QPoint(260, 150))
    after = chart.span
    assert after[0] > before[0] and after[1] - after[0] == pytest.approx(before[1] - before[0])
    chart.follow()
    start, end = point(chart, 300), point(chart, 600)
    drag(chart, start, end, Qt.KeyboardModifier.ShiftModifier)
    assert chart.span == pytest.approx((300, 600), abs=4)


def drag(chart: Any, start: QPoint, end: QPoint, keys: Any = Qt.KeyboardModifier.NoModifier) -> None:
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    steps = [start + (end - start) * i / 5 for i in range(6)]
    for kind, at, button, held in (
        (QEvent.Type.MouseButtonPress, start, left, left),
        *((QEvent.Type.MouseMove, at, none, left) for at in steps),
        (QEvent.Type.MouseButtonRelease, end, left, none),
    ):
        where = QPointF(at)
        event = QMouseEvent(kind, where, QPointF(chart.viewport().mapToGlobal(at)), button, held, keys)
        QApplication.sendEvent(chart.viewport(), event)


def test_ctrl_and_wheel_zoom_the_values_until_everything_is_wanted(desk: Any, both: tuple[Loss, Charts]) -> None:
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    chart = both[0].picture
    _, (low, high) = chart.box.viewRange()
    at, still = QPointF(chart.frame.center()), QPoint()
    event = QWheelEvent(
        at,
        QPointF(chart.viewport().mapToGlobal(at.toPoint())),
        still,
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(chart.viewport(), event)
    desk.beat()
    _, (lower, higher) = chart.box.viewRange()
    assert higher - lower < high - low and not chart.following
    both[0].following.click()
    assert chart.box.viewRange()[1] == pytest.approx([low, high])


def test_the_range_leaves_single_peaks_out_until_told(desk: Any, both: tuple[Loss, Charts]) -> None:
    loss, _ = both
    runs = make(desk.session, (1500,))
    for place, event in enumerate(runs[0].log):
        if getattr(event, "step", 0) in (900, 901) and hasattr(event, "gradient"):
            runs[0].log[place] = type(event)(
                **{name: getattr(event, name) for name in event.__struct_fields__} | {"loss": 90.0}
            )
    runs[0].cut(10_000)
    desk.beat()
    _, (_, high) = loss.picture.box.viewRange()
    assert high < 6
    loss.menu.offer_views(QPoint(10, 10))
    menu = next(menu for menu in loss.picture.findChildren(QMenu) if menu.isVisible())
    entry = next(entry for entry in menu.actions() if "peaks" in entry.text())
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entry).center())
    desk.beat()
    assert not loss.picture.outliers
    assert loss.picture.box.viewRange()[1][1] > 8


def test_the_loss_on_a_logarithmic_axis(desk: Any, both: tuple[Loss, Charts]) -> None:
    chart = both[0].picture
    chart.set_log_up(True)
    desk.beat()
    assert chart.y_of(2.0) - chart.y_of(4.0) == pytest.approx(chart.y_of(1.5) - chart.y_of(3.0))
    for place, text in chart.marks_up():
        assert 10**place == pytest.approx(float(text), rel=0.01)


def test_changes_and_roll_backs_have_a_flag(desk: Any) -> None:
    loss = desk.put(Loss(desk.session))
    rate = desk.session.train.recipe.learning_rate
    run = make(
        desk.session, (700,),
        more=[
            Changed(step=300, fields={"learning_rate": rate / 2}),
            Note(step=500, text="Compiled in the background.", flag="compiled"),
        ],
    )[0]  # fmt: skip
    run.log += [RolledBack(step=600, bad=640, text="Back."), *told(run.recipe, 601, 650, 9)]
    run.refresh()
    desk.until(lambda: loss.picture is not None)
    desk.beat()
    words = [each.text for each in happened(run)]
    assert words[0].startswith("peak ") and " → " in words[0]
    assert words[1:] == ["compiled", "back from step 640"]
    assert [flag.step for flag in loss.picture.flags] == [300, 500, 600]
    assert [flag.role for flag in loss.picture.flags] == ["muted", "muted", "warning"]
    assert loss.picture.of_runs["run 1"].smoothed.size == 650
    assert any("compiled" in row.value for row in loss.picture._explain(500.0).rows)


def test_a_rolled_back_run_is_drawn_as_it_is_now(desk: Any) -> None:
    loss = desk.put(Loss(desk.session))
    run = make(desk.session, (900,))[0]
    desk.until(lambda: loss.picture is not None)
    run.log += [RolledBack(step=500, bad=900, text="Back."), *told(run.recipe, 501, 1000, 7)]
    run.refresh()
    desk.beat()
    raw = loss.picture.curves()[-3]
    assert raw.y.tolist() == list(run.loss.values)
    assert loss.picture._shorts[raw.key].single(raw, loss.picture._view()).shape[1] == 0  # dense: a band
    drawn = loss.picture._shorts[raw.key].band(raw, loss.picture._view())
    late = np.array(run.loss.values)[600:]
    assert late.min() < drawn[1][drawn[0] > 640].mean() < drawn[2][drawn[0] > 640].mean() < late.max()


def test_twenty_runs_are_told_of_briefly_and_named_where_there_is_room(desk: Any) -> None:
    loss = desk.put(Loss(desk.session))
    runs = make(desk.session, [300] * 20, steps=300)
    desk.until(lambda: loss.picture is not None and len(loss.picture.curves()) == 22)
    desk.beat()
    rows = loss.picture._explain(200.0).rows
    assert sum(row.name.startswith("run ") for row in rows) == 6
    assert rows[-1].name == "the nearest; 13 more runs"
    boxes = [box for box, _ in loss.picture._places]
    assert 3 <= len(boxes) <= 19
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])
    box, key = loss.picture._places[0]
    desk.click(loss.picture.viewport(), box.center().toPoint())
    assert desk.session.train.run.name == key.removesuffix(" smooth")
    assert desk.session.train.run in runs


def test_what_stands_still_is_not_drawn_again(desk: Any, both: tuple[Loss, Charts]) -> None:
    chart, run = both[0].picture, desk.session.train.run
    still, moving = chart._still.drawn, chart._moving.drawn
    move(desk, chart, point(chart, 300))
    assert (chart._still.drawn, chart._moving.drawn) == (still, moving)
    run.log += told(run.recipe, 801, 804, 5)
    run.refresh()
    desk.beat()
    assert chart._still.drawn == still
    assert chart._moving.drawn == moving + 1


def test_where_it_will_end_is_called_a_forecast(desk: Any, both: tuple[Loss, Charts]) -> None:
    loss, run = both[0], desk.session.train.run
    run.job = Going()
    desk.until(lambda: loss.picture.ahead.known is not None)
    desk.beat()
    line = next(curve for curve in loss.picture.curves() if curve.dotted)
    assert line.x[-1] == 2000
    assert line.label[1] == f"forecast, about {loss.picture.ahead.known.end:.2f}"
    rows = loss.picture._explain(1800.0).rows
    assert rows[0].name == "run 2, forecast for 8 of 10"
    run.job.stop()
    run.end("stopped")
    desk.beat()
    assert not any(curve.dotted for curve in loss.picture.curves())


def test_a_click_on_any_goes_to_the_snapshot(desk: Any, both: tuple[Loss, Charts]) -> None:
    make(desk.session, (800,), more=[Snapshot(step=128), Snapshot(step=512)])
    desk.beat(12)
    chart = both[1].small[1].chart
    desk.click(chart.viewport(), point(chart, 500))
    assert desk.session.inside.moment == 512
    assert chart.moment == 512


def test_each_can_be_saved(desk: Any, both: tuple[Loss, Charts], tmp_path: Path) -> None:
    small, run = both[1].small[1], desk.session.train.run
    small.menu.save(str(tmp_path / "gradient.csv"))
    desk.until(lambda: (tmp_path / "gradient.csv").exists())
    rows = (tmp_path / "gradient.csv").read_text(encoding="utf-8").splitlines()
    names = rows[0].split(",")
    assert "step" in names and len(rows) == 2001
    column = rows[0].count(",", 0, rows[0].index('"run 2, each step"')) - rows[0].count("run 1,")
    assert float(rows[1].split(",")[column]) == run.gradient.values[0]


def test_little_room_shows_the_most_important(desk: Any) -> None:
    charts = desk.put(Charts(desk.session), 360, 170)
    make(desk.session, (500,))
    desk.until(lambda: charts.small)
    desk.beat(12)
    assert [small.isVisible() for small in charts.small] == [True, True, False, False]
    charts.resize(800, 170)
    desk.beat(12)
    assert [small.isVisible() for small in charts.small] == [True, True, True, False]  # memory was not read


def test_the_share_of_the_peak_is_the_arithmetic_of_training(desk: Any) -> None:
    from llmstudio.core.model.cost import flops_per_token

    run = make(desk.session, (50,))[0]
    each = flops_per_token(run.model)
    assert of_peak(run, 100.0, 400.0 * each).replace("\u2009", " ") == "25 %"
    assert of_peak(run, 100.0, None) == ""


def test_no_line_is_gone_while_others_are_smoothed_anew(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loss = desk.put(Loss(desk.session))
    make(desk.session, [400] * 6, steps=400)
    desk.until(lambda: loss.picture is not None and len(loss.picture.curves()) == 8)
    monkeypatch.setattr("llmstudio.ui.panels.train.loss.picture.PATIENCE", -1.0)  # one run at a tick, or none more
    before = loss.picture.curves()[0].y.copy()
    assert not loss.picture.show_run(desk.session.train.run, 0.2)
    assert len(loss.picture.curves()) == 8
    assert loss.picture.curves()[0].y.tolist() == before.tolist()
    monkeypatch.setattr("llmstudio.ui.panels.train.loss.picture.PATIENCE", 60.0)
    assert loss.picture.show_run(desk.session.train.run, 0.2)
    assert loss.picture.curves()[0].y.tolist() != before.tolist()


@pytest.mark.parametrize("log", [False, True])
def test_a_loss_that_is_no_number_leaves_a_gap_and_is_said(desk: Any, log: bool) -> None:
    loss, charts = desk.put(Loss(desk.session)), desk.put(Charts(desk.session), 760, 200)
    run = make(desk.session, (600,), steps=600)[0]
    for place, event in enumerate(run.log):
        if isinstance(event, Step) and 200 <= event.step < 400:
            value = (nan, inf, -inf)[event.step % 3]
            run.log[place] = replace(event, loss=value, gradient=abs(value))
    run.cut(10_000)
    desk.until(lambda: loss.picture is not None and charts.small)
    loss.picture.set_log_up(log)
    loss.picture.set_log(log)
    desk.beat(12)
    low, high = loss.picture.box.viewRange()[1]
    assert high - low < 5
    rows = {row.name: row.value for row in loss.picture._explain(300.0).rows}
    assert rows["train, this batch"] == "not a number"
    assert "train, smoothed" not in rows
    assert loss.picture._explain(500.0).y is not None
    loss.menu.save("/nowhere/at/all.png")  # drawn, then refused
    desk.until(lambda: "Choose another folder" in desk.session.notices[-1].text)
