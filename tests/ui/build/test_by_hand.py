"""Wires drawn by hand, and the menu of what fits where one lets go or clicks."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from llmstudio.core.model import spec
from llmstudio.core.model.spec import Model, Skip
from tests.ui.build.mouse import LEFT, choose, click, opened, shown


@pytest.fixture
def build(session):
    return session.build


@pytest.fixture
def plan(panel):
    return lambda: panel.scene.plan


# wires by hand


def test_a_wire_may_run_to_the_end(hand, build, plan) -> None:
    hand.drag(hand.at(0, plan().leave(1)), hand.at(-60, plan().end + 3))
    assert build.model.skips == (Skip(source=1, target=4),)
    assert not build.problems


def test_a_wire_let_go_over_a_block_ends_before_it(hand, build) -> None:
    hand.drag(hand.at(0, hand.view.canvas.plan.first_pill), hand.on("blocks.2.attn"))
    assert build.model.skips == (Skip(source=0, target=2),)


def test_a_wire_may_be_drawn_from_the_stream_beside_the_sums(hand, build, plan) -> None:
    inner = plan().blocks[1].rows[0].adds  # the sum within block 2 is nearest to the place before it
    hand.drag(hand.at(0, inner - 6), hand.at(-60, plan().blocks[3].gate))
    assert build.model.skips == (Skip(source=1, target=3),)


def test_the_ends_of_a_wire_can_be_dragged(hand, build, plan) -> None:
    build.edit(replace(build.model, skips=(Skip(source=1, target=2, gated=True),)))
    hand.drag(hand.at(-25, plan().wires[0].enters), hand.at(-60, plan().blocks[3].gate))
    assert build.model.skips == (Skip(source=1, target=3, gated=True),)
    hand.drag(hand.at(-25, plan().wires[0].leaves), hand.at(-60, plan().blocks[0].gate))
    assert build.model.skips == (Skip(source=0, target=3, gated=True),)
    hand.drag(hand.at(-25, plan().wires[0].enters), hand.at(-60, plan().blocks[0].gate))
    assert build.model.skips == (Skip(source=0, target=3, gated=True),)  # a wire goes down


def test_a_gate_is_switched_in_the_menu(hand, build) -> None:
    build.edit(replace(build.model, skips=(Skip(source=1, target=3),)))
    choose(hand, "skips.0", "Gated")
    assert build.model.skips[0].gated
    choose(hand, "skips.0", "Gated")
    assert not build.model.skips[0].gated
    choose(hand, "skips.0", "Remove the wire")
    assert build.model.skips == ()


def test_what_the_stream_offers_is_said(hand, build, panel, plan) -> None:
    def told(x: float, y: float) -> str:
        pos = hand.at(x, y)
        QTest.mouseMove(panel.view.viewport(), pos)
        QApplication.sendEvent(panel.view.viewport(), QHelpEvent(QEvent.Type.ToolTip, pos, pos))
        return QToolTip.text()

    build.edit(replace(build.model, skips=(Skip(source=1, target=3),)))
    assert "extra wire" in told(0, plan().leave(1)) and panel.view.spot.isVisible()
    assert told(0, plan().line(2)) == "Click to put something in here." and panel.view.spot.value
    assert "this end" in told(-25, plan().wires[0].enters)
    assert told(200, plan().blocks[1].card.y + 10).startswith("Block 2") and not panel.view.spot.isVisible()
    QToolTip.hideText()


# what fits there


def test_a_loose_end_asks_what_fits(hand, build, plan) -> None:
    space = hand.at(-170, (plan().blocks[1].gate + plan().blocks[2].gate) / 2)
    hand.drag(hand.at(0, plan().leave(1)), space)
    assert build.model.skips == ()
    search = opened(hand)
    assert "Block" in shown(search) and "Gated wire to the end" in shown(search)
    QTest.keyClicks(search.field, "gated 4")
    assert shown(search) == ["Gated wire to block 4"]
    QTest.keyClick(search.field, Qt.Key.Key_Return)
    assert build.model.skips == (Skip(source=1, target=3, gated=True),)


def test_a_click_on_the_stream_puts_a_block_there(hand, build, plan) -> None:
    click(hand, hand.at(0, plan().line(2)))
    search = opened(hand)
    row = next(n for n, choice in enumerate(search.choices) if choice.title == "Recurrence")
    QTest.mouseClick(search.list.viewport(), LEFT, pos=search.list.visualRect(search.list.rows.index(row)).center())
    assert [*spec.parts(build.model.blocks[2])] == ["rec"] and build.selected == "blocks.2"
    assert not build.problems


def test_searching_for_nothing_says_so_and_esc_leaves(hand, build) -> None:
    before = build.model
    hand.key("Ins")
    search = opened(hand)
    QTest.keyClicks(search.field, "perceiver")
    assert shown(search) == [] and search.none.isVisible()
    QTest.keyClick(search.field, Qt.Key.Key_Return)
    QTest.keyClick(search.field, Qt.Key.Key_Escape)
    assert build.model == before


def test_arrows_and_enter_choose(hand, build) -> None:
    click(hand, "blocks.0")
    hand.key("Ins")
    search = opened(hand)
    QTest.keyClick(search.field, Qt.Key.Key_Down)
    QTest.keyClick(search.field, Qt.Key.Key_Return)
    assert build.model.blocks[1].mlp is None and build.selected == "blocks.1"


def test_an_empty_canvas_begins_with_a_click_anywhere(hand, build) -> None:
    choose(hand, "", "Remove all blocks")
    assert build.model.blocks == () and build.model.name == Model().name and build.model.width == 64
    click(hand, hand.at(120, 140))
    QTest.keyClick(opened(hand).field, Qt.Key.Key_Return)
    assert len(build.model.blocks) == 1 and not build.problems
    hand.undo()
    hand.undo()
    assert hand.hidden() == [64, 128, 256, 512]


def test_a_double_click_looks_inside_and_back(hand, panel) -> None:
    hand.double_click("blocks.1")
    assert panel.scene.open_near == {1}
    hand.key("Left")
    assert panel.scene.open_near == set() and not panel.scene.folded
    hand.key("Left")
    assert panel.scene.folded == {1}
    hand.double_click("blocks.1")
    assert panel.scene.folded == set()
