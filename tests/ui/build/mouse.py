"""What a mouse does on the canvas, beyond a plain click: with keys held, over menus, out of the palette."""

from typing import Any

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from llmstudio.ui.canvas.gestures import MIME
from llmstudio.ui.canvas.search import Search

LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def click(hand: Any, where: str | QPoint, keys=Qt.KeyboardModifier.NoModifier) -> None:
    QTest.mouseClick(hand.view.viewport(), LEFT, keys, hand.on(where) if isinstance(where, str) else where)


def drop(hand, kind: str, pos: QPoint, let_go: bool = True) -> None:
    """What Qt sends while a part of the palette is dragged over the canvas and let go."""
    data, view = QMimeData(), hand.view
    data.setData(MIME, kind.encode())
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(view.viewport(), QDragEnterEvent(pos, copy, data, LEFT, none))
    QApplication.sendEvent(view.viewport(), QDragMoveEvent(pos, copy, data, LEFT, none))
    if let_go:
        QApplication.sendEvent(view.viewport(), QDropEvent(QPointF(pos), copy, data, LEFT, none))


def opened(hand) -> Search:
    return next(child for child in hand.view.findChildren(Search) if child.isVisible())


def shown(search: Search) -> list[str]:
    return [c.title for n, c in enumerate(search.choices) if not search.list.isRowHidden(n) and search.list.isVisible()]


def choose(hand, path: str, *texts: str) -> None:
    """Ask for the menu on a part and take what these texts lead to."""
    pos = hand.on(path) if path else hand.at(-150, 200)
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, pos, hand.view.viewport().mapToGlobal(pos))
    QApplication.sendEvent(hand.view.viewport(), asked)  # the platform makes it of a right click
    menu = top = next(m for m in hand.view.findChildren(QMenu) if m.isVisible() and m.parent() is hand.view)
    for text in texts[:-1]:
        menu = next(a for a in menu.actions() if a.text() == text).menu()
    action = next(a for a in menu.actions() if a.text() == texts[-1])
    assert action.isEnabled()
    action.trigger()
    top.close()
