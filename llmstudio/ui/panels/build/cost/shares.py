"""One bar of shares that add up to 1, and its legend."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from ....canvas.paint import SMALL
from ....theme import theme
from .words import Share, share_of


class ShareBar(QWidget):
    BAR, LEGEND = 12, 20

    def __init__(self) -> None:
        super().__init__()
        self._shares: list[Share] = []
        self.setFixedHeight(self.BAR + 4 + self.LEGEND)
        theme.changed.connect(self.update)

    def set(self, shares: list[Share]) -> None:
        if shares != self._shares:
            self._shares = shares
            words = ", ".join(f"{share.name} {share_of(share.part)}" for share in shares)
            self.setToolTip(f"Where the weights are: {words}")
            self.setAccessibleName(self.toolTip())
            self._fit()
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(self.BAR + 4 + self.LEGEND * max(1, len(self._lines())))

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(Qt.PenStyle.NoPen)
        x, room = 0.0, self.width() - 2 * (len(self._shares) - 1)
        for share in self._shares:
            width = max(2.0, room * share.part)
            p.setBrush(theme.run(share.color))
            p.drawRoundedRect(QRectF(x, 0, width, self.BAR), 2, 2)
            x += width + 2
        for i, line in enumerate(self._lines()):
            x, y = 0.0, self.BAR + 4 + i * self.LEGEND
            for share in line:
                p.setPen(Qt.PenStyle.NoPen)
                p.setBrush(theme.run(share.color))
                p.drawRoundedRect(QRectF(x, y + 6, 8, 8), 2, 2)
                x += 14
                for ink, text in ((SMALL.as_("text"), share.name), (SMALL, share_of(share.part))):
                    x += ink.write(p, QRectF(x, y, 200, self.LEGEND), text) + 6
                x += 8

    def _lines(self) -> list[list[Share]]:
        """The legend, broken where it is wider than the panel."""
        lines: list[list[Share]] = []
        x = float("inf")
        for share in self._shares:
            width = 34 + SMALL.width(share.name) + SMALL.width(share_of(share.part))
            if x + width - 14 > self.width():
                lines.append([])
                x = 0.0
            lines[-1].append(share)
            x += width
        return lines
