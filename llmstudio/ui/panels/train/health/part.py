"""One part over the run: histograms of its weights or its gradients."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from .....core.train.events import Histograms
from ....widgets.button import button
from ....widgets.color_bar import ColorBar
from ....widgets.elide import ElidedLabel
from ....widgets.histogram_map import FULL, Binned, HistogramMap
from ....widgets.label import label
from ....widgets.segments import Segments
from ....words.health import spread

WORDY = 340  # below this the way back is a sign alone
HIGH = 240  # below this the sentence goes
NOTHING = "Its histograms come at the next checkpoint of the curves."


class PartPage(QWidget):
    """`left` when the person goes back to all parts, by button or Esc."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.path = ""
        self.back = button("All parts", "chevron-left", "ghost", self.left.emit, "Back to all parts (Esc)", 24)
        self.name = ElidedLabel("", "text", 12, 500, mono=True)
        self.kind = Segments(["weights", "gradients"], "weights", "Histograms of")
        self.map = HistogramMap("Histograms over the run")
        self.bar = ColorBar("0 %", "share in one row", f"{100 * FULL:.0f} % or more")
        self.said = label("", "caption", wrap=True)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.back)
        head.addWidget(self.name, 1)
        head.addWidget(self.kind)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.map, 1)
        column.addWidget(self.said)
        column.addWidget(self.bar)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.back.setText("All parts" if event.size().width() >= WORDY else "")
        self.said.setVisible(event.size().height() >= HIGH)

    @property
    def noun(self) -> str:
        return self.kind.chosen

    def show_histograms(self, histograms: Sequence[Histograms], step: int | None) -> None:
        """Of the part `path`; the sentence is about the newest up to `step`."""
        self.name.set_text(self.path)
        found = []
        for each in histograms:
            made = (each.weights if self.noun == "weights" else each.gradients).get(self.path)
            if made is not None:
                found.append((each.step, made))
        self.map.set([Binned(step=at, low=h.low, high=h.high, counts=h.counts) for at, h in found], self.noun)
        before = [pair for pair in found if step is None or pair[0] <= step]
        self.said.setText(spread(before[-1][1], before[-1][0], self.noun) if before else NOTHING)
        self.bar.setVisible(bool(found))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
