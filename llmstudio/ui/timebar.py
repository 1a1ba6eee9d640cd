"""The time machine: one slider over the shown run that takes every picture to any of its snapshots."""

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from . import icons
from .numbers import count
from .panel import ground
from .theme import faded, theme
from .widgets.button import button

if TYPE_CHECKING:
    from ..session.run import Run
    from ..session.session import Session

HEIGHT, NAME, FACTS = 44, 152, 316
TOP, FOOT = 8, 8
HANDLE = QSize(10, 14)
WORDS = "Once a run has started, this slider takes every picture back to any of its steps"


class TimeBar(QWidget):
    """Name, track, what the moment is, and the way back to now."""

    def __init__(self, session: "Session") -> None:
        super().__init__()
        self._session = session
        self.setFixedHeight(HEIGHT)
        self.track = Track(session)
        self.back: QPushButton = button("Back to live", "live", "back", lambda: session.inside.go(None), height=24)
        self.back.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(NAME, 0, 12, 0)
        row.setSpacing(0)
        row.addWidget(self.track, 1)
        row.addSpacing(FACTS)
        row.addWidget(self.back)
        self._row = row
        theme.changed.connect(self.update)
        session.inside.moment_changed.connect(self._moment)
        session.train.changed.connect(self._moment)
        self._moment()

    def tick(self) -> None:
        if self.track.tick():
            self.update()

    def _moment(self) -> None:
        past = self._session.inside.moment is not None
        self.back.setVisible(past)
        self._row.itemAt(1).spacerItem().changeSize(FACTS - (self.back.sizeHint().width() if past else 0), 0)
        self._row.invalidate()
        self.track.refresh()
        self.update()

    def facts(self) -> list[tuple[str, bool]]:
        """Step and loss of the moment, numbers marked."""
        run, moment = self._session.train.run, self._session.inside.moment
        if run is None:
            return []
        step = run.step if moment is None else moment
        loss = run.loss_at(step)
        said = [("step ", False), (count(step), True)]
        return said if loss is None else [*said, ("   loss ", False), (f"{loss:.2f}", True)]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ground(self, top=True, bottom=True, painter=painter)
        run, past = self._session.train.run, self._session.inside.moment is not None
        role = "warning" if past else "accent" if run else "faint"
        icons.draw(painter, "clock", QRectF(12, 14, 16, 16), role)
        painter.setFont(theme.font())
        painter.setPen(theme.color("text" if run else "faint"))
        painter.drawText(QRectF(36, 0, NAME - 40, HEIGHT), Qt.AlignmentFlag.AlignVCenter, "Time machine")
        right = self.back.x() - 16 if past else self.width() - 12
        if run is not None and not past:
            right = self._paint_now(painter, "Live" if run.live else "Newest", right)
        self._paint_facts(painter, right)

    def _paint_now(self, painter: QPainter, word: str, right: float) -> float:
        """The quiet sign that the views follow the run."""
        font = theme.font(12, 500)
        wide = QFontMetricsF(font).horizontalAdvance(word) + 16 + 20
        box = QRectF(right - wide, 10, wide, 24)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent_soft"))
        painter.drawRoundedRect(box, 4, 4)
        icons.draw(painter, "live", QRectF(box.left() + 7, 14, 16, 16), "accent")
        painter.setFont(font)
        painter.setPen(theme.color("accent"))
        painter.drawText(box.adjusted(27, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, word)
        return box.left() - 16

    def _paint_facts(self, painter: QPainter, right: float) -> None:
        said = self.facts()
        faces = [theme.font(13, 600 if bold else 400) for _, bold in said]
        widths = [QFontMetricsF(face).horizontalAdvance(text) for (text, _), face in zip(said, faces, strict=True)]
        left = right - sum(widths)
        for (text, bold), face, wide in zip(said, faces, widths, strict=True):
            painter.setFont(face)
            painter.setPen(theme.color("text" if bold else "muted"))
            painter.drawText(QRectF(left, 0, wide + 1, HEIGHT), Qt.AlignmentFlag.AlignVCenter, text)
            left += wide


class Track(QWidget):
    """The loss in small over all planned steps, a tick at each snapshot, and the handle at the moment."""

    moved = Signal()

    def __init__(self, session: "Session") -> None:
        super().__init__()
        self._session = session
        self._shown: tuple[object, ...] = ()
        self._hovered: int | None = None
        self.setMinimumWidth(120)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Time machine")
        theme.changed.connect(self.update)

    def tick(self) -> bool:
        """True if there was something new to draw."""
        run = self._session.train.run
        shown = (id(run), run and run.step, run and len(run.snapshots), self._session.inside.moment)
        if shown == self._shown:
            return False
        self.refresh()
        return True

    def refresh(self) -> None:
        run, moment = self._session.train.run, self._session.inside.moment
        self._shown = (id(run), run and run.step, run and len(run.snapshots), moment)
        self.setToolTip(WORDS if run is None else "Drag to a snapshot; the arrow keys go from one to the next")
        self.setAccessibleDescription("live" if moment is None else f"step {moment}")
        self.update()

    def x_of(self, step: float) -> float:
        run = self._session.train.run
        return step / max(1, run.steps if run else 1) * (self.width() - 1)

    def go_near(self, x: float) -> None:
        """Move to the snapshot nearest to `x`; past the newest is live."""
        run = self._session.train.run
        if run is None or not run.snapshots:
            return
        near = min(run.snapshots, key=lambda step: abs(self.x_of(step) - x))
        now = self.x_of(run.step)
        live = x > now or abs(now - x) < abs(self.x_of(near) - x) or near == run.step
        self._session.inside.go(None if live else near)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.go_near(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.go_near(event.position().x())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        run, inside = self._session.train.run, self._session.inside
        steps = sorted(run.snapshots) if run else []
        at = inside.moment if inside.moment is not None else (run.step + 1 if run else 0)
        if not steps:
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Left:
            inside.go(steps[max(bisect_left(steps, at) - 1, 0)])
        elif event.key() == Qt.Key.Key_Right:
            after = bisect_right(steps, at)
            inside.go(steps[after] if after < len(steps) and steps[after] != run.step else None)
        elif event.key() == Qt.Key.Key_Home:
            inside.go(steps[0])
        elif event.key() in (Qt.Key.Key_End, Qt.Key.Key_Escape):
            inside.go(None)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        run = self._session.train.run
        foot = self.height() - FOOT
        painter.setPen(QPen(theme.color("control"), 1))
        painter.drawLine(QPointF(0, foot + 0.5), QPointF(self.width(), foot + 0.5))
        if run is None:
            painter.setFont(theme.font(11))
            painter.setPen(theme.color("muted"))
            words = QFontMetricsF(theme.font(11)).elidedText(WORDS, Qt.TextElideMode.ElideRight, self.width() - 16)
            painter.drawText(self.rect().adjusted(8, 0, -8, -6), Qt.AlignmentFlag.AlignCenter, words)
            return
        now = self.x_of(run.step)
        painter.fillRect(QRectF(now, TOP, self.width() - now, foot - TOP), theme.color("well"))
        self._paint_loss(painter, run, foot)
        painter.setFont(theme.font(11))
        painter.setPen(theme.color("muted"))
        ahead = QRectF(now, 0, self.width() - now - 8, self.height())
        if ahead.width() > 90:
            painter.drawText(ahead, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, count(run.steps))
        painter.setPen(QPen(theme.color("control"), 1))
        for step in run.snapshots:
            x = self.x_of(step)
            painter.drawLine(QPointF(x + 0.5, foot + 1), QPointF(x + 0.5, foot + 5))
        self._paint_handles(painter, run, now, foot)

    def _paint_loss(self, painter: QPainter, run: "Run", foot: float) -> None:
        steps, values = run.smooth.steps, run.smooth.values
        if len(steps) < 2:
            return
        points, seen = [], -1
        for x in range(int(self.x_of(steps[-1])) + 1):  # one point per pixel, however long the run
            n = bisect_right(steps, x * run.steps / max(1, self.width() - 1)) - 1
            if n > seen:
                points.append((x, values[n]))
                seen = n
        points.append((self.x_of(steps[-1]), values[-1]))
        high = max(value for _, value in points)
        low = 0.85 * min(value for _, value in points)
        tall = foot - TOP - 4
        line = QPolygonF([QPointF(x, foot - (v - low) / max(high - low, 1e-9) * tall) for x, v in points])
        color = theme.run(run.number)
        under = QPainterPath()
        under.addPolygon(line)
        under.lineTo(line.last().x(), foot)
        under.lineTo(line.first().x(), foot)
        painter.fillPath(under, faded(color, 0.16))
        painter.setPen(QPen(color, 1.25))
        painter.drawPolyline(line)

    def _paint_handles(self, painter: QPainter, run: "Run", now: float, foot: float) -> None:
        moment = self._session.inside.moment
        color = theme.color("accent" if moment is None else "warning")
        painter.setPen(QPen(theme.color("accent"), 1.5))
        painter.drawLine(QPointF(now, TOP - 2), QPointF(now, foot))
        word = "live" if run.live else "newest"
        if moment is not None:
            word += f", {count(run.step)}"
        self._paint_word(painter, word, now, "accent")
        at = now if moment is None else self.x_of(moment)
        painter.setPen(QPen(color, 1.5))
        painter.drawLine(QPointF(at, TOP), QPointF(at, foot))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        left = min(max(at - HANDLE.width() / 2, 0), self.width() - HANDLE.width())
        painter.drawRoundedRect(QRectF(left, 3, HANDLE.width(), HANDLE.height()), 3, 3)

    def _paint_word(self, painter: QPainter, word: str, x: float, role: str) -> None:
        font = theme.font(11)
        wide = QFontMetricsF(font).horizontalAdvance(word)
        left = x + 10 if x + 14 + wide < self.width() else x - 10 - wide
        painter.setFont(font)
        painter.setPen(theme.color(role))
        painter.drawText(QRectF(left, 3, wide + 1, 16), Qt.AlignmentFlag.AlignVCenter, word)
