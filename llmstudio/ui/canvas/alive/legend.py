"""What the colours on the blocks mean, in a strip along the top of the canvas."""

from PySide6.QtCore import QEvent, QLineF, QObject, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ....session.session import Session
from ....session.vitals import Scale
from ...numbers import count
from ...theme import theme

HIGH, PAD, GAP = 26, 12, 8
BAR, BAR_H = 120, 8
Align = Qt.AlignmentFlag


class AliveLegend(QWidget):
    """Title, colour bar and moment; where there is no reading, why not. Away while off and without a run.

    It takes its room from the view, whose viewport begins below it.
    """

    def __init__(self, view: QWidget, session: Session) -> None:
        super().__init__(view)
        self.session, self.view = session, view
        self.scale: Scale | None = None
        self.when = self.why = ""
        self.past = self._there = False
        self.hide()
        self.setFixedHeight(HIGH)
        self.setAccessibleName("What the colours on the blocks mean")
        view.installEventFilter(self)
        theme.changed.connect(self.update)
        session.build.alive.changed.connect(self.refresh)
        session.build.changed.connect(self.refresh)
        session.train.changed.connect(self.refresh)
        session.inside.moment_changed.connect(self.refresh)
        self.refresh()

    @property
    def title(self) -> str:
        scale = self.scale
        return "" if scale is None else f"{scale.title}, {scale.unit}" if scale.unit else scale.title

    def refresh(self) -> None:
        alive, moment = self.session.build.alive, self.session.inside.moment
        scale, run = alive.scale(), alive.run
        there = scale is not None and run is not None
        if there != self._there:
            self._there = there
            self.setVisible(there)
            self.view.setViewportMargins(0, HIGH if there else 0, 0, 0)  # type: ignore[attr-defined]
        if scale is None or run is None:
            return
        live = "live" if run.live else run.name
        when = f"step {count(moment)}" if moment is not None else f"{live}, step {count(run.step)}"
        new = (scale, when, alive.why_empty, moment is not None)
        if new != (self.scale, self.when, self.why, self.past):
            self.scale, self.when, self.why, self.past = new
            self.setToolTip(scale.about)
            self.setAccessibleDescription(f"{self.title}: {self.why or scale.about}")
            self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.view and event.type() == QEvent.Type.Resize:
            self.setGeometry(0, 0, self.view.width(), HIGH)
        return super().eventFilter(watched, event)

    def bar_rect(self) -> QRectF:
        """The colour bar, between the names of its ends; empty where something else is said."""
        if self.scale is None or self.why:
            return QRectF()
        left = PAD + self._wide(self.title, 600) + 2 * GAP + self._wide(self.scale.names[0]) + GAP
        return QRectF(left + 0.5, (HIGH - BAR_H) / 2 + 0.5, BAR, BAR_H)

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.fillRect(self.rect(), theme.color("panel"))
        p.setPen(QPen(theme.color("line"), 1))
        p.drawLine(QLineF(0, HIGH - 0.5, self.width(), HIGH - 0.5))
        end = self.width() - PAD
        x = PAD + self._write(p, PAD, end, self.title, "text", 600) + 2 * GAP
        if self.why:
            self._write(p, x, end, self.why, "muted")
        elif self.scale is not None:
            x = self._paint_bar(p, self.scale, x)
            free = end - x - self._wide(self.when) - 2 * GAP
            about = self.scale.about
            said = next((each for each in (about, about.partition("; ")[0]) if self._wide(each) <= free), "")
            self._write(p, x, x + free + GAP, said, "muted")
            left = max(x, end - self._wide(self.when))
            self._write(p, left, end, self.when, "warning" if self.past else "muted")

    def _paint_bar(self, p: QPainter, scale: Scale, x: float) -> float:
        """The bar with what its ends and its middle mean; where it ends."""
        low, middle, high = scale.names
        self._write(p, x, self.width(), low, "muted")
        bar = self.bar_rect()
        fill = QLinearGradient(bar.topLeft(), bar.topRight())
        for n in range(17):
            fill.setColorAt(n / 16, theme.on_ramp(scale.ramp, n / 16))
        p.setPen(QPen(theme.color("line_strong"), 1))
        p.setBrush(fill)
        p.drawRect(bar)
        x = bar.right() + GAP
        words = f"{high}, middle {middle}" if scale.powers else high
        return x + self._write(p, x, self.width(), words, "muted") + 3 * GAP

    def _write(self, p: QPainter, x: float, end: float, text: str, role: str, weight: int = 400) -> float:
        """On one line, shortened to the room there is; the width taken."""
        font = theme.font(11, weight)
        p.setFont(font)
        p.setPen(theme.color(role))
        short = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, int(end - x) + 1)
        p.drawText(QRectF(x, 0, max(end - x, 0), HIGH - 1), Align.AlignVCenter | Align.AlignLeft, short)
        return self._wide(short, weight)

    def _wide(self, text: str, weight: int = 400) -> float:
        return float(QFontMetrics(theme.font(11, weight)).horizontalAdvance(text) + 1)
