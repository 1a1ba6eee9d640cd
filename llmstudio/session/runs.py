"""The runs of the open project: which there are, which is looked at, and what is said of them."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from .hall import Hall
from .records import Records
from .run import Run
from .signal import Signal

if TYPE_CHECKING:
    from .opened import Opened

SHOWN = 8  # runs that are laid over one another unasked: as many as there are colours
LONGEST_NAME = 100  # bytes
LONGEST_NOTE = 10_000  # letters


class Runs:
    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self.changed = Signal()  # which runs there are, how they are, or what is said of them
        self.runs: list[Run] = []
        self.run: Run | None = None  # the one looked at
        self.shown: set[Run] = set()  # those laid over it in the charts
        self.hovered = Signal()  # the step under the pointer, which all charts share, changed
        self.hover: int | None = None
        self.span: tuple[float, float] | None = None  # the steps that all charts show; None: all of them
        self.span_changed = Signal()
        self._records = Records(hall)
        self._gone: set[str] = set()  # names of removed runs: their folders may be wanted back

    # which is looked at

    def show(self, run: Run | None) -> None:
        self.run = run
        self.changed.emit()

    def toggle(self, run: Run) -> None:
        """Lay a run over the one looked at, or take it off."""
        self.shown ^= {run}
        self.changed.emit()

    def overlay(self, runs: Iterable[Run]) -> None:
        """Lay these over the one looked at, and no others."""
        self.shown = {*runs}
        self.changed.emit()

    @property
    def overlaid(self) -> list[Run]:
        """All runs to draw: the one looked at and those laid over it, oldest first."""
        return [run for run in self.runs if run is self.run or run in self.shown]

    def hover_at(self, step: int | None) -> None:
        """Put the cross-hair of every chart at a step, or (None) away."""
        if step != self.hover:
            self.hover = step
            self.hovered.emit()

    def look_at(self, span: tuple[float, float] | None) -> None:
        """Let every chart show these steps, or (None) all of them."""
        if span != self.span:
            self.span = span
            self.span_changed.emit()

    def named(self, name: str = "") -> Run:
        """The run of that name, or the newest. ValueError where there is none."""
        found = [run for run in self.runs if run.name == name or not name]
        if not found:
            there = ", ".join(run.name for run in self.runs) or "none"
            raise ValueError(
                f"There is no run named {name}; there is: {there}." if name else "There is no run yet. Train one first."
            )
        return found[-1]

    def folder(self, run: Run) -> Path:
        return self._hall.folder.run(run.name)

    # what is said of them

    def annotate(self, run: Run, *, note: str | None = None, tags: tuple[str, ...] | None = None) -> None:
        """Change a run's note or its tags; None leaves them."""
        note = run.note if note is None else note.strip()[:LONGEST_NOTE]
        words = run.tags if tags is None else tags
        about = replace(run.about, note=note, tags=tuple(dict.fromkeys(filter(None, map(str.strip, words)))))
        if about != run.about:
            run.about = about
            self._records.about(run)
            self.changed.emit()

    def remove(self, *runs: Run) -> None:
        """Move runs out of the way; the notice's undo brings them back. ValueError where one still goes on."""
        for run in runs:
            if run.live or run.state == "training":
                raise ValueError(f"{run.name} is still going on. Stop it first.")
        before, places = self.shown, {run: self.runs.index(run) for run in runs}
        self.runs = [run for run in self.runs if run not in places]
        self.shown = self.shown - {*runs}
        for run in runs:
            self._gone.add(run.name)
            self._records.remove(run)
        if self.run in places:
            self.run = self.runs[-1] if self.runs else None

        def back() -> None:
            for run, place in sorted(places.items(), key=lambda pair: pair[1]):
                self.runs.insert(min(place, len(self.runs)), run)
                self._gone.discard(run.name)
                self._records.remove(run, False)
            self.shown = before & {*self.runs}
            self.show(runs[0])

        if runs:
            self._hall.say(f"{runs[0].name if len(runs) == 1 else f'{len(runs)} runs'} removed", undo=back)
            self.changed.emit()

    # for the room

    def enter(self, opened: "Opened") -> None:
        self.runs = [*opened.runs]
        self.shown = {*self.runs[-SHOWN:]}
        self.run = self.runs[-1] if self.runs else None
        self._gone = {*opened.removed}
        self._records.enter(self.runs)

    def leave(self) -> None:
        self.runs, self.run, self.shown, self.hover, self.span = [], None, set(), None, None

    def _check_name(self, name: str) -> None:
        """ValueError where it cannot be the name of a new run."""
        if any(run.name == name for run in self.runs):
            raise ValueError(f"There is a run named {name} already. Choose another name.")
        if name in self._gone:
            raise ValueError(f"A run named {name} was removed, and may be wanted back. Choose another name.")
        if len(name.encode("utf-8", "replace")) > LONGEST_NAME:
            raise ValueError(f"A run's name becomes a folder: take a name of at most {LONGEST_NAME} letters.")
        if name and (
            name != name.strip() or name.startswith(".") or any(c in '/\\:*?"<>|' or not c.isprintable() for c in name)
        ):
            raise ValueError(
                "A run's name becomes a folder: leave out slashes, colons, quotes, and dots or spaces at its ends."
            )
        if name and self._hall.folder.run(name).exists():  # another's weights may be in it
            raise ValueError(f"There is a folder named {name} among the runs already. Choose another name.")

    def _free_name(self, number: int) -> tuple[str, int]:
        """The name of the next run, which nobody has taken by hand and no folder has, and its number."""
        taken = {run.name for run in self.runs} | self._gone
        while f"run {number}" in taken or self._hall.folder.run(f"run {number}").exists():
            number += 1
        return f"run {number}", number
