"""The curve of the shown run before the others. Needs pyqtgraph: imported once the panel is shown."""

from math import log
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QMenu

from .....session.run import Run
from ....numbers import count
from ....plot.chart import Chart
from ....plot.export import KINDS, write
from ....plot.marks import Level, Row, Tip
from ....plot.paper import Scale
from ....theme import theme
from ....words.changes import changes
from ....words.loss import UNITS, in_unit, written
from ....words.numbers import choices, rate
from ....words.recipe import passes
from .curves import RunCurves, last_before
from .figures import compared_with, token

if TYPE_CHECKING:
    from .....session.session import Session

APPLY = {"nats": lambda y: y, "bits": lambda y: y / log(2), "perplexity": lambda y: np.exp(np.minimum(y, 700))}


class Picture(Chart):
    def __init__(self, session: "Session", unit: str) -> None:
        self.session, self.unit = session, unit
        self._runs: dict[int, RunCurves] = {}
        super().__init__("step", self._scale(), self._explain)
        self.setAccessibleName("Loss against steps")
        self.clicked.connect(self._go_to)
        self.menu_wanted.connect(self.offer)

    def set_unit(self, unit: str) -> None:
        self.unit = unit
        self.set_scale(self._scale())

    def show_run(self, run: Run, smoothing: float) -> None:
        """`smoothing`: share of the old value that the thick line keeps at each step."""
        others = [other for other in self.session.train.runs if other is not run and len(other.loss)]
        self._runs = {each.number: self._of(each) for each in (run, *others)}
        for curves in self._runs.values():
            curves.refresh(smoothing)
        behind = [self._runs[other.number].behind(self._word(other)) for other in others]
        levels = [
            Level(name=bar.name, y=bar.loss, text=written(bar.loss, self.unit), role=_role(bar.name))
            for bar in compared_with(self.session)
        ]
        self.legend = [("train", theme.run(run.number), False), ("validation", theme.color("text"), True)]
        span = max(run.steps, *(each.step for each in (run, *others)))
        self.show_curves(behind + self._runs[run.number].shown(), span, levels)

    def _of(self, run: Run) -> RunCurves:
        known = self._runs.get(run.number)
        return known if known is not None and known.run is run else RunCurves(run)

    def _word(self, run: Run) -> str:
        """What makes the run another one, at the end of its line."""
        runs = self.session.train.runs
        place = runs.index(run)
        before = runs[place - 1] if place else None
        found = changes((before.model, before.recipe), (run.model, run.recipe)) if before else []
        return ", ".join([*found[:1], *([run.state] if run.state in ("stopped", "failed") else [])])

    def _scale(self) -> Scale:
        title = UNITS[self.unit] if self.unit == "perplexity" else f"{UNITS[self.unit]} per {token(self.session)}"
        return Scale(title=title, apply=APPLY[self.unit])

    # the cross-hair

    def _explain(self, step: float) -> Tip | None:
        run = self.session.train.run
        here = last_before(run.loss, max(round(step), 1)) if run else None
        if run is None or here is None or run.number not in self._runs:
            return None
        at = int(here[0])
        smoothed = self._runs[run.number].at(at)
        manifest = self.session.data.manifest
        read = f", {passes(at, run.recipe, run.model, manifest.train_tokens)} over the text" if manifest else ""
        return Tip(
            x=at,
            y=smoothed,
            title=f"step {count(at)}{read}",
            x_text=count(at),
            y_text="" if smoothed is None else written(smoothed, self.unit),
            rows=[*self._rows(run, at, smoothed, here[1]), *self._other_rows(run, at)],
        )

    def _rows(self, run: Run, at: int, smoothed: float | None, batch: float) -> list[Row]:
        rows = []
        if smoothed is not None:
            rows.append(Row(name="train, smoothed", value=written(smoothed, self.unit), color=theme.run(run.number)))
        rows.append(Row(name="train, this batch", value=written(batch, self.unit)))
        if tested := last_before(run.validation, at):
            name = f"validation, step {count(int(tested[0]))}"
            rows.append(Row(name=name, value=written(tested[1], self.unit), color=theme.color("text")))
        if smoothed is not None and self.unit != "perplexity":
            rows.append(Row(name="perplexity", value=choices(in_unit(smoothed, "perplexity"))))
        if at_rate := last_before(run.rate, at):
            rows.append(Row(name="learning rate", value=rate(at_rate[1])))
        return rows

    def _other_rows(self, run: Run, at: int) -> list[Row]:
        others = [curves for curves in self._runs.values() if curves.run is not run]
        found = [(curves.run, curves.at(at)) for curves in others]
        return [
            Row(name=f"{other.name}, smoothed", value=written(value, self.unit), color=theme.run(other.number))
            for other, value in found
            if value is not None
        ]

    # what the person does

    def _go_to(self, step: float) -> None:
        """Look at the snapshot nearest to a click; past the newest step: live."""
        run = self.session.train.run
        if run is not None and run.snapshots:
            nearest = min(run.snapshots, key=lambda snapshot: abs(snapshot - step))
            self.session.inside.go(None if step >= run.step else nearest)

    def offer(self, at: QPoint) -> None:
        """The menu: what can be saved, and the whole run in view."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for kind, words in KINDS.items():
            entry = menu.addAction(f"Save as {words[0].lower()}{words[1:]}")
            entry.triggered.connect(lambda _=False, kind=kind: self._save(kind))
        menu.addSeparator()
        menu.addAction("Show the whole run").triggered.connect(self.follow)
        menu.popup(at)

    def _save(self, kind: str) -> None:
        run = self.session.train.run
        dialog = QFileDialog(self, "Save the loss", f"{run.name if run else 'loss'} loss.{kind}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.save)
        dialog.open()

    def save(self, path: str) -> None:
        """Write picture or numbers, as the ending says, and say so."""
        try:
            write(self, Path(path))
        except ValueError as error:
            self.session.tell(error)
        else:
            self.session.say(f"{Path(path).name} written")


def _role(name: str) -> str:
    return "success" if name == "floor" else "muted"
