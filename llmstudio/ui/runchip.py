"""The run at a glance, in the same place everywhere: step, loss, time left, pause and stop."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QWidget

from .icons import icon
from .numbers import clock, count
from .theme import theme
from .widgets.button import tool

if TYPE_CHECKING:
    from ..session.run import Run
    from ..session.session import Session

WIDTH, HEIGHT, BUTTONS = 356, 32, 64
Part = tuple[str, bool]  # text, whether it is the number


class RunChip(QWidget):
    """A click on it asks to see the run."""

    clicked = Signal()

    def __init__(self, session: "Session") -> None:
        super().__init__()
        self._session = session
        self._shown: tuple[object, ...] = ()
        self._run: Run | None = None
        self.setFixedSize(QSize(WIDTH, HEIGHT))
        self.setAccessibleName("Run")
        self.pause = tool("pause", "Pause", self._pause)
        self.stop = tool("stop", "Stop and save", lambda: session.train.stop())
        for button, name in ((self.pause, "pause"), (self.stop, "stop")):
            button.setIcon(icon(name, "text"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 6, 0)
        row.setSpacing(2)
        row.addStretch()
        row.addWidget(self.pause)
        row.addWidget(self.stop)
        theme.changed.connect(self.update)
        self.tick()

    def tick(self) -> None:
        """Take in what the run has told since."""
        run = self._session.train.run
        state = run.state if run else ""
        left = run.seconds_left if run and state == "training" else None
        shown = (id(run), state, run and run.step, left and round(left), self._session.train.starting)
        if shown == self._shown:
            return
        self._shown, self._run = shown, run
        live = run is not None and run.live
        self.pause.setVisible(live)
        self.stop.setVisible(live)
        paused = state == "paused"
        self.pause.setIcon(icon("play" if paused else "pause", "text"))
        self.pause.setToolTip("Go on" if paused else "Pause")
        self.pause.setAccessibleName(self.pause.toolTip())
        self.setAccessibleDescription("".join(text for text, _ in self.parts()))
        self.setCursor(Qt.CursorShape.PointingHandCursor if run else Qt.CursorShape.ArrowCursor)
        self.update()

    def parts(self) -> list[Part]:
        """What it says, numbers marked."""
        run = self._run
        if self._session.train.starting:
            return [("Preparing the text", False)]
        if run is None:
            return [("No run yet", False)]
        if run.state == "preparing":
            return [("Getting ready", False)]
        said: list[Part] = [("step ", False), (count(run.step), True), (f" of {count(run.steps)}", False)]
        if run.smoothed is not None:
            said += [("   loss ", False), (f"{run.smoothed:.2f}", True)]
        if run.state == "training":
            said += [(f"   {clock(run.seconds_left)} left", False)] if run.seconds_left is not None else []
        else:
            said += [(f"   {run.state}", False)]
        return said

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._run is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        run = self._run
        whole = QRectF(self.rect())
        said = self.parts()
        wide = sum(QFontMetricsF(self._face(bold)).horizontalAdvance(text) for text, bold in said)
        if run is None and not self._session.train.starting:
            self._write(painter, said, self.width() - wide - 8)
            return
        clip = QPainterPath()
        clip.addRoundedRect(whole, 6, 6)
        painter.fillPath(clip, theme.color("raised"))
        left = 12.0
        if run is not None:
            color = theme.run(run.number)
            painter.save()
            painter.setClipPath(clip)
            share = run.step / max(1, run.steps)
            painter.fillRect(QRectF(0, HEIGHT - 2, WIDTH * min(share, 1.0), 2), color)
            painter.restore()
            painter.setPen(QPen(color, 1.5))
            painter.setBrush(color if run.live and run.state != "paused" else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(16, HEIGHT / 2), 3.5, 3.5)
            left = 28.0
        self._write(painter, said, left)
        if run is not None and run.live:
            x = WIDTH - BUTTONS
            painter.setPen(QPen(theme.color("line"), 1))
            painter.drawLine(QPointF(x + 0.5, 8), QPointF(x + 0.5, HEIGHT - 8))

    def _write(self, painter: QPainter, said: list[Part], left: float) -> None:
        room = WIDTH - (BUTTONS if self._run is not None and self._run.live else 0) - 6
        for text, bold in said:
            font = self._face(bold)
            wide = QFontMetricsF(font).horizontalAdvance(text)
            if left + wide > room:  # the last part is the least important
                break
            painter.setFont(font)
            painter.setPen(theme.color("text" if bold else "muted"))
            painter.drawText(QRectF(left, 0, wide + 1, HEIGHT), Qt.AlignmentFlag.AlignVCenter, text)
            left += wide

    def _face(self, bold: bool) -> QFont:
        return theme.font(13, 600 if bold else 400)

    def _pause(self) -> None:
        run = self._session.train.live
        if run is not None:
            self._session.train.pause(run.state != "paused")
            self.tick()
