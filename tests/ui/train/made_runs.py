"""Runs that were never trained: their logs are made, so that every number of a picture is known."""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from llmstudio.core.train.events import Evaluated, Event, Step
from llmstudio.core.train.schedule import learning_rate
from llmstudio.session.run import Run
from llmstudio.session.session import Session


class Going:
    """Stands for the job of a run that goes on."""

    running, paused = True, False

    def stop(self) -> None:
        self.running = False


def told(recipe, first: int, last: int, seed: int = 0) -> list[Event]:
    rng, found = np.random.default_rng(seed), []
    for step in range(first, last + 1):
        loss = 1.4 + 0.05 * seed + 2.6 * step**-0.3 + float(rng.normal()) * 0.1
        rate = learning_rate(recipe, step - 1)
        gradient = float(rng.lognormal(-0.3, 0.4))
        found.append(Step(step=step, loss=loss, learning_rate=rate, gradient=gradient, seconds=step * 0.01))
        if step % 100 == 0:
            found.append(Evaluated(step=step, loss=loss + 0.1))
    return found


def make(session: Session, lengths: Sequence[int], steps: int = 2000, more: Sequence[Event] = ()) -> list[Run]:
    """Runs of these lengths, all laid over each other; the last is looked at and has told `more` too."""
    runs = []
    for number, length in enumerate(lengths, 1):
        recipe = replace(session.train.recipe, steps=steps, warmup=50, clip=1.0, batch=number)
        log = told(recipe, 1, length, number)
        if number == len(lengths):
            log = sorted([*log, *more], key=lambda event: event.step)
        state = "finished" if length == steps else "stopped"
        made = Run(name=f"run {number}", number=number, model=session.build.model, recipe=recipe, state=state, log=log)
        runs.append(made)
    session.train.runs = runs
    session.train.shown = {*runs}
    session.train.show(runs[-1])
    return runs
