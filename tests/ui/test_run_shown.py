"""The run chip and the time machine, on a run with a real log."""

import pytest
from PySide6.QtCore import QPoint, Qt

from llmstudio.core.model.spec import Model
from llmstudio.core.train.events import Snapshot, Step
from llmstudio.core.train.recipe import Recipe
from llmstudio.session.run import Run
from llmstudio.session.session import Session
from llmstudio.ui.runchip import RunChip
from llmstudio.ui.theme import theme
from llmstudio.ui.timebar import WORDS, TimeBar

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


@pytest.fixture
def run():
    log = [Step(step=n, loss=4 - n / 1000, learning_rate=1e-3, gradient=1.0, seconds=n / 10) for n in range(1, 813)]
    log += [Snapshot(step=step) for step in (0, 100, 400, 800)]
    return Run(name="run 1", number=1, model=Model(), recipe=Recipe(steps=2000), state="stopped", log=log)


@pytest.fixture
def shown(session, run):
    session.train.runs.append(run)
    session.train.show(run)
    return session


@pytest.fixture
def bar(qtbot, session):
    theme.apply("dark")
    made = TimeBar(session)
    qtbot.addWidget(made)
    made.resize(1432, 44)
    made.show()
    return made


def test_chip_says_step_and_loss(qtbot, session, run):
    theme.apply("dark")
    chip = RunChip(session)
    qtbot.addWidget(chip)
    chip.show()
    assert chip.parts() == [("No run yet", False)] and not chip.pause.isVisible()
    session.train.runs.append(run)
    session.train.show(run)
    chip.tick()
    assert [text for text, bold in chip.parts() if bold] == ["812", f"{run.smoothed:.2f}"]
    assert "of 2\u2009000" in chip.accessibleDescription() and "stopped" in chip.accessibleDescription()
    width = chip.width()
    asked = []
    chip.clicked.connect(lambda: asked.append(True))
    qtbot.mouseClick(chip, LEFT, pos=QPoint(60, 16))
    assert asked and chip.width() == width


def test_empty_bar_says_what_it_will_do(bar):
    assert bar.track.toolTip() == WORDS and bar.facts() == []
    assert not bar.back.isVisible()


def test_click_goes_to_the_nearest_snapshot(qtbot, bar, shown):
    track = bar.track
    qtbot.mouseClick(track, LEFT, pos=QPoint(round(track.x_of(420)), 20))
    assert shown.inside.moment == 400 and bar.back.isVisible()
    assert ("400", True) in bar.facts() and (f"{shown.train.run.loss_at(400):.2f}", True) in bar.facts()
    qtbot.mouseClick(track, LEFT, pos=QPoint(round(track.x_of(1500)), 20))
    assert shown.inside.moment is None and not bar.back.isVisible()
    assert ("812", True) in bar.facts()


def test_back_to_live(qtbot, bar, shown):
    shown.inside.go(100)
    qtbot.mouseClick(bar.back, LEFT)
    assert shown.inside.moment is None


def test_arrows_walk_over_the_snapshots(qtbot, bar, shown):
    seen = []
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Right):
        qtbot.keyClick(bar.track, key)
        seen.append(shown.inside.moment)
    assert seen == [800, 400, 0, 0, 100, 400]
    qtbot.keyClick(bar.track, Qt.Key.Key_Right)
    qtbot.keyClick(bar.track, Qt.Key.Key_Right)
    assert shown.inside.moment is None
    shown.inside.go(0)
    qtbot.keyClick(bar.track, Qt.Key.Key_Escape)
    assert shown.inside.moment is None


def test_a_moment_does_not_slide_while_the_run_grows(bar, shown, run):
    before = bar.track.x_of(400)
    bar.tick()
    assert not bar.track.tick()  # nothing new, nothing drawn
    run.log += [Step(step=n, loss=3.0, learning_rate=1e-3, gradient=1.0, seconds=n / 10) for n in range(813, 900)]
    run.refresh()
    assert bar.track.tick() and bar.track.x_of(400) == before


def test_handle_has_the_colour_of_its_moment(bar, shown):
    for moment, token in ((None, "accent"), (400, "warning")):
        shown.inside.go(moment)
        image = bar.track.grab().toImage()
        step = 812 if moment is None else moment
        assert image.pixelColor(round(bar.track.x_of(step)), 8).name() == theme.color(token).name()
