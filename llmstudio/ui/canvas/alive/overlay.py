"""All that a run shows on the canvas, put together: `tick` it while the canvas is on the screen."""

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip

from ....session.session import Session
from ...doors import go
from .heads import SIDE
from .layer import Layer
from .legend import AliveLegend

NARROW = 660  # of the view: below this the maps stand closer


class Overlay(QObject):
    """The pointer over a head previews it in every view, a click keeps it, a double click opens the attention panel.

    `view` is the canvas view; its scene is `view.canvas`.
    """

    def __init__(self, view: Any, session: Session) -> None:
        super().__init__(view)
        self.view, self.session = view, session
        self.layer = Layer(view.canvas, session)
        self.legend = AliveLegend(view, session)
        self._pointed = self._pressed = False
        self._aside = view.canvas.aside
        session.build.changed.connect(self.layer.arranged)
        view.canvas.sceneRectChanged.connect(self._moved)
        view.viewport().installEventFilter(self)

    def tick(self) -> None:
        """Take in what is new. Not called while the canvas is hidden: then nothing is looked at."""
        self.session.build.alive.keep()

    def _moved(self, *_: object) -> None:
        self.layer.arranged()
        if self._aside != self.view.canvas.aside:  # there is more to see, or less
            self._aside = self.view.canvas.aside
            self.view.grow()
            if not self.view.moved and self.view.isVisible():
                self.view.home()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Resize:
            self.layer.be_narrow(self.view.viewport().width() < NARROW)
        if kind == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            if event.buttons() == Qt.MouseButton.NoButton:
                self._point(event)
        elif kind == QEvent.Type.Leave:
            self._point(None)
        elif isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            if kind == QEvent.Type.MouseButtonPress and (found := self._at(event)):
                self.session.inside.lock(block=found[0], head=found[1])
                self._pressed = True
                return True
            if kind == QEvent.Type.MouseButtonRelease and self._pressed:
                self._pressed = False
                return True
            if kind == QEvent.Type.MouseButtonDblClick and self._at(event):
                go(self.view, "inside")
                return True
        elif kind == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and (text := self._said(event)):
            QToolTip.showText(event.globalPos(), text, self.view.viewport())
            return True
        return super().eventFilter(watched, event)

    def _at(self, event: QMouseEvent | QHelpEvent) -> tuple[int, int] | None:
        """Block in the run's design, and head, under the pointer."""
        at = event.position().toPoint() if isinstance(event, QMouseEvent) else event.pos()
        found = self.layer.head_at(self.view.mapToScene(at))
        return (found[0].block, found[1]) if found else None

    def _point(self, event: QMouseEvent | None) -> None:
        found = self._at(event) if event else None
        if found:
            self.session.inside.hover(block=found[0], head=found[1])
        elif self._pointed:
            self.session.inside.hover()
        self._pointed = found is not None

    def _said(self, event: QHelpEvent) -> str:
        from ...words import heads

        found, glance = self._at(event), self.session.build.alive.glance
        if found is None or glance is None:
            return ""
        maps = glance.seen.attention[f"blocks.{found[0]}.attn"]
        lines = [f"Block {found[0] + 1}, head {found[1] + 1}: {heads.sentence(maps[found[1]], glance.seen.ids)}"]
        if len(maps[0]) > SIDE:
            lines.append(f"Of {len(maps[0])} tokens; each point is the largest of several")
        return "\n".join([*lines, "Click to keep it, double-click to see it large"])
