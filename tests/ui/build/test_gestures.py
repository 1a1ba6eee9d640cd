"""What mouse and keys do on the canvas, beyond the single block: many at once, wires by hand, parts into blocks."""

from random import Random

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QToolTip

from llmstudio.core.model import edits, spec
from llmstudio.core.model.spec import Experts, Group, Model, Skip
from llmstudio.ui.canvas.gestures import MIME
from llmstudio.ui.canvas.notes import Writing, write
from llmstudio.ui.canvas.search import Search
from llmstudio.ui.theme import theme

LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def build(session):
    return session.build


@pytest.fixture
def plan(panel):
    return lambda: panel.scene.plan


def click(hand, where, keys=Qt.KeyboardModifier.NoModifier) -> None:
    QTest.mouseClick(hand.view.viewport(), LEFT, keys, hand.on(where) if isinstance(where, str) else where)


def drop(hand, kind: str, pos: QPoint, let_go: bool = True) -> None:
    """What Qt sends while a part of the palette is dragged over the canvas and let go."""
    data, view = QMimeData(), hand.view
    data.setData(MIME, kind.encode())
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(view.viewport(), QDragEnterEvent(pos, copy, data, LEFT, none))
    QApplication.sendEvent(view.viewport(), QDragMoveEvent(pos, copy, data, LEFT, none))
    if let_go:
        QApplication.sendEvent(view.viewport(), QDropEvent(QPointF(pos), copy, data, LEFT, none))


def opened(hand) -> Search:
    return next(child for child in hand.view.findChildren(Search) if child.isVisible())


def shown(search: Search) -> list[str]:
    return [c.title for n, c in enumerate(search.choices) if not search.list.isRowHidden(n) and search.list.isVisible()]


def choose(hand, path: str, *texts: str) -> None:
    """Ask for the menu on a part and take what these texts lead to."""
    pos = hand.on(path) if path else hand.at(-150, 200)
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, pos, hand.view.viewport().mapToGlobal(pos))
    QApplication.sendEvent(hand.view.viewport(), asked)  # the platform makes it of a right click
    menu = top = next(m for m in hand.view.findChildren(QMenu) if m.isVisible() and m.parent() is hand.view)
    for text in texts[:-1]:
        menu = next(a for a in menu.actions() if a.text() == text).menu()
    action = next(a for a in menu.actions() if a.text() == texts[-1])
    assert action.isEnabled()
    action.trigger()
    top.close()


# to select


def test_ctrl_adds_and_takes_off_shift_takes_all_between(hand, build) -> None:
    click(hand, "blocks.1")
    click(hand, "blocks.3", CTRL)
    assert build.selection == ("blocks.1", "blocks.3")
    click(hand, "blocks.1", CTRL)
    assert build.selection == ("blocks.3",)
    click(hand, "blocks.1", SHIFT)
    assert set(build.selection) == {"blocks.1", "blocks.2", "blocks.3"} and build.selected == "blocks.1"
    click(hand, "blocks.2")
    assert build.selection == ("blocks.2",)


def test_a_rubber_band_selects_what_it_touches(hand, build, plan) -> None:
    first, last = plan().blocks[1].card, plan().blocks[2].card
    start, end = hand.at(first.right + 20, first.y + 30), hand.at(last.right - 20, last.y + 30)
    viewport = hand.view.viewport()
    QTest.mousePress(viewport, LEFT, SHIFT, start)
    QTest.mouseMove(viewport, start + QPoint(0, 20))
    QTest.mouseMove(viewport, end)
    hand.view.grab()  # it is drawn
    QTest.mouseRelease(viewport, LEFT, SHIFT, end)
    assert build.selection == ("blocks.1", "blocks.2")
    assert theme.color("accent").alpha() == 255  # the band is see-through, the colour of all else is not


def test_a_rubber_band_given_up_selects_what_was(hand, build, plan) -> None:
    click(hand, "blocks.3.mlp")
    card = plan().blocks[0].card
    viewport = hand.view.viewport()
    QTest.mousePress(viewport, LEFT, CTRL, hand.at(card.right + 20, card.y))
    QTest.mouseMove(viewport, hand.at(card.right + 10, card.y + 10))
    QTest.mouseMove(viewport, hand.at(card.right - 20, card.y + 40))
    assert build.selection == ("blocks.3.mlp", "blocks.0")
    hand.key("Esc")
    assert build.selection == ("blocks.3.mlp",)
    QTest.mouseRelease(viewport, LEFT, CTRL, hand.at(card.right - 20, card.y + 40))


def test_keys_select_all_and_further(hand, build) -> None:
    hand.key("Ctrl+A")
    assert build.selection == tuple(f"blocks.{i}" for i in range(4))
    click(hand, "blocks.1")
    hand.key("Shift+Down")
    hand.key("Shift+Down")
    assert build.selection == ("blocks.1", "blocks.2", "blocks.3")
    hand.key("Shift+Up")
    assert build.selection == ("blocks.1", "blocks.2")


def test_the_menu_selects_every_second_block(hand, build) -> None:
    choose(hand, "", "Select", "Blocks 2, 4, 6 and so on")
    assert build.selection == ("blocks.1", "blocks.3")
    choose(hand, "", "Select", "MLP of all blocks")
    assert build.selection == tuple(f"blocks.{i}.mlp" for i in range(4))


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
    hand.key("Del")
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


# to change


def test_options_of_blocks_are_switched_in_the_menu(hand, build) -> None:
    click(hand, "blocks.0")
    click(hand, "blocks.2", CTRL)
    choose(hand, "blocks.0", "Norm", "RMSNorm")
    choose(hand, "blocks.0", "Norm", "Before and after")
    choose(hand, "blocks.0", "Parts side by side")
    choose(hand, "blocks.2", "Residual: add to the stream")
    for i in (0, 2):
        block = build.model.blocks[i]
        assert (block.norm, block.placement, block.parallel, block.residual) == ("rms", "sandwich", True, False)
    assert build.model.blocks[1] == replace(build.model.blocks[1], norm="layer", parallel=False, residual=True)
    choose(hand, "blocks.2", "Residual: add to the stream")
    assert build.model.blocks[0].residual


def test_parts_are_put_in_and_taken_out_by_menu(hand, build) -> None:
    click(hand, "blocks.0")
    click(hand, "blocks.1", CTRL)
    choose(hand, "blocks.0", "Add or take out", "Add convolution to 2 blocks")
    assert [*spec.parts(build.model.blocks[1])] == ["conv", "attn", "mlp"]
    choose(hand, "blocks.0.conv", "Add or take out", "Remove attention from 2 blocks")
    assert build.model.blocks[0].attention is None and build.model.blocks[2].attention is not None


def test_the_menu_has_the_same_verbs(hand, build) -> None:
    choose(hand, "blocks.1", "Add or take out", "Remove attention from block 2")
    assert build.model.blocks[1].attention is None
    choose(hand, "blocks.1", "Add or take out", "Add attention to block 2")
    assert build.model.blocks[1].attention is not None
    choose(hand, "blocks.0", "Move down")
    assert hand.hidden() == [128, 64, 256, 512]
    choose(hand, "blocks.0", "Wire from here to", "block 4")
    assert build.model.skips == (Skip(source=1, target=3),)
    choose(hand, "blocks.3", "Remove block 4")
    assert hand.hidden() == [128, 64, 256]
    choose(hand, "blocks.1.mlp", "Remove MLP from block 2")
    assert hand.hidden() == [128, None, 256]
    choose(hand, "blocks.2.attn", "Remove block 3")
    assert hand.hidden() == [128, None]


def test_a_note_is_written(hand, build) -> None:
    click(hand, "blocks.1.mlp")
    hand.key("F2")
    line = next(iter(hand.view.findChildren(Writing)))
    QTest.keyClicks(line.field, "the wide one")
    QTest.keyClick(line.field, Qt.Key.Key_Return)
    assert build.model.blocks[1].note == "the wide one"
    hand.undo()
    assert build.model.blocks[1].note == ""


def test_esc_drops_what_was_written(hand, build) -> None:
    build.edit(replace(build.model, groups=(Group(first=0, last=1, name="early"),)))
    write(hand.view, "groups.0")
    line = next(iter(hand.view.findChildren(Writing)))
    QTest.keyClicks(line.field, "late")
    QTest.keyClick(line.field, Qt.Key.Key_Escape)
    assert build.model.groups[0].name == "early"


# parts dropped in


def test_a_part_dropped_over_a_block_goes_into_it(hand, build, panel) -> None:
    drop(hand, "convolution", hand.on("blocks.1.mlp"), let_go=False)
    assert panel.scene.into.isVisible() and panel.scene.into.value[1] == "convolution into block 2"
    drop(hand, "convolution", hand.on("blocks.1.mlp"))
    assert build.model.blocks[1].convolution is not None and len(build.model.blocks) == 4
    assert build.selected == "blocks.1.conv" and not panel.scene.into.isVisible()
    hand.undo()
    assert build.model.blocks[1].convolution is None


def test_experts_dropped_over_an_mlp_take_its_place(hand, build, panel) -> None:
    drop(hand, "experts", hand.on("blocks.2.mlp"), let_go=False)
    assert panel.scene.into.value[1] == "in place of its MLP"
    drop(hand, "experts", hand.on("blocks.2.mlp"))
    assert build.model.blocks[2].mlp is None and build.model.blocks[2].experts == Experts(hidden=256)
    assert not build.problems


def test_what_a_block_has_already_becomes_a_block(hand, build, panel) -> None:
    drop(hand, "mlp", hand.on("blocks.0.mlp"), let_go=False)
    assert panel.scene.line.isVisible() and not panel.scene.into.isVisible()
    drop(hand, "mlp", hand.on("blocks.0.mlp"))
    assert len(build.model.blocks) == 5 and build.model.blocks[1].attention is None


def test_a_wire_dropped_in_begins_there(hand, build, plan) -> None:
    drop(hand, "wire", hand.at(100, plan().blocks[2].gate + 4))
    assert build.model.skips == (Skip(source=2, target=3),) and build.selected == "skips.0"


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
    assert build.model.blocks == ()
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


# without a mouse, and with a wild one


def test_all_of_it_by_keys(hand, build) -> None:
    hand.key("Ctrl+A")
    hand.key("Del")
    for kind in ("block", "recurrence", "convolution"):
        hand.key("Ins")
        QTest.keyClicks(opened(hand).field, kind)
        QTest.keyClick(opened(hand).field, Qt.Key.Key_Return)
    assert [[*spec.parts(block)] for block in build.model.blocks] == [["attn", "mlp"], ["rec"], ["conv"]]
    hand.key("Up")
    hand.key("Up")
    hand.key("Alt+Up")
    hand.key("Ins")
    QTest.keyClicks(opened(hand).field, "gated end")
    QTest.keyClick(opened(hand).field, Qt.Key.Key_Return)
    assert [[*spec.parts(block)] for block in build.model.blocks] == [["rec"], ["attn", "mlp"], ["conv"]]
    assert build.model.skips == (Skip(source=1, target=3, gated=True),) and not build.problems


def test_whatever_the_mouse_does_can_be_undone(hand, build, panel) -> None:
    """Two hundred drags and clicks anywhere, some with a key held, some given up."""
    before, chance = build.model, Random(5)
    viewport = panel.view.viewport()
    for _ in range(200):
        a, b = (QPoint(chance.randrange(180, 700), chance.randrange(5, viewport.height() - 5)) for _ in range(2))
        keys = chance.choice([Qt.KeyboardModifier.NoModifier] * 4 + [CTRL, SHIFT])
        QTest.mousePress(viewport, LEFT, keys, a)
        if chance.random() < 0.8:
            QTest.mouseMove(viewport, a + QPoint(7, 7))
            QTest.mouseMove(viewport, b)
            if chance.random() < 0.2:
                hand.key("Esc")
        QTest.mouseRelease(viewport, LEFT, keys, b)
        if popup := QApplication.activePopupWidget():
            QTest.keyClick(popup.findChild(QLineEdit), Qt.Key.Key_Return)
        assert panel.scene.model is build.model and len(panel.scene.blocks) == len(build.model.blocks)
        assert all(skip.source < skip.target <= len(build.model.blocks) for skip in build.model.skips)
    assert build.model != before
    while build.can_undo and build.model != before:
        build.undo()
    assert build.model == before and all(item.opacity() == 1 for item in panel.scene.blocks)
