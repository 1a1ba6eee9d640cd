"""The two lists beside the canvas: parts to drag in, and whole designs to start from."""

from collections.abc import Callable
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QPersistentModelIndex, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QDrag, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from .. import icons
from ..theme import theme
from .paint import NAME, RIGHT, SMALL, Ink, card
from .palette import MIME

Index = QModelIndex | QPersistentModelIndex
FACTS13 = Ink(13)
ROW = Qt.ItemDataRole.UserRole


class Row(NamedTuple):
    """`key` is what the list tells about; a row with an icon is a part, one without a whole design."""

    key: str
    title: str
    text: str
    icon: str = ""
    tip: str = ""


class Rows(QAbstractListModel):
    def __init__(self, rows: list[Row], parent: QWidget) -> None:
        super().__init__(parent)
        self.rows = rows

    def put(self, rows: list[Row]) -> None:
        """Show other texts for the same keys."""
        if rows != self.rows:
            assert len(rows) == len(self.rows)
            self.rows = rows
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        return {Qt.ItemDataRole.DisplayRole: row.title, Qt.ItemDataRole.ToolTipRole: row.tip or None, ROW: row}.get(
            role
        )

    def flags(self, index: Index) -> Qt.ItemFlag:
        draggable = Qt.ItemFlag.ItemIsDragEnabled if index.isValid() and self.rows[index.row()].icon else Qt.ItemFlag(0)
        return super().flags(index) | draggable

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: list[QModelIndex]) -> QMimeData:
        mime = QMimeData()
        mime.setData(MIME, self.rows[indexes[0].row()].key.encode())
        return mime


class RowPaint(QStyledItemDelegate):
    """A part: tile, name, one line, grip on hover. A design: name and size, soft when it is the one in use."""

    def __init__(self, view: "RowList") -> None:
        super().__init__(view)
        self.view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, 44 if index.data(ROW).icon else 28)

    def paint(self, p: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row = index.data(ROW)
        p.save()
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect)
        used = row.key == self.view.used
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus) and self.view.keyed
        if used or hovered:
            ground = "accent_soft" if used else "hover"
            card(p, box, ground, ground)
        if focused:
            p.setPen(theme.color("accent"))
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4)
        if row.icon:
            _part(p, box, row, hovered and self.view.dragEnabled())
        else:
            taken = SMALL.write(p, box.adjusted(0, 0, -8, 0), row.text, RIGHT)
            FACTS13.write(p, box.adjusted(8, 0, -taken - 16, 0), row.title)
        p.restore()


def _part(p: QPainter, box: QRectF, row: Row, hovered: bool) -> None:
    tile = QRectF(box.x() + 8, box.y() + 8, 28, 28)
    card(p, tile, "raised", "raised")
    icons.draw(p, row.icon, tile.adjusted(6, 6, -6, -6), "text")
    NAME.write(p, QRectF(box.x() + 48, box.y() + 4, box.width() - 68, 20), row.title)
    SMALL.write(p, QRectF(box.x() + 48, box.y() + 23, box.width() - 56, 16), row.text)
    if hovered:
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.color("faint"))
        for k in range(6):
            p.drawEllipse(QRectF(box.right() - 14 + 4 * (k % 2), box.center().y() - 10 + 4 * (k // 2), 1.8, 1.8))


class RowList(QListView):
    """A list as high as its rows. `chosen` hears of a row's key on Enter and on a click; rows that are not there only
    to be clicked can be dragged."""

    def __init__(self, rows: list[Row], chosen: Callable[[str], object], by_click: bool, name: str) -> None:
        super().__init__()
        self.rows = Rows(rows, self)
        self.used = ""
        self.keyed = False  # the focus came, or moves, by key
        self._chosen = chosen
        self.setModel(self.rows)
        self.setItemDelegate(RowPaint(self))
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(name)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setDragEnabled(not by_click)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(sum(44 if row.icon else 28 for row in rows) + 2)
        self.setCurrentIndex(self.rows.index(0))
        self.clicked.connect(self._choose)

    def use(self, key: str) -> None:
        """Mark the row that is in use, or none."""
        if key != self.used:
            self.used = key
            self.viewport().update()

    def keyPressEvent(self, event) -> None:  # type: ignore[no-untyped-def]
        self.keyed = True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._choose(self.currentIndex())
        else:
            super().keyPressEvent(event)
        self.viewport().update()

    def focusInEvent(self, event) -> None:  # type: ignore[no-untyped-def]
        self.keyed = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        super().focusInEvent(event)

    def startDrag(self, actions: Qt.DropAction) -> None:
        index = self.currentIndex()
        drag = QDrag(self)
        drag.setMimeData(self.rows.mimeData([index]))
        drag.setPixmap(self._picture(index.data(ROW)))
        drag.setHotSpot(QPoint(-12, 22))
        drag.exec(Qt.DropAction.CopyAction)

    def _picture(self, row: Row) -> QPixmap:
        """The card under the pointer while a part is dragged."""
        ratio = self.devicePixelRatioF()
        image = QPixmap(QSize(232, 46) * ratio)
        image.setDevicePixelRatio(ratio)
        image.fill(Qt.GlobalColor.transparent)
        p = QPainter(image)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setOpacity(0.94)
        card(p, QRectF(1, 1, 230, 44), "panel", "accent", 2, 6)
        _part(p, QRectF(0, 1, 230, 44), row._replace(text=row.tip or row.text), False)
        p.end()
        return image

    def _choose(self, index: QModelIndex) -> None:
        self._chosen(index.data(ROW).key)
