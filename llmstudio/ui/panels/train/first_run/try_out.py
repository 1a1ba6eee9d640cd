"""What is asked of the network before it is trained: how long a step takes here, and a sample of its writing."""

import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from .....core.train.recipe import Recipe

if TYPE_CHECKING:
    from .....core.model.spec import Model
    from .....core.train.compiled import Wish
    from .....core.train.preview import Speed
    from .....session.session import Session
    from .....session.worker import Job

MOST_MEMORY = 2e9  # bytes: a larger design is not tried out unasked
TOKENS = 60
COUNTS = (  # what a recipe says about the time of a step, or the start
    "batch", "accumulate", "optimizer", "ema", "dropout", "label_smoothing", "z_loss", "precision", "compile",
    "recompute", "prompt", "seed",
)  # fmt: skip
PAYS = 20.0  # seconds of a run for which the step is translated ahead


class TryOut:
    """Runs on the model thread, once torch is there. `told` is called when something new is known."""

    def __init__(self, session: "Session", told: Callable[[], object]) -> None:
        self._session, self._told = session, told
        self.speed: Speed | None = None
        self.text = ""
        self._job: Job | None = None
        self._opened: object = None  # the project that was tried out
        self._making: Wish | None = None  # the step that is being translated for this machine
        self._look_at = 0.0
        self._of: tuple[object, ...] | None = None  # the design that `speed` and `text` are of, or soon will be

    @property
    def seconds(self) -> float | None:
        """A forecast of the whole run, None until a step was measured."""
        manifest = self._session.data.manifest
        if self.speed is None or manifest is None:
            return None
        from .....core.train.preview import forecast

        recipe, model = self._session.train.recipe, self._session.build.model
        return forecast(recipe, model, manifest.validation_tokens, self.speed)

    def follow(self) -> None:
        """Try again where the design is another one by now."""
        session = self._session
        if session.opened is not self._opened:
            self.stop()
            self._opened, self._of, self.speed, self.text = session.opened, None, None, ""
            self._told()
        ready = session.data.ready and not session.build.problems and not session.train.busy
        of = (session.build.model, *(getattr(session.train.recipe, name) for name in COUNTS), session.data.manifest)
        if not ready or of == self._of or session.build.cost.memory_training(session.train.recipe.batch) > MOST_MEMORY:
            return
        self.stop()
        self._of, self.speed, self.text = of, None, ""
        self._told()
        self._job = session.models.start(_work(session.build.model, session.train.recipe, session.data.tokenizer))
        job = self._job
        session.then(job.done, lambda _: self._finished(job))

    def tick(self) -> None:
        if self._job is not None and self._job.log:
            self._take(self._job.log[-1])
        if self._making is not None and time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + 1
            made = self._session.models.ask(_made, self._making)
            self._session.then(made, self._again)

    def stop(self) -> None:
        """A run begins, or the page goes: the thread is needed. What is being translated goes on, for the run."""
        self._making = None
        if self._job is not None:
            self._job.stop()
            self._job = None

    def _finished(self, job: "Job") -> None:
        if job is not self._job:
            return
        if job.log:
            self._take(job.log[-1])
        self._job = None
        session = self._session
        if self.speed and not self.speed.compiled and (self.seconds or 0) >= PAYS:
            started = session.models.ask(_translate, session.build.model, session.train.recipe)
            session.then(started, self._translating)

    def _translating(self, wish: "Wish | None") -> None:
        self._making, self._look_at = wish, 0.0

    def _again(self, made: bool | None) -> None:
        """The step was translated: it is faster now, so measure again. None: not yet."""
        if made is not None and self._making is not None:
            self._making = None
            if made:
                self._of = None
                self.follow()

    def _take(self, news: "tuple[Speed | None, str]") -> None:
        if news != (self.speed, self.text):
            self.speed, self.text = news
            self._told()


def _work(model: "Model", recipe: Recipe, tokenizer: Any) -> "Generator[tuple[Speed | None, str] | None, None, None]":
    from .....core.train.preview import measure, untrained
    from .....session.launch import compiler

    text = yield from untrained(model, recipe, tokenizer, TOKENS)
    yield None, text
    speed = yield from measure(model, recipe, compiler=compiler())
    yield speed, text


def _translate(model: "Model", recipe: Recipe) -> "Wish | None":
    """Begin to translate the step; None where there is nothing to begin. On the model thread."""
    from .....core.train import compiled, way
    from .....core.train.learner import wish_of
    from .....session.launch import compiler

    wish = wish_of(model, recipe, way.probe(model, recipe), "cpu")
    if wish is None or compiled.why_not():
        return None
    compiler().start(wish)
    return wish


def _made(wish: "Wish") -> bool | None:
    """Whether it was made; None while it is being made."""
    from .....session.launch import compiler

    return None if compiler().working(wish) else compiler().ready(wish) is not None
