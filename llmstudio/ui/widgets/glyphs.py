"""Whitespace made visible: how a token's text is shown."""

from functools import lru_cache
from unicodedata import category

from PySide6.QtCore import QPointF
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from ..theme import theme

SIGNS = {" ": "·", "\n": "↵", "\t": "→"}
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp", "Mn", "Me")


@lru_cache(maxsize=8192)
def shown(text: str) -> tuple[tuple[str, bool], ...]:
    """Runs of (what to draw, whether it stands for something unseen). " e" -> (("·", True), ("e", False))."""
    runs: list[tuple[str, bool]] = []
    for n, letter in enumerate(text):
        sign = SIGNS.get(letter)
        if sign is None and category(letter) in UNSEEN and not (n and category(letter) in ("Mn", "Me")):
            sign = f"{ord(letter):02X}"
        unseen = sign is not None
        if runs and runs[-1][1] == unseen:
            runs[-1] = (runs[-1][0] + (sign or letter), unseen)
        else:
            runs.append((sign or letter, unseen))
    return tuple(runs)


def plain(text: str) -> str:
    """The same in one string, for a label or a tooltip."""
    return "".join(run for run, _ in shown(text))


def width(text: str, metrics: QFontMetricsF) -> float:
    return metrics.horizontalAdvance(plain(text))


def draw(painter: QPainter, at: QPointF, text: str, font: QFont, ink: str | None = None) -> None:
    """Draw `text` with its baseline starting at `at`: in the text colour and faint signs, or keep the pen for all."""
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    x = at.x()
    for run, unseen in shown(text):
        if ink is not None:
            painter.setPen(theme.color("faint" if unseen else ink))
        painter.drawText(QPointF(x, at.y()), run)
        x += metrics.horizontalAdvance(run)
