"""What can be done with runs: by button, by key and by menu."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, get_args

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QMenu, QWidget

from .....core.train.outcome import setting
from .....session import export
from .....session.run import Run
from ....icons import icon
from ....numbers import count
from ....words.numbers import plural
from . import exporting

if TYPE_CHECKING:
    from .....session.session import Session

GOES_ON = ("stopped", "interrupted", "failed")
MORE, SEEDS = (1000, 5000), 3


class Deeds:
    """Every deed tells what stands against it instead of raising."""

    def __init__(self, session: "Session", host: QWidget) -> None:
        self.session, self.host = session, host
        self.train = session.train

    def can_go_on(self, run: Run) -> bool:
        return run.state in GOES_ON and run.step < run.steps

    # with one run

    def show(self, run: Run) -> None:
        if run is not self.train.run:
            self.train.show(run)

    def go_on(self, run: Run) -> None:
        self._try(lambda: self.train.resume(run))

    def extend(self, run: Run, steps: int) -> None:
        self._try(lambda: self.train.extend(run, steps))

    def repeat(self, run: Run) -> None:
        self._try(lambda: self.train.repeat(run))

    def duplicate(self, run: Run) -> None:
        self._try(lambda: self.train.duplicate(run))

    def start_from(self, run: Run, step: int) -> None:
        """Train the run's design with the recipe as it is now, from the weights it had."""
        if self.train.busy:
            self._try(lambda: self.train.enqueue([self.train.ordered(from_=(run, step))]))
        else:
            self._try(lambda: self.train.start(from_=(run, step)))

    def more_seeds(self, run: Run) -> None:
        """So many more of the same that there are three seeds of it."""
        same = setting(run.model, run.recipe)
        made = [(each.model, each.recipe) for each in self.train.runs]
        made += [(each.model, each.recipe) for each in self.train.queue]
        used = {recipe.seed for model, recipe in made if setting(model, recipe) == same}
        free = (seed for seed in range(run.recipe.seed, 2**31 - 1) if seed not in used)
        origin = run.origin if run.origin and run.origin.run else None
        orders = [
            self.train.order(run.model, replace(run.recipe, seed=seed), group=f"{run.name}, seeds",
                             label=f"seed {seed}", device=run.device, origin=origin)
            for seed in islice(free, max(SEEDS - len(used), 1))
        ]  # fmt: skip
        self._try(lambda: self.train.enqueue(orders))

    def new(self) -> None:
        """Train the design as it is now; while another run goes on, it waits for its turn."""
        if self.train.busy:
            self._try(lambda: self.train.enqueue([self.train.ordered()]))
        else:
            self._try(self.train.start)

    # with several

    def toggle(self, runs: Sequence[Run]) -> None:
        """Draw the curves of all of them, or, where all are drawn, of none."""
        drawn = all(run in self.train.shown for run in runs)
        self.train.overlay(self.train.shown - {*runs} if drawn else self.train.shown | {*runs})

    def only(self, runs: Sequence[Run]) -> None:
        """Draw these curves and no others."""
        if runs and self.train.run not in runs:
            self.train.show(runs[0])
        self.train.overlay(runs)

    def all_or_one(self) -> None:
        """Draw the curves of all runs, or only that of the shown one."""
        self.train.overlay([] if self.train.shown >= {*self.train.runs} else self.train.runs)

    def remove(self, runs: Sequence[Run]) -> None:
        """Those that have ended; it can be undone."""
        gone = [run for run in runs if not run.live]
        if gone:
            self._try(lambda: self.train.remove(*gone))

    def _try(self, deed: Callable[[], object]) -> None:
        try:
            deed()
        except ValueError as error:
            self.session.tell(error)

    # by key and by menu

    def key(self, event: QKeyEvent, runs: Sequence[Run]) -> bool:
        """Delete takes the selected runs away."""
        if event.key() == Qt.Key.Key_Delete and runs:
            self.remove(runs)
            return True
        return False

    def fill(self, menu: QMenu, runs: Sequence[Run], write_note: Callable[[], object]) -> None:
        """What can be done with these runs, into the menu."""
        if len(runs) == 1:
            self._fill_one(menu, runs[0], write_note)
        elif runs:
            _entry(menu, f"Compare these {len(runs)}", "eye", lambda: self.only(runs))
        if runs:
            self._fill_export(menu.addMenu(icon("export", "text"), "Export"), runs)
            menu.addSeparator()
            gone = [run for run in runs if not run.live]
            word = "Remove" if len(runs) == 1 else f"Remove {plural(len(gone), 'run')}"
            entry = _entry(menu, word, "trash", lambda: self.remove(runs))
            entry.setShortcut(Qt.Key.Key_Delete)
            entry.setEnabled(bool(gone))

    def _fill_one(self, menu: QMenu, run: Run, write_note: Callable[[], object]) -> None:
        if self.can_go_on(run):
            _entry(menu, "Go on", "play", lambda: self.go_on(run)).setEnabled(not self.train.busy)
        if run.step:
            longer = menu.addMenu(icon("plus", "text"), "Make it longer")
            for steps in (*MORE, *({run.steps} - set(MORE))):
                _entry(longer, f"{count(steps)} more steps", "", partial(self.extend, run, steps))
        _entry(menu, "Repeat exactly", "refresh", lambda: self.repeat(run))
        _entry(menu, "Copy and edit", "duplicate", lambda: self.duplicate(run))
        _entry(menu, "Three seeds", "dice", lambda: self.more_seeds(run))
        if run.snapshots:
            self._fill_starts(menu.addMenu(icon("branch", "text"), "New run from its weights"), run)
        entry = _entry(menu, "Note and tags", "pencil", write_note)
        entry.setShortcut(Qt.Key.Key_F2)

    def _fill_starts(self, menu: QMenu, run: Run) -> None:
        """The moment of the time machine, the end, and a few between."""
        moment = self.session.inside.moment
        steps = [moment] if moment in run.snapshots and run is self.train.run else []
        steps += run.snapshots[:0:-1][:: max(1, len(run.snapshots) // 6)]
        for step in dict.fromkeys(steps):
            where = ", on the time machine" if step == moment else ", the newest" if step == run.snapshots[-1] else ""
            _entry(menu, f"Step {count(step)}{where}", "", partial(self.start_from, run, step))

    def _fill_export(self, menu: QMenu, runs: Sequence[Run]) -> None:
        for kind in get_args(export.Kind):
            words = export.KINDS[kind]
            _entry(menu, words, "", partial(exporting.ask, self.session, self.host, runs, kind))


def _entry(menu: QMenu, text: str, symbol: str, deed: Callable[[], object]) -> QAction:
    entry = menu.addAction(icon(symbol, "text"), text) if symbol else menu.addAction(text)
    entry.triggered.connect(lambda: deed())
    return entry
