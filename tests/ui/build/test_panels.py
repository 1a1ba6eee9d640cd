"""Parts, properties, cost and problems beside the canvas, by mouse and keys."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from llmstudio.core.model.cost import cost
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.model.spec import MLP, Block, Model
from llmstudio.core.train.recipe import Recipe
from llmstudio.ui.panels.build.cost import CostPanel, about_text, sentence, shares
from llmstudio.ui.panels.build.parts import PartsPanel

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def build(session):
    return session.build


@pytest.fixture
def put(qtbot, session):
    def show(kind, width=360, height=500):
        made = kind(session)
        qtbot.addWidget(made)
        made.resize(width, height)
        made.show()
        return made

    return show


def test_enter_on_a_part_puts_it_after_the_selection(put, build) -> None:
    panel = put(PartsPanel, 208, 700)
    build.select("blocks.1.attn")
    panel.parts.setFocus()
    QTest.keyClick(panel.parts, Qt.Key.Key_Down)
    QTest.keyClick(panel.parts, Qt.Key.Key_Down)
    QTest.keyClick(panel.parts, Qt.Key.Key_Return)
    assert len(build.model.blocks) == 5
    assert build.model.blocks[2].attention is None and build.selected == "blocks.2"


def test_a_design_is_taken_by_a_click_and_given_back_by_undo(put, build) -> None:
    panel = put(PartsPanel, 208, 700)
    before = build.model
    rows = panel.designs
    place = rows.visualRect(rows.rows.index(list(PRESETS).index("gpt2-small"))).center()
    QTest.mouseClick(rows.viewport(), LEFT, pos=place)
    assert build.model.name == PRESETS["gpt2-small"].model.name and len(build.model.blocks) == 12
    assert rows.used == "gpt2-small"
    build.undo()
    assert build.model == before and rows.used == ""


def test_sizes_of_designs_are_their_parameters(put, build) -> None:
    panel = put(PartsPanel, 208, 700)
    sizes = {row.key: row.text for row in panel.designs.rows.rows}
    assert sizes["gpt2-small"] == "124\u2009M"  # 124 439 808, Radford et al. 2019 as counted by Hugging Face


def test_memory_follows_the_batch(put, session) -> None:
    bill = put(CostPanel)
    small = bill.memory.text()
    session.train.edit(replace(session.train.recipe, batch=8 * session.train.recipe.batch))
    assert bill.memory.text() != small


def test_shares_add_up() -> None:
    for preset in PRESETS.values():
        assert sum(share.part for share in shares(cost(preset.model))) == pytest.approx(1, abs=0.011)


def test_the_sentence_names_the_largest_share() -> None:
    wide = Model(blocks=(Block(mlp=MLP(hidden=100_000)),))
    assert sentence(cost(wide), Recipe()).startswith("The MLPs hold")
    wordy = Model(vocab=1_000_000, blocks=(Block(),))
    assert sentence(cost(wordy), Recipe()).startswith("The embedding holds")


def test_the_text_is_weighed_against_the_size() -> None:
    bill = cost(Model(vocab=65))
    recipe = Recipe(steps=2000, batch=12)
    enough = about_text(bill, recipe, 64, 21 * bill.parameters)
    assert "enough" in enough
    little = about_text(bill, recipe, 64, 1_003_854)
    assert "read it 1.5 times" in little  # 2000 * 12 * 64 / 1 003 854
    assert "better" in little


def test_a_low_cost_panel_keeps_the_numbers_and_drops_the_sentence(put) -> None:
    bill = put(CostPanel, 360, 300)
    assert bill.sentence.isVisible()
    bill.resize(360, 150)
    assert not bill.sentence.isVisible() and bill.parameters.isVisible()
    bill.resize(360, 300)
    assert bill.sentence.isVisible()
