"""A value that can be edited and un-edited: undo is a list of old values, each with what was selected then."""

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
MERGE_SECONDS = 1.0
KEPT = 500  # old values kept


def _nothing(_: Any = None) -> None:
    """For a value of which nothing is selected."""


class Edits(Generic[T]):
    """`chosen` tells what is selected, `choose` selects it again once an edit of it is undone or redone."""

    def __init__(
        self,
        value: T,
        changed: Callable[[], object],
        chosen: Callable[[], Any] = _nothing,
        choose: Callable[[Any], object] = _nothing,
    ) -> None:
        self._value = value
        self._changed, self._chosen, self._choose = changed, chosen, choose
        self._undo: list[tuple[T, Any]] = []
        self._redo: list[tuple[T, Any]] = []
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
            self._undo = [*self._undo[-KEPT:], (self._value, self._chosen())]
        elif value == self._undo[-1][0]:  # back where it was: nothing to undo
            self._undo.pop()
            what = ""
        self._redo.clear()
        self._last = (now, what)
        self._put(value)

    def undo(self) -> None:
        self._step(self._undo, self._redo)

    def redo(self) -> None:
        self._step(self._redo, self._undo)

    def reset(self, value: T) -> None:
        """Start over from `value`: another project was opened, or a value follows from elsewhere."""
        self._undo.clear()
        self._redo.clear()
        self._put(value)

    def follow(self, rule: Callable[[T], T]) -> None:
        """Apply `rule` to the value and to all old and undone ones: something outside changed, not an edit."""
        self._undo = [(rule(value), chosen) for value, chosen in self._undo]
        self._redo = [(rule(value), chosen) for value, chosen in self._redo]
        if (value := rule(self._value)) != self._value:
            self._put(value)

    def _step(self, back: list[tuple[T, Any]], forth: list[tuple[T, Any]]) -> None:
        if back:
            forth.append((self._value, self._chosen()))
            self._last = (0.0, "")
            value, chosen = back.pop()
            self._put(value)
            self._choose(chosen)

    def _put(self, value: T) -> None:
        self._value = value
        self._changed()
