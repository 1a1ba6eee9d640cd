"""Telling listeners that something changed. No payload: a listener reads what it needs from the session."""

from collections.abc import Callable
from inspect import ismethod
from weakref import WeakMethod


class Signal:
    def __init__(self) -> None:
        self._slots: list[Callable[[], Callable[[], object] | None]] = []

    def connect(self, slot: Callable[[], object]) -> None:
        """Call `slot` at every emit. A bound method is held weakly: a dropped panel falls silent."""
        self._slots.append(WeakMethod(slot) if ismethod(slot) else lambda: slot)

    def emit(self) -> None:
        self._slots = [ref for ref in self._slots if ref() is not None]
        for ref in list(self._slots):
            if slot := ref():
                slot()
