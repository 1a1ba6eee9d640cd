"""The looks that a run takes at itself: validation loss, samples, and whether it still gets better."""

from collections.abc import Generator
from math import isfinite
from typing import Any

from llmstudio.core.chat.generate import Vocabulary, generate
from llmstudio.core.chat.sampler import Sampler

from . import evaluate
from .checkpoint import Best, Header
from .events import Evaluated, Note, Sampled
from .learner import Learner
from .recipe import Recipe


class Looks:
    """`best`: the lowest validation loss so far. `waited`: looks since then."""

    def __init__(self, learner: Learner, tokenizer: Vocabulary, best: Best | None = None, waited: int = 0) -> None:
        self.best, self.waited = best, waited
        self._learner, self._tokenizer = learner, tokenizer

    def evaluate(self, step: int, recipe: Recipe, whole: bool) -> Generator[None, None, Evaluated]:
        """Some of the validation text in the arithmetic that it learns in, or the whole of it in float32."""
        learner = self._learner
        size = (learner.spec.context, -(-recipe.batch // recipe.accumulate))
        if whole:
            loss = yield from _silent(evaluate.validation_loss(learner.shown, learner.tokens, *size))
        else:
            batches = recipe.evaluate_batches * recipe.accumulate
            few = evaluate.sampled_loss(learner.quick, learner.tokens, *size, batches)
            loss, whole = yield from _silent(few)
        return Evaluated(step=step, loss=loss, whole=whole)

    def judge(self, look: Evaluated) -> bool:
        """Whether it is the best look so far. One that is no number is none: the next step sees to it."""
        if not isfinite(look.loss):
            return False
        if self.best is None or look.loss < self.best.loss:
            self.best, self.waited = Best(step=look.step, loss=look.loss), 0
            return True
        self.waited += 1
        return False

    def went_back(self, then: Header | None, kept: Best | None) -> None:
        """The run is where it was `then`; None: at its start. `kept`: the best weights of up to then that there are.

        Patience is what it was, or whole again where the best of then gave way to one that does not count any more.
        """
        self.best = kept
        self.waited = then.waited if then and then.best == kept else 0

    def back_to_best(self, step: int, found: Best | None) -> Note:
        """What is said when the run ends at `step` with its best weights; None: those are not there any more."""
        best, self.waited = found or self.best, 0  # a run that is extended has its patience again
        assert best
        text = f"Stopped early at step {step}: the validation loss was lowest at step {best.step}, {best.loss:.2f}."
        if found is None:
            lost = f"{text} The weights of that step are not on the disk any more, so it ends with those it has."
            return Note(step=step, text=lost, failed=True)
        text = f"{text} The weights are those of that step again."
        return Note(step=step, text=text, flag=f"back to the best, step {best.step}")

    def sample(self, step: int, recipe: Recipe) -> Generator[None, None, Sampled]:
        """A text from the recipe's prompt, always with the same seed."""
        sampler = Sampler(seed=recipe.seed, max_tokens=recipe.sample_tokens)
        ids = self._tokenizer.encode(recipe.prompt)
        text = ""
        for said in generate(self._learner.shown, ids, sampler, self._tokenizer):
            text += said.text
            yield None
        return Sampled(step=step, prompt=recipe.prompt, text=text, seed=sampler.seed)


def _silent(work: "Generator[Any, None, Any]") -> Generator[None, None, Any]:
    """Run `work` to its result, its progress turned into places to be stopped at."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
        yield None
