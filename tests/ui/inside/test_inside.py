"""Looking inside as a person does: pointing, clicking, moving through time, while the model trains."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from llmstudio.core.inside.watch import watch
from llmstudio.session.session import Session
from llmstudio.ui.panels.inside.attention import AttentionPanel
from llmstudio.ui.panels.inside.embeddings import EmbeddingsPanel
from llmstudio.ui.panels.inside.next import NextPanel
from llmstudio.ui.panels.inside.probe import ProbePanel
from tests.material import make_small, sample_text

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
ALL = (ProbePanel, AttentionPanel, EmbeddingsPanel, NextPanel)


@pytest.fixture
def project(qtbot, tmp_path):
    session = Session()
    session.wait(session.new(tmp_path / "P", preset="nanogpt-shakespeare-cpu"))
    session.wait(session.data.paste(sample_text()))
    make_small(session, learning_rate=0.01, min_learning_rate=0.01, warmup=0)
    session.wait(session.data.prepare())
    session.inside.set_probe("the wet garden")
    yield session
    session.close()


@pytest.fixture
def trained(project):
    project.wait(project.train.start())
    project.wait(project.train.run.job)
    return project


class Views:
    def __init__(self, qtbot, session, kinds):
        self.qtbot, self.session = qtbot, session
        self.panels = [kind(session) for kind in kinds]
        for panel in self.panels:
            qtbot.addWidget(panel)
            panel.resize(720, 560)
            panel.show()

    def until(self, met):
        def check():
            self.session.poll()
            for panel in self.panels:
                panel.tick()
            return bool(met())

        self.qtbot.waitUntil(check, timeout=20_000)


def map_at(panel, row, column):
    area = panel.map.area()
    size = len(panel.map._matrix)
    x, y = area.left() + (column + 0.5) * area.width() / size, area.top() + (row + 0.5) * area.height() / size
    return QPoint(int(x), int(y))


def test_the_picture_is_the_models_own_attention(qtbot, trained):
    views = Views(qtbot, trained, [AttentionPanel])
    (panel,) = views.panels
    views.until(lambda: trained.inside.looking.value)
    ids = trained.data.tokenizer.encode("the wet garden")
    expected = trained.models.ask(lambda: watch(trained.train.run.trainer.model, ids)).result(10)
    rect = panel.grid.rect_of(1, 1)
    QTest.mouseClick(panel.grid, LEFT, NONE, rect.center())
    assert panel.map._matrix == pytest.approx(expected.attention[1][1])
    assert panel.head.text() == "Block 2, head 2"
    hint = panel._hint(9, 3)
    assert f"{expected.attention[1][1][9, 3]:.3f}" in hint


def test_a_click_keeps_a_cell_and_esc_lets_go(qtbot, trained):
    views = Views(qtbot, trained, [AttentionPanel, NextPanel, ProbePanel])
    attention, following, probe = views.panels
    views.until(lambda: trained.inside.looking.value)
    QTest.mouseClick(attention.map, LEFT, NONE, map_at(attention, 6, 2))
    assert (trained.inside.locked.query, trained.inside.locked.key) == (6, 2)
    assert probe.strip.selected == 6
    assert following.where.text().startswith("after the·wet")
    look = trained.inside.looking.value
    weights = np.exp(look.watched.logits[6] - look.watched.logits[6].max())
    assert following.bars._rows[0].probability == pytest.approx(weights.max() / weights.sum())
    QTest.keyClick(attention, Qt.Key.Key_Escape)
    assert trained.inside.locked.query is None and probe.strip.selected == -1


def test_pictures_change_while_it_trains(qtbot, project):
    make_small(project, steps=1_000_000, learning_rate=0.01, min_learning_rate=0.01, warmup=0)
    project.wait(project.train.start())
    views = Views(qtbot, project, ALL)
    views.until(lambda: project.inside.looking.value and project.inside.embedded.value)
    look, map_ = project.inside.looking.value, project.inside.embedded.value
    inside = project.inside
    views.until(lambda: inside.looking.value.step > look.step and inside.embedded.value.step > map_.step)
    now = project.inside.looking.value
    assert np.abs(now.watched.attention[0] - look.watched.attention[0]).max() > 0
    assert np.abs(project.inside.embedded.value.projection.points - map_.projection.points).max() > 0
    assert project.train.run.live
    project.train.stop()
    project.wait(project.train.run.job)


def test_the_slider_goes_back_in_time(qtbot, trained):
    views = Views(qtbot, trained, ALL)
    attention = views.panels[1]
    views.until(lambda: trained.inside.looking.value)
    newest = trained.inside.looking.value.watched.attention[0].copy()
    trained.inside.go(0)
    views.until(lambda: trained.inside.looking.value and trained.inside.looking.value.step == 0)
    assert attention.chip.text() == "step 0"
    assert np.abs(trained.inside.looking.value.watched.attention[0] - newest).max() > 0
    trained.inside.go(None)
    views.until(lambda: trained.inside.looking.value and trained.inside.looking.value.step == 12)
    assert trained.inside.looking.value.watched.attention[0] == pytest.approx(newest)


def test_only_one_question_is_in_flight_and_hidden_views_ask_nothing(qtbot, trained):
    views = Views(qtbot, trained, ALL)
    asked = []
    real = trained.models.ask
    trained.models.ask = lambda *args: asked.append(args) or real(*args)
    views.until(lambda: trained.inside.looking.value and trained.inside.embedded.value)
    assert len(asked) == 2
    for _ in range(30):
        trained.poll()
    assert len(asked) == 2  # nothing moved on


def test_a_clicked_token_lists_its_neighbours(qtbot, trained):
    from sklearn.metrics.pairwise import cosine_similarity

    views = Views(qtbot, trained, [EmbeddingsPanel])
    (panel,) = views.panels
    views.until(lambda: trained.inside.embedded.value)
    token = int(trained.data.tokenizer.encode("t")[0])
    at = panel.map.where(token)
    nearest = panel.map.index_at(QPointF(at))
    QTest.mouseClick(panel.map, LEFT, NONE, at.toPoint())
    views.until(lambda: panel._near)
    assert trained.inside.locked.token == nearest
    weights = trained.train.run.trainer.model.embed.weight.detach().numpy()
    cosines = cosine_similarity(weights[nearest : nearest + 1], weights)[0]
    cosines[nearest] = -2
    assert [each.cosine for each in panel._near] == pytest.approx(np.sort(cosines)[::-1][: len(panel._near)], abs=1e-5)
    assert "nearest to" in panel.near_title.text()


def test_search_rings_what_it_finds(qtbot, trained):
    views = Views(qtbot, trained, [EmbeddingsPanel])
    (panel,) = views.panels
    views.until(lambda: trained.inside.embedded.value)
    QTest.keyClicks(panel.search, "g")
    assert panel.map._found == frozenset(trained.data.tokenizer.encode("g").tolist())
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    assert trained.inside.locked.token in panel.map._found


def test_the_probe_is_edited_in_place(qtbot, trained):
    views = Views(qtbot, trained, [ProbePanel, AttentionPanel])
    probe = views.panels[0]
    views.until(lambda: trained.inside.looking.value)
    probe._edit()
    QTest.keyClicks(probe.field, "a leaf")
    QTest.keyClick(probe.field, Qt.Key.Key_Return)
    views.until(lambda: trained.inside.looking.value and trained.inside.looking.value.texts == [*"a leaf"])
    assert trained.inside.probe == "a leaf"


def test_a_damaged_snapshot_is_said_and_the_newest_still_shows(qtbot, trained):
    views = Views(qtbot, trained, ALL)
    path = trained.train.folder(trained.train.run) / "snapshots" / "4.safetensors"
    path.write_bytes(path.read_bytes()[:50])
    trained.inside.go(4)
    views.until(lambda: trained.inside.looking.error)
    assert "4.safetensors" in views.panels[1].empty.text.text()
    trained.inside.go(None)
    views.until(lambda: trained.inside.looking.value)
    assert views.panels[1].stack.currentIndex() == 1


def test_without_a_model_every_view_says_what_to_do(qtbot, project):
    views = Views(qtbot, project, [AttentionPanel, EmbeddingsPanel, NextPanel])
    for panel in views.panels:
        panel.tick()
        assert "Train one first" in panel.empty.text.text()


def test_every_control_has_a_name(qtbot, trained):
    views = Views(qtbot, trained, ALL)
    for panel in views.panels:
        for widget in panel.findChildren(QWidget):
            if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                assert widget.accessibleName(), f"{type(widget).__name__} in {panel.name} has no name"
