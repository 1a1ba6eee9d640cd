"""One part of an opened block on the canvas."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ....session.session import Session
from .. import words
from ..paint import PATH, TITLE, card


class NearItem(QGraphicsItem):
    """Draws the inside of the part at `path` into the rectangle it was given."""

    def __init__(self, session: Session, path: str) -> None:
        super().__init__()
        self.session, self.path = session, path
        self.box = QRectF()

    def place(self, box: QRectF) -> None:
        if box != self.box:
            self.prepareGeometryChange()
            self.box = QRectF(box)
            self.setPos(box.topLeft())
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, self.box.width(), self.box.height())

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        card(p, self.boundingRect(), "panel", "line", radius=6)
        taken = TITLE.write(p, QRectF(16, 8, 200, 24), words.title(self.session.build.model, self.path))
        PATH.write(p, QRectF(16 + taken + 12, 8, 200, 24), self.path)
