"""The window's heartbeat: the session is polled, and one thing at a time takes in what is new and draws it."""

from collections.abc import Callable
from time import perf_counter
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer

BEAT = 16  # ms: one frame
POLL_EVERY = 2  # beats
LATE = 0.006  # seconds: after a poll as long as this, nothing else is drawn on that beat


class Ticking(Protocol):
    def tick(self) -> object: ...


class Clock(QObject):
    """Each beat at most one of `turns()` ticks, so no frame draws two panels; `quiet` ones share one turn."""

    def __init__(
        self,
        parent: QObject,
        poll: Callable[[], object],
        turns: Callable[[], list[Ticking]],
        quiet: list[Ticking],
    ) -> None:
        super().__init__(parent)
        self._poll, self._turns, self._quiet = poll, turns, quiet
        self._beats = self._turn = self._quiet_turn = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT)
        self._timer.timeout.connect(self.beat)

    def start(self) -> None:
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def beat(self) -> None:
        self._beats += 1
        if self._beats % POLL_EVERY == 0:
            start = perf_counter()
            self._poll()
            if perf_counter() - start > LATE:
                return
        turns = self._turns()
        self._turn = (self._turn + 1) % (len(turns) + 1)
        if self._turn < len(turns):
            turns[self._turn].tick()
        else:
            self._quiet_turn = (self._quiet_turn + 1) % len(self._quiet)
            self._quiet[self._quiet_turn].tick()
