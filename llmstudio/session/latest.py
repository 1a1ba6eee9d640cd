"""The newest answer to a question that changes: asked again while somebody looks, a few times a second."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from .hall import Hall, sentence
from .signal import Signal

T = TypeVar("T")
EVERY = 0.25  # seconds between two questions


class Latest(Generic[T]):
    """`key` says what an answer depends on: (what is looked at, how far it has come). Where only the second part
    changed, the old answer stays until the new one is there; where the first did, it is dropped."""

    def __init__(self, hall: Hall, key: Callable[[], tuple[object, object]], ask: Callable[[], "Future[T]"]) -> None:
        self.changed = Signal()
        self.value: T | None = None
        self.error = ""  # why there is no answer, in one sentence
        self._hall, self._key, self._ask = hall, key, ask
        self._answered: tuple[object, object] | None = None
        self._asked: tuple[object, object] | None = None  # in flight
        self._at = 0.0

    def keep(self) -> None:
        """Ask again if something changed. Call it while the answer is on the screen; hidden views cost nothing."""
        key, now = self._key(), time.monotonic()
        if self._answered is not None and self._answered[0] != key[0]:
            self._put(None, "", None)
        if self._asked is not None or key == self._answered or now - self._at < EVERY:
            return
        self._at = now
        try:
            future = self._ask()
        except ValueError as error:
            self._put(None, str(error), key)
            return
        self._asked = key
        self._hall.then(future, self._got, self._failed)

    def reset(self) -> None:
        """Forget everything: another project was opened."""
        self._asked = None
        self._put(None, "", None)

    def _got(self, value: T) -> None:
        asked, self._asked = self._asked, None
        if asked is not None and asked[0] == self._key()[0]:
            self._put(value, "", asked)

    def _failed(self, error: BaseException) -> None:
        asked, self._asked = self._asked, None
        if asked is not None and asked[0] == self._key()[0]:
            self._put(None, sentence(error), asked)

    def _put(self, value: T | None, error: str, answered: tuple[object, object] | None) -> None:
        self._answered = answered
        if value is None and self.value is None and error == self.error:
            return
        self.value, self.error = value, error
        self.changed.emit()
