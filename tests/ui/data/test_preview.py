"""The text as it was read: its own lines with their numbers, wherever one scrolls, and only those."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from llmstudio.ui.panels.data.preview import PreviewPanel
from llmstudio.ui.widgets.line_view import KEPT

LINES = 100_000


@pytest.fixture
def panel(show, session, tmp_path):
    (tmp_path / "long.txt").write_text("".join(f"line {n} ends here\n" for n in range(LINES)), "utf-8")
    session.wait(session.data.add([tmp_path / "long.txt"]))
    return show(PreviewPanel)


def screen(panel: PreviewPanel) -> list[str | None]:
    return [panel.lines.line(n) for n in range(*panel.lines.visible())]


def test_an_empty_project_says_what_to_do(show) -> None:
    panel = show(PreviewPanel)
    assert panel.stack.currentWidget() is panel.empty and "Drop files" in panel.empty.text.text()


def test_the_first_lines_and_the_facts(panel, settle) -> None:
    settle(lambda: None not in screen(panel), panel)
    assert screen(panel)[:2] == ["line 0 ends here", "line 1 ends here"]
    assert panel.facts.text().replace("\u2009", "") == "2088890 characters, 100000 lines, UTF-8"
    assert panel.file.text() == "long.txt"


def test_a_hundred_thousand_lines_scroll(panel, settle) -> None:
    bar = panel.lines.verticalScrollBar()
    QTest.keyClick(panel.lines, Qt.Key.Key_End)
    settle(lambda: None not in screen(panel), panel)
    assert screen(panel)[-1] == f"line {LINES - 1} ends here"
    for share in (0.1, 0.9, 0.5, 0.3):
        bar.setValue(int(share * LINES))
        settle(lambda: None not in screen(panel), panel)
        assert screen(panel)[0] == f"line {int(share * LINES)} ends here"
    assert len(panel.lines._lines) <= KEPT + 512, "only some lines around the screen are kept"
    QTest.keyClick(panel.lines, Qt.Key.Key_Home)
    assert panel.lines.visible()[0] == 0


def test_the_selected_source_is_shown(panel, session, tmp_path, settle) -> None:
    (tmp_path / "old.txt").write_bytes("Übergröße für Äpfel\n".encode("cp1252"))
    session.wait(session.data.add([tmp_path / "old.txt"]))
    assert panel.guess.isHidden()
    session.data.select(session.data.sources[1].id)
    settle(lambda: screen(panel) == ["Übergröße für Äpfel"], panel)
    assert panel.guess.text() == "encoding guessed" and panel.guess.isVisible()
    assert panel.facts.text().endswith("Windows-1252 guessed")


def test_a_damaged_text_says_what_to_do(panel, session, settle) -> None:
    session.data.corpus.path(session.data.sources[0]).unlink()
    panel.lines.set(LINES)
    settle(lambda: panel.stack.currentWidget() is panel.empty, panel)
    assert "long.txt cannot be read" in panel.empty.text.text()
