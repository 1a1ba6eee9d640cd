"""Many blocks at once: moved, copied, removed, grouped, repeated."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from llmstudio.core.model import edits
from llmstudio.core.model.spec import Group, Model, Skip
from tests.ui.build.mouse import CTRL, LEFT, SHIFT, choose, click


@pytest.fixture
def build(session):
    return session.build


@pytest.fixture
def plan(panel):
    return lambda: panel.scene.plan


# many at once


def test_many_are_moved_together(hand, build, plan) -> None:
    click(hand, "blocks.0")
    click(hand, "blocks.2", CTRL)
    hand.drag(hand.on("blocks.0"), hand.at(300, plan().blocks[3].card.bottom - 10))
    assert hand.hidden() == [128, 512, 64, 256]
    assert build.selection == ("blocks.2", "blocks.3")
    hand.undo()
    assert hand.hidden() == [64, 128, 256, 512]


def test_while_moving_the_card_says_what_becomes_of_them(hand, panel, plan) -> None:
    click(hand, "blocks.1")
    click(hand, "blocks.2", CTRL)
    hand.drag(hand.on("blocks.2"), hand.at(300, plan().blocks[0].card.y + 2), let_go=False)
    card = panel.view.gesture.card
    assert card.isVisible() and card.value[1:] == ("2 blocks", "become blocks.0 to 1")
    assert [item.opacity() for item in panel.scene.blocks] == pytest.approx([1, 0.4, 0.4, 1])
    hand.key("Esc")
    assert card.scene() is None and all(item.opacity() == 1 for item in panel.scene.blocks)
    QTest.mouseRelease(panel.view.viewport(), LEFT, pos=hand.on("blocks.2"))
    assert hand.hidden() == [64, 128, 256, 512]


def test_with_ctrl_a_copy_is_dragged(hand, build, panel, plan) -> None:
    viewport, end = hand.view.viewport(), hand.at(300, plan().blocks[3].card.bottom - 4)
    click(hand, "blocks.1")
    QTest.mousePress(viewport, LEFT, CTRL, hand.on("blocks.1"))
    QTest.mouseMove(viewport, hand.on("blocks.2"))
    QTest.mouseMove(viewport, end)
    assert panel.view.gesture.card.value[1:] == ("Block 2", "copied, becomes blocks.4")
    QTest.mouseRelease(viewport, LEFT, CTRL, end)
    assert hand.hidden() == [64, 128, 256, 512, 128] and build.selection == ("blocks.4",)


def test_a_drag_that_rests_at_the_border_goes_on(hand, build, panel, plan, qtbot) -> None:
    build.edit(replace(build.model, blocks=build.model.blocks * 4))
    start = hand.on("blocks.0")
    border = QPoint(start.x(), hand.view.viewport().height() - 6)
    hand.drag(start, border, let_go=False)
    bar = hand.view.verticalScrollBar()
    before = bar.value()
    qtbot.waitUntil(lambda: bar.value() > before + 200)
    hand.key("Esc")
    QTest.mouseRelease(hand.view.viewport(), LEFT, pos=border)
    assert len(build.model.blocks) == 16 and hand.hidden()[0] == 64


def test_copied_blocks_come_back_anywhere(hand, build, session) -> None:
    click(hand, "blocks.0")
    click(hand, "blocks.3", CTRL)
    hand.key("Ctrl+C")
    assert edits.from_text(QGuiApplication.clipboard().text()).blocks == (build.model.blocks[0], build.model.blocks[3])
    click(hand, "blocks.1")
    hand.key("Ctrl+V")
    assert hand.hidden() == [64, 128, 64, 512, 256, 512] and build.selection == ("blocks.2", "blocks.3")
    hand.key("Ctrl+X")
    assert hand.hidden() == [64, 128, 256, 512]
    session.build.edit(replace(Model(), width=32))
    hand.key("Ctrl+V")
    assert hand.hidden()[-2:] == [32, 256]  # half as wide as the stream was


def test_delete_takes_out_all_that_is_selected(hand, build) -> None:
    build.edit(replace(build.model, skips=(Skip(source=0, target=4),)))
    click(hand, "blocks.0")
    click(hand, "blocks.1.mlp", CTRL)
    click(hand, "skips.0", CTRL)
    choose(hand, "skips.0", "Remove 1 block and 1 part and 1 wire")
    assert hand.hidden() == [None, 256, 512] and build.model.skips == ()
    hand.undo()
    assert hand.hidden() == [64, 128, 256, 512] and len(build.model.skips) == 1


def test_group_and_ungroup_by_key(hand, build, panel) -> None:
    click(hand, "blocks.1")
    click(hand, "blocks.2", SHIFT)
    hand.key("Ctrl+G")
    assert build.model.groups == (Group(first=1, last=2),) and build.selection == ("groups.0",)
    assert panel.scene.plan.groups[0].shut
    hand.key("Return")
    assert not panel.scene.plan.groups[0].shut
    hand.key("Left")
    assert panel.scene.plan.groups[0].shut
    hand.key("Alt+Up")
    assert hand.hidden() == [128, 256, 64, 512] and build.model.groups == (Group(first=0, last=1),)
    hand.key("Ctrl+Shift+G")
    assert build.model.groups == () and build.selection == ("blocks.0", "blocks.1")


def test_a_closed_group_is_dragged_as_one(hand, build, plan) -> None:
    build.edit(replace(build.model, groups=(Group(first=0, last=1),)))
    head = plan().groups[0].head
    hand.drag(hand.at(head.x + 200, head.middle), hand.at(300, plan().blocks[3].card.bottom - 4))
    assert hand.hidden() == [256, 512, 64, 128]
    assert build.model.groups == (Group(first=2, last=3),)


def test_blocks_are_repeated_and_split(hand, build, panel) -> None:
    click(hand, "blocks.0")
    click(hand, "blocks.1", SHIFT)
    choose(hand, "blocks.1", "Repeat", "3 times, 6 blocks")
    assert hand.hidden() == [64, 128] * 3 + [256, 512]
    assert build.model.groups == (Group(first=0, last=5),) and not panel.scene.plan.groups[0].shut
    hand.undo()
    click(hand, "blocks.3")
    hand.key("Ctrl+Shift+D")
    assert hand.hidden() == [64, 128, 256, None, 512] and build.selection == ("blocks.3", "blocks.4")
