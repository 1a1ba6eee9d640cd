"""One thread for one kind of work. Long work is a generator; the thread takes turns between its jobs.

Between turns it answers questions, so a panel can look at the weights while they train, without locks or copies.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")
SLICE = 0.015  # seconds of a turn: a training step is one turn, several tokens of a chat share one


class Job:
    """A generator at work. `log` only grows: each reader keeps its own place in it."""

    def __init__(
        self, steps: Generator[Any, None, Any], wake: Callable[[], None], log: list[Any] | None = None
    ) -> None:
        self.log: list[Any] = [] if log is None else log
        self.paused = self.stopped = False
        self.done: Future[Any] = Future()  # what the generator returned, None if stopped, or its error
        self._steps, self._wake = steps, wake
        self._single = 0  # steps asked for while paused
        self._counts: Callable[[Any], bool] = _any  # which news is a step

    def pause(self, on: bool = True) -> None:
        self.paused = on
        self._wake()

    def step_once(self, counts: Callable[[Any], bool] | None = None) -> None:
        """Run to the next piece of news, or to the next that `counts`, then pause."""
        self.paused = True
        self._counts = counts or _any
        self._single += 1
        self._wake()

    def stop(self) -> None:
        """Ask the job to end at its next yield. Do not wait for it here: read `done`."""
        self.stopped = True
        self._wake()

    @property
    def running(self) -> bool:
        return not self.done.done()

    @property
    def ready(self) -> bool:
        return self.running and (self.stopped or not self.paused or self._single > 0)

    def turn(self) -> None:
        """Run for one slice of time. A yield of None is a place to be stopped at, with nothing to tell."""
        end = time.perf_counter() + SLICE
        while self.ready:
            self._advance()
            if self._single or time.perf_counter() >= end:
                return

    def _advance(self) -> None:
        try:
            if self.stopped:
                self._steps.close()  # runs the generator's finally: save, free
                self.done.set_result(None)
                return
            if (news := next(self._steps)) is not None:
                self.log.append(news)
                self._single = max(0, self._single - self._counts(news))
        except StopIteration as end:
            self.done.set_result(end.value)
        except Exception as error:
            if not isinstance(error, ValueError):
                log.exception("A job failed")
            self.done.set_exception(error)


def _any(news: object) -> bool:
    return True


class Worker:
    def __init__(self, name: str) -> None:
        self._jobs: list[Job] = []
        self._calls: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()

    @property
    def here(self) -> bool:
        """The caller is on this worker's thread."""
        return threading.current_thread() is self._thread

    def start(self, steps: Generator[Any, None, Any], log: list[Any] | None = None) -> Job:
        """Begin a job; its news goes to `log`, where one is given, behind what is there."""
        job = Job(steps, lambda: self._calls.put(lambda: None), log)
        self._calls.put(lambda: self._jobs.append(job))
        return job

    def ask(self, function: Callable[..., T], *args: Any) -> "Future[T]":
        """Call `function` on this worker's thread, between two turns."""
        question = _Question(function, args)
        self._calls.put(question)
        return question.answer

    def close(self, timeout: float = 30.0) -> None:
        """Stop every job and the thread; what was asked before is still answered."""
        self._calls.put(None)
        self._thread.join(timeout)

    def _loop(self) -> None:
        while True:
            busy = any(job.ready for job in self._jobs)
            try:
                while True:  # answer all that is asked, then give each job its turn
                    call = self._calls.get(block=not busy)
                    if call is None:
                        return self._stop_all()
                    call()
                    busy = True
            except queue.Empty:
                pass
            for job in self._jobs:
                job.turn()
            self._jobs = [job for job in self._jobs if job.running]

    def _stop_all(self) -> None:
        for job in self._jobs:
            job.stopped = True
            job.turn()


class _Question(Generic[T]):
    def __init__(self, function: Callable[..., T], args: tuple[Any, ...]) -> None:
        self.answer: Future[T] = Future()
        self._function, self._args = function, args

    def __call__(self) -> None:
        if not self.answer.set_running_or_notify_cancel():
            return
        try:
            self.answer.set_result(self._function(*self._args))
        except Exception as error:
            if not isinstance(error, ValueError):
                log.exception("A question failed")
            self.answer.set_exception(error)
