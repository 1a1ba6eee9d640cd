"""Parts, properties, cost and problems beside the canvas, by mouse and keys."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton

from llmstudio.core.model.cost import cost
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.model.spec import MLP, Attention, Block, Model
from llmstudio.core.train.recipe import Recipe
from llmstudio.ui.canvas.everywhere import alike, field
from llmstudio.ui.panels.build.cost import CostPanel, about_text, sentence, shares
from llmstudio.ui.panels.build.parts import PartsPanel
from llmstudio.ui.panels.build.problems import ProblemsPanel
from llmstudio.ui.panels.build.properties import PropertiesPanel
from llmstudio.ui.widgets.number import NumberField

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


def number(panel: PropertiesPanel, name: str) -> NumberField:
    return panel.form.row(name).editor.number


def enter(editor: NumberField, text: str) -> None:
    """Type over a number as a person does."""
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)


def said(panel: PropertiesPanel, name: str) -> list[str]:
    """What stands under a field."""
    labels = panel.form.row(name).findChildren(QLabel)
    return [label.text() for label in labels if label.text() and not label.isHidden()]


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


def test_an_edit_in_the_form_reaches_canvas_and_cost(put, build, panel) -> None:
    form, bill = put(PropertiesPanel), put(CostPanel)
    build.select("blocks.1.mlp")
    before = bill.parameters.text()
    enter(number(form, "hidden"), "200")
    assert build.model.blocks[1].mlp.hidden == 200
    assert "200 hidden" in panel.scene.blocks[1].value[1].rows[1].facts
    assert bill.parameters.text() != before
    assert bill.parameters.text().replace("\u2009", "") == str(cost(build.model).parameters)


def test_all_sends_only_the_edited_option_everywhere(put, build) -> None:
    form = put(PropertiesPanel)
    build.select("blocks.1.mlp")
    switch = form.header.reach.switch
    assert switch.words == ["This one", "All 4"]
    QTest.mouseClick(switch, LEFT, pos=switch.rects()[1].center())
    check = form.form.row("bias").editor.findChild(QCheckBox)
    QTest.mouseClick(check, LEFT, pos=QPoint(8, check.height() // 2))
    assert [block.mlp.bias for block in build.model.blocks] == [True] * 4
    assert [block.mlp.hidden for block in build.model.blocks] == [64, 128, 256, 512]
    build.undo()
    assert [block.mlp.bias for block in build.model.blocks] == [False] * 4


def test_the_form_follows_the_selection(put, build) -> None:
    form = put(PropertiesPanel)
    assert form.header.name.text() == build.model.name
    assert not form.form.row("vocab").editor.isEnabled() and "tokenizer" in form.form.row("vocab").editor.toolTip()
    build.select("blocks.3.attn")
    assert form.header.name.text() == "Attention in block 4" and form.header.path.text() == "blocks.3.attn"
    assert form.formula.text() == "x = x + attend(norm(x))"
    build.select("head")
    assert form.formula.text() == "scores = unembed(norm(x))"


def test_a_problem_stands_under_its_field_and_a_button_mends_it(qtbot, put, build, panel) -> None:
    form, problems = put(PropertiesPanel), put(ProblemsPanel)
    build.select("blocks.1.attn")
    qtbot.waitUntil(lambda: form.form.isVisible())
    enter(number(form, "heads"), "5")
    assert build.problems
    assert any("5" in text for text in said(form, "heads"))
    assert panel.scene.blocks[1].value[1].rows[0].problem
    assert not problems.train.isEnabled() and "problem" in problems.reason.text()
    build.select("")
    buttons = {b.text(): b for b in problems.findChildren(QPushButton)}
    qtbot.waitUntil(lambda: buttons["Show"].isVisible())
    QTest.mouseClick(buttons["Show"], LEFT)
    assert build.selected == "blocks.1.attn"
    QTest.mouseClick(buttons["Use 4 heads"], LEFT)
    assert build.problems == [] and build.model.blocks[1].attention.heads == 4
    assert not panel.scene.blocks[1].value[1].rows[0].problem
    assert not said(form, "heads")
    assert any(label.text() == "No problems" for label in problems.findChildren(QLabel) if label.isVisible())


def test_without_a_project_the_button_says_why_it_waits(put, session) -> None:
    problems = put(ProblemsPanel)
    assert not problems.train.isEnabled()
    assert problems.reason.text() == session.train.why_not


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


def test_parts_of_one_kind() -> None:
    model = Model(blocks=(Block(), Block(mlp=None), Block(attention=None)))
    assert alike(model, "blocks.0.attn") == ["blocks.0.attn", "blocks.1.attn"]
    assert alike(model, "blocks.1") == ["blocks.0", "blocks.1", "blocks.2"]
    assert alike(model, "") == [""]


def test_problems_name_their_option() -> None:
    attention = Attention(heads=8, kv_heads=3)
    assert field(attention, "128 wide cannot be shared evenly by 5 heads.") == "heads"
    assert field(attention, "8 heads cannot share 3 key/value heads evenly.") in ("heads", "kv_heads")
    assert field(attention, "A window of 99 is wider than the context of 64.") == "window"
    assert field(attention, "Something else entirely.") == ""


def test_a_low_cost_panel_keeps_the_numbers_and_drops_the_sentence(put) -> None:
    bill = put(CostPanel, 360, 300)
    assert bill.sentence.isVisible()
    bill.resize(360, 150)
    assert not bill.sentence.isVisible() and bill.parameters.isVisible()
    bill.resize(360, 300)
    assert bill.sentence.isVisible()
