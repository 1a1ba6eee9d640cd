"""Text comes in as a person brings it: dropped, chosen, pasted; and goes by key or cross, and comes back."""

from pathlib import Path
from time import perf_counter

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from llmstudio.ui.panels.data.sources import SourcesPanel
from tests.material import sample_text


@pytest.fixture
def panel(show):
    return show(SourcesPanel)


def urls(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drop(panel: SourcesPanel, data: QMimeData) -> None:
    at, copy, left = QPoint(60, 60), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at, copy, data, left, none)
    QApplication.sendEvent(panel, enter)
    assert enter.isAccepted() and panel.zone.over
    QApplication.sendEvent(panel, QDropEvent(QPointF(at), copy, data, left, none))
    assert not panel.zone.over


def names(panel: SourcesPanel) -> list[str]:
    return [entry.name for entry in panel.list.entries()]


def write(folder: Path, **texts: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")
    return [folder / f"{name}.txt" for name in texts]


@pytest.fixture
def three(panel, session, tmp_path, settle):
    files = write(tmp_path / "in", one=sample_text(10), two=sample_text(20), three=sample_text(30))
    drop(panel, urls(*files))
    settle(lambda: len(session.data.sources) == 3, panel)
    return panel


def test_dropped_files_and_folders_are_listed_with_what_they_are(panel, session, tmp_path, settle) -> None:
    file, *_ = write(tmp_path / "a", story=sample_text(7))
    write(tmp_path / "book", chapter=sample_text(9))
    drop(panel, urls(file, tmp_path / "book"))
    settle(lambda: len(session.data.sources) == 2, panel)
    assert names(panel) == ["story.txt", "book/chapter.txt"]
    said = panel.list.entries()[0].caption.replace("\u2009", "")
    assert said == f"{len(sample_text(7))} characters, UTF-8, 7 lines"
    assert file.exists(), "copied, never moved"
    assert panel.count.text().startswith("2 sources")


def test_what_is_dragged_out_again_puts_the_light_out(panel, tmp_path) -> None:
    data = urls(*write(tmp_path, a="a"))
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, left, none)
    QApplication.sendEvent(panel, enter)
    assert panel.zone.over
    QApplication.sendEvent(panel, QDragLeaveEvent())
    assert not panel.zone.over


def test_ctrl_v_brings_in_text_or_files(panel, session, tmp_path, settle) -> None:
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("words from elsewhere")
    panel.list.setFocus()
    QTest.keySequence(panel.list, "Ctrl+V")
    settle(lambda: len(session.data.sources) == 1, panel)
    clipboard.setText("other words")
    QTest.keySequence(panel, "Ctrl+V")
    settle(lambda: len(session.data.sources) == 2, panel)
    clipboard.setMimeData(urls(*write(tmp_path, file="words of a file")))
    QTest.keySequence(panel, "Ctrl+V")
    settle(lambda: len(session.data.sources) == 3, panel)
    assert names(panel) == ["Pasted text", "Pasted text 2", "file.txt"]
    assert "".join(session.data.corpus.chunks(session.data.sources[0])) == "words from elsewhere"


def test_text_is_written_in_place(panel, session, settle) -> None:
    QTest.mouseClick(panel.paste, Qt.MouseButton.LeftButton)
    assert panel.box.isVisible()
    assert not panel.box.add.isEnabled()
    QTest.keyClicks(panel.box.text, "  ")
    assert not panel.box.add.isEnabled(), "blank text cannot be added"
    QTest.keyClicks(panel.box.text, "once upon a time")
    QTest.keyClick(panel.box.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    settle(lambda: len(session.data.sources) == 1, panel)
    assert panel.box.isHidden() and panel.box.text.toPlainText() == ""
    QTest.mouseClick(panel.paste, Qt.MouseButton.LeftButton)
    QTest.keyClicks(panel.box.text, "kept")
    QTest.keyClick(panel.box.text, Qt.Key.Key_Escape)
    assert panel.box.isHidden() and panel.box.text.toPlainText() == "kept"


def test_files_are_chosen_in_a_dialog(panel, session, tmp_path, settle) -> None:
    file, *_ = write(tmp_path, chosen="chosen words")
    QTest.mouseClick(panel.files, Qt.MouseButton.LeftButton)
    dialog = panel.findChild(QFileDialog)
    assert dialog.fileMode() == QFileDialog.FileMode.ExistingFiles
    dialog.filesSelected.emit([str(file)])  # what the dialog does when Open is pressed
    dialog.reject()
    settle(lambda: len(session.data.sources) == 1, panel)


def test_delete_takes_the_selected_source_out_and_undo_brings_it_back(three, session, settle) -> None:
    shown = three.list
    shown.setFocus()
    QTest.keyClick(shown, Qt.Key.Key_Down)
    two = session.data.sources[1]
    assert session.data.selected == two.id
    QTest.keyClick(shown, Qt.Key.Key_Delete)
    settle(lambda: len(session.data.corpus.sources) == 2, three)
    assert names(three) == ["one.txt", "three.txt"]
    assert session.data.shown.name == "three.txt", "its neighbour is looked at"
    assert session.notices[-1].text == "two.txt removed"
    QTest.mouseClick(three.undo, Qt.MouseButton.LeftButton)
    settle(lambda: len(session.data.corpus.sources) == 3, three)
    assert names(three) == ["one.txt", "two.txt", "three.txt"]
    QTest.mouseClick(three.redo, Qt.MouseButton.LeftButton)
    assert names(three) == ["one.txt", "three.txt"]


def test_the_cross_takes_out_the_line_it_is_on(three, session) -> None:
    session.data.select(session.data.sources[0].id)
    QTest.mouseClick(three.list.viewport(), Qt.MouseButton.LeftButton, pos=three.list.cross(2).center())
    assert names(three) == ["one.txt", "two.txt"]
    assert session.data.shown.name == "one.txt", "another one is still looked at"


def test_a_click_shows_a_source(three, session) -> None:
    row = three.list.visualRect(three.list.model().index(1, 0))
    QTest.mouseClick(three.list.viewport(), Qt.MouseButton.LeftButton, pos=row.topLeft() + QPoint(60, 20))
    assert session.data.shown.name == "two.txt"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [("empty.txt", b"", "it is empty"), ("noise.txt", bytes(range(256)) * 8, "binary"), ("a.pdf", b"%PDF", ".pdf")],
)
def test_what_cannot_be_read_is_a_line_with_its_reason(panel, session, tmp_path, settle, name, data, reason) -> None:
    (tmp_path / name).write_bytes(data)
    drop(panel, urls(tmp_path / name, *write(tmp_path, good="good words")))
    settle(lambda: len(session.data.sources) == 1, panel)
    assert names(panel) == ["good.txt", name]
    assert reason in panel.list.entries()[1].caption
    assert panel.count.text().endswith("1 left out")
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=panel.list.cross(1).center())
    assert names(panel) == ["good.txt"] and session.data.refused == []


def test_a_folder_with_no_text_is_a_line(panel, session, tmp_path, settle) -> None:
    (tmp_path / "nothing").mkdir()
    drop(panel, urls(tmp_path / "nothing"))
    settle(lambda: bool(session.data.refused), panel)
    assert names(panel) == ["nothing"] and "no text in this folder" in panel.list.entries()[0].caption


def test_a_guessed_encoding_says_so(panel, session, tmp_path, settle) -> None:
    (tmp_path / "old.txt").write_bytes("Übergröße für Äpfel\n".encode("cp1252"))
    drop(panel, urls(tmp_path / "old.txt"))
    settle(lambda: len(session.data.sources) == 1, panel)
    assert not session.data.sources[0].confident
    assert "Windows-1252, guessed" in panel.list.entries()[0].caption


def test_reading_a_large_file_shows_how_far_it_is_and_can_be_stopped(panel, session, tmp_path, settle) -> None:
    with open(tmp_path / "large.txt", "w") as file:
        for _ in range(60):
            file.write(sample_text(16_000))
    drop(panel, urls(tmp_path / "large.txt"))
    settle(lambda: panel.progress.isVisible() and "of" in panel.progress.facts.text(), panel)
    assert panel.progress.name.text() == "Copying large.txt"
    cancel = next(child for child in panel.progress.children() if getattr(child, "accessibleName", str)() == "Cancel")
    QTest.mouseClick(cancel, Qt.MouseButton.LeftButton)
    settle(lambda: not session.data.busy, panel)
    assert panel.progress.isHidden() and session.data.sources == ()
    assert [path.name for path in (tmp_path / "P" / "corpus").glob("*.part")] == []


def test_tokens_are_counted_once_the_text_is_used(three, session) -> None:
    session.wait(session.data.prepare())
    counted = [entry.tokens for entry in three.list.entries()]
    assert counted == [source.characters for source in session.data.sources]


def test_a_thousand_sources_are_one_list(panel, session, tmp_path, settle) -> None:
    write(tmp_path / "many", **{f"n{n}": f"text number {n}" for n in range(1000)})
    drop(panel, urls(tmp_path / "many"))
    settle(lambda: len(session.data.sources) == 1000, panel)
    start = perf_counter()
    session.data.changed.emit()
    panel.tick()
    panel.grab()
    assert perf_counter() - start < 0.2, "only the lines on the screen are painted"
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_End)
    assert session.data.shown == session.data.sources[-1]


def test_without_a_project_nothing_can_be_added(panel, session) -> None:
    session.close_project()
    session.project_changed.emit()
    assert not panel.files.isEnabled() and not panel.zone.isEnabled()
    assert "No project" in panel.empty.text.text()


def test_a_guessed_encoding_can_be_chosen_instead(panel, session, tmp_path, settle) -> None:
    path = tmp_path / "gruß.txt"
    path.write_bytes("Привет, улитка несёт письмо в сад.\n".encode("cp1251") * 20)
    drop(panel, urls(path))
    data = session.data
    settle(lambda: bool(data.sources or data.refused))
    what = session.data.sources[0] if session.data.sources else session.data.refused[0]
    again = next(action.menu() for action in panel.menu(what).actions() if action.menu())
    next(action for action in again.actions() if "1251" in action.text()).trigger()
    settle(lambda: [s.encoding for s in data.sources] == ["cp1251"])
    assert len(session.data.sources) == 1 and not session.data.refused
    first = session.wait(session.data.preview(data.sources[0].id, 0, 1))
    assert first == ["Привет, улитка несёт письмо в сад."]
    before = session.data.sources
    next(action for action in again.actions() if action.text() == "UTF-16").trigger()
    settle(lambda: bool(data.refused))
    assert session.data.sources == before  # refused, and nothing lost
