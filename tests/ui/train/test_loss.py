"""The loss panel on a real run, driven by mouse and keys."""

import csv
import sys
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from llmstudio.ui.panels.train.loss import Loss


@pytest.fixture
def panel(desk: Any) -> Loss:
    panel = desk.put(Loss(desk.session))
    desk.train()
    desk.until(lambda: panel.picture is not None)
    return panel


def wheel(chart: Any, at: QPoint, up: int) -> None:
    where, still = QPointF(at), QPoint()
    event = QWheelEvent(
        where, QPointF(chart.viewport().mapToGlobal(at)), still, QPoint(0, up), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(chart.viewport(), event)


def test_without_a_run_it_says_what_will_be_here(desk: Any) -> None:
    panel = desk.put(Loss(desk.session))
    assert panel.stack.currentWidget() is panel.empty
    assert panel.picture is None


def test_numbers_and_curves_are_those_of_the_run(desk: Any, panel: Loss) -> None:
    run = desk.session.train.run
    assert panel.figures.train.text() == f"{run.smoothed:.2f}"
    assert panel.figures.validation.text() == f"{run.validation.last:.2f}"
    assert panel.figures.perplexity.text() == f"{exp(run.validation.last):.0f}"  # above ten no decimals
    assert panel.figures.bits.text() == f"{run.validation.last / log(2):.2f}"  # one token is one character
    manifest = desk.session.data.manifest
    by_byte = run.validation.last / log(2) * manifest.validation_tokens / manifest.validation_bytes
    assert f"{by_byte:.2f} bits for each byte" in panel.figures.bits.toolTip()
    assert "characters" in panel.figures.meaning.text()
    raw, smooth, tested = panel.picture.curves()[-3:]
    assert raw.y.tolist() == list(run.loss.values)
    assert smooth.y == pytest.approx(np.array(run.smooth.values))
    assert tested.x.tolist() == list(run.validation.steps)
    names = [level.name for level in panel.picture._levels]
    assert names == ["guessing", "unigram", "bigram", "trigram"]
    ngrams = desk.session.data.manifest.ngrams
    assert panel.picture._levels[3].y == ngrams.trigram


def test_units_are_chosen_by_a_click(desk: Any, panel: Loss) -> None:
    desk.click(panel.units, panel.units.rects()[1].center())
    assert panel.picture.scale_.title == "loss, bits per character"
    value = 2.0
    assert panel.picture.scale_.apply(np.array([value]))[0] == pytest.approx(value / log(2))
    desk.click(panel.units, panel.units.rects()[2].center())
    assert panel.picture.scale_.apply(np.array([value]))[0] == pytest.approx(exp(value))
    assert panel.picture.scale_.title == "perplexity, choices"


def test_the_step_axis_becomes_logarithmic(desk: Any, panel: Loss) -> None:
    chart = panel.picture
    middle = chart.frame.center().x()
    before = chart.step_at(middle)
    desk.click(panel.axis, panel.axis.rects()[1].center())
    assert chart.log
    assert chart.step_at(middle) < before / 2
    assert chart.x_of(chart.step_at(middle)) == pytest.approx(middle)


def test_it_follows_until_zoomed_and_a_click_returns(desk: Any, panel: Loss) -> None:
    chart = panel.picture
    whole = chart.box.viewRange()
    assert panel.following.text() == "Following"
    wheel(chart, chart.frame.center().toPoint(), 240)
    desk.beat()
    assert not chart.following
    assert panel.following.text() == "Follow"
    zoomed = chart.box.viewRange()
    assert zoomed[0][1] - zoomed[0][0] < whole[0][1] - whole[0][0]
    desk.click(panel.following)
    assert chart.following
    assert chart.box.viewRange() == whole
    wheel(chart, chart.frame.center().toPoint(), 240)
    desk.click(chart.viewport(), chart.frame.center().toPoint(), double=True)
    assert chart.following


def test_the_pointer_tells_every_value(desk: Any, panel: Loss) -> None:
    chart, run = panel.picture, desk.session.train.run
    there = QPoint(round(chart.x_of(6)), round(chart.frame.center().y()))
    QTest.mouseMove(chart.viewport(), there + QPoint(30, 0))
    desk.beat()
    QTest.mouseMove(chart.viewport(), there)
    desk.beat()
    assert chart.at == pytest.approx(6, abs=0.1)
    tip = chart._explain(chart.at)
    rows = {row.name: row.value for row in tip.rows}
    assert tip.title.startswith("step 6, ")
    assert rows["train, this batch"] == f"{run.loss.values[5]:.2f}"
    assert rows["train, smoothed"] == f"{run.smooth.values[5]:.2f}"
    assert rows["validation, step 5"] == f"{run.validation.values[1]:.2f}"


def test_a_click_goes_to_the_nearest_snapshot(desk: Any, panel: Loss) -> None:
    chart, inside = panel.picture, desk.session.inside
    y = round(chart.frame.bottom() - 10)
    desk.click(chart.viewport(), QPoint(round(chart.x_of(3.2)), y))
    assert inside.moment == 3
    assert chart.moment == 3
    assert panel.past.text() == "step 3"
    desk.click(chart.viewport(), QPoint(round(chart.x_of(12)), y))
    assert inside.moment is None
    assert chart.moment is None


def test_another_run_is_drawn_behind_with_its_name(desk: Any, panel: Loss) -> None:
    from msgspec.structs import replace

    train = desk.session.train
    train.edit(replace(train.recipe, batch=2))
    desk.train()
    desk.beat()  # both are drawn unasked
    other = panel.picture.curves()[0]
    assert other.label == ("run 1", "")
    assert other.y == pytest.approx(np.array(train.runs[0].smooth.values))
    train.show(train.runs[0])
    desk.beat()
    assert panel.picture.curves()[0].label == ("run 2", "batch: 2")


@pytest.mark.parametrize("kind", ["png", "svg", "csv"])
def test_it_is_saved(desk: Any, panel: Loss, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"loss.{kind}"
    panel.menu.save(str(path))
    desk.until(lambda: desk.session.notices and desk.session.notices[-1].text == f"loss.{kind} written")
    run = desk.session.train.run
    if kind == "csv":
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        assert [int(row["step"]) for row in rows] == list(range(13))
        assert float(rows[12]["run 1, this batch"]) == run.loss.values[11]
        assert rows[0]["run 1, this batch"] == ""
    elif kind == "png":
        image = QImage(str(path))
        assert image.size() == panel.picture.size() * 2
        colors = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
        assert len(colors) > 3
    else:
        assert "trigram" in path.read_text(encoding="utf-8")


def test_what_cannot_be_saved_is_said(desk: Any, panel: Loss, tmp_path: Path) -> None:
    panel.menu.save(str(tmp_path / "loss.doc"))
    assert "should end in .png, .svg or .csv" in desk.session.notices[-1].text
    panel.menu.save(str(tmp_path / "nowhere" / "loss.csv"))
    desk.until(lambda: "Choose another folder" in desk.session.notices[-1].text)
    assert desk.session.notices[-1].kind == "error"


def test_the_plotting_library_waits_for_a_run() -> None:
    import subprocess

    code = "import sys, llmstudio.ui.panels.train.loss; print('pyqtgraph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
