"""What the canvas shows: groups, notes, selection of many, readings, far away and near, in small and on file."""

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QStyleOptionGraphicsItem

from llmstudio.core.model import edits, spec
from llmstudio.core.model.spec import Attention, Block, Group, Model, Skip
from llmstudio.ui.canvas import export
from llmstudio.ui.canvas.layout import SHAPE
from llmstudio.ui.canvas.looks import nothing
from llmstudio.ui.canvas.paint import SPARK, reading
from llmstudio.ui.canvas.shown import Live
from llmstudio.ui.canvas.view import INSIDE, OUTSIDE
from llmstudio.ui.theme import theme

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def build(session):
    return session.build


@pytest.fixture
def scene(panel):
    return panel.scene


def look(scene, index: int):
    return scene.blocks[index].value[1]


def colors(image: QImage) -> set[str]:
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(plain.constBits(), np.uint32)
    return {f"#{value & 0xFFFFFF:06x}" for value in np.unique(pixels).tolist()}


def wheel(view, pos: QPoint, steps: int) -> None:
    for _ in range(abs(steps)):
        turn = QPoint(0, 120 if steps > 0 else -120)
        where = QPointF(view.viewport().mapToGlobal(pos))
        event = QWheelEvent(
            QPointF(pos), where, QPoint(), turn, LEFT & ~LEFT, NONE, Qt.ScrollPhase.NoScrollPhase, False
        )
        QApplication.sendEvent(view.viewport(), event)


# groups


def grouped(build, first: int, last: int, name: str = "") -> None:
    build.edit(replace(build.model, groups=(Group(first=first, last=last, name=name),)))


def test_a_group_is_one_card_until_it_is_opened(build, scene) -> None:
    grouped(build, 1, 3)
    shown = scene.groups["groups.0"].value[1]
    assert shown.title == "3 blocks" and shown.facts == "blocks 2 to 4"
    assert [item.isVisible() for item in scene.blocks] == [True, False, False, False]
    scene.open_group(0)
    assert all(item.isVisible() for item in scene.blocks)
    scene.open_group(0)
    assert not scene.blocks[2].isVisible()
    build.undo()
    assert not scene.groups and all(item.isVisible() for item in scene.blocks)


def test_a_group_is_selected_by_itself_only(build, scene) -> None:
    grouped(build, 1, 2)
    for path, chosen in (("blocks.1", (False, True)), ("blocks.3", (False, False)), ("groups.0", (True, False))):
        build.select(path)
        scene.select()
        shown = scene.groups["groups.0"].value[1]
        assert (shown.selected, shown.within) == chosen


def test_a_group_of_equal_blocks_says_so_and_counts_them(build, scene) -> None:
    build.edit(Model(width=64, blocks=(Block(attention=Attention(window=8)),) * 3))
    grouped(build, 0, 2)
    shown = scene.groups["groups.0"].value[1]
    assert shown.title == "Block ×3" and shown.marks == ("window 8",)
    assert "attention, 4 heads" in shown.facts
    each = int(look_count(build, "blocks.0"))
    assert shown.count.replace("\u2009", "") == str(3 * each)


def look_count(build, path: str) -> int:
    from llmstudio.core.model.cost import parameters

    return parameters(build.model)[path]


def test_a_closed_group_shows_what_is_wrong_inside(build, scene) -> None:
    grouped(build, 1, 2, "Middle")
    assert scene.groups["groups.0"].value[1].problems == 0
    attention = replace(build.model.blocks[1].attention, heads=5)
    build.edit(spec.change(build.model, "blocks.1.attn", attention))
    shown = scene.groups["groups.0"].value[1]
    assert shown.problems == 1 and "5" in shown.problem


def test_an_open_group_stays_open_while_blocks_come_and_go(build, scene) -> None:
    build.edit(replace(build.model, groups=(Group(first=0, last=1), Group(first=2, last=3))))
    scene.open_group(1)
    build.edit(spec.duplicate(build.model, 0))
    assert scene.opened == {1} and [f.shut for f in scene.plan.groups] == [True, False]
    build.edit(edits.ungroup(build.model, 0))
    assert scene.opened == {0} and [f.shut for f in scene.plan.groups] == [False]


def test_what_is_selected_inside_a_closed_group_is_revealed(build, scene) -> None:
    grouped(build, 1, 3)
    build.select("blocks.2.mlp")
    assert scene.opened == {0} and scene.blocks[2].isVisible()


# what stands on the parts


def test_many_are_selected_at_once(build, scene) -> None:
    build.select_all(["blocks.0", "blocks.2.mlp", "skips.0"])
    assert [look(scene, i).selected for i in range(4)] == [("blocks.0",), (), ("blocks.2.mlp",), ()]
    build.select("")
    assert not any(look(scene, i).selected for i in range(4))


def test_hovering_marks_the_part_under_the_pointer_alone(hand, scene) -> None:
    QTest.mouseMove(hand.view.viewport(), hand.on("blocks.1.attn"))
    assert [look(scene, i).hovered for i in range(4)] == ["", "blocks.1.attn", "", ""]
    QTest.mouseMove(hand.view.viewport(), hand.on("blocks.2"))
    assert [look(scene, i).hovered for i in range(4)] == ["", "", "blocks.2", ""]


def test_unusual_options_and_notes_are_written(build, scene) -> None:
    block = replace(
        build.model.blocks[1], parallel=True, note="try\nwithout", attention=Attention(window=8, kv_heads=2)
    )
    build.edit(spec.change(replace(build.model, note="Mine"), "blocks.1", block))
    shown = look(scene, 1)
    assert shown.marks == ("parallel",) and shown.rows[0].marks == ("window 8", "GQA 2")
    assert shown.note == "try without" and scene.plan.blocks[1].note is not None
    assert scene.stream.value[1].note == "Mine"
    assert not look(scene, 0).marks and scene.plan.blocks[0].note is None


def test_a_wire_runs_to_the_end(build, scene) -> None:
    build.edit(replace(build.model, skips=(Skip(source=1, target=4, gated=True),)))
    wire, shown = scene.wires["skips.0"].value
    assert shown.text == "gated, 1 to end" and wire.enters == scene.plan.end


def test_readings_take_the_place_of_counts(scene) -> None:
    readings = {"blocks.1.attn": Live("0.024", 0.5, "probability", (1.0, 2.0))}
    scene.live = readings.get
    scene.relive()
    assert look(scene, 1).rows[0].live == readings["blocks.1.attn"]
    assert look(scene, 1).rows[1].live is None
    scene.live = nothing
    scene.relive()
    assert look(scene, 1).rows[0].live is None


# far and near


def test_far_away_a_block_is_one_box_with_the_colours_of_its_parts(panel) -> None:
    tints = {theme.run(1).name(), theme.run(2).name()}
    panel.view.map.hide()
    assert not tints & colors(panel.view.viewport().grab().toImage())
    panel.view.set_zoom(0.2)
    assert tints <= colors(panel.view.viewport().grab().toImage())


def test_zooming_into_a_block_opens_its_inside_and_out_of_it_closes_it(hand, scene) -> None:
    view = hand.view
    pos = hand.on("blocks.1")
    while not scene.open_near:
        before = view.mapFromScene(scene.plan.blocks[1].card.x, 0).x(), view.zoom
        wheel(view, pos, 1)
        assert view.zoom <= INSIDE * 1.2
    assert scene.open_near == {1} and set(scene.insides.items) == {"blocks.1.attn", "blocks.1.mlp"}
    card = scene.plan.blocks[1].card
    assert scene.plan.block_at(*_at(view, pos)) == 1  # the pointer is still over it
    assert card.w * view.zoom == pytest.approx(404 * before[1] * 1.118, rel=0.02)  # as wide as it would have become
    while scene.open_near:
        wheel(view, pos, -1)
        assert view.zoom > OUTSIDE / 2
    assert not scene.insides.items
    assert scene.plan.blocks[1].card.w == 404


def test_zooming_out_closes_an_inside_also_where_its_block_has_gone_to(hand, scene, build) -> None:
    view, pos = hand.view, hand.on("blocks.1")
    while not scene.open_near:
        wheel(view, pos, 1)
    build.edit(spec.insert(build.model, 0, Block()))
    assert scene.open_near == {2}
    for _ in range(40):
        wheel(view, pos, -1)
    assert scene.open_near == set()


def _at(view, pos: QPoint) -> tuple[float, float]:
    point = view.mapToScene(pos)
    return point.x(), point.y()


def test_an_inside_opened_by_hand_is_shown_whole_in_width_and_left_again(hand, scene) -> None:
    view = hand.view
    before = view.zoom
    scene.look_inside(1)
    card = scene.plan.blocks[1].card
    assert view.seen().left() < 0 and view.seen().right() > card.right
    assert view.seen().top() < card.y < view.seen().bottom()
    scene.look_inside(1, False)
    assert view.zoom == pytest.approx(before)
    assert view.seen().contains(QPointF(300, scene.plan.blocks[1].card.middle))


def test_a_selected_part_of_an_opened_block_is_ringed(build, scene) -> None:
    scene.look_inside(1)
    found = {}
    for path in ("blocks.1.mlp", "blocks.1.attn"):
        build.select(path)
        item = scene.insides.items["blocks.1.attn"]
        image = QImage(800, 400, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        item.paint(painter, QStyleOptionGraphicsItem())
        painter.end()
        found[path] = theme.color("accent").name() in colors(image)
    assert found == {"blocks.1.mlp": False, "blocks.1.attn": True}


def test_insides_follow_their_block(build, scene) -> None:
    scene.look_inside(1)
    build.edit(spec.move(build.model, 1, 3))
    assert scene.open_near == {3} and set(scene.insides.items) == {"blocks.3.attn", "blocks.3.mlp"}


def test_the_curve_beside_a_number_makes_room_for_words(qapp) -> None:
    image, box, wide = QImage(200, 40, QImage.Format.Format_RGB32), QRectF(0, 0, 200, 40), []
    painter = QPainter(image)
    bare = reading(painter, box, Live("1.5"))
    for kept in (0.0, 200 - bare - 14 - 40, 200 - bare - 14 - SPARK / 2 + 1):
        wide.append(reading(painter, box, Live("1.5", spark=(1.0, 2.0, 1.5)), kept) - bare)
    painter.end()
    assert wide == pytest.approx([SPARK + 10, 40 + 10, 0])


# in small


def test_the_minimap_is_there_when_not_all_is_seen(build, panel) -> None:
    view = panel.view
    view.fit()
    assert view.map.isHidden()
    build.edit(Model(blocks=(Block(),) * 60))
    view.set_zoom(1.0)
    assert view.map.isVisible()
    assert view.rect().contains(view.map.geometry())
    beside = view.map.x()
    view.set_zoom(1.6)
    assert view.map.x() < 50 < view.width() / 2 < beside  # no longer on the blocks
    view.set_zoom(0.98 * view.width() / view.map.bounds.w)
    view.centerOn(panel.scene.sceneRect().center())
    covered = view.mapToScene(view.map.geometry()).boundingRect()
    assert view.map.slim and covered.right() < SHAPE[0]  # nor on the words beside the stream
    view.fit()
    assert view.map.isHidden()


def test_the_minimap_takes_the_view_along(build, panel) -> None:
    view = panel.view
    build.edit(Model(blocks=(Block(),) * 60))
    view.set_zoom(1.0)
    for share in (0.8, 0.2):
        wanted = view.map.place(QPointF(30, view.map.height() * share)).y()
        QTest.mouseClick(view.map, LEFT, pos=QPoint(30, round(view.map.height() * share)))
        assert view.seen().center().y() == pytest.approx(wanted, abs=2 / view.map.scale[1])
    QTest.mousePress(view.map, LEFT, pos=QPoint(30, 10))
    QTest.mouseMove(view.map, QPoint(30, view.map.height() - 8))
    QTest.mouseRelease(view.map, LEFT, pos=QPoint(30, view.map.height() - 8))
    assert view.seen().bottom() > panel.scene.plan.head.y - 400


def test_the_minimap_marks_problems_and_what_is_selected(build, panel) -> None:
    build.edit(Model(blocks=(Block(),) * 30))
    panel.view.set_zoom(1.0)
    error, accent = theme.color("error").name(), theme.color("accent").name()
    plain = colors(panel.view.map._draw().toImage())
    assert error not in plain and accent not in plain
    build.select("blocks.3")
    build.edit(spec.change(build.model, "blocks.20.attn", Attention(heads=5)))
    assert {error, accent} <= colors(panel.view.map._draw().toImage())


# on file


def test_a_picture_of_what_is_selected(build, panel, tmp_path: Path) -> None:
    build.select_all(["blocks.1", "blocks.2"])
    export.save(panel.scene, tmp_path / "two.png", build.selection)
    export.save(panel.scene, tmp_path / "all.png")
    two, whole = QImage(str(tmp_path / "two.png")), QImage(str(tmp_path / "all.png"))
    area = export.area(panel.scene, build.selection)
    assert two.size() == (area.size() * 2).toSize() and 250 < area.height() < 400
    assert whole.height() > 2 * two.height()
    accent = theme.color("accent").name()
    assert accent not in colors(two) and accent in colors(panel.view.viewport().grab().toImage())
    assert look(panel.scene, 1).selected == ("blocks.1",)  # afterwards as before


def test_what_is_selected_is_saved_from_the_menu(build, panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "part"), ""))
    menu = panel.export.menu()
    actions = {action.text(): action for action in menu.actions()}
    menu.aboutToShow.emit()
    assert not actions["Save what is selected as SVG"].isEnabled()
    build.select("blocks.1")
    menu.aboutToShow.emit()
    actions["Save what is selected as SVG"].trigger()
    text = (tmp_path / "part.svg").read_text("utf-8")
    assert "Block 2" in text and "Block 4" not in text
    actions["Save as SVG"].trigger()
    assert "Block 4" in (tmp_path / "part.svg").read_text("utf-8")


def test_a_long_design_fits_into_a_picture(build, panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "LARGEST", 3000)
    build.edit(Model(blocks=(Block(),) * 20))
    export.save(panel.scene, tmp_path / "long.png")
    image = QImage(str(tmp_path / "long.png"))
    assert 2900 < image.height() <= 3000


def test_what_is_wrong_is_drawn_all_the_same(build, scene) -> None:
    skips = (Skip(source=3, target=1), Skip(source=9, target=12), Skip(source=2, target=2))
    groups = (Group(first=2, last=9), Group(first=3, last=1))
    build.edit(replace(build.model, skips=skips, groups=groups))
    assert scene.wires["skips.0"].value[1].problem
    wire = scene.wires["skips.0"].value[0]
    assert wire.enters < wire.leaves  # it runs upwards
    assert not scene.groups
    assert scene.plan.at(wire.label.x + 2, wire.label.y + 2) == "skips.0"
