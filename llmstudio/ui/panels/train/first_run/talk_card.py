"""Card 4: how the network writes before it has learned anything: its real words."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from ....theme import theme
from ....widgets import glyphs
from ....widgets.label import label
from ....widgets.sample_list import wrapped
from .card import Card

if TYPE_CHECKING:
    from .....session.session import Session

LINE, MOST = 20, 9
WAITS = "Once there is a text, the untrained network writes a line here."
AFTER = "While it learns, samples of its writing appear here in Train; in Chat you can talk to it at any moment."


class TalkCard(Card):
    def __init__(self, session: "Session") -> None:
        super().__init__(4, "How it talks now", "chat")
        self.session = session
        self.prompt = Bubble()
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.prompt)
        self.head = label("Now, untrained", "strong")
        self.text = Written()
        self.about = label(WAITS, "caption", wrap=True)
        self.body.addLayout(row)
        self.body.addWidget(self.head)
        self.body.addWidget(self.text)
        self.body.addWidget(self.about)
        self.body.addStretch(1)
        self.show_text("")

    def refresh(self) -> None:
        prompt = self.session.train.recipe.prompt
        self.prompt.setVisible(self.session.project is not None and bool(prompt.strip()))
        self.prompt.set(glyphs.plain(prompt.strip(" ")).replace("·", " ").replace("↵", "↵ ").strip())

    def show_text(self, text: str) -> None:
        """What it wrote; "" while nothing is known."""
        self.text.set(text)
        self.head.setVisible(bool(text))
        self.text.setVisible(bool(text))
        self.about.setText(AFTER if text else WAITS)


class Bubble(QWidget):
    """What the person says: raised, at the right."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set(self, text: str) -> None:
        self._text = text
        self.setAccessibleName(f"Prompt: {text}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(theme.font()).horizontalAdvance(self._text) + 26, 34)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, 34)

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.color("raised"))
        p.drawRoundedRect(QRectF(self.rect()), 8, 8)
        p.setFont(theme.font())
        p.setPen(theme.color("text"))
        room = self.rect().adjusted(12, 0, -12, 0)
        text = QFontMetrics(p.font()).elidedText(self._text, Qt.TextElideMode.ElideLeft, room.width())
        p.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)


class Written(QWidget):
    """Text of a model in the mono face, at most a few lines."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self.update)

    def set(self, text: str) -> None:
        self._text = text.strip()
        self.setAccessibleName(self._text)
        self.setToolTip(self._text)
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return LINE * len(wrapped(self._text, width, MOST))

    def sizeHint(self) -> QSize:
        return QSize(300, self.heightForWidth(max(self.width(), 200)))

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setFont(theme.mono(12))
        p.setPen(theme.color("muted"))
        for n, line in enumerate(wrapped(self._text, self.width(), MOST)):
            p.drawText(QRectF(0, n * LINE, self.width() + 8, LINE), Qt.AlignmentFlag.AlignVCenter, line)
