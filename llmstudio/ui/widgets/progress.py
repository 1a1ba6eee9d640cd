"""How far a long piece of work is: name, count, rate, time left, a bar and a cancel."""

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ...core.progress import Progress
from ..numbers import count, size
from ..theme import theme
from .button import tool
from .elide import ElidedLabel


class Bar(QWidget):
    """A bar 4 high; share 0 ... 1, or None while the end is not known."""

    def __init__(self, role: str = "accent", height: int = 4) -> None:
        super().__init__()
        self._share: float | None = 0.0
        self._role = role
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set(self, share: float | None) -> None:
        if share != self._share:
            self._share = share
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("hover"))
        whole = QRectF(self.rect())
        painter.drawRoundedRect(whole, 2, 2)
        if self._share:
            painter.setBrush(theme.color(self._role))
            whole.setWidth(whole.width() * min(self._share, 1.0))
            painter.drawRoundedRect(whole, 2, 2)


class ProgressRow(QWidget):
    """Shows `Progress` values as they come; `cancel` is called by its cross."""

    def __init__(self, name: str = "", cancel: Callable[[], object] | None = None) -> None:
        super().__init__()
        self.name = ElidedLabel(name)
        self.facts = ElidedLabel("", "muted", 11)
        self.bar = Bar()
        self._since = monotonic()
        self._from = 0.0
        self._text = ""
        head = QHBoxLayout()
        head.addWidget(self.name, 1)
        if cancel is not None:
            head.addWidget(tool("close", "Cancel", cancel))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.facts)
        column.addWidget(self.bar)

    def set(self, progress: Progress) -> None:
        if progress.text != self._text:  # another stage: its rate starts anew
            self._text, self._since, self._from = progress.text, monotonic(), progress.done
        self.name.set_text(progress.text)
        self.facts.set_text(said(progress, monotonic() - self._since, self._from))
        self.bar.set(progress.done / progress.total if progress.total else None)


def said(progress: Progress, seconds: float, start: float = 0.0) -> str:
    """Such as "62 of 154 files, 31 a second, 3 s left": what is known so far."""
    bytes_ = progress.unit == "bytes"

    def amount(value: float) -> str:
        return size(value) if bytes_ else count(round(value))

    unit = "" if bytes_ or not progress.unit else f" {progress.unit}"
    total = f" of {amount(progress.total)}" if progress.total else ""
    parts = [amount(progress.done) + total + unit]
    rate = (progress.done - start) / seconds if seconds > 0.5 else 0.0
    if rate > 0:
        parts.append(f"{amount(rate) if rate >= 1 else f'{rate:.1f}'} a second")
        if progress.total:
            left = (progress.total - progress.done) / rate
            parts.append(f"{left:.0f} s left" if left < 100 else f"{left / 60:.0f} min left")
    return ", ".join(parts)
