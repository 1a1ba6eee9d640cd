"""Is my text enough? Tokens on a rising scale: those there are, those that are read, those that this size wants."""

from math import ceil, floor, log10

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ....canvas.paint import CENTER, LEFT, RIGHT, SMALL
from ....canvas.words import millions
from ....theme import theme
from .words import TOKENS_PER_WEIGHT, Reading

BAR, TOP, LINE = 8, 4, 18


class Gauge(QWidget):
    """Each step of ten is as long as the other. Words that would stand on another give way, the least first."""

    def __init__(self) -> None:
        super().__init__()
        self._reading: Reading | None = None
        self.setFixedHeight(TOP + BAR + 4 + LINE)
        theme.changed.connect(self.update)

    def set(self, reading: Reading | None) -> None:
        if reading != self._reading:
            self._reading = reading
            if reading:
                text = (
                    f"Your text has {millions(reading.has)} tokens; the run reads {millions(reading.read)}; "
                    f"{TOKENS_PER_WEIGHT} for each weight are {millions(reading.wanted)} (Hoffmann et al. 2022)"
                )
                self.setToolTip(text)
                self.setAccessibleName(text)
            self.update()

    def limits(self) -> tuple[int, int]:
        """The powers of ten at the two ends."""
        assert self._reading
        low, high = min(self._reading), max(self._reading)
        first = max(0, floor(log10(max(1, low)) - 0.5))  # the shorter bar is to be seen
        return first, max(first + 2, ceil(log10(max(10, high))))

    def place(self, tokens: int) -> float:
        first, last = self.limits()
        return self.width() * min(1.0, max(0.0, (log10(max(1, tokens)) - first) / (last - first)))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._reading is None:
            return
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.color("hover"))
        p.drawRoundedRect(QRectF(0, TOP, self.width(), BAR), 2, 2)
        p.setBrush(theme.run(1))
        p.drawRoundedRect(QRectF(0, TOP, max(2.0, self.place(self._reading.has)), BAR), 2, 2)
        for tokens, role in ((self._reading.read, "text"), (self._reading.wanted, "warning")):
            x = min(max(self.place(tokens), 1), self.width() - 1)
            p.fillRect(QRectF(x - 1, 0, 2, TOP + BAR + 4), theme.color(role))
        self._words(p)

    def _words(self, p: QPainter) -> None:
        """The most telling first; what finds no room is left out."""
        assert self._reading
        first, last = self.limits()
        wanted = f"{TOKENS_PER_WEIGHT} a weight, {millions(self._reading.wanted)}"
        marks = (
            (self.place(self._reading.wanted), wanted, "warning"),
            (self.place(self._reading.has), "yours", "text"),
            (self.place(self._reading.read), "read", "text"),
            (0.0, millions(10**first), "muted"),
            (float(self.width()), millions(10**last), "muted"),
        )
        taken: list[tuple[float, float]] = []
        for x, text, role in marks:
            wide = SMALL.width(text) + 1
            left = min(max(0.0, x - wide / 2), self.width() - wide)
            if all(left >= b + 6 or left + wide + 6 <= a for a, b in taken):
                taken.append((left, left + wide))
                align = LEFT if left == 0 else RIGHT if left + wide >= self.width() else CENTER
                SMALL.as_(role).write(p, QRectF(left, TOP + BAR + 4, wide + 1, LINE), text, align)
