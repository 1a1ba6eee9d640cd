"""What can be done with a run: start it, hold it, step it, stop it, go on with it; and why Train is off."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from .....session.run import Run
from ....fields import Padlock
from ....icons import icon
from ....widgets.button import button
from ....widgets.label import label
from ....widgets.progress import ProgressRow

if TYPE_CHECKING:
    from .....session.session import Session

MORE = 1000  # steps
GONE_ON = ("stopped", "interrupted", "failed")  # states from which a run can go on


class Deeds(QWidget):
    def __init__(self, session: "Session") -> None:
        super().__init__()
        self.session = session
        train = session.train
        self.reason = label("", "caption", wrap=True)
        self.padlock = Padlock()
        self.progress = ProgressRow("", session.data.cancel)
        self.start = button("Train", "play", "primary", self._start, "Make a new run of this design and recipe", 32)
        self.go_on = button("Go on", "play", "primary", self._go_on, "Train this run further from where it is", 32)
        self.more = button("1\u2009000 more", "plus", "plain", self._more, "Let this run go on for as many steps", 32)
        self.pause = button("Pause", "pause", "plain", lambda: train.pause(True), "Hold the run after this step", 32)
        self.resume = button("Resume", "play", "plain", lambda: train.pause(False), "Let the run go on", 32)
        self.step = button("Step", "step", "plain", train.step, "Change the weights once, then hold", 32)
        self.stop = button("Stop", "stop", "plain", train.stop, "Save and end the run; it can go on later", 32)
        self.deeds = (self.go_on, self.more, self.start, self.pause, self.resume, self.step, self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        said = QHBoxLayout()
        said.setSpacing(8)
        said.addWidget(self.padlock)
        said.addWidget(self.reason, 1)
        column.addLayout(said)
        column.addWidget(self.progress)
        row = QHBoxLayout()
        row.setSpacing(8)
        for deed in self.deeds:
            row.addWidget(deed, 1)
        column.addLayout(row)
        self.refresh()

    def refresh(self) -> None:
        train, run = self.session.train, self.session.train.run
        live = train.live
        shown = self._offered(run, live)
        for deed in self.deeds:
            deed.setVisible(deed in shown)
        why = train.why_not
        able = why is None and not self.session.data.busy
        self.start.setText("Train again" if train.runs else "Train")
        self.start.setEnabled(able)
        self.start.setToolTip(why or "Make a new run of this design and recipe")
        self._dress(primary=self.go_on not in shown)
        self.go_on.setEnabled(not train.busy)
        self.more.setEnabled(not train.busy)
        self.reason.setText(self._reason(why, live, run))
        self.reason.setVisible(bool(self.reason.text()))
        self.padlock.setVisible(live is not None)
        progress = self.session.data.progress if self.session.data.busy else None
        self.progress.setVisible(progress is not None)
        if progress is not None:
            self.progress.set(progress)

    def _offered(self, run: Run | None, live: Run | None) -> list[QWidget]:
        if live is not None:
            return [self.resume if live.state == "paused" else self.pause, self.step, self.stop]
        if run is not None and run.state in GONE_ON and run.step < run.steps:
            return [self.go_on, self.start]
        if run is not None and run.state == "finished":
            return [self.more, self.start]
        return [self.start]

    def _reason(self, why: str | None, live: Run | None, run: Run | None) -> str:
        if live is not None:
            return "Fixed while a run goes on; the rest acts at the next step."
        if self.session.train.starting:
            return "Getting the text ready."
        if run is not None and run.state == "failed" and run.error:
            return f"{run.name} failed: {run.error}"
        return why or ""

    def _dress(self, primary: bool) -> None:
        kind = "primary" if primary else "plain"
        if self.start.property("kind") != kind:
            self.start.setProperty("kind", kind)
            self.start.setIcon(icon("play", "on_accent" if primary else "text"))
            self.start.style().unpolish(self.start)
            self.start.style().polish(self.start)

    def _start(self) -> None:
        self._try(self.session.train.start)

    def _go_on(self) -> None:
        run = self.session.train.run
        if run is not None:
            self._try(lambda: self.session.train.resume(run))

    def _more(self) -> None:
        run = self.session.train.run
        if run is not None:
            self._try(lambda: self.session.train.extend(run, MORE))

    def _try(self, verb: Callable[[], object]) -> None:
        try:
            verb()
        except ValueError as error:
            self.session.tell(error)
