"""A run drawn on its design: maps and words of heads, numbers on parts, the switch, the legend, a part over time."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from llmstudio.core.model.spec import MLP, Block, Experts, insert
from llmstudio.session.session import Session
from llmstudio.ui.canvas.alive.heads import Grid, grid, pooled
from llmstudio.ui.canvas.alive.live import line, live
from llmstudio.ui.canvas.alive.overlay import Overlay
from llmstudio.ui.canvas.alive.switch import AliveSwitch
from llmstudio.ui.canvas.scene import Scene
from llmstudio.ui.canvas.view import CanvasView
from llmstudio.ui.panels.build.history import CHOOSE, HistoryPanel
from llmstudio.ui.theme import theme
from llmstudio.ui.words import heads
from tests.material import make_small, sample_text

PATIENCE = 20.0  # seconds


@pytest.fixture
def session(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A project with a finished run of 12 steps of the design that is drawn, and a probe text."""
    monkeypatch.setattr("os.fsync", lambda handle: None)
    theme.apply("dark")
    made = Session()
    made.wait(made.new(tmp_path / "P", preset="nanogpt-shakespeare-cpu"))
    made.wait(made.data.paste(sample_text(), "Snail"))
    make_small(made, watch_every=3)
    made.wait(made.train.start())
    assert made.train.run and made.train.run.job
    made.wait(made.train.run.job)
    made.inside.set_probe("a letter through")
    yield made
    made.close()


class Stage:
    def __init__(self, session: Session, view: CanvasView) -> None:
        self.session, self.view = session, view
        self.overlay = Overlay(view, session)
        self.layer = self.overlay.layer

    def until(self, true: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, "waited too long"
            self.overlay.tick()
            self.session.poll()
            QApplication.processEvents()
            time.sleep(0.005)

    def head(self, block: int, head: int) -> QPoint:
        """The middle of a map, in the view."""
        item = self.layer.heads[block]
        return self.view.mapFromScene(item.pos() + item.grid.place(head).center())


@pytest.fixture
def stage(qtbot: object, session: Session) -> Iterator[Stage]:
    view = CanvasView(Scene(session))
    session.build.changed.connect(view.canvas.refresh)
    qtbot.addWidget(view)  # type: ignore[attr-defined]
    made = Stage(session, view)
    view.resize(1000, 700)
    view.show()
    yield made
    view.canvas.glide.stop()


def test_maps_stand_beside_their_block_with_their_words(stage: Stage) -> None:
    assert not stage.layer.heads
    stage.until(lambda: stage.layer.heads)
    assert sorted(stage.layer.heads) == [0, 1]
    glance = stage.session.build.alive.glance
    assert glance is not None
    for block, item in stage.layer.heads.items():
        card = stage.view.canvas.plan.blocks[block].card
        assert item.pos().x() > card.right
        assert card.y <= item.pos().y() and item.pos().y() + item.grid.height <= card.bottom
        maps = glance.seen.attention[f"blocks.{block}.attn"]
        assert list(item.words) == heads.words([maps], glance.seen.ids)[0]
    assert stage.layer.title.text == "what each head attends to, now"
    area = stage.view.canvas.sceneRect()
    assert area.right() >= max(item.pos().x() + item.grid.width for item in stage.layer.heads.values())


def test_the_drawing_stays_when_another_reading_is_chosen_and_maps_close_up_where_it_is_narrow(stage: Stage) -> None:
    stage.until(lambda: stage.layer.heads)
    wide = stage.view.canvas.aside
    assert wide > 0 and stage.layer.heads[0].grid == Grid(2, 1, True)
    stage.session.build.alive.switch("gradient")
    assert stage.view.canvas.aside == wide and not stage.layer.heads
    stage.session.build.alive.switch("off")
    assert stage.view.canvas.aside == 0
    stage.session.build.alive.switch("attention")
    stage.view.resize(600, 700)
    stage.until(lambda: stage.layer.heads)
    assert stage.layer.heads[0].grid == Grid(1, 2, True) and stage.view.canvas.aside < wide


def test_a_map_shows_the_numbers(stage: Stage) -> None:
    stage.until(lambda: stage.layer.heads)
    stage.view.set_zoom(1.0)
    stage.session.inside.lock(block=1, head=1)
    item = stage.layer.heads[0]
    image = QImage(44, 44, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    stage.view.canvas.render(painter, QRectF(image.rect()), item.grid.place(0).translated(item.pos()))
    painter.end()
    maps = stage.session.build.alive.maps("blocks.0.attn")
    size = len(maps[0])
    row, column = size - 1, int(np.argmax(maps[0][-1]))
    seen = image.pixelColor(round((column + 0.5) / size * 44), round((row + 0.5) / size * 44))
    wanted = theme.on_ramp("probability", float(maps[0][row, column]))
    assert max(abs(a - b) for a, b in zip(seen.getRgb()[:3], wanted.getRgb()[:3], strict=True)) <= 3


def test_pointing_previews_and_a_click_keeps_the_head_in_every_view(stage: Stage) -> None:
    stage.until(lambda: stage.layer.heads)
    inside = stage.session.inside
    QTest.mouseMove(stage.view.viewport(), stage.head(1, 0))
    assert (inside.focus.block, inside.focus.head) == (1, 0) and inside.hovered
    QTest.mouseMove(stage.view.viewport(), QPoint(3, 3))
    assert inside.hovered is None
    QTest.mouseClick(stage.view.viewport(), Qt.MouseButton.LeftButton, pos=stage.head(1, 1))
    assert (inside.locked.block, inside.locked.head) == (1, 1)
    assert stage.layer.heads[1]._chosen == 1 and stage.layer.heads[0]._chosen == -1


def test_a_moved_block_takes_its_maps_along(stage: Stage) -> None:
    stage.until(lambda: stage.layer.heads)
    build = stage.session.build
    build.edit(insert(build.model, 0, Block(attention=None, mlp=MLP(hidden=9))))
    assert sorted(stage.layer.heads) == [1, 2]
    assert [stage.layer.heads[i].block for i in (1, 2)] == [0, 1]
    build.undo()
    assert sorted(stage.layer.heads) == [0, 1]


def test_numbers_on_the_parts_are_those_of_the_switch(stage: Stage, qtbot: object) -> None:
    session, run = stage.session, stage.session.train.run
    switch = AliveSwitch(session)
    qtbot.addWidget(switch)  # type: ignore[attr-defined]
    switch.show()
    words = switch.words
    QTest.mouseClick(words, Qt.MouseButton.LeftButton, pos=words.rects()[words.words.index("gradient")].center())
    assert session.build.alive.mode == "gradient"
    shown = live(session, "blocks.0.mlp")
    value = run.health["blocks.0.mlp"].gradient.last
    assert float(shown.text) == pytest.approx(value, rel=0.06)
    assert shown.spark[-1] == pytest.approx(np.log10(value))
    row = next(row for row in stage.view.canvas.blocks[0].value[1].rows if row.path == "blocks.0.mlp")
    assert row.live == shown, "it is on the canvas"
    assert not stage.layer.heads and stage.layer.column.text == "gradient norm"
    QTest.mouseClick(switch.more, Qt.MouseButton.LeftButton)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    names = {entry.text(): entry for entry in menu.actions()}
    assert not names["Experts in use"].isEnabled(), "there are none in this design"
    names["Update / weight"].trigger()
    menu.close()
    assert session.build.alive.mode == "update" and words.chosen == "update"
    assert live(session, "embed").ramp == "signed"
    QTest.mouseClick(words, Qt.MouseButton.LeftButton, pos=words.rects()[0].center())
    assert session.build.alive.mode == "off" and live(session, "embed") is None
    assert stage.view.canvas.blocks[0].value[1].rows[0].live is None


def test_the_load_of_experts_stands_beside_their_block(stage: Stage) -> None:
    session = stage.session
    mixed = replace(session.build.model.blocks[1], mlp=None, experts=Experts(experts=4, top_k=2, hidden=8))
    session.build.edit(replace(session.build.model, blocks=(session.build.model.blocks[0], mixed)))
    session.wait(session.train.start())
    session.wait(session.train.run.job)
    session.build.alive.switch("experts")
    stage.until(lambda: stage.layer.loads)
    assert [*stage.layer.loads] == [1] and not stage.layer.heads
    item, glance = stage.layer.loads[1], session.build.alive.glance
    shares = glance.seen.load["blocks.1.moe"]
    assert item.shares == shares and sum(shares) == pytest.approx(1)
    assert item.pos().x() > stage.view.canvas.plan.blocks[1].card.right
    heights = [item.bar(n).height() for n in range(4)]
    assert [high / sum(heights) for high in heights] == pytest.approx(list(shares))
    assert stage.layer.title.text == "tokens to each expert, now"
    assert session.build.alive.load("blocks.1.moe") == shares
    rows = {row.path: row.live for row in stage.view.canvas.blocks[1].value[1].rows}
    assert rows["blocks.1.attn"].text == "" and rows["blocks.1.moe"].text.endswith("%")


def test_the_legend_says_what_the_colours_mean_and_when(stage: Stage) -> None:
    legend, session = stage.overlay.legend, stage.session
    stage.until(lambda: stage.layer.heads)
    run = session.train.run
    assert legend.isVisible() and legend.title == "attention entropy"
    assert legend.when == f"{run.name}, step {run.step}"
    assert legend.geometry().bottom() < stage.view.viewport().geometry().top(), "it hides nothing"
    bar, image = legend.bar_rect(), legend.grab().toImage()
    seen = image.pixelColor(round(bar.right() - 2), round(bar.center().y()))
    wanted = theme.on_ramp("probability", 1 - 2 / bar.width())
    assert max(abs(a - b) for a, b in zip(seen.getRgb()[:3], wanted.getRgb()[:3], strict=True)) <= 4
    session.inside.go(run.snapshots[0])
    assert legend.when == f"step {run.snapshots[0]}" and legend.past
    stage.until(lambda: session.build.alive.glance and session.build.alive.glance.step == run.snapshots[0])
    assert stage.layer.title.text == f"what each head attends to, at step {run.snapshots[0]}"
    session.build.alive.switch("dead")
    stage.until(lambda: not legend.bar_rect().isEmpty())
    session.build.edit(replace(session.build.model, width=32))
    session.build.alive.changed.emit()
    assert legend.why.startswith("No part of this design") and legend.bar_rect().isEmpty()
    session.build.alive.switch("off")
    assert not legend.isVisible() and stage.view.viewport().y() == 0


def test_hidden_it_looks_at_nothing(stage: Stage) -> None:
    stage.until(lambda: stage.layer.heads)
    session = stage.session
    first = session.build.alive.glance
    session.inside.set_probe("the toad waits")
    for _ in range(30):
        session.poll()
        QApplication.processEvents()
        time.sleep(0.005)
    assert session.build.alive.looking.value is first
    session.build.alive.switch("gradient")
    for _ in range(10):
        stage.overlay.tick()
        session.poll()
        time.sleep(0.005)
    assert session.build.alive.looking.value is first, "the run told the gradients itself"


def test_a_part_over_the_run(session: Session, qtbot: object) -> None:
    panel = HistoryPanel(session)
    qtbot.addWidget(panel)  # type: ignore[attr-defined]
    panel.resize(360, 300)
    panel.show()
    assert panel.empty.text.text() == CHOOSE
    session.build.select("blocks.1.mlp")
    end = time.monotonic() + PATIENCE
    back = session.build.alive.back
    while not back.progress[1] or back.progress[0] < back.progress[1]:
        assert time.monotonic() < end
        panel.tick()
        session.poll()
        time.sleep(0.002)
    done = len(session.train.run.snapshots)
    assert panel.said.text().endswith(f"From {done} of {done} snapshots.")
    assert panel.said.text().startswith("At step 12 nine in ten outputs lie between")
    words = panel.noun
    QTest.mouseClick(words, Qt.MouseButton.LeftButton, pos=words.rects()[words.words.index("weights")].center())
    assert "nine in ten weights" in panel.said.text()
    session.inside.go(session.train.run.snapshots[0])
    assert panel.past.text() == f"step {session.train.run.snapshots[0]}"
    session.inside.go(None)
    QApplication.processEvents()
    frame = panel.map.frame()
    QTest.mouseMove(panel.map, QPointF(frame.right() - 2, frame.center().y()).toPoint())
    QApplication.processEvents()
    assert session.train.hover in [each.step for each in session.train.run.histograms[-2:]]
    panel.hide()
    session.build.select("blocks.1")
    assert "MLP" in panel.title_bar.label.text(), "out of sight nothing is drawn"
    panel.show()
    panel.tick()
    assert panel.why.isVisible() and "choose one of them" in panel.why.text.text()
    session.build.edit(replace(session.build.model, width=32))
    assert panel.empty.text.text().startswith("This part is not as it was in")


@pytest.mark.parametrize(("count", "room"), [(1, 78), (4, 124), (6, 124), (12, 124), (16, 124), (32, 124), (64, 78)])
def test_maps_have_their_own_places_and_room(count: int, room: float) -> None:
    found = grid(count, room)
    boxes = [found.place(n) for n in range(count)]
    assert not any(a.intersects(b) for n, a in enumerate(boxes) for b in boxes[:n])
    assert found.height <= room
    assert max(box.right() for box in boxes) <= found.width + 0.01
    assert grid(4, 124) == Grid(4, 1, True)


def test_pooling_loses_no_line() -> None:
    matrix = np.eye(100, dtype=np.float32)
    small = pooled(matrix, 44)
    assert small.shape == (34, 34) and np.array_equal(np.diag(small), np.ones(34)) and small.sum() == 34
    assert pooled(matrix, 100) is matrix


def test_level_curves_are_drawn_level() -> None:
    assert line((0.5, 0.501, 0.499), False) == (0.5, 0.5, 0.5)
    assert line((0.1, 0.01, 0.0, float("nan")), True) == pytest.approx((-1.0, -2.0))
