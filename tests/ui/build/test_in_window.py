"""Keys that the window also listens to: Esc gives up a drag on the canvas, Ctrl+Z takes back the last edit."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from llmstudio.core.model.spec import MLP, Block, Model
from llmstudio.session.session import Session
from llmstudio.ui.panels.build.canvas import CanvasPanel
from llmstudio.ui.style import dress
from llmstudio.ui.window import Window

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot, qapp) -> Iterator[Window]:
    dress(qapp, "dark")
    made = Window(Session())
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.choose("build")
    qtbot.waitUntil(lambda: bool(made.workspace.findChildren(CanvasPanel)), timeout=20_000)
    yield made
    made.close()


def test_escape_and_undo_reach_the_canvas(qtbot, window: Window) -> None:
    panel = window.workspace.findChildren(CanvasPanel)[0]
    qtbot.waitUntil(panel.isVisible)
    build, view = window.session.build, panel.view
    build.edit(Model(blocks=tuple(Block(mlp=MLP(hidden=n)) for n in (1, 2, 3))))
    before = build.model
    view.setFocus()
    plan = panel.scene.plan
    start = view.mapFromScene(plan.blocks[2].card.x + 150, plan.blocks[2].card.y + 16)
    end = view.mapFromScene(plan.blocks[0].card.x + 150, plan.blocks[0].card.y)

    def drag(let_go: bool) -> None:
        QTest.mousePress(view.viewport(), LEFT, pos=start)
        for place in (start + QPoint(0, -20), end):
            QTest.mouseMove(view.viewport(), place)
        if let_go:
            QTest.mouseRelease(view.viewport(), LEFT, pos=end)

    drag(let_go=False)
    assert panel.scene.line.isVisible()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not panel.scene.line.isVisible()
    QTest.mouseRelease(view.viewport(), LEFT, pos=end)
    assert build.model == before
    drag(let_go=True)
    assert build.model == replace(before, blocks=(before.blocks[2], before.blocks[0], before.blocks[1]))
    QTest.keySequence(view, "Ctrl+Z")
    assert build.model == before
    QTest.keySequence(view, "Ctrl+Shift+Z")
    assert build.model != before
