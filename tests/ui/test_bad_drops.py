"""Things dropped on the window that give no text: a line and a toast each, and nothing else changes."""

import shutil

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from llmstudio.session.session import Session
from llmstudio.ui.style import dress
from llmstudio.ui.window import Window
from tests.material import sample_text

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def session():
    return Session()  # the window closes it


@pytest.fixture
def window(qtbot, qapp, session, tmp_path):
    dress(qapp, "dark")
    text = tmp_path / "good.txt"
    text.write_text(sample_text(), "utf-8")
    session.wait(session.new(tmp_path / "Jörg Müller 文", preset="nanogpt-shakespeare-cpu"))
    session.wait(session.data.add([text]))
    made = Window(session)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made._painted)
    yield made
    made.close()


def drop(window, paths):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    enter = QDragEnterEvent(QPoint(400, 400), Qt.DropAction.CopyAction, mime, LEFT, NONE)
    QApplication.sendEvent(window, enter)
    QApplication.sendEvent(window, QDropEvent(QPointF(400, 400), Qt.DropAction.CopyAction, mime, LEFT, NONE))


def files_of(folder):
    return {path.name: path.read_bytes() for path in (folder / "corpus").iterdir()}


def test_every_bad_thing_is_a_line_and_one_toast(qtbot, window, session, tmp_path):
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "empty.txt").write_bytes(b"")
    (bad / "binary.txt").write_bytes(bytes(range(256)) * 10)
    (bad / "picture.png").write_bytes(b"\x89PNG")
    (bad / "cut.txt").write_bytes("Grüße\n".encode("utf-16") * 50 + b"\x01")
    (bad / "folder").mkdir()
    before, sources = files_of(session.folder.path), session.data.sources
    told = len(session.notices)
    drop(window, [*sorted(bad.iterdir()), tmp_path / "nowhere.txt", tmp_path / "good.txt"])
    qtbot.waitUntil(lambda: len(session.data.refused) == 7, timeout=10_000)
    assert [refused.reason[-1] for refused in session.data.refused] == ["."] * 7
    assert session.data.sources == sources and files_of(session.folder.path) == before
    assert len(session.notices) == told + 1 and "6 more left out" in session.notices[-1].text
    assert window.stage == "data" and session.train.why_not is None


def test_a_broken_project_leaves_the_open_one_and_says_so(qtbot, window, session, tmp_path):
    shutil.copytree(session.folder.path, tmp_path / "Q")
    (tmp_path / "Q" / "project.json").write_bytes(b'{"name": 3}')
    window.attempt(lambda: session.open(tmp_path / "Q"))
    qtbot.waitUntil(lambda: not session.loading, timeout=10_000)
    assert session.project.name == "Jörg Müller 文" and session.data.sources
    assert "project.json is damaged: name" in session.notices[-1].text
    assert any("project.json is damaged" in toast for toast in texts(window))


def test_a_broken_design_is_a_problem_with_a_way_out(qtbot, window, session, tmp_path):
    shutil.copytree(session.folder.path, tmp_path / "Q")
    (tmp_path / "Q" / "model.json").write_bytes(b"{")
    window.attempt(lambda: session.open(tmp_path / "Q"))
    qtbot.waitUntil(lambda: session.opened is not None and session.folder.path.name == "Q", timeout=10_000)
    window.choose("build")
    window.workspace.fill_now()
    qtbot.wait(100)  # panels tick
    assert "model.json" in session.train.why_not
    assert (tmp_path / "Q" / "model.json").read_bytes() == b"{"
    session.build.edit(session.build.problems[0].fixes[0].model)
    qtbot.waitUntil(lambda: (tmp_path / "Q" / "model.damaged.json").exists())
    assert session.train.why_not is None


def texts(window):
    from PySide6.QtWidgets import QLabel

    return [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
