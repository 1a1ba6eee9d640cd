"""What the blocks show of the run: a few words to choose from, and a menu of all."""

from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from ....session.session import Session
from ....session.vitals import SCALES, Mode
from ...widgets.button import button, tool
from ...widgets.elide import ElidedLabel
from ...widgets.segments import Segments

ALWAYS: tuple[Mode, ...] = ("off", "gradient", "activity", "attention")
OFF = "Nothing of the run is drawn on the design."
NAMES = {"update": "Update / weight", "dead": "Dead units", "experts": "Experts in use"}
ROOMY, TIGHT = 860, 720  # of the title bar: below the first the caption goes, below the second the words do
MORE = "More to show on the blocks"


class AliveSwitch(QWidget):
    """Stands in the title bar of the design; away while there is no run to show."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.alive, self.session = session.build.alive, session
        self.name = ElidedLabel("On the blocks", "muted", 12)
        self.words = Segments(ALWAYS, self.alive.mode, "On the blocks")
        for word in ALWAYS:
            self.words.set_hint(word, _about(word))
        self.words.changed.connect(self.alive.switch)
        self.more = tool("chevron-down", MORE, self._offer)
        self.short = button(self.alive.mode, "chevron-down", "ghost", self._offer, "What is shown on the blocks", 24)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for widget in (self.name, self.words, self.more, self.short):
            row.addWidget(widget)
        self._bar: QWidget | None = None
        self.alive.changed.connect(self._show)
        session.train.changed.connect(self._show)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._bar is not self.parentWidget():
            self._bar = self.parentWidget()
            if self._bar is not None:
                self._bar.installEventFilter(self)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._bar and event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        """As much of it as the title bar has room for."""
        room = self._bar.width() if self._bar is not None else ROOMY
        self.name.setVisible(room >= ROOMY)
        self.words.setVisible(room >= TIGHT)
        self.more.setVisible(room >= TIGHT)
        self.short.setVisible(room < TIGHT)

    def _show(self) -> None:
        self.setVisible(self.session.train.run is not None)
        mode = self.alive.mode
        self.words.set_words(ALWAYS if mode in ALWAYS else (*ALWAYS, mode))
        self.words.set_hint(mode, _about(mode))
        self.words.choose(mode)
        self.short.setText(mode)

    def _offer(self) -> None:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        modes: tuple[Mode, ...] = ("off", *SCALES)
        for mode in modes:
            entry = menu.addAction(NAMES.get(mode, mode.capitalize()))
            entry.setToolTip(_about(mode))
            entry.setCheckable(True)
            entry.setChecked(mode == self.alive.mode)
            entry.setEnabled(self.alive.applies(mode))
            entry.triggered.connect(partial(self._choose, mode))
        from_ = self.more if self.more.isVisible() else self.short
        menu.popup(from_.mapToGlobal(from_.rect().bottomLeft()))

    def _choose(self, mode: Mode, *_: bool) -> None:
        self.alive.switch(mode)


def _about(mode: Mode) -> str:
    scale = SCALES.get(mode)
    return f"{scale.title[:1].upper()}{scale.title[1:]}: {scale.about}" if scale else OFF
