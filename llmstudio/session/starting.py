"""How runs begin, go on and end, and the queue of those that wait for their turn."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ..core import memory
from ..core.model.check import Problem, data_problems, problems
from ..core.model.spec import Model
from ..core.train.recipe import Recipe
from . import launch
from .about import About, Origin
from .build import BuildRoom
from .data import DataRoom
from .hall import Hall, sentence
from .queued import Queued, moved
from .run import Run
from .runs import SHOWN, Runs
from .signal import Signal
from .weights import Weights

if TYPE_CHECKING:
    from .opened import Opened

READ_ONLY = "This project is open to be read only. Open it again to train."


class Starting(Runs):
    def __init__(self, hall: Hall, data: DataRoom, build: BuildRoom, weights: Weights) -> None:
        super().__init__(hall)
        self._data, self._build, self._weights = data, build, weights
        self.queue_changed = Signal()
        self.starting = False  # Train was pressed, the tokens are being made
        self.held = False  # the queue waits until `go` is called: it was found when the project was opened
        self.device = "cpu"  # torch's name of the one that new runs train on
        self.device_memory: int | None = None  # bytes of its own; None where it shares the computer's

    # what goes on

    @property
    def live(self) -> Run | None:
        """The run that goes on, paused or not; of several the one looked at, else the first."""
        if self.run and self.run.live:
            return self.run
        return next((run for run in self.runs if run.live), None)

    @property
    def busy(self) -> bool:
        """Nothing can begin now on the chosen device."""
        return self._busy(self.device)

    def _busy(self, device: str) -> bool:
        return self.starting or any(run.live and run.device == device for run in self.runs)

    # the queue

    @property
    def queue(self) -> tuple[Queued, ...]:
        """The runs that wait, next first."""
        return self._hall.project.queue if self._hall.project else ()

    def order(self, model: Model, recipe: Recipe, name: str = "", **more: Any) -> Queued:
        """A run to enqueue, on the chosen device: `more` are fields of `Queued`."""
        number = max((each.id for each in self.queue), default=0) + 1
        return Queued(**{"id": number, "model": model, "recipe": recipe, "name": name, "device": self.device, **more})

    def enqueue(self, orders: Iterable[Queued]) -> None:
        """Put runs at the end of the queue; the first begins as soon as nothing else trains on its device.

        ValueError, with nothing enqueued, where one of them could never train.
        """
        new = list(orders)
        taken = {each.name for each in self.queue if each.name}
        for each in new:
            self._check_name(each.name)
            if each.name in taken:
                raise ValueError(f"A run named {each.name} waits already. Choose another name.")
            if found := problems(each.model):
                raise ValueError(f"{each.label or 'The design'}: {found[0].text}")
        first = max((each.id for each in self.queue), default=0) + 1
        self._put_queue((*self.queue, *(replace(each, id=first + i) for i, each in enumerate(new))))
        self.go()

    def unqueue(self, item: int) -> None:
        """Take the one with this id out."""
        self._put_queue(tuple(each for each in self.queue if each.id != item))

    def move(self, item: int, place: int) -> None:
        """Put the one with this id at a place of the queue, counted from 0."""
        self._put_queue(moved(self.queue, item, place))

    def clear(self) -> None:
        before = self.queue
        self._put_queue(())
        if before:
            self._hall.say("The queue is empty", undo=lambda: self._put_queue(before))

    def go(self) -> None:
        """Let the queue go on, where it was found when the project was opened."""
        self.held = False
        self._next()

    def _put_queue(self, queue: tuple[Queued, ...]) -> None:
        if queue != self.queue:
            self._hall.edit_project(queue=queue)
            self.queue_changed.emit()

    def _next(self) -> None:
        """Begin what waits, where its device is free. What cannot begin leaves the queue, and why is said."""
        opened = self._hall.opened
        if self.held or self.starting or not opened or not opened.lock or self._data.busy or not self._data.sources:
            return
        for order in self.queue:
            if not self._busy(order.device):
                self._put_queue(tuple(each for each in self.queue if each is not order))
                self._hall.then(self._start(order), lambda _: None, lambda _: None)
                return

    # beginning

    def _problems(self, model: Model, recipe: Recipe) -> list[Problem]:
        """What keeps a design from training on this text, as far as it is known, on this machine, now."""
        manifest = self._data.manifest if self._data.ready else None
        free = (
            None if self._build.estimate.fits(model, recipe) else memory.available()
        )  # it did fit: no sum knows better
        return data_problems(model, recipe, manifest, free, self.device_memory)

    def _start(self, order: Queued) -> "Future[Any]":
        """Make the tokens where they are missing or old, then begin. The future is done when the run has begun."""
        return self._once_prepared(lambda prepared: self._begin(prepared, order))

    def _once_prepared(self, begin: Callable[[Any], object]) -> "Future[Any]":
        """Call `begin` when there are tokens of the text as it is; with None where making them was cancelled."""
        self.starting = True
        self.changed.emit()
        ready: Future[Any] = Future()
        if self._data.ready:
            ready.set_result(True)
        else:
            ready = self._data.prepare()
        return self._hall.then(ready, begin, lambda _: self._not_begun())

    def _begin(self, prepared: Any, order: Queued) -> "Future[Any] | None":
        if prepared is None or self._hall.project is None or self._data.manifest is None:  # cancelled, or closed
            self._not_begun()
            return None
        checked = self._hall.files.ask(_source, self._hall.folder, order.origin)
        return self._hall.then(checked, lambda source: self._make(order, source), self._not_made)

    def _make(self, order: Queued, start_from: Path | None) -> "Future[Any] | None":
        project, manifest = self._hall.project, self._data.manifest
        assert project and manifest
        model = order.model if order.origin else replace(order.model, vocab=manifest.vocab)
        if wrong := self._problems(model, order.recipe):
            self._hall.say(wrong[0].text, "error")
            self._not_begun()
            return None
        name, number = self._free_name(project.next_run)
        self._hall.edit_project(next_run=number + 1)
        about = About(
            group=order.group, label=order.label, created=time.time(), device=order.device, origin=order.origin,
            text=manifest.corpus,
        )  # fmt: skip
        run = Run(name=order.name or name, number=number, model=model, recipe=order.recipe, about=about)
        return self._hall.then(self._records.make(run), lambda _: self._first(run, start_from), self._not_made)

    def _first(self, run: Run, start_from: Path | None) -> None:
        self.runs.append(run)
        if len(self.shown) < SHOWN:
            self.shown.add(run)
        self._launch(run, start_from)

    def _not_begun(self) -> None:
        self.starting = False
        self.changed.emit()

    def _not_made(self, error: BaseException) -> None:
        self._hall.tell(error)
        self._not_begun()

    def _go_on(self, run: Run, step: int, fields: dict[str, Any]) -> None:
        run.cut(step)
        self._records.cut(run)
        self._launch(run, None, fields)

    def _launch(self, run: Run, start_from: Path | None = None, fields: dict[str, Any] | None = None) -> None:
        self.starting = False
        run.error, run.early = "", {}
        run.worker = self._hall.worker(run.device)
        run.job = run.worker.start(launch.work(run, self._hall.folder, start_from, fields or {}), run.log)
        self._records.put(run)
        self._hall.then(run.job.done, lambda _: self._ended(run), lambda error: self._ended(run, error))
        self.show(run)

    # ending

    def _ended(self, run: Run, error: BaseException | None = None) -> None:
        if run not in self.runs:  # its project was closed, which has seen to it
            return
        self._refresh(run)
        if error:
            run.error = sentence(error)
            self._hall.models.ask(self._weights.let_go, run)
            self._hall.tell(error)
        run.end("failed" if error else "finished" if run.step >= run.steps else "stopped")
        self._records.write(self.runs, now=True)
        self._records.end(run)
        if run.state == "finished":
            self._hall.say(_finished(run), "done")
        self.changed.emit()

    def _refresh(self, run: Run) -> None:
        """Take in a run's news and pass its notes on; the same one again only when something else came between."""
        known = len(run.notes)
        run.refresh()
        for note in run.notes[known:]:
            if not self._hall.notices or self._hall.notices[-1].text != note.text:
                self._hall.say(note.text, "error" if note.failed else "info")
            if note.pause:
                self.changed.emit()

    def enter(self, opened: "Opened") -> None:
        super().enter(opened)
        self.held = bool(self.queue)
        if self.held and opened.lock:
            count = len(self.queue)
            text = "1 run waits in the queue." if count == 1 else f"{count} runs wait in the queue."
            self._hall.say(text, deed=("Begin", self.go))

    def leave(self) -> None:
        going = [run for run in self.runs if run.live and run.job and run.worker]
        for run in going:
            assert run.job
            run.job.stop()
        for run in going:
            assert run.job and run.worker
            run.worker.ask(lambda: None).result(60)
            run.job.done.exception(60)
            self._ended(run)
        self._records.write(self.runs, now=True)
        super().leave()
        self.starting, self.held = False, False

    def poll(self) -> None:
        for run in self.runs:
            self._refresh(run)
        self._records.write(self.runs)
        if self.queue:
            self._next()


def _source(place: Any, origin: Origin | None) -> Path | None:
    """The weights that a new run begins with. ValueError where they are gone, or the text is in other tokens now."""
    if origin is None:
        return None
    if origin.repeats:
        launch.same_tokenizer(place, place.run(origin.repeats))
    if not origin.run:
        return None
    launch.same_tokenizer(place, place.run(origin.run))
    return launch.snapshot(place.run(origin.run), origin.step)


def _finished(run: Run) -> str:
    parts = [f"{run.name} is finished after {run.step:,} steps"]
    if run.validation.last is not None:
        parts.append(f"loss {run.validation.last:.3f} on text it has not learnt from")
    return f"{', '.join(parts)}."
