"""The painted tables and maps of a run's health, by mouse and keys."""

from math import log10
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from llmstudio.ui.theme import theme
from llmstudio.ui.widgets.fold import Fold
from llmstudio.ui.widgets.histogram_map import ROWS, Binned, HistogramMap, shares, value_range
from llmstudio.ui.widgets.part_table import HEAD, PartRow, PartTable
from llmstudio.ui.widgets.rate_plot import RatePlot

LEFT = Qt.MouseButton.LeftButton
HEALTHY = (1e-4, 3e-2)


def show(qtbot: Any, widget: Any, width: int, height: int) -> Any:
    theme.apply("dark")
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    widget.activateWindow()
    return widget


def part(path: str, ratio: float | None = 1e-3) -> PartRow:
    return PartRow(path=path, curve=[0.3, 0.2, 0.1], number=0.1, ratio=ratio, range=(5e-4, 2e-3), tip=(path, "a line"))


@pytest.fixture
def table(qtbot: Any) -> PartTable:
    made = show(qtbot, PartTable(HEALTHY), 360, 300)
    made.set([part(f"blocks.{n}.mlp") for n in range(20)], "gradient norm", 1)
    made.asked = []
    made.opened.connect(made.asked.append)
    return made


def colors(widget: Any) -> set[int]:
    image = widget.grab().toImage()
    return {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}


def test_a_part_is_opened_by_click_and_by_keys(table: PartTable) -> None:
    QTest.mouseClick(table.viewport(), LEFT, pos=table.rect_of(2).center().toPoint())
    assert table.asked == ["blocks.2.mlp"]
    table.setFocus()
    for _ in range(14):
        QTest.keyClick(table, Qt.Key.Key_Down)
    assert table.rect_of(16).bottom() <= table.viewport().height(), "the row that is reached scrolls into view"
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert table.asked[-1] == "blocks.16.mlp"
    QTest.mouseClick(table.viewport(), LEFT, pos=QPoint(50, HEAD // 2))
    assert len(table.asked) == 2, "the head is no row"


def test_the_axis_is_logarithmic_and_holds_what_lies_beyond(table: PartTable) -> None:
    places = [table.x_of(ratio) for ratio in (1e-4, 1e-3, 1e-2)]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1])
    assert table.x_of(5.0) == table.x_of(0.1)
    assert table.x_of(0.0) == table.x_of(1e-9) == table.x_of(1e-5)


def test_a_dot_outside_the_band_warns(table: PartTable) -> None:
    amber = theme.color("warning").rgb()
    assert amber not in colors(table)
    table.set([part("embed", 0.09)], "gradient norm", 1)
    assert amber in colors(table)
    table.set([part("embed", float("nan")), part("head", None)], "gradient norm", 1)
    assert amber in colors(table)


def test_columns_go_where_there_is_little_room(table: PartTable) -> None:
    table.resize(360, 300)
    assert all(table._shown())
    table.resize(300, 300)
    assert table._shown()[0] == 0
    assert table._shown()[1] > 0
    table.resize(190, 300)
    assert table._shown() == (0, 0)
    table.grab()


def test_histograms_keep_their_mass_on_a_common_scale() -> None:
    values = np.random.default_rng(0).normal(0.0, 0.02, 5000)
    counts, edges = np.histogram(values, 40)
    one = Binned(step=10, low=float(edges[0]), high=float(edges[-1]), counts=tuple(int(n) for n in counts))
    found = shares([one], (-0.05, 0.05))
    assert found.shape == (ROWS, 1)
    assert found.sum() == pytest.approx(1.0)
    rows = np.histogram(np.clip(values, -0.05, 0.05), np.linspace(-0.05, 0.05, ROWS + 1))[0] / len(values)
    assert np.abs(np.cumsum(found[:, 0]) - np.cumsum(rows)).max() < 0.03, "counted from the values themselves"
    assert found[0, 0] > found[1, 0], "what lies outside is in the last row at that end"


def test_a_wild_start_does_not_set_the_range() -> None:
    calm = [Binned(step=n, low=-1.0, high=2.0, counts=(1, 1)) for n in range(1, 30)]
    wild = Binned(step=0, low=-50.0, high=70.0, counts=(1, 1))
    assert value_range([wild, *calm]) == pytest.approx((-1.0, 2.0), abs=0.05)
    far = Binned(step=0, low=-10.0, high=10.0, counts=(1, *[0] * 48, 5000, 5000, *[0] * 49))
    assert value_range([far]) == pytest.approx((-0.2, 0.2), abs=0.01), "one value in ten thousand does not count"
    assert value_range([Binned(step=0, low=1.0, high=1.0, counts=(9,))]) == (0.5, 1.5)


def test_the_map_says_what_is_pointed_at(qtbot: Any) -> None:
    made = show(qtbot, HistogramMap("x"), 400, 240)
    made.set([Binned(step=100 * n, low=-1.0, high=1.0, counts=(1, 2, 1)) for n in range(11)], "weights")
    frame = made.frame()
    told = []
    made.hovered.connect(lambda: told.append(made.pointed))
    at = QPointF(frame.left() + 0.52 * frame.width(), frame.center().y()).toPoint()
    QTest.mouseMove(made, at)
    assert made.pointed == 500
    assert made.share(5, ROWS // 2) == pytest.approx(0.5 / ROWS * 3, rel=0.03)
    made.setFocus()
    QTest.keyClick(made, Qt.Key.Key_Right)
    assert made.pointed == 600
    assert told == [500, 600]
    assert theme.probability_bar.rgb() in colors(made)
    made.set([], "weights")
    assert made.pointed is None
    made.grab()


def test_very_many_histograms_are_thinned_and_the_newest_stays(qtbot: Any) -> None:
    made = show(qtbot, HistogramMap("x"), 400, 240)
    made.set([Binned(step=n, low=-1.0, high=1.0, counts=(1, 2, 1)) for n in range(1001)], "weights")
    assert len(made._binned) <= 200
    assert made._binned[-1].step == 1000


def test_the_rate_plot_follows_the_pointer_and_ends_above_the_first_loss(qtbot: Any) -> None:
    made = show(qtbot, RatePlot(), 300, 180)
    rates = [10.0**power for power in range(-6, 1)]
    made.set(rates, [4.0, 4.0, 3.6, 2.6, 2.4, 9.0, float("nan")])
    made.mark(3e-3, 5e-2, 1e-3)
    assert made.accessibleDescription() == "suggested: 3.0e−3"
    places = [made.place(rate, 3.0).x() for rate in rates[:6]]
    assert np.diff(places).std() < 1e-6
    assert made.place(1e-6, 4.0).y() > made.frame().top() > made.place(1e-1, 9.0).y(), "the burst is cut off"
    QTest.mouseMove(made, QPointF(made.place(1e-3, 2.6).x() + 3, made.frame().center().y()).toPoint())
    assert made.pointed == (pytest.approx(1e-3), 2.6)
    made.setFocus()
    QTest.keyClick(made, Qt.Key.Key_Left)
    assert log10(made.pointed[0]) == pytest.approx(-4)
    assert theme.color("success").rgb() in colors(made)


def test_a_fold_opens_by_click_and_keys_and_says_what_it_holds(qtbot: Any) -> None:
    inside = QLabel("inside")
    made = show(qtbot, Fold("Machine", inside, opened=False), 240, 60)
    made.set_words("dropout: 0.1")
    assert not inside.isVisible()
    QTest.mouseClick(made.head, LEFT)
    assert inside.isVisible()
    made.head.setFocus()
    QTest.keyClick(made.head, Qt.Key.Key_Space)
    assert not inside.isVisible()
    assert made.head.toolTip() == "dropout: 0.1"
