"""Things that wait for their turn: drag one, or move it with Alt and the arrow keys; a cross drops one."""

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip

from .. import icons
from ..theme import theme

ROW, PAD, CROSS, GRIP, MOST = 28, 6, 24, 18, 5
START = 4  # pixels from which a press is a drag
Align = Qt.AlignmentFlag


class Waiting(Struct, frozen=True):
    name: str
    about: str


class QueueList(QAbstractScrollArea):
    """`moved` carries the place something had and the place it shall have; `dropped` a place."""

    moved = Signal(int, int)
    dropped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Waiting] = []
        self._current, self._hovered = 0, -1
        self._pressed: QPoint | None = None
        self._dragged = -1
        self._at = QPoint()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName("Runs that wait for their turn")
        theme.changed.connect(self.viewport().update)

    def rows(self) -> Sequence[Waiting]:
        return self._rows

    def set(self, rows: Sequence[Waiting]) -> None:
        if list(rows) != self._rows:
            self._rows = list(rows)
            self._current = min(self._current, max(len(rows) - 1, 0))
            self._dragged, self._pressed = -1, None
            self.setFixedHeight(ROW * min(len(rows), MOST))
            self._lay()

    def rect_of(self, row: int) -> QRect:
        """Where a row is, in the viewport."""
        return QRect(0, row * ROW - self.verticalScrollBar().value(), self.viewport().width(), ROW)

    def cross(self, row: int) -> QRect:
        rect = self.rect_of(row)
        return QRect(rect.right() - CROSS, rect.top() + 2, CROSS, CROSS)

    def sizeHint(self) -> QSize:
        return QSize(300, ROW * min(len(self._rows), MOST))

    # the pointer and the keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        row = self._row_at(at.y())
        if event.button() != Qt.MouseButton.LeftButton or row < 0:
            return
        self._current = row
        if self.cross(row).contains(at):
            self.dropped.emit(row)
        else:
            self._pressed = at
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._at = event.position().toPoint()
        if self._pressed is not None and (self._at - self._pressed).manhattanLength() >= START and self._dragged < 0:
            self._dragged = self._row_at(self._pressed.y())
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self._hovered = self._row_at(self._at.y())
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        dragged, gap = self._dragged, self._gap()
        self._forget()
        to = gap - (gap > dragged)
        if 0 <= dragged != to:
            self._current = to
            self.moved.emit(dragged, to)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hovered = -1
            self.viewport().update()
        elif event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self._row_at(event.pos().y())
            cross = row >= 0 and self.cross(row).contains(event.pos())
            text = "" if row < 0 else "Take it out of the queue" if cross else self._rows[row].about
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        to = min(max(self._current + way, 0), len(self._rows) - 1)
        if event.key() == Qt.Key.Key_Escape and self._dragged >= 0:
            self._forget()
        elif event.key() == Qt.Key.Key_Delete and self._rows:
            self.dropped.emit(self._current)
        elif way and self._rows:
            before, self._current = self._current, to
            if event.modifiers() & Qt.KeyboardModifier.AltModifier and before != to:
                self.moved.emit(before, to)
            bar = self.verticalScrollBar()
            bar.setValue(max(min(bar.value(), to * ROW), (to + 1) * ROW - self.viewport().height()))
            self.viewport().update()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay()

    def _forget(self) -> None:
        self._dragged, self._pressed = -1, None
        self.unsetCursor()
        self.viewport().update()

    def _row_at(self, y: int) -> int:
        row = (y + self.verticalScrollBar().value()) // ROW
        return row if 0 <= row < len(self._rows) else -1

    def _gap(self) -> int:
        """Between which rows the dragged one would go: 0 before the first."""
        at = (self._at.y() + self.verticalScrollBar().value() + ROW / 2) // ROW
        return int(min(max(at, 0), len(self._rows)))

    def _lay(self) -> None:
        bar = self.verticalScrollBar()
        bar.setPageStep(max(self.viewport().height(), 1))
        bar.setSingleStep(ROW)
        bar.setRange(0, max(0, len(self._rows) * ROW - self.viewport().height()))
        self.updateGeometry()
        self.viewport().update()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self.viewport())
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        for row in range(len(self._rows)):
            p.setOpacity(0.4 if row == self._dragged else 1.0)
            self._paint(p, row, QRectF(self.rect_of(row)))
        p.setOpacity(1.0)
        if self._dragged >= 0:
            p.setOpacity(0.94)
            place = QRectF(1, self._at.y() - ROW / 2, self.viewport().width() - 2, ROW)
            p.setPen(QPen(theme.color("accent"), 2))
            p.setBrush(theme.color("raised"))
            p.drawRoundedRect(place, 4, 4)
            self._write(p, self._dragged, place)
            y = min(max(self._gap() * ROW - self.verticalScrollBar().value() - 1, 0), self.viewport().height() - 3)
            p.fillRect(QRectF(0, y, self.viewport().width(), 3), theme.color("accent"))

    def _paint(self, p: QPainter, row: int, rect: QRectF) -> None:
        hovered = row == self._hovered and self._dragged < 0
        current = row == self._current and self.hasFocus()
        if hovered or current:
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(theme.color("accent_soft" if current else "hover"))
            p.drawRoundedRect(rect, 4, 4)
        self._write(p, row, rect)
        if hovered or current:
            place = QRectF(0, 0, 12, 12)
            place.moveCenter(QRectF(self.cross(row)).center())
            icons.draw(p, "close", place)

    def _write(self, p: QPainter, row: int, rect: QRectF) -> None:
        waiting = self._rows[row]
        icons.draw(p, "drag", QRectF(rect.left() + PAD, rect.center().y() - 6, 12, 12), "faint")
        inner = rect.adjusted(PAD + GRIP, 0, -CROSS - PAD, 0)
        p.setFont(theme.font())
        p.setPen(theme.color("text"))
        metrics = QFontMetrics(p.font())
        name = metrics.elidedText(waiting.name, Qt.TextElideMode.ElideRight, int(inner.width() / 2))
        p.drawText(inner, Align.AlignVCenter | Align.AlignLeft, name)
        inner.setLeft(inner.left() + metrics.horizontalAdvance(name) + 12)
        p.setPen(theme.color("muted"))
        about = metrics.elidedText(waiting.about, Qt.TextElideMode.ElideRight, int(inner.width()))
        p.drawText(inner, Align.AlignVCenter | Align.AlignLeft, about)
