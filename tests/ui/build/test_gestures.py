"""What mouse and keys do on the canvas: selecting, switching options, parts into blocks, and all of it by keys."""

from random import Random

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from llmstudio.core.model import edits, spec
from llmstudio.core.model.spec import Experts, Group, Skip
from llmstudio.ui.canvas.notes import Writing, write
from llmstudio.ui.theme import theme
from tests.ui.build.mouse import CTRL, LEFT, SHIFT, choose, click, drop, opened


@pytest.fixture
def build(session):
    return session.build


@pytest.fixture
def plan(panel):
    return lambda: panel.scene.plan


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


# to change


def test_options_of_blocks_are_switched_in_the_menu(hand, build) -> None:
    click(hand, "blocks.0")
    click(hand, "blocks.2", CTRL)
    choose(hand, "blocks.0", "Norm", "RMSNorm")
    choose(hand, "blocks.0", "Norm stands", "Before and after")
    choose(hand, "blocks.0", "Parallel")
    choose(hand, "blocks.2", "Residual")
    for i in (0, 2):
        block = build.model.blocks[i]
        assert (block.norm, block.placement, block.parallel, block.residual) == ("rms", "sandwich", True, False)
    assert build.model.blocks[1] == replace(build.model.blocks[1], norm="layer", parallel=False, residual=True)
    choose(hand, "blocks.2", "Residual")
    assert build.model.blocks[0].residual


def test_options_of_parts_are_chosen_in_the_menu(hand, build) -> None:
    click(hand, "blocks.1.attn")
    click(hand, "blocks.3.attn", CTRL)
    choose(hand, "blocks.1.attn", "Window", "16 tokens")
    choose(hand, "blocks.1.attn", "Key/value heads", "2, shared in groups")
    choose(hand, "blocks.3.attn", "QK norm")
    choose(hand, "blocks.3.attn", "Of the blocks", "Norm", "RMSNorm")
    found = [(b.attention.window, b.attention.kv_heads, b.attention.qk_norm, b.norm) for b in build.model.blocks]
    assert found == [(None, None, False, "layer"), (16, 2, True, "rms")] * 2
    choose(hand, "blocks.0.mlp", "Activation", "SwiGLU")
    assert build.model.blocks[0].mlp.activation == "swiglu" and not build.problems
    build.edit(edits.change_all(build.model, ["blocks.1.attn"], {"sinks": 2}))
    choose(hand, "blocks.1.attn", "Window", "All 64")
    attention = build.model.blocks[1].attention
    assert attention.window is None and attention.sinks is None and not build.problems


def test_embedding_and_head_have_their_options_in_the_menu(hand, build) -> None:
    choose(hand, "embed", "Positions", "ALiBi")
    choose(hand, "embed", "Norm of embedding")
    choose(hand, "head", "Final norm", "RMSNorm")
    choose(hand, "head", "Tied head")
    model = build.model
    assert (model.position, model.embed_norm, model.norm, model.tied) == ("alibi", True, "rms", False)


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
