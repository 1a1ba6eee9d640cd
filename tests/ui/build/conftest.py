"""A session with a design of four different blocks, and the canvas on it, 900 x 800."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest

from llmstudio.core.model.spec import MLP, Attention, Block, Model
from llmstudio.session.session import Session
from llmstudio.ui.panels.build.canvas import CanvasPanel
from llmstudio.ui.theme import theme

HIDDEN = (64, 128, 256, 512)  # tells the blocks apart
FOUR = Model(width=64, blocks=tuple(Block(attention=Attention(heads=4), mlp=MLP(hidden=hidden)) for hidden in HIDDEN))


@pytest.fixture
def session(qapp: object) -> Iterator[Session]:
    theme.apply("dark")
    made = Session()
    made.build.edit(FOUR)
    yield made
    made.close()


@pytest.fixture
def panel(qtbot: object, session: Session) -> Iterator[CanvasPanel]:
    made = CanvasPanel(session)
    qtbot.addWidget(made)  # type: ignore[attr-defined]
    made.resize(900, 800)
    made.show()
    qtbot.waitExposed(made)  # type: ignore[attr-defined]
    made.view.setFocus()
    yield made
    made.scene.glide.stop()


class Hand:
    """A person's mouse and keys on the canvas."""

    def __init__(self, panel: CanvasPanel) -> None:
        self.panel, self.view = panel, panel.view

    def at(self, x: float, y: float) -> QPoint:
        """A place of the drawing in pixels of the view."""
        point = self.view.mapFromScene(x, y)
        assert self.view.viewport().rect().contains(point), "the place is not in view"
        return point

    def on(self, path: str) -> QPoint:
        """The middle of a part, or a place on a block's title."""
        for place in self.view.canvas.plan.blocks:
            if place.path == path:
                return self.at(place.card.x + 150, place.card.y + 16)
        area = self.view.canvas.area(path)
        assert not area.isEmpty(), f"{path} is not drawn"
        return self.at(area.center().x(), area.center().y())

    def click(self, where: str | QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        QTest.mouseClick(self.view.viewport(), button, pos=self.on(where) if isinstance(where, str) else where)

    def double_click(self, path: str) -> None:
        QTest.mouseClick(self.view.viewport(), Qt.MouseButton.LeftButton, pos=self.on(path))
        QTest.mouseDClick(self.view.viewport(), Qt.MouseButton.LeftButton, pos=self.on(path))

    def undo(self) -> None:
        QTest.mouseClick(self.panel.undo, Qt.MouseButton.LeftButton)

    def redo(self) -> None:
        QTest.mouseClick(self.panel.redo, Qt.MouseButton.LeftButton)

    def key(self, keys: str) -> None:
        QTest.keySequence(self.view, QKeySequence(keys))

    def drag(self, start: QPoint, end: QPoint, let_go: bool = True) -> None:
        target = self.view.viewport()
        QTest.mousePress(target, Qt.MouseButton.LeftButton, pos=start)
        for share in (0.1, 0.4, 0.8, 1.0):
            place = start + QPoint(round((end.x() - start.x()) * share), round((end.y() - start.y()) * share))
            QTest.mouseMove(target, place)
        if let_go:
            QTest.mouseRelease(target, Qt.MouseButton.LeftButton, pos=end)

    def hidden(self) -> list[int | None]:
        """The blocks, told by the hidden width of their MLP; None without one."""
        return [block.mlp.hidden if block.mlp else None for block in self.panel.session.build.model.blocks]


@pytest.fixture
def hand(panel: CanvasPanel) -> Hand:
    return Hand(panel)
