"""What is asked of the network before it is trained: how long a step takes here, and a sample of its writing."""

import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from .....core.train.recipe import Recipe

if TYPE_CHECKING:
    from .....core.model.spec import Model
    from .....core.train.compiled import Wish
    from .....core.train.speed import Speed
    from .....session.session import Session
    from .....session.worker import Job

MOST_MEMORY = 2e9  # bytes: a larger design is not tried out unasked
TOKENS = 60
PAYS = 20.0  # seconds of a run for which the step is translated ahead


class TryOut:
    """Runs on the model thread, once torch is there. `told` is called when something new is known."""

    def __init__(self, session: "Session", told: Callable[[], object]) -> None:
        self._session, self._told = session, told
        self.text = ""
        self._job: Job | None = None
        self._opened: object = None  # the project that was tried out
        self._making: Wish | None = None  # the step that is being translated for this machine
        self._pays_for: Speed | None = None  # what was measured when that was looked into
        self._look_at = 0.0
        self._of: tuple[object, ...] | None = None  # the design that `text` is of, or soon will be
        session.build.estimate.changed.connect(self._measured)

    @property
    def speed(self) -> "Speed | None":
        """Of this very design; None until it was measured."""
        estimate = self._session.build.estimate
        return estimate.speed if estimate.state == "measured" and self._of is not None else None

    @property
    def seconds(self) -> float | None:
        """A forecast of the whole run, None until a step was measured."""
        known = self.speed is not None and self._session.data.manifest is not None
        return self._session.build.estimate.seconds if known else None

    def follow(self) -> None:
        """Try again where the design is another one by now."""
        session = self._session
        if session.opened is not self._opened:
            self.stop()
            self._opened, self._of, self.text = session.opened, None, ""
            self._told()
        ready = session.data.ready and not session.build.problems and not session.train.busy
        recipe = session.train.recipe
        of = (session.build.model, recipe.prompt, recipe.seed, session.data.manifest)
        if not ready or session.build.estimate.memory.total > MOST_MEMORY:
            return
        session.build.estimate.follow()
        if of == self._of:
            return
        self._give_up()
        self._of, self.text = of, ""
        self._told()
        self._job = session.models.start(_work(session.build.model, recipe, session.data.tokenizer))
        job = self._job
        session.then(job.done, lambda text: self._written(job, text))

    def tick(self) -> None:
        if self._making is not None and time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + 1
            made = self._session.models.ask(_made, self._making)
            self._session.then(made, self._again)

    def stop(self) -> None:
        """A run begins, or the page goes: the thread is needed. What is being translated goes on, for the run."""
        self._making = None
        self._session.build.estimate.stop()
        self._give_up()

    def _give_up(self) -> None:
        if self._job is not None:
            self._job.stop()
            self._job = None

    def _written(self, job: "Job", text: str | None) -> None:
        if job is self._job and text is not None:
            self.text, self._job = text, None
            self._told()

    def _measured(self) -> None:
        """Where a run would be long enough, its step is translated while the person reads."""
        self._told()
        session, speed = self._session, self.speed
        if speed is None or speed is self._pays_for:
            return
        self._pays_for = speed
        if speed.whole and not speed.compiled and (self.seconds or 0) >= PAYS:
            started = session.models.ask(_translate, session.build.model, session.train.recipe)
            session.then(started, self._translating)

    def _translating(self, wish: "Wish | None") -> None:
        self._making, self._look_at = wish, 0.0

    def _again(self, made: bool | None) -> None:
        """The step was translated: it is faster now, so measure again. None: not yet."""
        if made is not None and self._making is not None:
            self._making = None
            if made:
                self._session.build.estimate.start()


def _work(model: "Model", recipe: Recipe, tokenizer: Any) -> "Generator[None, None, str]":
    from .....core.train.preview import untrained

    return (yield from untrained(model, recipe, tokenizer, TOKENS))


def _translate(model: "Model", recipe: Recipe) -> "Wish | None":
    """Begin to translate the step; None where there is nothing to begin. On the model thread."""
    from .....core.train import compiled, way
    from .....core.train.learner import wish_of
    from .....session.launch import compiler

    wish = wish_of(model, recipe, way.probe(model, recipe), "cpu")
    if wish is None or compiled.cannot(model) or compiled.why_not():
        return None
    compiler().start(wish)
    return wish


def _made(wish: "Wish") -> bool | None:
    """Whether it was made; None while it is being made."""
    from .....session.launch import compiler

    return None if compiler().working(wish) else compiler().ready(wish) is not None
