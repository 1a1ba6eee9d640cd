"""What can be said of a run before it begins: the text, the rate, the memory. `doctor.before` puts it in order."""

from collections.abc import Iterator

from msgspec.structs import replace

from llmstudio.core.model import cost
from llmstudio.core.sizes import size

from .finding import Cure, Finding, Plan, Severity

MANY_PASSES = 16  # Muennighoff et al. 2023: 4 passes are as good as new text, about half is lost at 16, all at 40
TOO_MANY = 40
LEAK_CARE, LEAK_BAD = 0.02, 0.1  # share of the validation text
FAR_BELOW = 20.0  # a peak this many times below the suggestion learns much slower than it could


def outlook(plan: Plan) -> Iterator[Finding]:
    yield from _memory(plan)
    yield from _leak(plan)
    yield from _text(plan)
    yield from _rate(plan)
    yield from _warmup(plan)


def _text(plan: Plan) -> Iterator[Finding]:
    """Repeats hurt where the text is short beside the model: it can keep more than is in the text."""
    if not plan.train_tokens:
        return
    recipe, per_pass = plan.recipe, plan.train_tokens / (plan.recipe.batch * plan.model.context)
    passes, parameters = recipe.steps / per_pass, cost.total(plan.model)
    if passes <= MANY_PASSES or (passes <= TOO_MANY and plan.train_tokens > parameters):
        return
    often = f"It would read the same {plan.train_tokens:,} tokens {passes:,.0f} times"
    steps = max(1, int(per_pass * MANY_PASSES))
    if passes > TOO_MANY:
        text = f"{often}, and after some {TOO_MANY} nothing new is learned: add text, or take fewer steps."
        cure = Cure(label=f"Use {steps:,} steps", action="change", fields={"steps": steps})
        yield Finding(kind="short_text", severity="care", text=text, cure=cure)
    else:
        text = f"{often}, and has {parameters:,} parameters to learn them by heart with: more text would help."
        yield Finding(kind="short_text", severity="care", text=text, cure=Cure(label="Add text", action="data"))


def _leak(plan: Plan) -> Iterator[Finding]:
    if plan.leak is None or plan.leak.share < LEAK_CARE:
        return
    text = (
        f"{plan.leak.share:.0%} of the validation text stands in the training text too, word for word: "
        "the validation loss will look better than it is."
    )
    severity: Severity = "bad" if plan.leak.share >= LEAK_BAD else "care"
    yield Finding(kind="leak", severity=severity, text=text, cure=Cure(label="See the text", action="data"))


def _rate(plan: Plan) -> Iterator[Finding]:
    if plan.rates is None:
        return
    rate, seen = plan.recipe.learning_rate, plan.rates
    cure = Cure(label=f"Use {seen.suggestion:.2g}", action="change", fields=_scaled(plan, seen.suggestion / rate))
    if rate > seen.highest:
        text = f"A peak of {rate:.2g} is above {seen.highest:.2g}, where the finder saw the loss rise."
        yield Finding(kind="rate", severity="bad", text=text, cure=cure)
    elif rate * FAR_BELOW < seen.suggestion:
        text = f"A peak of {rate:.2g} learns slowly: the finder suggests {seen.suggestion:.2g}."
        yield Finding(kind="rate", severity="care", text=text, cure=cure)


def _scaled(plan: Plan, factor: float) -> dict[str, float]:
    """All rates times `factor`: the finder moves them together."""
    names = ["learning_rate", "min_learning_rate", *(["matrix_rate"] * (plan.recipe.optimizer == "muon"))]
    return {name: min(10.0, float(f"{getattr(plan.recipe, name) * factor:.2g}")) for name in names}


def _memory(plan: Plan) -> Iterator[Finding]:
    """Only the largest portion of a batch is in memory at a time."""
    short, portion = cost.lacking(plan.model, plan.recipe, plan.memory, plan.card), cost.portion(plan.recipe)
    if plan.fits is False:
        text = f"{portion:,} texts at a time were tried, and there is not enough memory for them."
    elif short and not plan.fits:
        need, there = short
        text = f"{portion:,} texts at a time need at least {size(need)} of memory, and {size(there)} are free."
    else:
        return
    yield Finding(kind="memory", severity="bad", text=text, cure=_smaller(plan))


def _smaller(plan: Plan) -> Cure | None:
    """The same batch in more portions, as many as it takes, doubled each time."""
    recipe = plan.recipe
    while cost.portion(recipe) > 1:
        recipe = replace(recipe, accumulate=min(2 * recipe.accumulate, recipe.batch))
        if plan.fits is False or cost.lacking(plan.model, recipe, plan.memory, plan.card) is None:
            parts = recipe.accumulate
            return Cure(label=f"Take it in {parts} portions", action="change", fields={"accumulate": parts})
    return None


def _warmup(plan: Plan) -> Iterator[Finding]:
    recipe = plan.recipe
    if recipe.warmup < recipe.steps or recipe.warmup <= 1:
        return
    steps = max(1, recipe.steps // 10)
    text = f"The warm-up of {recipe.warmup:,} steps is as long as the whole run: the peak is never reached."
    cure = Cure(label=f"Warm up for {steps:,}", action="change", fields={"warmup": steps})
    yield Finding(kind="warmup", severity="care", text=text, cure=cure)
