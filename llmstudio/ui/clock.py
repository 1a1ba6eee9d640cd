"""The window's heartbeat: the session is polled, and one thing at a time takes in what is new and draws it.

What is drawn costs the training time: while a run goes on and nobody is at the mouse, the heart beats slower.
"""

from collections.abc import Callable
from time import perf_counter
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication

BEAT, CALM = 16, 64  # ms: one frame; while a run is only looked at
AWAKE = 1.5  # seconds after the pointer moved in which it is not calm
POLL_EVERY = 32  # ms
LATE = 0.006  # seconds: after a poll as long as this, nothing else is drawn on that beat


class Ticking(Protocol):
    def tick(self) -> object: ...


class Clock(QObject):
    """Each beat at most one of `turns()` ticks, so no frame draws two panels; `quiet` ones share one turn.

    `sparing()`: work goes on that drawing takes time from.
    """

    def __init__(
        self,
        parent: QObject,
        poll: Callable[[], object],
        turns: Callable[[], list[Ticking]],
        quiet: list[Ticking],
        sparing: Callable[[], bool],
    ) -> None:
        super().__init__(parent)
        self._poll, self._turns, self._quiet, self._sparing = poll, turns, quiet, sparing
        self._beats = self._turn = self._quiet_turn = 0
        self._pointer, self._moved = QCursor.pos(), perf_counter()
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
        pace = self._pace()
        if pace != self._timer.interval():
            self._timer.setInterval(pace)
        if self._beats * pace % POLL_EVERY == 0:
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

    def _pace(self) -> int:
        """Milliseconds to the next beat."""
        pointer, now = QCursor.pos(), perf_counter()
        if pointer != self._pointer or QApplication.mouseButtons():
            self._pointer, self._moved = pointer, now
        return CALM if self._sparing() and now - self._moved > AWAKE else BEAT
