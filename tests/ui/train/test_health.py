"""The health panel on the events of a run, by mouse and keys."""

from math import exp
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from llmstudio.core.model.spec import Model
from llmstudio.core.train.events import Event, Health, Histogram, Histograms, Part
from llmstudio.core.train.recipe import Recipe
from llmstudio.session.run import Run
from llmstudio.ui.panels.train.health import HealthPanel
from llmstudio.ui.words.health import curve, facts, judged, spread

PATHS = ("embed", "blocks.0.attn", "blocks.0.mlp", "blocks.1.attn", "blocks.1.mlp")


def events(last: int = 400) -> list[Event]:
    """As training tells them: health every 20 steps, histograms every 100."""
    found: list[Event] = []
    for step in range(20, last + 1, 20):
        fall = exp(-step / 100)
        parts = {
            path: Part(gradient=0.02 + fall * 0.3, update=1e-3 * (n + 1), activation=1.0 + n, dead=dead(path))
            for n, path in enumerate(PATHS)
        }
        found.append(Health(step=step, parts=parts))
        if step % 100 == 0:
            found.append(Histograms(step=step, weights=_made(step, 0.1), gradients=_made(step, 0.001)))
    return found


def dead(path: str) -> float | None:
    return 0.25 if path == "blocks.1.mlp" else None


def _made(step: int, wide: float) -> dict[str, Histogram]:
    made = {}
    for n, path in enumerate(PATHS):
        counts, edges = np.histogram(np.random.default_rng(step + n).normal(0, wide, 3000), 30)
        low, high = float(edges[0]), float(edges[-1])
        made[path] = Histogram(low=low, high=high, counts=tuple(int(each) for each in counts))
    return made


@pytest.fixture
def panel(desk: Any) -> HealthPanel:
    made = desk.put(HealthPanel(desk.session), 388, 400)
    run = Run(name="run 1", number=1, model=Model(), recipe=Recipe(), log=events(), state="finished")
    desk.session.train.runs.append(run)
    desk.session.train.show(run)
    desk.beat()
    return made


def test_without_a_run_it_says_what_will_be_here(desk: Any) -> None:
    made = desk.put(HealthPanel(desk.session), 388, 400)
    assert made.stack.currentWidget() is made.empty
    assert made.empty.text.text().startswith("No run yet.")
    run = Run(name="run 1", number=1, model=Model(), recipe=Recipe(watch_every=0), state="finished")
    desk.session.train.runs.append(run)
    desk.session.train.show(run)
    assert "Health every" in made.empty.text.text()


def test_every_part_has_its_newest_numbers(desk: Any, panel: HealthPanel) -> None:
    rows = {row.path: row for row in panel.table.rows()}
    assert [*rows] == [*PATHS]
    assert rows["blocks.0.mlp"].number == pytest.approx(0.02 + 0.3 * exp(-4))
    assert rows["blocks.0.mlp"].ratio == 3e-3
    desk.click(panel.table.viewport(), panel.table.caption_rect().center().toPoint())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    names = [entry.text().partition(":")[0] for entry in menu.actions()]
    assert names == ["Gradient norm", "Activations", "Dead units"]
    desk.key(menu, Qt.Key.Key_Down)
    desk.key(menu, Qt.Key.Key_Down)
    desk.key(menu, Qt.Key.Key_Return)
    assert panel.table.rows()[2].number == 3.0
    assert "25.0\u2009% " in " ".join(facts("blocks.1.mlp", panel.session.train.run.health["blocks.1.mlp"], None)) + " "


def test_the_shared_step_and_the_time_machine_are_followed(desk: Any, panel: HealthPanel) -> None:
    desk.session.train.hover_at(100)
    desk.beat()
    assert panel.table.rows()[0].number == pytest.approx(0.02 + 0.3 * exp(-1))
    desk.session.train.hover_at(None)
    desk.beat()
    assert panel.table.rows()[0].number == pytest.approx(0.02 + 0.3 * exp(-4))


def test_new_measurements_are_taken_in(desk: Any, panel: HealthPanel) -> None:
    run = desk.session.train.run
    run.log.extend(events(600)[24:])
    desk.beat()
    assert panel.table.rows()[0].number == pytest.approx(0.02 + 0.3 * exp(-6))


def test_a_click_opens_a_parts_histograms_and_esc_goes_back(desk: Any, panel: HealthPanel) -> None:
    desk.click(panel.table.viewport(), panel.table.rect_of(2).center().toPoint())
    page = panel.page
    assert panel.stack.currentWidget() is page
    assert page.name.text() == "blocks.0.mlp"
    assert page.said.text().startswith("At step 400 nine in ten weights lie between −0.1")
    desk.click(page.kind, page.kind.rects()[1].center())
    assert "nine in ten gradients" in page.said.text()
    frame = page.map.frame()
    QTest.mouseMove(page.map, QPointF(frame.left() + frame.width() * 0.5, frame.center().y()).toPoint())
    desk.beat()
    assert desk.session.train.hover == 200, "all charts show the step that is pointed at"
    assert "At step 200" in page.said.text()
    desk.key(page.map, Qt.Key.Key_Escape)
    assert panel.stack.currentWidget() is panel.table
    desk.key(panel.table, Qt.Key.Key_Down)
    desk.key(panel.table, Qt.Key.Key_Return)
    assert page.name.text() == "blocks.1.attn"
    desk.click(page.back)
    assert panel.stack.currentWidget() is panel.table


def test_words_of_health() -> None:
    assert [judged(ratio) for ratio in (1e-6, 1e-3, 0.2, float("nan"))] == ["small", "healthy", "large", "large"]
    counts = (5, 45, 45, 5)
    assert spread(Histogram(low=-2.0, high=2.0, counts=counts), 7, "weights") == (
        "At step 7 nine in ten weights lie between −1.0 and 1.0."
    )
    run = Run(name="x", number=1, model=Model(), recipe=Recipe(), log=events(20 * 81))
    short = curve(run.health["embed"].update)
    assert len(short) == 27
    assert short == pytest.approx([1e-3] * 27)


def test_a_real_run_is_measured_and_shown(desk: Any) -> None:
    train = desk.session.train
    made = desk.put(HealthPanel(desk.session), 388, 400)
    train.edit(replace(train.recipe, watch_every=3))
    desk.train()
    assert [row.path for row in made.table.rows()][:3] == ["embed", "blocks.0.attn", "blocks.0.mlp"]
    assert all(row.number and row.number > 0 for row in made.table.rows())
    assert len(train.run.health["embed"].update) == 4
    desk.click(made.table.viewport(), made.table.rect_of(1).center().toPoint())
    assert made.page.said.text().startswith("At step ")
