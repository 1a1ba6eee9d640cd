"""Parts and designs beside the canvas, and the one dial for the size."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from llmstudio.core.model import cost
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.train.speed import Speed
from llmstudio.ui.panels.build.parts import PartsPanel

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def build(session):
    return session.build


@pytest.fixture
def panel(qtbot, session):
    made = PartsPanel(session)
    qtbot.addWidget(made)
    made.resize(208, 1100)
    made.show()
    qtbot.waitExposed(made)
    return made


def click(rows, key: str) -> None:
    index = rows.rows.index(next(n for n, row in enumerate(rows.rows.rows) if row.key == key))
    QTest.mouseClick(rows.viewport(), LEFT, pos=rows.visualRect(index).center())


def turn(slider, share: float) -> None:
    """Drag the knob to this share of the way."""
    place = QPoint(round(6 + share * (slider.width() - 12)), slider.height() // 2)
    QTest.mousePress(slider, LEFT, pos=place - QPoint(3, 0))
    QTest.mouseMove(slider, place)
    QTest.mouseRelease(slider, LEFT, pos=place)


def test_enter_on_a_part_puts_it_after_the_selection(panel, build) -> None:
    build.select("blocks.1.attn")
    panel.parts.setFocus()
    QTest.keyClick(panel.parts, Qt.Key.Key_Down)
    QTest.keyClick(panel.parts, Qt.Key.Key_Down)
    QTest.keyClick(panel.parts, Qt.Key.Key_Return)
    assert len(build.model.blocks) == 5
    assert build.model.blocks[2].attention is None and build.selected.startswith("blocks.2")


def test_a_published_design_is_taken_by_a_click_and_given_back_by_undo(panel, build) -> None:
    before = build.model
    assert not panel.published.isVisible()
    QTest.mouseClick(panel.fold.head, LEFT)
    click(panel.published, "gpt2-small")
    assert build.model.name == PRESETS["gpt2-small"].model.name and len(build.model.blocks) == 12
    assert panel.published.used == "gpt2-small" and not panel.designs.used
    build.undo()
    assert build.model == before and not panel.published.used


def test_designs_stand_in_their_groups_with_their_sizes(panel) -> None:
    sizes = {row.key: row.text for row in panel.published.rows.rows}
    assert sizes["gpt2-small"] == "124\N{THIN SPACE}M"  # 124 439 808, Radford et al. 2019 as counted by Hugging Face
    small = {k for k, p in PRESETS.items() if p.group == "small"}
    assert {row.key for row in panel.designs.rows.rows} == {*small, "empty"}


def test_a_part_says_what_it_would_add(panel, build) -> None:
    told = {row.key: row.tip for row in panel.parts.rows.rows}
    base = cost.total(build.model)
    click(panel.parts, "mlp")
    more = f"{cost.total(build.model) - base:,}".replace(",", "\N{THIN SPACE}")
    assert told["mlp"] == f"+ {more} parameters"


def test_the_search_leaves_what_was_meant(panel) -> None:
    QTest.keyClicks(panel.search, "experts")
    shown = [row.title for i, row in enumerate(panel.parts.rows.rows) if not panel.parts.isRowHidden(i)]
    assert shown == ["Mixture of experts"] and not panel.designs.isVisible()
    panel.search.clear()
    QTest.keyClicks(panel.search, "gpt-2")
    assert panel.published.isVisible() and not panel.parts.isVisible()
    panel.search.clear()
    assert panel.parts.isVisible() and not panel.published.isVisible()


def test_the_dial_turns_design_and_recipe_in_one_edit_each(panel, session, build) -> None:
    build.edit(PRESETS["nano"].model)
    session.train.edit(PRESETS["nano"].recipe)
    before, recipe = build.model, session.train.recipe
    turn(panel.size.parameters, 0.5)  # of 1e5 to 1e9: about ten million
    assert cost.total(build.model) == pytest.approx(1e7, rel=0.25)
    assert len(build.model.blocks) > 2 and build.model.width > 128 and not build.problems
    assert session.train.recipe.learning_rate < recipe.learning_rate
    blocks, wide = len(build.model.blocks), build.model.width
    assert panel.size.words.text().startswith(f"{blocks} blocks, {wide} wide, ")
    build.undo()
    assert build.model == before
    session.train.undo()
    assert session.train.recipe == recipe


def test_minutes_wait_for_the_speed_and_then_last_so_long(panel, session, build) -> None:
    build.edit(PRESETS["nano"].model)
    session.train.edit(replace(PRESETS["nano"].recipe, sample_tokens=1))
    dial = panel.size
    QTest.mouseClick(dial.unit, LEFT, pos=dial.unit.rects()[1].center())
    assert not dial.minutes.isEnabled() and "measured" in dial.words.text()
    estimate = build.estimate
    estimate._speed, estimate._of = (
        Speed(step=0.05, read=0.0, exact=0.0, token=0.0),
        (build.model, session.train.recipe),
    )
    estimate.changed.emit()
    assert dial.minutes.isEnabled()
    turn(dial.minutes, 0.5)
    wanted = (1 * 1440) ** 0.5  # the middle of 1 to 1440 on a scale of powers
    assert estimate.seconds / 60 == pytest.approx(wanted, rel=0.15)
    assert "steps" in dial.words.text()
    slower = replace(estimate.speed, step=3 * estimate.speed.step)
    estimate._speed, estimate._of, estimate._on = slower, (build.model, session.train.recipe), estimate._device()
    assert estimate.seconds / 60 > 2 * wanted
    estimate.changed.emit()  # the probe of the new design is in: it was chosen by the speed of another
    assert estimate.seconds / 60 == pytest.approx(wanted, rel=0.15)
    assert dial.minutes.exact == pytest.approx(wanted, rel=0.2)
