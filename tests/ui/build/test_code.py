"""The design as code: shown, copied, saved, and what it says about a run's weights."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from llmstudio.core.model.code import pytorch
from llmstudio.core.model.spec import Attention, Block, Skip
from llmstudio.core.train.events import Snapshot
from llmstudio.session.run import Run
from llmstudio.session.session import Session
from llmstudio.ui.panels.build.code import CodePanel
from llmstudio.ui.theme import theme
from tests.ui.build.conftest import FOUR


@pytest.fixture
def panel(qtbot, session: Session) -> CodePanel:
    made = CodePanel(session)
    qtbot.addWidget(made)
    made.resize(700, 600)
    made.show()
    made.tick()
    return made


def tone(panel: CodePanel, word: str) -> str:
    """The colour that a word is written in, the first time it stands there."""
    place = panel.text.index(word)
    block = panel.view.document().findBlock(place)
    formats = block.layout().formats()
    inside = [f for f in formats if f.start <= place - block.position() < f.start + f.length]
    return inside[-1].format.foreground().color().name() if inside else ""


def test_it_shows_the_design_and_follows_it(session: Session, panel: CodePanel) -> None:
    assert panel.text == pytorch(FOUR)
    session.build.edit(replace(FOUR, skips=(Skip(source=0, target=4),)))
    assert "skips" not in panel.text
    panel.tick()
    assert panel.text == pytorch(session.build.model) and "skips" in panel.text
    session.build.undo()
    panel.tick()
    assert panel.text == pytorch(FOUR)


def test_where_one_reads_stays(session: Session, panel: CodePanel) -> None:
    panel.view.verticalScrollBar().setValue(40)
    session.build.edit(replace(FOUR, softcap=30.0))
    panel.tick()
    assert panel.view.verticalScrollBar().value() == 40


def test_a_design_with_problems_has_no_code(session: Session, panel: CodePanel) -> None:
    session.build.edit(replace(FOUR, blocks=(Block(attention=Attention(heads=5)),)))
    panel.tick()
    assert not panel.view.isVisible() and not panel.copy_button.isEnabled() and not panel.save_button.isEnabled()
    session.build.undo()
    panel.tick()
    assert panel.view.isVisible() and panel.copy_button.isEnabled()


def test_copy(panel: CodePanel) -> None:
    QTest.mouseClick(panel.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == panel.text


def test_it_is_saved_where_the_person_says(session: Session, panel: CodePanel, tmp_path: Path, qtbot) -> None:
    dialog = panel.ask()
    dialog.fileSelected.emit(str(tmp_path / "mine.py"))
    dialog.reject()
    qtbot.waitUntil(lambda: (session.poll(), bool(session.notices))[1])
    assert (tmp_path / "mine.py").read_text(encoding="utf-8") == panel.text
    assert session.notices[-1].text == "mine.py written"
    panel.save(tmp_path / "not there" / "mine.py")
    qtbot.waitUntil(lambda: (session.poll(), len(session.notices))[1] > 1)
    assert session.notices[-1].kind == "error" and "mine.py" in session.notices[-1].text


def test_the_button_asks_in_the_folder_of_the_project(session: Session, panel: CodePanel, tmp_path: Path) -> None:
    session.wait(session.new(tmp_path / "P"))
    panel.tick()
    QTest.mouseClick(panel.save_button, Qt.MouseButton.LeftButton)
    [dialog] = panel.findChildren(QFileDialog)
    assert dialog.selectedFiles() == [str(tmp_path / "P" / "model.py")]
    dialog.reject()


def test_words_have_their_tones_in_both_themes(panel: CodePanel) -> None:
    for mode in ("dark", "light"):
        theme.apply(mode)
        assert tone(panel, "import argparse") == theme.color("accent").name()
        assert tone(panel, "GPT(nn.Module)") == theme.color("text").name()
        assert tone(panel, '"--weights"') == theme.color("muted").name()
        assert tone(panel, "# (B, T, C)") == tone(panel, "Made with LLM Studio") == theme.color("faint").name()
        assert (
            tone(panel, "in LLM Studio" if "in LLM Studio" in panel.text else "with LLM") == theme.color("faint").name()
        )
    theme.apply("dark")


def test_it_says_which_weights_go_into_it(session: Session, panel: CodePanel) -> None:
    assert "Train the design" in panel.use.text() and "torch alone" in panel.use.text()
    log = [Snapshot(step=step) for step in (0, 200)]
    run = Run(name="brisk fox", number=1, model=replace(FOUR, note="old"), recipe=session.train.recipe, log=log)
    session.train.runs.append(run)
    session.train.show(run)
    panel.tick()
    assert '--weights "runs/brisk fox/snapshots/200.safetensors"' in panel.use.text()
    session.build.edit(replace(FOUR, width=128))
    panel.tick()
    assert "another design" in panel.use.text()


def test_text_can_be_selected_and_not_changed(panel: CodePanel) -> None:
    panel.view.moveCursor(QTextCursor.MoveOperation.Start)
    QTest.keyClicks(panel.view, "x")
    assert panel.text == pytorch(FOUR)
