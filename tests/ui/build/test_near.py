"""The inside of a block under a real mouse: every number is the model's, and can be pointed at, kept and changed."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from llmstudio.core.inside.spot import Spot
from llmstudio.core.inside.watch import watch
from llmstudio.core.model.spec import MLP, Attention, Block, Convolution, Experts, Recurrence
from llmstudio.session.session import Session
from llmstudio.ui.canvas import near
from llmstudio.ui.canvas.near.sketch import side_by_side
from llmstudio.ui.panels.build.canvas import CanvasPanel
from llmstudio.ui.panels.build.inspector import InspectorPanel
from llmstudio.ui.panels.build.weights import WeightsPanel, piece_of
from llmstudio.ui.theme import theme
from tests.material import make_small, sample_text

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
PROBE = "the wet garden"
BLOCKS = (
    Block(attention=Attention(heads=2), mlp=MLP(hidden=32, activation="swiglu")),
    Block(
        convolution=Convolution(size=3), attention=None, recurrence=Recurrence(heads=2), mlp=None,
        experts=Experts(experts=3, top_k=2, hidden=12), norm="rms",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A project with a finished run of a few steps."""
    place = tmp_path_factory.mktemp("near") / "P"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLMSTUDIO_HOME", str(place.parent / "home"))
        session = Session()
        session.wait(session.new(place, preset="nanogpt-shakespeare-cpu"))
        session.wait(session.data.paste(sample_text()))
        make_small(session, learning_rate=0.01, warmup=0)
        session.build.edit(replace(session.build.model, blocks=BLOCKS))
        session.wait(session.data.prepare())
        session.inside.set_probe(PROBE)
        session.wait(session.train.start())
        session.wait(session.train.run.job)
        session.close()
    return place


@pytest.fixture
def session(qapp, folder):
    theme.apply("dark")
    made = Session()
    made.wait(made.open(folder, write=False))
    yield made
    made.close()


class Room:
    """The canvas with one block opened, and panels beside it."""

    def __init__(self, qtbot, session, block, *kinds):
        self.qtbot, self.session = qtbot, session
        self.canvas = CanvasPanel(session)
        self.panels = [self.canvas, *(kind(session) for kind in kinds)]
        for panel in self.panels:
            qtbot.addWidget(panel)
            panel.resize(*((1100, 1000) if panel is self.canvas else (360, 700)))
            panel.show()
        self.scene, self.view = self.canvas.scene, self.canvas.view
        self.scene.look_inside(block)
        self.until(lambda: session.inside.inner.block(block).value or session.inside.inner.block(block).error)

    def until(self, met):
        def check():
            self.session.poll()
            for panel in self.panels:
                panel.tick()
            return bool(met())

        self.qtbot.waitUntil(check, timeout=20_000)

    def item(self, path):
        return self.scene.insides.items[path]

    def at(self, path, name, *index):
        """Where a number is, in pixels of the view; it is brought into it."""
        item = self.item(path)
        cell = next(c for f in item.frames if f.name == name and (c := item.sketch.cell(f, index)) is not None)
        place = item.mapToScene(cell.center())
        self.view.set_zoom(1.0)
        self.view.centerOn(place)
        return self.view.mapFromScene(place)

    def point(self, path, name, *index):
        QTest.mouseMove(self.view.viewport(), QPoint(5, 5))
        at = self.at(path, name, *index)
        QTest.mouseMove(self.view.viewport(), at)
        return at

    def click(self, path, name, *index):
        QTest.mouseClick(self.view.viewport(), LEFT, NONE, self.point(path, name, *index))


def test_what_is_pointed_at_is_the_networks_number(qtbot, session):
    room = Room(qtbot, session, 0, InspectorPanel)
    ids = session.data.tokenizer.encode(PROBE)
    gpt, _ = session.models.ask(session.weights.at, *session.inside.shown()).result(10)
    seen = session.models.ask(watch, gpt, ids).result(10).attention[0]
    room.point("blocks.0.attn", "weights", 0, 9, 4)
    spot = session.inside.inner.hovered
    assert spot == Spot(path="blocks.0.attn", name="weights", index=(0, 9, 4))
    panel = room.panels[1]
    assert panel.view.number.value == pytest.approx(seen[0, 9, 4], abs=1e-6)
    assert panel.state.text() == "pointed at" and session.inside.focus.query == 9 and session.inside.focus.key == 4
    QTest.mouseClick(panel.copy, LEFT)
    lines = QGuiApplication.clipboard().text().splitlines()
    names = {}
    exec("\n".join(lines[:-1]), names)
    assert eval(lines[-1], names) == pytest.approx(seen[0, 9, 4], abs=1e-4)


def test_the_words_of_a_part_do_not_lie_over_those_of_a_number(qtbot, session):
    room = Room(qtbot, session, 0)
    told = []
    for number in (True, False):
        at = room.point("blocks.0.attn", "weights", 0, 9, 4)
        if not number:
            session.inside.inner.hover(None)
        asked = QHelpEvent(QEvent.Type.ToolTip, at, room.view.viewport().mapToGlobal(at))
        QApplication.sendEvent(room.view.viewport(), asked)
        told.append(QToolTip.text())
    QToolTip.hideText()
    assert not told[0] and told[1].startswith("Attention")


def test_a_click_keeps_and_esc_lets_go(qtbot, session):
    room = Room(qtbot, session, 0, InspectorPanel)
    inner, panel = session.inside.inner, room.panels[1]
    room.click("blocks.0.attn", "weights", 0, 9, 4)
    QTest.mouseMove(room.view.viewport(), QPoint(5, 5))
    assert inner.hovered is None and inner.locked.index == (0, 9, 4)
    assert panel.state.text() == "kept" and panel.keep.text() == "Let go"
    room.view.setFocus()
    QTest.keyClick(room.view, Qt.Key.Key_Up)
    assert inner.locked.index == (0, 8, 4)
    QTest.keyClick(room.view, Qt.Key.Key_Left)
    assert inner.locked.index == (0, 8, 3) and panel.view.number.spot == inner.locked
    QTest.keyClick(room.view, Qt.Key.Key_Escape)
    assert inner.locked is None and panel.stack.currentIndex() == 0


def test_a_click_on_another_head_opens_it(qtbot, session):
    room = Room(qtbot, session, 0)
    room.click("blocks.0.attn", "q", 1, 3, 3)
    assert session.inside.inner.heads["blocks.0.attn"] == 1
    frames = room.item("blocks.0.attn").frames
    assert next(f for f in frames if f.name == "weights").lead == (1,)
    assert session.inside.inner.locked is None


def test_every_number_of_every_part_can_be_pointed_at(qtbot, session):
    room = Room(qtbot, session, 1, InspectorPanel)
    room.scene.look_inside(0)
    room.until(lambda: session.inside.inner.block(0).value)
    for path, item in room.scene.insides.items.items():
        assert item.sketch.inside is not None
        for frame in item.frames:
            spot = item.sketch.spot(frame, frame.rect.center())
            assert item.sketch.cell(frame, spot.index).contains(frame.rect.center())
            session.inside.inner.hover(spot)
            number = room.panels[1].view.number
            assert number.spot == spot and spot.path == path
            room.scene.views()[0].viewport().repaint()
    assert set(room.scene.insides.items) == {
        "blocks.0.attn",
        "blocks.0.mlp",
        "blocks.1.conv",
        "blocks.1.rec",
        "blocks.1.moe",
    }


def test_a_click_on_the_load_of_an_expert_opens_it(qtbot, session):
    from llmstudio.ui.canvas.near import experts

    room = Room(qtbot, session, 1)
    item = room.item("blocks.1.moe")
    place = item.mapToScene(experts.bar(item.sketch, 2).center())
    room.view.set_zoom(1.0)
    room.view.centerOn(place)
    QTest.mouseClick(room.view.viewport(), LEFT, NONE, room.view.mapFromScene(place))
    assert session.inside.inner.heads == {"blocks.1.moe": 2}


def test_nothing_is_asked_for_what_is_not_seen(qtbot, session):
    room = Room(qtbot, session, 0)
    room.view.set_zoom(4.0)
    room.view.centerOn(-200, 0)
    asked = []
    session.inside.inner.keep = lambda design, index: asked.append(index)
    room.canvas.tick()
    assert not asked
    room.view.centerOn(room.item("blocks.0.attn").sceneBoundingRect().center())
    room.canvas.tick()
    assert asked == [0]


def test_without_numbers_there_are_shapes_and_the_reason(qtbot, session):
    room = Room(qtbot, session, 0)
    inner, design = session.inside.inner, session.build.model
    assert inner.why_not(design, 0) == ""
    room.canvas.values.choose("shapes only")
    room.canvas.values.changed.emit("shapes only")
    assert room.item("blocks.0.attn").sketch.inside is None and inner.why_not(design, 0) == "Shapes only."
    inner.show_values(True)
    session.build.edit(replace(design, width=32))
    assert room.item("blocks.0.attn").sketch.inside is None
    assert inner.why_not(session.build.model, 0) == "run 1 has another design. Train this one to see its numbers."
    many = replace(design, blocks=design.blocks * 3)
    session.build.edit(many)
    room.scene.look_inside(5)
    room.canvas.tick()
    assert inner.why_not(many, 5) == "run 1 has another design. Train this one to see its numbers."
    session.build.edit(replace(design, note="The same network"))
    assert room.item("blocks.0.attn").sketch.inside is not None


def test_the_rows_are_as_high_as_what_is_drawn_in_them(qtbot, session):
    room = Room(qtbot, session, 1)
    room.scene.look_inside(0)
    for path, item in room.scene.insides.items.items():
        kind = path.split(".")[2]
        assert (item.box.width(), item.box.height()) == (near.WIDTH, near.HEIGHT[kind])
        for frame in item.frames:
            assert item.boundingRect().contains(frame.rect), (path, frame)


@pytest.mark.parametrize("mode", ["dark", "light"])
def test_the_colours_are_those_of_the_theme(qtbot, session, mode):
    theme.apply(mode)
    room = Room(qtbot, session, 0)
    item = room.item("blocks.0.attn")
    frame = next(f for f in item.frames if f.name == "weights")
    image: QImage = item.sketch.image(frame)
    value = item.sketch.matrix(frame)[7, 3]
    assert image.pixelColor(3, 7).getRgb() == tuple(theme.ramp("probability")[round(float(value) * 255)])
    assert image.pixelColor(7, 3) == theme.color("raised")  # comes later: masked
    theme.apply("dark")


def test_of_many_heads_those_around_the_opened_one_are_drawn():
    frames = side_by_side("q", (0.0, 0.0, 100.0, 50.0), 32, 20)
    assert [f.head for f in frames] == [17, 18, 19, 20, 21, 22] and frames[-1].rect.right() == pytest.approx(100)
    assert len(side_by_side("q", (0.0, 0.0, 100.0, 50.0), 2, 1)) == 2


def test_a_weight_clicked_in_the_block_is_changed_by_hand_and_put_back(qtbot, session):
    room = Room(qtbot, session, 0, WeightsPanel)
    panel, hand = room.panels[1], session.inside.hand
    room.until(lambda: hand.sheet.value)
    room.click("blocks.0.mlp", "wb", 5, 3)
    room.until(lambda: panel._shown and panel._shown.described.piece.name == "blocks.0.mlp.up.weight up")
    gpt, _ = session.models.ask(session.weights.at, *session.inside.shown()).result(10)
    weight = gpt.blocks[0].mlp.up.weight
    before = weight[32 + 5, 3].item()
    assert panel.view.cell == (5, 3) and panel.value.value == pytest.approx(before, abs=1e-6)
    panel.value.setFocus()
    panel.value.selectAll()
    QTest.keyClicks(panel.value, "2.5")
    QTest.keyClick(panel.value, Qt.Key.Key_Return)
    room.until(lambda: not hand.busy and hand.done)
    assert weight[32 + 5, 3].item() == 2.5
    assert hand.after.reaction.loss != hand.before.reaction.loss
    assert f"{hand.after.reaction.loss:.3f}" in panel.reaction.loss.text() and "nats" in panel.reaction.loss.text()
    QTest.mouseClick(panel.column, LEFT)
    room.until(lambda: not hand.busy and len(hand.done) == 2)
    assert weight[32:, 3].abs().sum().item() == 0
    for left in (1, 0):
        QTest.mouseClick(panel.undo, LEFT)
        room.until(lambda left=left: not hand.busy and len(hand.done) == left)
    assert weight[32 + 5, 3].item() == before
    QTest.mouseClick(panel.redo, LEFT)
    room.until(lambda: not hand.busy and hand.done)
    assert weight[32 + 5, 3].item() == 2.5


def test_the_panel_tells_the_value_under_the_pointer(qtbot, session):
    room = Room(qtbot, session, 0, WeightsPanel)
    panel = room.panels[1]
    room.until(lambda: panel._shown)
    room.until(lambda: panel.view.height() == min(panel.view.sizeHint().height(), panel.view.maximumHeight()))
    found = panel._shown.described
    area = panel.view.area()
    at = QPointF(area.x() + area.width() * 0.53, area.y() + area.height() * 0.28)
    row, column = panel.view.cell_at(QPointF(at.toPoint()))
    QTest.mouseMove(panel.view, at.toPoint())
    QTest.mouseClick(panel.view, LEFT, NONE, at.toPoint())
    assert panel.where.text() == f"from {column} to {row}"
    assert panel.value.value == pytest.approx(float(found.values[row, column]), abs=1e-6)


def test_which_matrix_a_number_belongs_to(qtbot, session):
    room = Room(qtbot, session, 0, WeightsPanel)
    room.until(lambda: session.inside.hand.sheet.value)
    pieces = session.inside.hand.sheet.value.pieces
    for name, index, wanted in (
        ("blocks.0.attn", (1, 2), "blocks.0.attn.qkv.weight K"),
        ("blocks.1.conv", (1, 2), "blocks.1.conv.weight"),
        ("blocks.1.moe", (2, 4, 1), "blocks.1.moe.up.weight[2]"),
    ):
        tensor = {"attn": "wk", "conv": "kernel", "moe": "wa"}[name.split(".")[2]]
        assert piece_of(Spot(path=name, name=tensor, index=index), pieces).name == wanted
    assert piece_of(Spot(path="blocks.0.attn", name="weights", index=(0, 1, 1)), pieces) is None
