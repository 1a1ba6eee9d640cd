"""A switch between up to five words: "nats | bits | perplexity"."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import theme

HEIGHT, PAD = 24, 10


class Segments(QWidget):
    """One of `words` is chosen, by click or arrow keys. `changed` carries it; `choose` from code is silent."""

    changed = Signal(str)

    def __init__(self, words: Sequence[str], chosen: str = "", name: str = "") -> None:
        super().__init__()
        assert words
        self.words = list(words)
        self._chosen = chosen or self.words[0]
        self._hovered = -1
        self._hints: dict[str, str] = {}
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self.setAccessibleDescription(self._chosen)
        theme.changed.connect(self.update)

    @property
    def chosen(self) -> str:
        return self._chosen

    def choose(self, word: str) -> None:
        if word != self._chosen and word in self.words:
            self._chosen = word
            self.setAccessibleDescription(word)
            self.update()

    def set_words(self, words: Sequence[str]) -> None:
        """Offer other words; the chosen one should be among them."""
        if list(words) != self.words:
            self.words, self._hovered = list(words), -1
            self.updateGeometry()
            self.update()

    def set_hint(self, word: str, hint: str) -> None:
        self._hints[word] = hint

    def rects(self) -> list[QRect]:
        """Where each word is, in widget coordinates."""
        metrics = QFontMetrics(theme.font(12, 600))
        widths = [metrics.horizontalAdvance(word) + 2 * PAD for word in self.words]
        spare = self.width() - sum(widths)
        found, left = [], 0
        for n, width in enumerate(widths):
            width += spare // len(widths) if n < len(widths) - 1 else spare - spare // len(widths) * n
            found.append(QRect(left, 0, width, self.height()))
            left += width
        return found

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme.font(12, 600))
        return QSize(sum(metrics.horizontalAdvance(word) + 2 * PAD for word in self.words), HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(len(self.words) * 24, HEIGHT)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._at(event.position().toPoint().x()))

    def leaveEvent(self, event: object) -> None:
        self._hover(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pick(self._at(event.position().toPoint().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step:
            self._pick(min(max(self.words.index(self._chosen) + step, 0), len(self.words) - 1))
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.setBrush(theme.color("well") if self.isEnabled() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        for n, (word, rect) in enumerate(zip(self.words, self.rects(), strict=True)):
            on = word == self._chosen
            if on:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("hover"))
                painter.drawRoundedRect(QRectF(rect), 4, 4)
            font = theme.font(12, 600 if on else 400)
            lit = (on or n == self._hovered) and self.isEnabled()
            painter.setFont(font)
            painter.setPen(theme.color("text" if lit else "muted" if self.isEnabled() else "faint"))
            short = QFontMetrics(font).elidedText(word, Qt.TextElideMode.ElideRight, rect.width() - 4)
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, short)

    def _at(self, x: int) -> int:
        return next((n for n, rect in enumerate(self.rects()) if rect.left() <= x <= rect.right()), -1)

    def _hover(self, n: int) -> None:
        if n != self._hovered:
            self._hovered = n
            if self._hints:
                self.setToolTip(self._hints.get(self.words[n], "") if n >= 0 else "")
            self.update()

    def _pick(self, n: int) -> None:
        if 0 <= n < len(self.words) and self.words[n] != self._chosen:
            self.choose(self.words[n])
            self.changed.emit(self._chosen)
