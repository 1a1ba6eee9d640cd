"""The canvas under a real mouse and real keys."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from llmstudio.core.model.spec import Model, Skip
from llmstudio.ui.canvas.gestures import MIME


@pytest.fixture
def build(session):
    return session.build


def test_click_selects_and_the_ground_lets_go(hand, build) -> None:
    hand.click("blocks.2.attn")
    assert build.selected == "blocks.2.attn"
    hand.click("blocks.1")
    assert build.selected == "blocks.1"
    hand.click("embed")
    assert build.selected == "embed"
    hand.click(hand.at(-150, 200))
    assert build.selected == ""


def test_dragging_a_block_reorders(hand, build, panel) -> None:
    end = hand.at(300, panel.scene.plan.blocks[0].card.y + 4)
    hand.drag(hand.on("blocks.2"), end)
    assert hand.hidden() == [256, 64, 128, 512]
    assert build.selected == "blocks.0"
    hand.undo()
    assert hand.hidden() == [64, 128, 256, 512]
    hand.redo()
    assert hand.hidden() == [256, 64, 128, 512]


def test_while_dragging_a_line_shows_where(hand, panel) -> None:
    scene = panel.scene
    hand.drag(hand.on("blocks.0"), hand.at(300, scene.plan.blocks[2].card.bottom - 20), let_go=False)
    assert scene.line.isVisible() and scene.line.value == (scene.plan.line(3), "blocks.2")
    assert scene.blocks[0].opacity() == pytest.approx(0.4)
    hand.key("Esc")
    QTest.mouseRelease(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=hand.on("blocks.2"))
    assert hand.hidden() == [64, 128, 256, 512]
    assert not scene.line.isVisible() and scene.blocks[0].opacity() == 1


def test_dropped_outside_nothing_moves(hand, panel) -> None:
    hand.drag(hand.on("blocks.0"), QPoint(400, panel.view.height() + 300))
    assert hand.hidden() == [64, 128, 256, 512]


def test_the_chevron_folds_without_selecting(hand, panel, build) -> None:
    card = panel.scene.plan.blocks[2].card
    hand.click(hand.at(card.x + 16, card.y + 16))
    assert panel.scene.folded == {2} and build.selected == ""


def test_folds_follow_their_block(hand, panel, build) -> None:
    hand.click("blocks.3")
    hand.key("Left")
    hand.click("blocks.0")
    hand.key("Del")
    assert panel.scene.folded == {2}
    hand.undo()
    assert panel.scene.folded == {3}


def test_keys_delete_duplicate_and_move(hand, build) -> None:
    hand.click("blocks.1")
    hand.key("Del")
    assert hand.hidden() == [64, 256, 512] and build.selected == "blocks.1"
    hand.key("Ctrl+D")
    assert hand.hidden() == [64, 256, 256, 512] and build.selected == "blocks.2"
    hand.key("Alt+Down")
    assert hand.hidden() == [64, 256, 512, 256] and build.selected == "blocks.3"
    hand.key("Alt+Down")
    hand.key("Alt+Up")
    hand.key("Alt+Up")
    hand.key("Alt+Up")
    hand.key("Alt+Up")
    assert hand.hidden() == [256, 64, 256, 512] and build.selected == "blocks.0"
    for _ in range(12):
        hand.undo()
    assert build.model == Model() or hand.hidden() == [64, 128, 256, 512]


def test_delete_takes_a_part_out_of_its_block(hand, build) -> None:
    hand.click("blocks.1.mlp")
    hand.key("Del")
    assert hand.hidden() == [64, None, 256, 512]
    assert build.selected == "blocks.1"
    hand.undo()
    assert hand.hidden() == [64, 128, 256, 512]


def test_arrows_walk_the_parts(hand, build) -> None:
    seen = []
    for _ in range(5):
        hand.key("Down")
        seen.append(build.selected)
    assert seen == ["embed", "blocks.0", "blocks.0.attn", "blocks.0.mlp", "blocks.1"]
    hand.key("Up")
    assert build.selected == "blocks.0.mlp"
    hand.key("Left")
    assert build.selected == "blocks.0" and hand.view.canvas.folded == {0}
    hand.key("Right")
    assert not hand.view.canvas.folded
    hand.key("Esc")
    assert build.selected == ""


def test_dragging_from_a_sum_draws_a_wire(hand, build, panel) -> None:
    plan = panel.scene.plan
    start = hand.at(0, plan.leave(1))
    hand.drag(start, hand.at(-60, plan.blocks[3].gate + 5))
    assert build.model.skips == (Skip(source=1, target=3),)
    assert build.selected == "skips.0"
    assert panel.scene.wires["skips.0"].value[1].text == "skip, 1 to 4"
    hand.click("blocks.0")
    hand.click("skips.0")
    assert build.selected == "skips.0"
    hand.key("Del")
    assert build.model.skips == ()


def test_a_wire_upwards_is_not_drawn(hand, build, panel) -> None:
    plan = panel.scene.plan
    hand.drag(hand.at(0, plan.leave(3)), hand.at(-60, plan.blocks[1].gate))
    assert build.model.skips == ()


def test_dragging_the_ground_pans(hand, panel) -> None:
    before = hand.at(0, 0)
    hand.drag(hand.at(-150, 300), hand.at(-150, 300) + QPoint(30, 40))
    assert hand.at(0, 0) - before == QPoint(30, 40)


def test_wheel_and_buttons_zoom(hand, panel, qtbot) -> None:
    near = panel.zoom.near
    assert near.text() == "100\u2009%"
    panel.view.step_zoom(1)
    assert near.text() == "125\u2009%"
    hand.key("Ctrl+-")
    assert near.text() == "100\u2009%"
    hand.key("Ctrl+0")
    assert panel.view.mapToScene(panel.view.viewport().rect()).boundingRect().contains(panel.scene.sceneRect())


def mime(kind: str) -> QMimeData:
    data = QMimeData()
    data.setData(MIME, kind.encode())
    return data


def drop(view, data: QMimeData, pos: QPoint, let_go: bool = True) -> None:
    """What Qt sends while something is dragged over the canvas and let go."""
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    app = QApplication.instance()
    app.sendEvent(view.viewport(), QDragEnterEvent(pos, copy, data, left, none))
    app.sendEvent(view.viewport(), QDragMoveEvent(pos, copy, data, left, none))
    if let_go:
        app.sendEvent(view.viewport(), QDropEvent(QPointF(pos), copy, data, left, none))


def test_a_part_dropped_on_the_stream_goes_there(hand, build, panel) -> None:
    where = hand.at(300, panel.scene.plan.blocks[1].card.bottom)
    drop(panel.view, mime("attention"), where)
    assert hand.hidden() == [64, 128, None, 256, 512]
    assert build.selected == "blocks.2" and not build.problems
    assert not panel.scene.line.isVisible()
    hand.undo()
    assert hand.hidden() == [64, 128, 256, 512]


def test_a_drag_that_leaves_changes_nothing(hand, build, panel) -> None:
    drop(panel.view, mime("block"), hand.on("blocks.1"), let_go=False)
    assert panel.scene.line.isVisible()
    QApplication.instance().sendEvent(panel.view.viewport(), QDragLeaveEvent())
    assert not panel.scene.line.isVisible() and hand.hidden() == [64, 128, 256, 512]
    drop(panel.view, mime("unheard of"), hand.on("blocks.1"))
    assert hand.hidden() == [64, 128, 256, 512]


def test_a_problem_is_written_on_its_row(hand, build, panel) -> None:
    attention = build.model.blocks[1].attention
    block = replace(build.model.blocks[1], attention=replace(attention, heads=5))
    build.edit(replace(build.model, blocks=(build.model.blocks[0], block, *build.model.blocks[2:])))
    rows = panel.scene.blocks[1].value[1].rows
    assert rows[0].problem and "5" in rows[0].problem and not rows[1].problem


def test_shapes_and_counts_are_the_models(build, panel) -> None:
    build.edit(replace(build.model, context=32, vocab=99, width=64))
    assert panel.scene.stream.value[1].stream == "B, 32, 64"
    assert panel.scene.stream.value[1].out == "B, 32, 99"
    look = panel.scene.blocks[0].value[1]
    wanted = 64 * 3 * 64 + 64 * 64 + 2 * 64 * 64 + 2 * 64  # Q, K, V, output; up and down; two norms without bias
    assert look.count.replace("\u2009", "") == str(wanted)


def test_an_empty_design_says_what_to_do(build, panel) -> None:
    build.edit(replace(build.model, blocks=()))
    assert "Click here" in panel.scene.stream.value[1].hint


def test_pictures(panel, tmp_path: Path) -> None:
    panel.save_picture(tmp_path / "design.png")
    image = QImage(str(tmp_path / "design.png"))
    assert image.size() == (panel.scene.sceneRect().size() * 2).toSize()
    panel.save_picture(tmp_path / "design.svg")
    root = ET.parse(tmp_path / "design.svg").getroot()
    assert "Attention" in "".join(root.itertext())
    panel.save_picture(tmp_path / "nowhere" / "design.png")
    assert panel.session.notices[-1].kind == "error"
