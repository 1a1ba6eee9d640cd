"""The window with a real session, driven as a person would."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

from llmstudio.core.model.spec import change
from llmstudio.session import settings
from llmstudio.session.session import Session
from llmstudio.ui.style import dress
from llmstudio.ui.theme import theme
from llmstudio.ui.window import Window
from tests.material import sample_text

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def session():
    return Session()  # the window closes it


@pytest.fixture
def window(qtbot, qapp, session):
    dress(qapp, "dark")
    made = Window(session)
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(lambda: made._painted)
    qtbot.waitUntil(made.isActiveWindow)
    yield made
    made.close()


@pytest.fixture
def project(qtbot, window, session, tmp_path):
    done = session.new(tmp_path / "Garden", preset="nanogpt-shakespeare-cpu")
    qtbot.waitUntil(done.done, timeout=10_000)
    done.result()
    return session


def click(qtbot, widget):
    qtbot.mouseClick(widget, LEFT, pos=widget.rect().center())


def test_paints_before_any_panel_is_made(qtbot, qapp, session):
    dress(qapp, "dark")
    window = Window(session)
    qtbot.addWidget(window)
    made = []
    window.painted.connect(lambda: made.append([dock.panel for dock in window.workspace.docks.values()]))
    with qtbot.waitSignal(window.ready, timeout=20_000):
        window.show()
    assert made and not any(made[0])
    window.close()


def test_tabs_and_keys_change_the_stage(qtbot, window, project):
    for n, stage in enumerate(window.stages, 1):
        click(qtbot, window.top.tabs[stage.name])
        assert window.stage == stage.name and window.stack.currentWidget().isVisible()
        qtbot.keyClick(window, Qt.Key(Qt.Key.Key_0 + len(window.stages) + 1 - n), CONTROL)
        assert window.stage == window.stages[len(window.stages) - n].name


def test_every_panel_of_every_stage_is_made(qtbot, window, project):
    for stage in window.stages:
        window.choose(stage.name)
        window.workspace.fill_now()
        assert all(dock.panel is not None for dock in window.workspace.docks.values())
        names = [dock.panel.name for dock in window.workspace.docks.values()]
        assert all(name.startswith(f"{stage.name}.") for name in names) and len(set(names)) == len(names)
        assert all(dock.panel.title for dock in window.workspace.docks.values())


def test_project_is_named(qtbot, window, project):
    assert window.windowTitle() == "Garden - LLM Studio"
    assert window.top.project.accessibleName() == "Project Garden"


def test_dropped_file_is_added(qtbot, window, project, tmp_path):
    text = tmp_path / "Jörg Müller 文.txt"
    text.write_text(sample_text(), "utf-8")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(text))])
    at, action = QPointF(700, 400), Qt.DropAction.CopyAction
    enter = QDragEnterEvent(at.toPoint(), action, data, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted() and window.overlay.isVisible()
    drop = QDropEvent(at, action, data, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, drop)
    assert not window.overlay.isVisible()
    qtbot.waitUntil(lambda: [source.name for source in project.data.sources] == [text.name], timeout=10_000)
    qtbot.waitUntil(lambda: any(text.name in toast.text.text() for toast in window.toasts._shown))


def test_words_dragged_over_are_not_taken(window, project):
    data = QMimeData()
    data.setText("words")
    enter = QDragEnterEvent(QPoint(10, 10), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, enter)
    assert not window.overlay.isVisible()


def test_undo_goes_to_the_stage_that_is_shown(qtbot, window, project):
    window.choose("build")
    before = project.build.model
    project.build.use_preset("gpt2-small")
    recipe = project.train.recipe
    window.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_Z, CONTROL)
    assert project.build.model == before and project.train.recipe == recipe
    qtbot.keyClick(window, Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert project.build.model != before


def test_theme_is_chosen_in_the_menu_and_kept(qtbot, window, session):
    menu = window.actions_.menu
    light = next(action for action in menu.findChildren(type(window.actions_.undo)) if action.text() == "Light")
    light.trigger()
    assert not theme.dark and session.settings.theme == "light"
    assert QApplication.palette().window().color() == theme.color("window")
    session.edit_settings(theme="dark")
    assert theme.dark


def test_mistakes_are_said_not_raised(qtbot, window, session, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "project.json").write_text("{")
    window.attempt(lambda: session.open(tmp_path / "full"))
    qtbot.waitUntil(lambda: any(toast.error for toast in window.toasts._shown), timeout=5_000)


def test_layout_is_saved_and_comes_back(qtbot, window, project):
    window.choose("build")
    window.workspace.fill_now()
    first = next(iter(window.workspace.docks.values()))
    assert window.workspace.state() == ""
    first.panel.title_bar.close_wanted.emit()
    assert not first.isVisible()
    window.workspace._touch()
    name = first.objectName()
    window.close()
    saved = settings.load()
    assert saved.workspace == "build" and saved.layouts["build"] and saved.geometry
    again = Window(Session())
    qtbot.addWidget(again)
    again.show()
    qtbot.waitUntil(lambda: again._painted)
    assert again.stage == "build" and not again.workspace.docks[name].isVisible()
    again.workspace.reset()
    assert again.workspace.docks[name].isVisible() and again.workspace.state() == ""
    again.close()


def test_the_recipe_can_be_set_before_the_first_run(qtbot, window, project):
    window.choose("train")
    page = window.stack.currentWidget()
    assert page is window._first
    click(qtbot, page.recipe)
    assert window.stack.currentWidget() is window.workspace
    window.choose("build")
    window.choose("train")
    assert window.stack.currentWidget() is window.workspace


def test_panel_floats_and_comes_back(qtbot, window, project):
    window.choose("build")
    window.workspace.fill_now()
    dock = next(iter(window.workspace.docks.values()))
    dock.panel.title_bar.float_wanted.emit()
    assert dock.isFloating() and dock.panel in window._turns()
    dock.panel.title_bar.float_wanted.emit()
    assert not dock.isFloating()


def test_columns_have_the_widths_of_the_arrangement(qtbot, window, project):
    window.choose("build")
    window.workspace.fill_now()
    qtbot.wait(50)
    docks = window.workspace.docks
    assert docks["PartsPanel"].width() == pytest.approx(224, abs=6)
    assert docks["PropertiesPanel"].width() == pytest.approx(360, abs=6)


@pytest.mark.parametrize("size", [(1440, 900), (1100, 700), (900, 560)])
def test_nothing_sticks_out(qtbot, window, project, size):
    window.resize(*size)
    for stage in window.stages:
        window.choose(stage.name)
        window.workspace.fill_now()
        qtbot.wait(30)
        assert (window.width(), window.height()) == size
        for dock in (dock for dock in window.workspace.docks.values() if not dock.visibleRegion().isEmpty()):
            assert window.workspace.rect().contains(dock.geometry()), (stage.name, dock.objectName())


def test_problems_have_their_room_in_a_window_of_any_size(qtbot, window, project):
    model = project.build.model
    heads = replace(model.blocks[0].attention, heads=5)
    window.choose("build")
    window.workspace.fill_now()
    panel = window.workspace.panel("build.problems")
    calm = panel.height()
    project.build.edit(change(model, "blocks.0.attn", heads))
    for size in ((1440, 900), (1100, 700), (1380, 860), (1000, 640), (1440, 900)):
        window.resize(*size)
        qtbot.wait(40)
    qtbot.waitUntil(lambda: panel.height() > calm)
    project.build.undo()
    qtbot.waitUntil(lambda: panel.height() == calm)


def test_one_accent_button_at_most(qtbot, window, project):
    for stage in window.stages:
        window.choose(stage.name)
        window.workspace.fill_now()
        seen = [each for each in window.stack.currentWidget().findChildren(QWidget) if each.isVisible()]
        bright = [each.text() for each in seen if each.property("kind") == "primary"]
        assert len(bright) <= 1, bright


def test_only_one_panel_is_drawn_per_beat(qtbot, window, project, monkeypatch):
    window.choose("build")
    window.workspace.fill_now()
    window.clock.stop()
    ticked = []
    for panel in window.workspace.panels():
        monkeypatch.setattr(panel, "tick", lambda name=panel.name: ticked.append(name), raising=False)
    count = len(window.workspace.panels())
    for _ in range(3 * (count + 1)):
        before = len(ticked)
        window.clock.beat()
        assert len(ticked) - before <= 1
    assert {ticked.count(name) for name in ticked} == {3} and len(set(ticked)) == count


def test_every_stage_is_painted_in_both_themes(qtbot, window, project):
    for mode in ("dark", "light"):
        project.edit_settings(theme=mode)
        for stage in window.stages:
            window.choose(stage.name)
            window.workspace.fill_now()
            qtbot.wait(20)
            image = window.grab().toImage()
            assert image.pixelColor(700, 2).name() == theme.color("window").name()
            assert image.pixelColor(20, 890).name() == theme.color("panel").name()


def test_keyboard_focus_has_a_ring_and_the_mouse_none(qtbot, window, project):
    window.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_Tab)
    around = QApplication.focusWidget()
    ring = window.focus._ring
    assert around is not None and ring is not None and ring.isVisible()
    assert ring.geometry() == around.geometry().adjusted(-4, -4, 4, 4)
    field = next(iter(window.top.tabs.values()))
    qtbot.mouseClick(field, LEFT)
    window.setFocus()
    assert window.focus._ring is None


def test_menu_lists_recent_projects_and_panels(qtbot, window, project):
    window.choose("build")
    window.workspace.fill_now()
    actions = window.actions_
    actions.recent.aboutToShow.emit()
    actions.panels.aboutToShow.emit()
    assert [action.text() for action in actions.recent.actions()] == ["Garden"]
    assert [action.text() for action in actions.panels.actions()] == [
        dock.panel.title for dock in window.workspace.docks.values()
    ]
