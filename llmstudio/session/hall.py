"""What every room shares: two workers, the open project, settings, sentences for the person, the way results come back.

Everything here changes on one thread, the caller's. Workers hand their results over in `poll`, which the window's clock
or the command line's `wait` calls.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from ..core.data.faults import reason
from . import settings as settings_file
from .project import Folder, Project
from .signal import Signal
from .worker import Job, Worker

if TYPE_CHECKING:
    from .opened import Opened

log = logging.getLogger(__name__)
POLL_SECONDS = 0.01


class Notice(Struct, frozen=True, kw_only=True):
    """One sentence for the person, shown as a toast; `deed` is what they may do about it: (word, what it does)."""

    text: str
    kind: str = "info"  # or "error", or "done": long work is over, worth a notification of the desktop
    deed: tuple[str, Callable[[], object]] | None = None


class Hall:
    def __init__(self) -> None:
        self.models, self.files = Worker("models"), Worker("files")
        self.settings = settings_file.load()
        self.settings_changed, self.project_changed, self.noticed = Signal(), Signal(), Signal()
        self.notices: list[Notice] = []
        self.opened: Opened | None = None
        self._waiting: list[
            tuple[Future[Any], Callable[[Any], object], Callable[[BaseException], object], Future[Any]]
        ] = []
        self._workers: dict[str, Worker] = {}  # by device

    def worker(self, device: str) -> Worker:
        """The thread for the models on a device: `models` for the first that is asked for, another for each other."""
        if device not in self._workers:
            self._workers[device] = Worker(f"models on {device}") if self._workers else self.models
        return self._workers[device]

    def end(self) -> None:
        """End every thread; what was asked before is still answered."""
        for worker in {id(each): each for each in (self.models, self.files, *self._workers.values())}.values():
            worker.close()

    @property
    def project(self) -> Project | None:
        return self.opened.project if self.opened else None

    @property
    def folder(self) -> Folder:
        assert self.opened, "no project is open"
        return self.opened.folder

    def edit_project(self, **fields: Any) -> None:
        """Change project.json and save it."""
        assert self.opened
        self.opened.project = replace(self.opened.project, **fields)
        self.save(self.opened.folder.write, self.opened.project)

    def save(self, write: Callable[..., object], *what: Any) -> None:
        """Save on the file thread, in order; a failure is told."""
        if self.opened and self.opened.lock:
            self.then(self.files.ask(write, *what), lambda _: None)

    def edit_settings(self, **fields: Any) -> None:
        self.settings = replace(self.settings, **fields)
        self.then(self.files.ask(settings_file.save, self.settings), lambda _: None)
        self.settings_changed.emit()

    # waiting for workers

    def then(
        self,
        future: "Future[Any]",
        done: Callable[[Any], object],
        failed: Callable[[BaseException], object] | None = None,
    ) -> "Future[Any]":
        """Call `done(result)` on this thread once the future has one. The future given back is done after that.

        Where `done` gives a future in its turn, that one is waited for too.
        """
        after: Future[Any] = Future()
        self._waiting.append((future, done, failed or self.tell, after))
        return after

    def poll(self) -> None:
        """Take in what the workers have finished. Call it often, on the thread that owns the session."""
        ready = [entry for entry in self._waiting if entry[0].done()]
        self._waiting = [entry for entry in self._waiting if not entry[0].done()]
        for future, done, failed, after in ready:
            try:
                result = future.result()
            except (Exception, CancelledError) as error:  # noqa: BLE001  (handed on: `failed` tells it)
                failed(error)
                after.set_exception(error)
            else:
                more = done(result)
                if isinstance(more, Future):
                    self._waiting.append((more, _nothing, _nothing, after))
                else:
                    after.set_result(result)

    def wait(self, work: "Job | Future[Any]", each: Callable[[], object] | None = None) -> Any:
        """Poll until a job or future is done and give its result; `each` is called meanwhile. For scripts and tests."""
        future = work.done if isinstance(work, Job) else work
        while not future.done():
            self.poll()
            if each:
                each()
            time.sleep(POLL_SECONDS)
        self.poll()
        if each:
            each()
        return future.result()

    def say(
        self,
        text: str,
        kind: str = "info",
        undo: Callable[[], object] | None = None,
        deed: tuple[str, Callable[[], object]] | None = None,
    ) -> None:
        """Show a sentence, with what takes it back or another deed."""
        self.notices.append(Notice(text=text, kind=kind, deed=("Undo", undo) if undo else deed))
        self.noticed.emit()

    def tell(self, error: BaseException) -> None:
        """Show an error: a ValueError is written for the person, anything else is ours."""
        if isinstance(error, CancelledError):
            return
        if not isinstance(error, ValueError):
            log.error("A worker failed", exc_info=error)
        self.say(sentence(error), "error")


def _nothing(_: object) -> None:
    """For a future that is only waited for."""


def sentence(error: BaseException) -> str:
    """What to say about an error."""
    if isinstance(error, ValueError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'The disk'}: {reason(error)}"
    if isinstance(error, MemoryError) or "allocate memory" in str(error):  # torch raises a RuntimeError
        return "There is not enough memory for this. Close other programs, or take a smaller model or batch."
    return f"Something went wrong in the studio: {type(error).__name__}: {error}. The log has the details."
