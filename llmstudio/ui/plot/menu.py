"""What can be done with any chart: other axes, the whole run in view, its picture or its numbers in a file."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QMenu

from .export import KINDS, encoded, put

if TYPE_CHECKING:
    from ...session.session import Session
    from .chart import Chart


class ChartMenu(QObject):
    """Of one chart, and it belongs to it. `name`: what a file of it is called, without its ending."""

    def __init__(self, session: "Session", chart: "Chart", value: str, name: Callable[[], str]) -> None:
        super().__init__(chart)
        self.session, self.chart, self.value, self.name = session, chart, value, name
        chart.menu_wanted.connect(self.offer)

    def offer(self, at: QPoint) -> None:
        """All of it."""
        menu = self._menu()
        self._views(menu)
        menu.addSeparator()
        self._saves(menu)
        menu.popup(at)

    def offer_views(self, at: QPoint) -> None:
        menu = self._menu()
        self._views(menu)
        menu.popup(at)

    def offer_saves(self, at: QPoint) -> None:
        menu = self._menu()
        self._saves(menu)
        menu.popup(at)

    def save(self, path: str) -> None:
        """Write picture or numbers, as the ending says, on the file thread, and say so."""
        target = Path(path)
        try:
            data = encoded(self.chart, target)
        except ValueError as error:
            self.session.tell(error)
            return
        written = self.session.files.ask(put, target, data)
        self.session.then(written, lambda _: self.session.say(f"{target.name} written"))

    def _menu(self) -> QMenu:
        menu = QMenu(self.chart)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu

    def _views(self, menu: QMenu) -> None:
        chart = self.chart
        for words, on, choose in (
            ("Logarithmic steps", chart.log, chart.set_log),
            (f"Logarithmic {self.value}", chart.log_up, chart.set_log_up),
            ("Leave single peaks out of the range", chart.outliers, chart.set_outliers),
        ):
            entry = menu.addAction(words)
            entry.setCheckable(True)
            entry.setChecked(on)
            entry.triggered.connect(choose)
        menu.addSeparator()
        menu.addAction("Show the whole run").triggered.connect(lambda: chart.follow())

    def _saves(self, menu: QMenu) -> None:
        for kind, words in KINDS.items():
            entry = menu.addAction(f"Save as {words[0].lower()}{words[1:]}")
            entry.triggered.connect(lambda _=False, kind=kind: self._ask(kind))

    def _ask(self, kind: str) -> None:
        dialog = QFileDialog(self.chart, f"Save the {self.value}", f"{self.name()}.{kind}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.save)
        dialog.open()
