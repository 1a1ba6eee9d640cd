"""The properties of what is selected, and its problems, by mouse and keys."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton

from llmstudio.core.model import check, edits
from llmstudio.core.model.cost import least
from llmstudio.core.model.spec import Attention, Block, Experts, Group, Model, Skip
from llmstudio.ui.canvas.everywhere import alike, chosen, differing, field
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


def test_an_edit_in_the_form_reaches_canvas_and_cost(put, build, panel) -> None:
    form = put(PropertiesPanel)
    build.select("blocks.1.mlp")
    before = build.cost.parameters
    enter(number(form, "hidden"), "200")
    assert build.model.blocks[1].mlp.hidden == 200
    assert "200 hidden" in panel.scene.blocks[1].value[1].rows[1].facts
    assert build.cost.parameters - before == 2 * 64 * (200 - 128)


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


def test_many_problems_are_mended_at_once(put, build) -> None:
    panel = put(ProblemsPanel)
    before = build.model
    assert panel.all.isHidden()
    wrong = edits.change_all(before, [f"blocks.{i}.attn" for i in range(4)], {"window": 99})
    build.edit(edits.change_all(wrong, ["blocks.0.attn"], {"heads": 5}))
    assert panel.count.text() == "5" and not panel.all.isHidden()
    QTest.mouseClick(panel.all, LEFT)
    assert build.problems == [] and build.model.blocks[1:] == before.blocks[1:] and panel.all.isHidden()
    build.undo()
    assert len(build.problems) == 5


def test_without_a_project_the_button_says_why_it_waits(put, session) -> None:
    problems = put(ProblemsPanel)
    assert not problems.train.isEnabled()
    assert problems.reason.text() == session.train.why_not


def test_parts_of_one_kind() -> None:
    model = Model(blocks=(Block(), Block(mlp=None), Block(attention=None)))
    assert alike(model, "blocks.0.attn") == ["blocks.0.attn", "blocks.1.attn"]
    assert alike(model, "blocks.1") == ["blocks.0", "blocks.1", "blocks.2"]
    assert alike(model, "") == [""]


def test_problems_name_their_option() -> None:
    attention = Attention(heads=8, kv_heads=3)
    assert field(attention, "5 heads do not divide 128.") == "heads"
    assert field(attention, "8 heads cannot share 3 key/value heads evenly.") in ("heads", "kv_heads")
    assert field(attention, "A window of 99 is wider than the context of 64.") == "window"
    assert field(attention, "Something else entirely.") == ""


def press(widget, word: str) -> None:
    """Click on one word of a switch."""
    QTest.mouseClick(widget, LEFT, pos=widget.rects()[widget.words.index(word)].center())


def tick(check: QCheckBox) -> None:
    QTest.mouseClick(check, LEFT, pos=QPoint(8, check.height() // 2))


def test_selected_parts_of_a_kind_are_edited_together(put, build) -> None:
    form = put(PropertiesPanel)
    build.select_all(["blocks.0.mlp", "blocks.2.mlp"])
    switch = form.header.reach.switch
    assert switch.words == ["This one", "Selected 2", "All 4"] and switch.chosen == "Selected 2"
    assert "hidden width" in form.about.text()
    enter(number(form, "hidden"), "96")
    assert [block.mlp.hidden for block in build.model.blocks] == [96, 128, 96, 512]
    assert form.about.text() == ""
    build.select("blocks.2.mlp")
    assert switch.words == ["This one", "All 4"] and switch.chosen == "This one"


def test_parts_inside_selected_blocks_count_as_selected() -> None:
    model = Model(blocks=(Block(), Block(mlp=None), Block()))
    assert chosen(model, ["blocks.0", "blocks.1", "blocks.2.mlp"]) == ["blocks.0.mlp", "blocks.2.mlp"]
    assert chosen(model, ["skips.0", "blocks.1"]) == ["blocks.1"]
    assert chosen(model, []) == [""]
    wide = edits.change_all(model, ["blocks.2.attn"], {"heads": 8, "bias": True})
    assert differing(wide, ["blocks.0.attn", "blocks.2.attn"]) == ["heads", "bias"]


def test_keys_and_values_are_shared_by_words(put, build) -> None:
    form = put(PropertiesPanel, 360, 700)
    build.select("blocks.0.attn")
    cases = form.form.row("kv_heads").editor
    press(cases.switch, "grouped")
    assert build.model.blocks[0].attention.kv_heads == 2 and not cases.number.isHidden()
    press(cases.switch, "shared")
    assert build.model.blocks[0].attention.kv_heads == 1 and cases.number.isHidden()
    press(cases.switch, "per head")
    assert build.model.blocks[0].attention.kv_heads is None
    build.edit(edits.change_all(build.model, ["blocks.0.attn"], {"kv_heads": 2}))
    assert cases.switch.chosen == "grouped" and cases.number.value == 2


def test_a_window_brings_its_sinks_and_takes_them_along(put, build) -> None:
    form = put(PropertiesPanel, 360, 700)
    build.select("blocks.0.attn")
    cases = form.form.row("window").editor
    assert cases.switch.words == ["all 64", "a window"] and form.form.row("sinks").isHidden()
    press(cases.switch, "a window")
    assert build.model.blocks[0].attention.window == 16 and not form.form.row("sinks").isHidden()
    enter(cases.number, "8")
    tick(form.form.row("sinks").editor.check)
    assert build.model.blocks[0].attention == Attention(window=8, sinks=4)
    press(cases.switch, "all 64")
    assert build.model.blocks[0].attention == Attention() and build.problems == []
    build.edit(edits.change_all(build.model, ["blocks.0.attn", "blocks.2.attn"], {"window": 8}))
    build.edit(edits.change_all(build.model, ["blocks.2.attn"], {"sinks": 3}))
    press(form.header.reach.switch, "All 4")
    press(cases.switch, "all 64")
    assert [block.attention for block in build.model.blocks] == [Attention()] * 4


@pytest.mark.parametrize("part", ["attn", "mlp", "moe", ""])
def test_nothing_is_cut_off_in_a_narrow_window(put, build, part: str) -> None:
    build.edit(replace(build.model, blocks=(replace(build.model.blocks[0], experts=Experts()),)))
    build.select(f"blocks.0.{part}".rstrip("."))
    panel = put(PropertiesPanel, width=345, height=280)
    assert panel.area.verticalScrollBar().maximum() > 0
    assert panel.area.horizontalScrollBar().maximum() == 0


def test_the_slider_of_heads_rests_where_they_share_the_width(qtbot, put, build) -> None:
    form = put(PropertiesPanel, 360, 700)
    build.select("blocks.0.attn")
    heads = form.form.row("heads").editor
    assert heads.stops == [1, 2, 4, 8, 16, 32, 64]
    for x in range(8, heads.slider.width() - 4, 7):
        QTest.mousePress(heads.slider, LEFT, pos=QPoint(x, 14))
        QTest.mouseRelease(heads.slider, LEFT, pos=QPoint(x, 14))
        assert build.model.blocks[0].attention.heads in heads.stops and build.problems == []
    assert build.model.blocks[0].attention.heads == 64
    enter(heads.number, "5")
    assert build.model.blocks[0].attention.heads == 5 and build.problems


def test_what_is_off_says_what_that_comes_to(put, build) -> None:
    form = put(PropertiesPanel, 360, 700)
    build.select("blocks.0.attn")
    width = form.form.row("head_width").editor
    assert width.check.text() == "16, 64 over 4"
    enter(number(form, "heads"), "8")
    assert width.check.text() == "8, 64 over 8"
    tick(width.check)
    assert build.model.blocks[0].attention.head_width == 8
    assert "as the model" in form.form.row("position").editor.part.currentText()
    build.edit(edits.change_all(build.model, ["blocks.0.attn"], {"position": "rope"}))
    base = form.form.row("rope_base").editor
    assert not form.form.row("rope_base").isHidden() and base.check.text() == "10\u2009000, as the model"
    tick(base.check)
    assert build.model.blocks[0].attention.rope_base == 10_000


def test_parts_are_put_into_a_block_and_taken_out(put, build) -> None:
    form = put(PropertiesPanel, 360, 700)
    build.select("blocks.1")
    assert [name for name, check in form.parts.checks.items() if check.isChecked()] == ["attn", "mlp"]
    tick(form.parts.checks["moe"])
    assert build.model.blocks[1].experts is not None and build.problems == []
    tick(form.parts.checks["mlp"])
    assert build.model.blocks[1].mlp is None
    press(form.header.reach.switch, "All 4")
    tick(form.parts.checks["conv"])
    assert all(block.convolution for block in build.model.blocks)
    build.undo()
    assert not any(block.convolution for block in build.model.blocks)
    build.select("blocks.0.mlp")
    assert form.parts.isHidden()


def test_ends_of_a_wire_are_chosen_in_words(put, build) -> None:
    form = put(PropertiesPanel)
    build.edit(replace(build.model, skips=(Skip(source=1, target=3),)), select=["skips.0"])
    ends = form.form.row("target").editor.part
    assert [ends.itemText(n) for n in range(ends.count())] == ["before block 3", "before block 4", "the end"]
    ends.setFocus()
    QTest.keyClick(ends, Qt.Key.Key_Down)
    assert build.model.skips == (Skip(source=1, target=4),)
    tick(form.form.row("gated").editor.check)
    assert build.model.skips == (Skip(source=1, target=4, gated=True),)
    assert [form.form.row("source").editor.part.itemText(n) for n in (0, 1)] == ["the start", "after block 1"]


def test_a_group_has_a_name_and_a_block_a_note(put, build) -> None:
    form = put(PropertiesPanel)
    build.edit(replace(build.model, groups=(Group(first=0, last=1),)), select=["groups.0"])
    line = form.form.row("name").editor.line
    QTest.keyClicks(line, "Readers")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert build.model.groups[0].name == "Readers" and form.header.name.text() == "Readers"
    build.select("blocks.3")
    line = form.form.row("note").editor.line
    QTest.keyClicks(line, "The last")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert build.model.blocks[3].note == "The last"


def test_each_part_says_what_it_is_with_formula_and_paper(put, build) -> None:
    form = put(PropertiesPanel, 360, 700)
    build.edit(edits.change_all(build.model, ["blocks.0"], {"experts": Experts()}))
    for path, paper in (("blocks.0.attn", "Vaswani"), ("blocks.0.moe", "Shazeer"), ("skips", ""), ("embed", "Bengio")):
        if path != "skips":
            build.select(path)
            assert paper in form.explanation.source.text() and form.explanation.formula.text()
    build.select("blocks.0.mlp")
    assert "Hendrycks" in form.form.row("activation").editor.toolTip()
    build.select("blocks.0.attn")
    assert "Ainslie" in form.form.row("kv_heads").editor.toolTip()


def test_the_whole_model_has_its_options_under_titles(put, build) -> None:
    form = put(PropertiesPanel, 360, 1200)
    titles = [each.text() for each in form.form.findChildren(QLabel) if each.property("role") == "section"]
    assert titles == ["Size", "Order of the text", "Norms", "Ends", "Learning", "Yours"]
    assert form.form.row("rope_base").isHidden()
    form.form.row("position").editor.part.setFocus()
    QTest.keyClick(form.form.row("position").editor.part, Qt.Key.Key_Down)
    QTest.keyClick(form.form.row("position").editor.part, Qt.Key.Key_Down)
    assert build.model.position == "rope" and not form.form.row("rope_base").isHidden()
    line = form.form.row("name").editor.line
    line.selectAll()
    QTest.keyClicks(line, "Mine")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert build.model.name == "Mine"


def test_what_is_too_large_for_the_machine_is_a_problem_with_fixes(put, session, build, monkeypatch) -> None:
    monkeypatch.setattr(
        type(session.train),
        "problems",
        property(lambda _: check.data_problems(build.model, session.train.recipe, None, memory=free)),
    )
    session.train.edit(replace(session.train.recipe, batch=64))
    free = least(build.model, session.train.recipe).needed
    problems = put(ProblemsPanel)
    assert problems.count.text() == ""
    free -= 1
    session.train.changed.emit()
    assert problems.count.text() == "1" and problems.reason.text() == "Waits for the problem above."
    buttons = {b.text(): b for b in problems.findChildren(QPushButton)}
    QTest.mouseClick(buttons["Use a batch of 32"], LEFT)
    assert session.train.recipe.batch == 32 and problems.count.text() == ""


def test_an_option_that_is_new_in_the_spec_appears_by_itself(monkeypatch) -> None:
    from llmstudio.ui.panels.build.properties import forms

    values = {"": Model(), "blocks.0": Block(), "blocks.0.attn": Attention(), "blocks.0.moe": Experts()}
    for path, value in values.items():
        before = forms.rows(path, value)
        last = [*before][-1]
        gone = before[last][-1]
        kept = {title: tuple(name for name in names if name != gone) for title, names in before.items()}
        monkeypatch.setitem(forms.ROWS, forms.kind(path), kept)
        after = forms.rows(path, value)
        assert [*after][-1] in (last, "More") and [*after.values()][-1][-1] == gone
    assert "convolution" not in forms.rows("blocks.0", Block())[""]
