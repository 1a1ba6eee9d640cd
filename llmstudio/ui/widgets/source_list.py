"""The texts of a project, and beneath them the files that were left out, each with its reason."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct
from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ...core.data.documents import Refused
from ...core.data.source import Source
from .. import icons
from ..theme import theme
from ..words.numbers import plural
from ..words.text import file_name, found, left_out

ROW, SIDE, TEXT, CROSS, CAPTION = 52, 16, 40, 24, 16
Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
Align = Qt.AlignmentFlag


class Entry(Struct, frozen=True):
    """A line of the list. `tokens`: of a source, once there are any."""

    what: Source | Refused
    tokens: int | None = None

    @property
    def name(self) -> str:
        return self.what.name if isinstance(self.what, Source) else file_name(self.what.path)

    @property
    def caption(self) -> str:
        return "".join(found(self.what)) if isinstance(self.what, Source) else left_out(self.what)


class SourceList(QListView):
    """`picked` carries a source's id; `crossed` what was taken off by its cross or Delete; `asked` (what, where) a menu
    is wanted, by right click or the menu key."""

    picked = Signal(str)
    crossed = Signal(object)
    asked = Signal(object, QPoint)

    def __init__(self) -> None:
        super().__init__()
        self._model = _Entries()
        self._pressed = False  # on a cross
        self._shown = ""
        self.pointer = QPoint(-1, -1)
        self.setModel(self._model)
        self.setItemDelegate(_Line(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMouseTracking(True)
        self.setAccessibleName("Sources")
        self.selectionModel().currentChanged.connect(self._moved)
        theme.changed.connect(self.viewport().update)

    def set(self, entries: Sequence[Entry], shown: str) -> None:
        """Show these; `shown` is the id of the selected source. What was scrolled to stays."""
        if list(entries) != self._model.entries:
            bar = self.verticalScrollBar()
            at = bar.value()
            grown = len(entries) > len(self._model.entries) > 0
            self._model.set(entries)
            self.doItemsLayout()
            bar.setValue(bar.maximum() if grown and at == bar.maximum() else at)
        if shown != self._shown or not self.currentIndex().isValid():
            self._shown = shown
            rows = (n for n, entry in enumerate(self._model.entries) if getattr(entry.what, "id", None) == shown)
            self.setCurrentIndex(self._model.index(next(rows, -1)))

    def entries(self) -> list[Entry]:
        return self._model.entries

    def cross(self, row: int) -> QRect:
        """Where the cross of a line is, in the viewport."""
        rect = self.visualRect(self._model.index(row))
        return QRect(rect.right() - SIDE + 6 - CROSS, rect.top() + 4, CROSS, CROSS)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointer = event.position().toPoint()
        self.viewport().update()
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.pointer = QPoint(-1, -1)
        self.viewport().update()
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        row = self.indexAt(at).row()
        self._pressed = row >= 0 and event.button() == Qt.MouseButton.LeftButton and self.cross(row).contains(at)
        if self._pressed:
            self.crossed.emit(self._model.entries[row].what)
        else:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._pressed:
            super().mouseReleaseEvent(event)
        self._pressed = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and row >= 0:
            self.crossed.emit(self._model.entries[row].what)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        index = self.indexAt(event.pos()) if by_mouse else self.currentIndex()
        if index.isValid():
            at = event.globalPos() if by_mouse else self.viewport().mapToGlobal(self.visualRect(index).center())
            self.asked.emit(self._model.entries[index.row()].what, at)

    def _moved(self, now: QModelIndex, _: QModelIndex) -> None:
        if now.isValid() and isinstance(source := self._model.entries[now.row()].what, Source):
            self._shown = source.id
            self.picked.emit(source.id)


class _Entries(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []

    def set(self, entries: Sequence[Entry]) -> None:
        self.beginResetModel()
        self.entries = list(entries)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.entries)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        entry = self.entries[index.row()]
        if role == Role.DisplayRole:
            return entry.name
        if role == Role.AccessibleTextRole:
            return f"{entry.name}, {entry.caption}"
        if role == Role.ToolTipRole:
            where = entry.what.path if isinstance(entry.what, Source) else str(entry.what.path)
            return "\n".join(filter(None, (entry.name, entry.caption, _tokens(entry), where and f"from {where}")))
        return None


class _Line(QStyledItemDelegate):
    def paint(self, p: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        view = self.parent()
        assert isinstance(view, SourceList)
        entry, rect = view.entries()[index.row()], QRect(option.rect)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if option.state & QStyle.StateFlag.State_Selected:
            p.fillRect(rect, theme.color("raised"))
            p.fillRect(QRect(rect.left(), rect.top(), 2, rect.height()), theme.color("accent"))
        elif hovered:
            p.fillRect(rect, theme.color("hover"))
        source = isinstance(entry.what, Source)
        icon, ink = ("file", "muted") if source else ("warning", "warning")
        icons.draw(p, icon, QRectF(rect.left() + SIDE, rect.top() + 8, 16, 16), ink)
        cross = view.cross(index.row())
        crossed = hovered or not source
        if crossed:
            lit = cross.contains(view.pointer)
            icons.draw(p, "close", QRectF(cross).adjusted(6, 6, -6, -6), "text" if lit else "muted")
        right = cross.left() - 4 if crossed else rect.right() - SIDE
        left = rect.left() + TEXT
        if not crossed and (tokens := _tokens(entry)) and right - left > 190:
            p.setFont(theme.font(11))
            p.setPen(theme.color("muted"))
            wide = QFontMetrics(p.font()).horizontalAdvance(tokens)
            p.drawText(QRect(right - wide - 1, rect.top() + 6, wide + 2, 20), Align.AlignVCenter, tokens)
            right -= wide + 12
        _elided(p, QRect(left, rect.top() + 6, right - left, 20), entry.name, 13, "text")
        below = QRect(left, rect.top() + 27, rect.right() - SIDE - left, CAPTION)
        if isinstance(entry.what, Source):
            self._found(p, below, entry.what)
        else:
            p.setFont(theme.font(11))
            p.setPen(theme.color("muted"))
            below.setHeight(rect.height())
            p.drawText(below, Align.AlignTop | Qt.TextFlag.TextWordWrap, entry.caption)

    def _found(self, p: QPainter, room: QRect, source: Source) -> None:
        inks = ("muted", "muted" if source.confident else "warning", "muted")
        for text, ink in zip(found(source), inks, strict=True):
            wide = _elided(p, room, text, 11, ink)
            room.setLeft(room.left() + wide)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        view = self.parent()
        assert isinstance(view, SourceList)
        what = view.entries()[index.row()].what
        wide = view.viewport().width()
        if isinstance(what, Source):
            return QSize(wide, ROW)
        return QSize(wide, ROW - CAPTION + _high(left_out(what), wide - TEXT - SIDE))


def _tokens(entry: Entry) -> str:
    return "" if entry.tokens is None else plural(entry.tokens, "token")


def _elided(p: QPainter, room: QRect, text: str, size: int, ink: str) -> int:
    """Draw one line, shortened to its room; the width it takes."""
    p.setFont(theme.font(size))
    p.setPen(theme.color(ink))
    metrics = QFontMetrics(p.font())
    if room.width() > 0:
        p.drawText(room, Align.AlignVCenter, metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width() + 1))
    return metrics.horizontalAdvance(text)


@lru_cache(maxsize=1024)
def _high(text: str, width: int) -> int:
    """Of a caption in lines of `width`."""
    flags = Align.AlignTop | Qt.TextFlag.TextWordWrap
    return QFontMetrics(theme.font(11)).boundingRect(QRect(0, 0, max(width, 40), 1000), flags, text).height()
