"""The inside of an opened block: norms, matrices, heads, scores, as they are at this moment on the probe text.

The canvas reserves `HEIGHT` for the row of each part of an opened block, 380 wide, and gives the rectangles to
`Insides.place`. All measures here are those of the canvas; drawn at a zoom of `SCALE`, the text has its usual size.
"""

from collections.abc import Mapping

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QGraphicsScene

from ....session.session import Session
from .item import NearItem

SCALE = 2.0  # pixels of the drawing for one of the canvas
HEIGHT = {"conv": 96.0, "attn": 190.0, "rec": 160.0, "mlp": 140.0, "moe": 150.0}  # of a row, by part
READS = {"conv": 48.0, "attn": 84.0, "rec": 72.0, "mlp": 62.0, "moe": 66.0}  # from its top: where it reads the stream
ADDS = {name: height - 10.0 for name, height in HEIGHT.items()}  # and where it is added


class Insides:
    """All opened insides of one canvas. `place` keeps their items in step; `tick` asks for newer numbers."""

    def __init__(self, session: Session, scene: QGraphicsScene) -> None:
        self.session, self.scene = session, scene
        self.items: dict[str, NearItem] = {}

    def place(self, boxes: Mapping[str, QRectF]) -> None:
        """Show the insides of these parts ("blocks.2.attn") in these rectangles, and no others."""
        for path in [path for path in self.items if path not in boxes]:
            self.scene.removeItem(self.items.pop(path))
        for path, box in boxes.items():
            if path not in self.items:
                self.items[path] = NearItem(self.session, path, SCALE)
                self.items[path].setZValue(8)
                self.scene.addItem(self.items[path])
            self.items[path].place(box)
