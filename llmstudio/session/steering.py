"""Changing the recipe of a run while it goes on: what was edited is sent to it, and held as true until it tells so."""

import time
from typing import Any

from msgspec.structs import replace

from ..core.train.recipe import LIVE, Recipe
from . import launch
from .hall import Hall
from .run import Run

QUIET = 0.25  # seconds without another edit before a slider that is being dragged counts


class Steering:
    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._run: Run | None = None
        self._asked: dict[str, Any] = {}  # wanted, and not told by the run yet
        self._unsent: dict[str, Any] = {}
        self._send_at = 0.0
        self._seen = 0  # changes of the run that were looked at

    def in_force(self, run: Run) -> Recipe:
        """The run's recipe with what was asked of it."""
        return replace(run.recipe_now, **self._asked) if run is self._run and self._asked else run.recipe_now

    def missed(self, run: Run) -> dict[str, Any]:
        """What was asked of a run that has ended, and came too late for it."""
        if run is not self._run:
            return {}
        told = {name for event in run.changes[self._seen :] for name in event.fields}
        return {name: value for name, value in self._asked.items() if name not in told}

    def change(self, run: Run, fields: dict[str, Any], what: str = "") -> None:
        """Change these fields before the run's next step; those of one drag (`what`) when it has come to rest."""
        live = {name: value for name, value in fields.items() if name in LIVE}
        if not live:
            return
        if run is not self._run:
            self._send()
            self._run, self._asked, self._seen = run, {}, len(run.changes)
        self._asked |= live
        self._unsent |= live
        self._send_at = time.monotonic() + (QUIET if what else 0.0)
        if not what:
            self._send()

    def poll(self) -> None:
        if self._unsent and time.monotonic() >= self._send_at:
            self._send()
        if self._run is None or not self._asked:
            return
        if not self._run.live:
            self._asked, self._unsent = {}, {}
            return
        now, told = self._run.recipe_now, self._run.changes[self._seen :]
        self._seen += len(told)
        over = {name for event in told if event.why != "person" for name in event.fields}  # the run knew better
        self._asked = {
            name: value
            for name, value in self._asked.items()
            if name in self._unsent or (name not in over and getattr(now, name) != value)
        }

    def clear(self) -> None:
        self._run, self._asked, self._unsent = None, {}, {}

    def _send(self) -> None:
        run, fields, self._unsent = self._run, self._unsent, {}
        if fields and run and run.live and run.worker:
            self._hall.then(run.worker.ask(launch.change, run, fields), lambda _: None, self._refused)

    def _refused(self, error: BaseException) -> None:
        self._asked = {}
        self._hall.tell(error)


def differences(old: Recipe, new: Recipe) -> dict[str, Any]:
    """The fields of `new` that are others than in `old`."""
    return {name: getattr(new, name) for name in new.__struct_fields__ if getattr(new, name) != getattr(old, name)}
