"""A value that can be edited and un-edited: undo is a list of old values."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
MERGE_SECONDS = 1.0
KEPT = 500  # old values kept


class Edits(Generic[T]):
    def __init__(self, value: T, changed: Callable[[], object]) -> None:
        self._value = value
        self._changed = changed
        self._undo: list[T] = []
        self._redo: list[T] = []
        self._last = (0.0, "")  # when the last edit came, and of what

    @property
    def value(self) -> T:
        return self._value

    @property
    def can_undo(self) -> bool:
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        return bool(self._redo)

    def edit(self, value: T, what: str = "") -> None:
        """Take a new value. Quick edits of the same `what` (a slider being dragged) undo as one."""
        if value == self._value:
            return
        now = time.monotonic()
        merged = bool(what) and what == self._last[1] and now - self._last[0] < MERGE_SECONDS and bool(self._undo)
        if not merged:
            self._undo = [*self._undo[-KEPT:], self._value]
        elif value == self._undo[-1]:  # back where it was: nothing to undo
            self._undo.pop()
            what = ""
        self._redo.clear()
        self._last = (now, what)
        self._put(value)

    def undo(self) -> None:
        if self._undo:
            self._redo.append(self._value)
            self._last = (0.0, "")
            self._put(self._undo.pop())

    def redo(self) -> None:
        if self._redo:
            self._undo.append(self._value)
            self._last = (0.0, "")
            self._put(self._redo.pop())

    def reset(self, value: T) -> None:
        """Start over from `value`: another project was opened, or a value follows from elsewhere."""
        self._undo.clear()
        self._redo.clear()
        self._put(value)

    def follow(self, rule: Callable[[T], T]) -> None:
        """Apply `rule` to the value and to all old and undone ones: something outside changed, not an edit."""
        self._undo = [rule(value) for value in self._undo]
        self._redo = [rule(value) for value in self._redo]
        if (value := rule(self._value)) != self._value:
            self._put(value)

    def _put(self, value: T) -> None:
        self._value = value
        self._changed()
