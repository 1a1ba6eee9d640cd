"""All opened insides of one canvas."""

from collections.abc import Mapping

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QGraphicsScene

from ....session.session import Session
from .item import NearItem


class Insides:
    """`place` keeps the items in step with what is open; `tick`, called while visible, asks for newer numbers."""

    def __init__(self, session: Session, scene: QGraphicsScene) -> None:
        self.session, self.scene = session, scene
        self.items: dict[str, NearItem] = {}

    def place(self, boxes: Mapping[str, QRectF]) -> None:
        """Show the insides of these parts ("blocks.2.attn") in these rectangles, and no others."""
        for path in [path for path in self.items if path not in boxes]:
            self.scene.removeItem(self.items.pop(path))
        for path, box in boxes.items():
            if path not in self.items:
                self.items[path] = NearItem(self.session, path)
                self.items[path].setZValue(8)
                self.scene.addItem(self.items[path])
            self.items[path].place(box)

    def tick(self) -> None:
        """Nothing is asked for while nothing is open."""
