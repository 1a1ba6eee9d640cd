"""A real session on a tiny project, and panels that are shown and ticked as the window's clock would."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from llmstudio.session.session import Session
from llmstudio.ui.style import dress
from tests.material import make_small, sample_text

PATIENCE = 60.0  # seconds


@pytest.fixture
def session(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A project with a little text, read character by character, and a tiny design. Nothing is prepared yet."""
    monkeypatch.setattr("os.fsync", lambda handle: None)  # a dozen snapshots in a second
    dress(qapp, "dark")
    made = Session()
    before = made.models.ask(_threads, 1).result(PATIENCE)  # so small a network is faster on one
    made.wait(made.new(tmp_path / "Tiny", preset="nanogpt-shakespeare-cpu"))
    made.wait(made.data.paste(sample_text(), "Snail"))
    make_small(made)
    yield made
    made.models.ask(_threads, before).result(PATIENCE)
    made.close()


def _threads(count: int) -> int:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    return before


class Desk:
    """Panels in view, and a person before them."""

    def __init__(self, session: Session, qtbot: Any) -> None:
        self.session, self.qtbot = session, qtbot
        self.panels: list[Any] = []

    def put(self, panel: Any, width: int = 760, height: int = 470) -> Any:
        self.qtbot.addWidget(panel)
        panel.resize(width, height)
        panel.show()
        self.panels.append(panel)
        self.beat()
        return panel

    def beat(self, times: int = 3) -> None:
        """What the window's clock does."""
        for _ in range(times):
            self.session.poll()
            for panel in self.panels:
                if panel.isVisible():
                    panel.tick()
            QApplication.processEvents()

    def until(self, true: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, "waited too long"
            self.beat(1)
            time.sleep(0.005)
        self.beat()

    def train(self) -> None:
        """A whole run."""
        self.session.train.start()
        self.until(lambda: not self.session.train.busy)

    def click(self, widget: QWidget, at: QPoint | None = None, double: bool = False) -> None:
        where = widget.rect().center() if at is None else at
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=where)
        if double:
            QTest.mouseDClick(widget, Qt.MouseButton.LeftButton, pos=where)
            QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=where)  # it leaves the button down
        self.beat()

    def key(self, widget: QWidget, key: Qt.Key) -> None:
        QTest.keyClick(widget, key)
        self.beat()


@pytest.fixture
def desk(session: Session, qtbot: Any) -> Desk:
    return Desk(session, qtbot)
