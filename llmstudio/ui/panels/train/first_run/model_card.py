"""Card 2: the model that will be trained, as cards on one stream, with their real numbers of parameters."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from .....core.model.cost import parameters
from .....core.model.spec import Model
from .... import icons
from ....canvas import words
from ....numbers import count, size
from ....theme import theme
from .card import Card

if TYPE_CHECKING:
    from .....session.session import Session

BOX, LEAST_GAP, END, STREAM = 36, 10, 0.5, 5
Align = Qt.AlignmentFlag


class ModelCard(Card):
    def __init__(self, session: "Session") -> None:
        super().__init__(2, "The model you train", "build")
        self.session = session
        self.tower = Tower()
        self.body.addWidget(self.tower, 1)
        self.body.addStretch(0)
        self.refresh()

    def refresh(self) -> None:
        build = self.session.build
        cost, kind = build.cost, self.session.data.settings.tokenizer
        self.tower.setVisible(self.session.project is not None)
        self.tower.token = kind if kind in ("character", "byte") else "token"
        self.tower.set(build.model, f"{count(cost.parameters)} parameters, {size(cost.weights_bytes)}")


class Tower(QWidget):
    """Embedding, blocks, output. Where there is room for few, those in the middle are one dotted gap that says so."""

    def __init__(self) -> None:
        super().__init__()
        self._model = Model()
        self._whole = ""
        self.token = "token"
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    def set(self, model: Model, whole: str) -> None:
        if (model, whole) != (self._model, self._whole):
            self._model, self._whole = model, whole
            self.setAccessibleName(f"{model.name}: {len(model.blocks)} blocks, {whole}")
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(360, 300)

    def shown(self) -> list[int]:
        """The blocks that are drawn, -1 for those left out."""
        n = len(self._model.blocks)
        room = int((self.height() + LEAST_GAP) // (BOX + LEAST_GAP)) - 2
        if n <= room:
            return list(range(n))
        first = max(room // 2, 1)
        return [*range(first), -1, *range(n - max(room - first - 1, 1), n)]

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        blocks = self.shown()
        rows = len(blocks) + 2
        pitch = min((self.height() - BOX) / max(rows - 1, 1), BOX + 20.0)
        x = 46.0
        p.setPen(QPen(theme.color("control"), STREAM))
        p.drawLine(QPointF(x, BOX / 2), QPointF(x, (rows - 1) * pitch + BOX / 2))
        counts = parameters(self._model)
        wide, narrow = self.width() - 1.0, max(self.width() * END, 190.0)
        vocab = count(self._model.vocab)
        self._box(p, 0, narrow, "embedding", "Embedding", "", f"{vocab} to {count(self._model.width)}")
        for row, i in enumerate(blocks, 1):
            if i < 0:
                left_out = len(self._model.blocks) - len(blocks) + 1
                self._gap(p, row * pitch, f"{left_out} more blocks like these")
                continue
            facts = words.block_facts(self._model, f"blocks.{i}")
            self._box(p, row * pitch, wide, "block", f"Block {i + 1}", facts, count(counts[f"blocks.{i}"]))
        top = (rows - 1) * pitch
        self._box(p, top, narrow, "chart", f"Next {self.token}", "", vocab)
        p.setFont(theme.font(11))
        p.setPen(theme.color("muted"))
        room = QRectF(narrow + 16, top, self.width() - narrow - 16, BOX)
        text = QFontMetricsF(p.font()).elidedText(self._whole, Qt.TextElideMode.ElideRight, room.width())
        p.drawText(room, Align.AlignVCenter, text)

    def _box(self, p: QPainter, top: float, width: float, icon: str, name: str, facts: str, number: str) -> None:
        box = QRectF(0.5, top + 0.5, width - 1, BOX - 1)
        p.setPen(QPen(theme.color("line_strong"), 1))
        p.setBrush(theme.color("raised"))
        p.drawRoundedRect(box, 4, 4)
        icons.draw(p, icon, QRectF(12, top + (BOX - 16) / 2, 16, 16))
        p.setFont(theme.font(13, 500))
        p.setPen(theme.color("text"))
        p.drawText(box.adjusted(36, 0, 0, 0), Align.AlignVCenter, name)
        left = 36 + max(QFontMetricsF(p.font()).horizontalAdvance(name), 50) + 20
        p.setFont(theme.font(11))
        p.setPen(theme.color("muted"))
        p.drawText(box.adjusted(0, 0, -12, 0), Align.AlignVCenter | Align.AlignRight, number)
        metrics = QFontMetricsF(p.font())
        room = box.adjusted(left, 0, -24 - metrics.horizontalAdvance(number), 0)
        p.drawText(room, Align.AlignVCenter, metrics.elidedText(facts, Qt.TextElideMode.ElideRight, room.width()))

    def _gap(self, p: QPainter, top: float, text: str) -> None:
        p.fillRect(QRectF(40, top, 12, BOX), theme.color("panel"))
        pen = QPen(theme.color("control"), STREAM)
        pen.setDashPattern([1, 1])
        p.setPen(pen)
        p.drawLine(QPointF(46, top), QPointF(46, top + BOX))
        p.setFont(theme.font(11))
        p.setPen(theme.color("muted"))
        p.drawText(QRectF(62, top, self.width() - 62, BOX), Align.AlignVCenter, text)
