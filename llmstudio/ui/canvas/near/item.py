"""One part of an opened block on the canvas."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ....session.session import Session
from .. import words
from ..paint import PATH, TITLE, card


class NearItem(QGraphicsItem):
    """Draws the inside of the part at `path` into the rectangle it was given, `scale` times finer than the canvas."""

    def __init__(self, session: Session, path: str, scale: float) -> None:
        super().__init__()
        self.session, self.path, self.fine = session, path, scale
        self.box = QRectF()

    def place(self, box: QRectF) -> None:
        if box != self.box:
            self.prepareGeometryChange()
            self.box = box
            self.setPos(box.topLeft())
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, self.box.width(), self.box.height())

    def paint(self, p: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        p.scale(1 / self.fine, 1 / self.fine)
        whole = QRectF(0, 0, self.box.width() * self.fine, self.box.height() * self.fine)
        card(p, whole, "panel", "line", radius=6)
        taken = TITLE.write(p, QRectF(16, 8, 200, 24), words.title(self.session.build.model, self.path))
        PATH.write(p, QRectF(16 + taken + 12, 8, 200, 24), self.path)
