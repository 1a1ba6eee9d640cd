"""The design beside another: what differs, what each costs, and taking the other over."""

from collections.abc import Iterable

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from llmstudio.core.model import edits
from llmstudio.core.model.compare import same
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.model.spec import MLP, Attention, Block, Experts, Model, Skip, change, insert, remove
from llmstudio.core.train.recipe import Recipe
from llmstudio.core.train.speed import Speed
from llmstudio.ui.numbers import size
from llmstudio.ui.panels.build.compare import ComparePanel
from llmstudio.ui.panels.build.compare.lines import bills, lines, sentence
from llmstudio.ui.words.changes import listed

LEFT = Qt.MouseButton.LeftButton
FOUR = Model(blocks=(Block(),) * 4)


def told(other: Model, this: Model) -> list[tuple[str, ...]]:
    return [tuple(line) for line in lines(other, this)]


def attentions(indices: Iterable[int], **fields: int) -> Model:
    return edits.change_all(FOUR, [f"blocks.{i}.attn" for i in indices], fields)


@pytest.mark.parametrize(
    ("this", "line"),
    [
        (replace(FOUR, width=256), ("Width", "128", "256", "")),
        (attentions((0, 1, 3), heads=8), ("Heads in blocks 1–2, 4", "4", "8", "blocks.0.attn")),
        (attentions(range(4), window=8), ("Window", "all", "8", "blocks.0.attn")),
        (attentions(range(4), bias=True), ("Attention biases", "off", "on", "blocks.0.attn")),
        (change(FOUR, "blocks.2.mlp", None), ("MLP in block 3", "GELU, 512 hidden", "none", "blocks.2")),
        (change(FOUR, "blocks.2.moe", Experts(hidden=64)), ("Experts in block 3", "none", "", "blocks.2.moe")),
        (replace(FOUR, skips=(Skip(source=1, target=4),)), ("Extra wire", "none", "1 to end", "skips.0")),
        (insert(FOUR, 1, Block(attention=None, mlp=MLP(hidden=99))), ("Block 2", "none", "MLP, 99 wide", "blocks.1")),
    ],
)  # fmt: skip
def test_each_difference_is_told_with_both_values(this: Model, line: tuple[str, ...]) -> None:
    (found,) = told(FOUR, this)
    assert all(word in got for word, got in zip(line, found, strict=True))
    assert found[3] == line[3]


def test_what_is_gone_cannot_be_selected() -> None:
    ((title, other, this, path),) = told(insert(FOUR, 1, Block(attention=None)), FOUR)
    assert (title, this, path) == ("Block 2", "none", "") and other


def test_costs_stand_side_by_side() -> None:
    double = edits.repeat(FOUR, 0, 3, 2)
    found = {line.title: line for line in bills(FOUR, double, Recipe())}
    assert (found["Blocks"].other, found["Blocks"].this) == ("4", "8  ×2.0")
    assert "%" in found["Parameters"].this
    shared = change(FOUR, "blocks.0.attn", Attention(kv_heads=1))
    assert "-" not in (less := {line.title: line for line in bills(FOUR, shared, Recipe())}["Cache, a token"].this)
    assert "\N{MINUS SIGN}" in less


def test_the_sentence_counts_and_weighs() -> None:
    assert sentence([], FOUR, replace(FOUR, name="Other")) == "The same network."
    more = replace(FOUR, vocab=FOUR.vocab + 100)
    assert sentence(lines(FOUR, more), FOUR, more) == "1 difference. This design has 0.01\u2009M more parameters."
    fewer = remove(FOUR, 0)
    assert "fewer" in sentence(lines(FOUR, fewer), FOUR, fewer)
    wider = change(FOUR, "blocks.0.attn", Attention(heads=8))
    assert sentence(lines(FOUR, wider), FOUR, wider).endswith("as many parameters.")


def test_ranges_of_blocks() -> None:
    assert listed([0]) == "1"
    assert listed([4, 1, 2, 3, 7]) == "2–5, 8"


@pytest.fixture
def compare(qtbot, session) -> ComparePanel:
    made = ComparePanel(session)
    qtbot.addWidget(made)
    made.resize(360, 600)
    made.show()
    return made


def test_the_other_design_is_chosen_and_taken_over(qtbot, compare, session) -> None:
    before = session.build.model
    combo = compare.choice
    combo.setFocus()
    while combo.currentText() != PRESETS["llama-like"].title:
        QTest.keyClick(combo, Qt.Key.Key_Down)
    assert compare.differences.lines and compare.take.isEnabled()
    QTest.mouseClick(compare.take, LEFT)
    taken = session.build.model
    assert same(taken, replace(PRESETS["llama-like"].model, vocab=before.vocab))
    assert compare.sentence.text() == "The same network." and not compare.take.isEnabled()
    assert compare.differences.isHidden()
    session.build.undo()
    assert session.build.model == before


def test_memory_is_that_of_the_cost_panel_also_once_it_is_measured(compare, session) -> None:
    build = session.build

    def shown() -> str:
        return {line.title: line for line in compare.costs.lines}["Memory, training"].this.split("  ")[0]

    assert shown() == size(build.estimate.memory.total)
    before = shown()
    fused = (True,) * len(build.model.blocks)
    build.estimate._speed = Speed(step=1, read=1, exact=1, token=1, dtype="bfloat16", fused=fused)
    build.estimate._of = (build.model, session.train.recipe)
    build.estimate.changed.emit()
    assert shown() == size(build.estimate.memory.total) != before


def test_out_of_sight_nothing_is_compared(compare, session) -> None:
    compare.hide()
    before = compare.sentence.text()
    session.build.edit(replace(session.build.model, width=256))
    assert compare.sentence.text() == before
    compare.show()
    compare.tick()
    assert compare.sentence.text() != before


def test_a_click_on_a_difference_selects_its_part(compare, session) -> None:
    model = session.build.model
    compare._choose(PRESETS["nano"].title)
    table = compare.differences
    n = next(n for n, line in enumerate(table.lines) if line.path.endswith(".mlp"))
    QTest.mouseClick(table, LEFT, pos=QPoint(20, round(table.row(n).center().y())))
    assert session.build.selected == table.lines[n].path
    table.setFocus()
    for _ in range(len(table.lines)):
        QTest.keyClick(table, Qt.Key.Key_Up)
    QTest.keyClick(table, Qt.Key.Key_Return)  # the whole's first option belongs to no part
    assert session.build.selected == table.lines[n].path and session.build.model == model
