"""What the colours on the blocks mean, over the lower left corner of the canvas."""

from PySide6.QtCore import QEvent, QObject, QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ....session.session import Session
from ...numbers import count
from ...theme import theme
from ...widgets.color_bar import ColorBar
from ...widgets.elide import ElidedLabel
from ...widgets.label import label
from ..paint import card

WIDE, EDGE = 236, 12


class AliveLegend(QWidget):
    """Title, moment and colour bar; where there is no reading, why not. Hidden while off and without a run."""

    def __init__(self, view: QWidget, session: Session) -> None:
        super().__init__(view)
        self.session, self.view = session, view
        self.title = ElidedLabel("", "text", 11, 600)
        self.when = ElidedLabel("", "muted", 11)
        self.bar = ColorBar("0", "", "1")
        self.why = label("", "caption", wrap=True)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.when)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.bar)
        column.addWidget(self.why)
        self.setFixedWidth(WIDE)
        view.installEventFilter(self)
        theme.changed.connect(self.update)
        session.build.alive.changed.connect(self.refresh)
        session.build.changed.connect(self.refresh)
        session.train.changed.connect(self.refresh)
        session.inside.moment_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        alive, moment = self.session.build.alive, self.session.inside.moment
        scale, run = alive.scale(), alive.run
        self.setVisible(scale is not None and run is not None)
        if scale is None or run is None:
            return
        self.title.set_text(f"{scale.title}, {scale.unit}" if scale.unit else scale.title)
        self.title.set_hint(scale.about)
        live = "live" if run.live else run.name
        self.when.set_text(f"step {count(moment)}" if moment is not None else f"{live}, step {count(run.step)}")
        self.when.set_role("warning" if moment is not None else "muted")
        self.bar.set(*scale.names, scale.ramp)
        self.setToolTip(scale.about)
        why = alive.why_empty
        self.why.setText(why)
        self.why.setVisible(bool(why))
        self.bar.setVisible(not why)
        self.put()

    def put(self) -> None:
        self.adjustSize()
        self.move(EDGE, self.view.height() - self.height() - EDGE)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.view and event.type() == QEvent.Type.Resize:
            self.put()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        card(p, QRectF(self.rect()), "panel", "line")
