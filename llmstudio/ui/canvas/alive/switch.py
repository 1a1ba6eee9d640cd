"""What the blocks show of the run: a few words to choose from, and a menu of all."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from ....session.session import Session
from ....session.vitals import SCALES, Mode
from ...widgets.button import tool
from ...widgets.elide import ElidedLabel
from ...widgets.segments import Segments

ALWAYS: tuple[Mode, ...] = ("off", "gradient", "activity", "attention")
OFF = "Nothing of the run is drawn on the design."
NAMES = {"update": "Update / weight", "dead": "Dead units", "experts": "Experts in use"}


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
        self.more = tool("chevron-down", "More to show on the blocks", self._offer)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.name)
        row.addWidget(self.words)
        row.addWidget(self.more)
        row.setSpacing(4)
        self.alive.changed.connect(self._show)
        session.train.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        self.setVisible(self.session.train.run is not None)
        mode = self.alive.mode
        self.words.set_words(ALWAYS if mode in ALWAYS else (*ALWAYS, mode))
        self.words.set_hint(mode, _about(mode))
        self.words.choose(mode)

    def _offer(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        modes: tuple[Mode, ...] = ("off", *SCALES)
        for mode in modes:
            entry = menu.addAction(NAMES.get(mode, mode.capitalize()))
            entry.setToolTip(_about(mode))
            entry.setCheckable(True)
            entry.setChecked(mode == self.alive.mode)
            entry.setEnabled(self.alive.applies(mode))
            entry.triggered.connect(partial(self._choose, mode))
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _choose(self, mode: Mode, *_: bool) -> None:
        self.alive.switch(mode)


def _about(mode: Mode) -> str:
    scale = SCALES.get(mode)
    return f"{scale.title[:1].upper()}{scale.title[1:]}: {scale.about}" if scale else OFF
