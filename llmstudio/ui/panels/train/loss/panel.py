"""The loss against steps: what the numbers are, what they mean, and the curve."""

import importlib
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QStackedLayout, QVBoxLayout, QWidget

from .....session.run import SMOOTH
from .... import doors
from ....icons import icon
from ....numbers import count
from ....panel import Panel
from ....theme import theme
from ....widgets.button import button, tool
from ....widgets.empty import EmptyState
from ....widgets.label import label
from ....widgets.segments import Segments
from ....widgets.slider import Slider
from ....words.loss import UNITS
from .figures import Figures

if TYPE_CHECKING:
    from ....plot.chart import Chart
    from .picture import Picture

NO_RUN = "No run yet. The loss will be drawn here, step by step, against what counting alone reaches."
NARROW, NARROWER = 720, 560  # below these the least important tools go; the menu has the step axis too


class Loss(Panel):
    title = "Loss"
    name = "train.loss"
    hint = "How surprised the model is by the next token, in nats per token: less is better"

    def build(self) -> None:
        self.picture: Picture | None = None
        self._asked = False
        self._drawn: tuple[object, ...] = ()
        self.past = self.add_chip("", "warning", "clock")
        self._tools()
        self.figures = Figures(self.session)
        self.figures.look.clicked.connect(lambda: doors.go(self, "inside"))
        self.figures.talk.clicked.connect(lambda: doors.go(self, "chat"))
        self.empty, self.filled = EmptyState(NO_RUN), QWidget()
        self.stack = QStackedLayout()
        self.body.addLayout(self.stack)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.filled)
        self.place = QVBoxLayout(self.filled)
        self.place.setContentsMargins(0, 0, 0, 0)
        self.place.addWidget(self.figures)
        self.place.addStretch(1)
        theme.changed.connect(self._again)

    def _tools(self) -> None:
        self.units = Segments(list(UNITS), "nats", "Unit of the loss")
        self.units.set_hint("nats", "Mean of −ln p of the right token")
        self.units.set_hint("bits", "Mean of −log₂ p: nats divided by ln 2")
        self.units.set_hint("perplexity", "exp(nats): among how many equally likely tokens it chooses")
        self.units.changed.connect(self._unit_chosen)
        self.smoothing = Slider(SMOOTH, (0.0, 0.99), name="Smoothing")
        self.smoothing.setToolTip("Share of the old value that the thick line keeps at each step; double-click: 0.9")
        self.smoothing.setFixedWidth(72)
        self.axis = Segments(["linear", "log step"], "linear", "Step axis")
        self.axis.set_hint("log step", "Steps as log(1 + step): the beginning gets more room")
        self.axis.changed.connect(self._axis_chosen)
        self.following = button("Following", "live", "plain", self._follow, "Keep the whole run in view", 24)
        self.more = tool("more", "More ways to draw it", self._views)
        self.export = tool("export", "Save the picture or its numbers", self._saves)
        smooth = label("smooth", "caption")
        for widget in (self.units, smooth, self.smoothing, self.axis, self.following, self.more, self.export):
            self.add_tool(widget)
        self.droppable = (smooth, self.smoothing)
        self._show_following()

    def charts(self) -> "list[Chart]":
        """The charts that there are now."""
        return [self.picture] if self.picture is not None else []

    def tick(self) -> None:
        run = self.session.train.run
        self.stack.setCurrentWidget(self.empty if run is None else self.filled)
        for widget in (self.following, self.more, self.export):
            widget.setEnabled(self.picture is not None and run is not None)
        if run is None:
            return
        if self.picture is None:
            self._ask_for_plots()
        grown = tuple((each.name, len(each.log), each.cuts, each.state) for each in self.session.train.overlaid)
        manifest, known = self.session.data.manifest, None if self.picture is None else self.picture.ahead.known
        state = run.name, grown, self.smoothing.exact, self.units.chosen, manifest, known, self.picture, self.width()
        if state != self._drawn:
            self._drawn = state
            self.figures.show_run(run)
            if self.picture is not None and not self.picture.show_run(run, self.smoothing.exact):
                self._drawn = ()  # it goes on at the next tick
        moment = self.session.inside.moment
        self.past.set("" if moment is None else f"step {count(moment)}")
        if self.picture is not None:
            self.picture.set_moment(moment)
            self.axis.choose("log step" if self.picture.log else "linear")

    def _again(self) -> None:
        self._drawn = ()  # the curves hold colours

    def _ask_for_plots(self) -> None:
        """pyqtgraph takes 0.4 s to import: that happens on the file thread."""
        if not self._asked:
            self._asked = True
            self.session.then(self.session.files.ask(importlib.import_module, "pyqtgraph"), self._make_picture)

    def _make_picture(self, _: object) -> None:
        from ....plot.menu import ChartMenu
        from .picture import Picture

        self.picture = Picture(self.session, self.units.chosen)
        self.picture.set_log(self.axis.chosen != "linear")
        self.picture.follow_changed.connect(self._show_following)
        self.menu = ChartMenu(self.session, self.picture, "loss", self._file_name)
        self.place.takeAt(1)  # the stretch that kept its place
        self.place.addWidget(self.picture, 1)

    # what the person does

    def _unit_chosen(self, unit: str) -> None:
        if self.picture is not None:
            self.picture.set_unit(unit)

    def _axis_chosen(self, word: str) -> None:
        if self.picture is not None:
            self.picture.set_log(word != "linear")

    def _follow(self) -> None:
        if self.picture is not None:
            self.picture.follow()

    def _show_following(self) -> None:
        on = self.picture is None or self.picture.following
        words = "Following" if on else "Follow"
        self.following.setText(words if self.width() >= NARROWER else "")
        self.following.setAccessibleName(words)
        self.following.setIcon(icon("live", "accent" if on else "text"))
        _dress(self.following, "following" if on else "plain")

    def _views(self) -> None:
        if self.picture is not None:
            self.menu.offer_views(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def _saves(self) -> None:
        if self.picture is not None:
            self.menu.offer_saves(self.export.mapToGlobal(QPoint(0, self.export.height())))

    def _file_name(self) -> str:
        run = self.session.train.run
        return f"{run.name} loss" if run else "loss"

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for widget in self.droppable:
            widget.setVisible(event.size().width() >= NARROW)
        self.axis.setVisible(event.size().width() >= NARROWER)
        self._show_following()


def _dress(widget: QPushButton, kind: str) -> None:
    if widget.property("kind") != kind:
        widget.setProperty("kind", kind)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
