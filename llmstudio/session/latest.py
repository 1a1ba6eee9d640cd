"""The newest answer to a question that changes: asked again while somebody looks, a few times a second."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from msgspec import Struct

from .hall import Hall, sentence
from .signal import Signal

T = TypeVar("T")
SOON, EVERY = 0.05, 0.25  # least seconds between two questions: about something else, and about the same further on
SHARE = 0.04  # of the worker's time that may go into answers


class Key(Struct, frozen=True, kw_only=True):
    """What an answer depends on. An answer of another `whose` is dropped at once; where only the rest changed, it
    stays until the next one is there."""

    whose: object  # the run
    what: object = None  # the moment, the text
    far: object = None  # how far a live run has come


class Latest(Generic[T]):
    """At most one question is in flight; an answer that came too late, because something else is wanted by then, is
    dropped. Where answers take long, they are asked for less often: training has the rest of the time."""

    def __init__(self, hall: Hall, key: Callable[[], Key], ask: Callable[[], "Future[T]"]) -> None:
        self.changed = Signal()
        self.value: T | None = None
        self.error = ""  # why there is no answer, in one sentence
        self._hall, self._key, self._ask = hall, key, ask
        self._answered: Key | None = None
        self._asked: Key | None = None  # in flight
        self._at = 0.0
        self._cost = 0.0  # seconds that the last answer took on the worker

    def keep(self) -> None:
        """Ask again if something changed. Call it while the answer is on the screen; hidden views cost nothing."""
        key, now = self._key(), time.monotonic()
        if self._answered is not None and self._answered.whose != key.whose:
            self._put(None, "", None)
        if self._asked is not None or key == self._answered or now - self._at < self._pause(key):
            return
        self._at = now
        try:
            future = self._ask()
        except ValueError as error:
            self._put(None, str(error), None)
            return
        self._asked = key
        self._hall.then(future, self._got, self._failed)

    def timed(self, answer: Callable[..., T]) -> Callable[..., T]:
        """The function, remembering how long it took. It runs on the worker."""

        def measured(*args: Any) -> T:
            start = time.perf_counter()
            try:
                return answer(*args)
            finally:
                self._cost = time.perf_counter() - start

        return measured

    def reset(self) -> None:
        """Forget everything: another project was opened."""
        self._asked = None
        self._put(None, "", None)

    def _pause(self, key: Key) -> float:
        answered = self._answered
        if answered is None or (answered.whose, answered.what) != (key.whose, key.what):
            return SOON
        return max(EVERY, self._cost / SHARE)

    def _wanted(self, asked: Key | None) -> bool:
        now = self._key()
        return asked is not None and (asked.whose, asked.what) == (now.whose, now.what)

    def _got(self, value: T) -> None:
        asked, self._asked = self._asked, None
        if self._wanted(asked):
            self._put(value, "", asked)

    def _failed(self, error: BaseException) -> None:
        asked, self._asked = self._asked, None
        if self._wanted(asked):
            self._put(None, sentence(error), asked)

    def _put(self, value: T | None, error: str, answered: Key | None) -> None:
        self._answered = answered
        if value is None and self.value is None and error == self.error:
            return
        self.value, self.error = value, error
        self.changed.emit()
