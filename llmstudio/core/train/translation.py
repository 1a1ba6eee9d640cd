"""When a run computes with a compiled step: as soon as there is one, and made beside the run where that pays."""

from collections.abc import Iterator
from time import perf_counter

from llmstudio.core.data.faults import reason

from . import compiled
from .events import Changed, Note
from .learner import Learner

PAYS = 60.0  # seconds still to go below which the making would cost more than it brings
FEW = 10  # steps after which it is known how long the rest takes


class Translation:
    """`planned`: only when the run's own plan says so, to repeat one exactly."""

    def __init__(self, compiler: compiled.Compiler | None, planned: bool) -> None:
        self._compiler = compiler
        self._planned = planned
        self._wish: compiled.Wish | None = None  # the last one that was looked for, so that each is looked for once
        self._making = False
        self._timed: tuple[int, float] | None = None  # step and time from which the pace is taken

    def go_on(self, learner: Learner) -> bool:
        """Use the compiled step if it is there: whether it is used now."""
        self._wish = wish = learner.wish
        if self._compiler is None or wish is None:
            return False
        ready = self._compiler.ready(wish)
        return ready is not None and learner.take(ready, wish.rows)

    def turn(self, learner: Learner, step: int, steps: int) -> Iterator[Changed | Note]:
        """Called between steps: what is to be told, a `Changed` where the compiled step is used from here on."""
        wish = learner.wish
        if wish != self._wish and learner.engine.compiled is not None:
            learner.drop()  # made for another batch, another goal or other threads
            self._wish = None  # it is looked for again when it is wished for again
        if self._compiler is None or self._planned or wish is None or learner.engine.compiled is not None:
            return
        if wish != self._wish:
            self._wish, self._making, self._timed = wish, False, None
            if self.go_on(learner):
                yield Changed(step=step, fields={"compiled": True}, why="machine")
                return
            self._making = self._compiler.working(wish)  # somebody began before the run did
        if self._making:
            yield from self._made(learner, wish, step)
        elif self._pays(step, steps):
            yield from self._make(wish, step)

    def _pays(self, step: int, steps: int) -> bool:
        if self._timed is None:
            self._timed = (step, perf_counter())
        first, begun = self._timed
        if step != first + FEW:
            return False
        return (perf_counter() - begun) / FEW * (steps - step) > PAYS

    def _make(self, wish: compiled.Wish, step: int) -> Iterator[Note]:
        assert self._compiler
        if why := compiled.cannot(wish.model) or compiled.why_not():
            yield Note(step=step, text=why)
            return
        try:
            if not self._compiler.working(wish):
                self._compiler.start(wish)
            self._making = True
        except OSError as error:
            yield Note(step=step, text=f"The step could not be translated; the run goes on as it is: {reason(error)}")

    def _made(self, learner: Learner, wish: compiled.Wish, step: int) -> Iterator[Changed | Note]:
        assert self._compiler
        if self._compiler.working(wish):
            return
        self._making = False
        if self.go_on(learner):
            yield Changed(step=step, fields={"compiled": True}, why="machine")
            yield Note(step=step, text="From here on the step is translated for this machine.", flag="compiled")
        elif self._compiler.gave_way(wish):
            self._timed = None  # whether it still pays is seen anew
        else:
            yield Note(step=step, text="The step could not be translated for this machine: the run goes on as it is.")
