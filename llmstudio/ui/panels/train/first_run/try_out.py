"""What is asked of the network before it is trained: how long a step takes here, and a sample of its writing."""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from .....core.train.recipe import Recipe

if TYPE_CHECKING:
    from .....core.model.spec import Model
    from .....core.train.preview import Speed
    from .....session.session import Session
    from .....session.worker import Job

MOST_MEMORY = 2e9  # bytes: a larger design is not tried out unasked
TOKENS = 60


class TryOut:
    """Runs on the model thread, once torch is there. `told` is called when something new is known."""

    def __init__(self, session: "Session", told: Callable[[], object]) -> None:
        self._session, self._told = session, told
        self.speed: Speed | None = None
        self.text = ""
        self._job: Job | None = None
        self._opened: object = None  # the project that was tried out
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
        of = (session.build.model, session.train.recipe.batch, session.train.recipe.prompt, session.data.manifest)
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

    def stop(self) -> None:
        """A run begins, or the page goes: the thread is needed."""
        if self._job is not None:
            self._job.stop()
            self._job = None

    def _finished(self, job: "Job") -> None:
        if job is self._job:
            if job.log:
                self._take(job.log[-1])
            self._job = None

    def _take(self, news: "tuple[Speed | None, str]") -> None:
        if news != (self.speed, self.text):
            self.speed, self.text = news
            self._told()


def _work(model: "Model", recipe: Recipe, tokenizer: Any) -> "Generator[tuple[Speed | None, str] | None, None, None]":
    from .....core.train.preview import measure, untrained

    text = yield from untrained(model, recipe, tokenizer, TOKENS)
    yield None, text
    speed = yield from measure(model, recipe)
    yield speed, text
