"""Learning-rate schedules: what share of its peak every rate has at a step. No torch."""

from math import cos, pi, sqrt

from .recipe import Recipe

LOWEST = 1 / 25  # of the peak: where one cycle begins (Smith & Topin 2018 take 1/4 to 1/25)


def share(recipe: Recipe, step: int) -> float:
    """The rate at `step` (0-based) as a share of the peak: a warm-up, then the schedule down to the final rate.

    The formulas are told in `explained`, with their papers. Beyond the last step the final share stays.
    """
    final = recipe.min_learning_rate / recipe.learning_rate
    match recipe.schedule:
        case "one_cycle":
            return _cycle(recipe, step, final)
        case "inverse_sqrt":
            return _inverse(max(1, recipe.warmup), step + 1, final)
        case _ if step < recipe.warmup:
            return (step + 1) / (recipe.warmup + 1)
        case "constant":
            return 1.0
        case "linear":
            return 1 + _gone(step, recipe.warmup, recipe.steps) * (final - 1)
        case "cosine":
            return final + (1 - final) * 0.5 * (1 + cos(pi * _gone(step, recipe.warmup, recipe.steps)))
        case "wsd":
            fall = max(recipe.warmup, round(recipe.steps * (1 - recipe.decay)))
            return 1 + max(0.0, _gone(step, fall, recipe.steps)) * (final - 1)


def learning_rate(recipe: Recipe, step: int) -> float:
    """The rate of `recipe.learning_rate` at `step` (0-based)."""
    return recipe.learning_rate * share(recipe, step)


def _gone(step: int, begin: int, end: int) -> float:
    """How much of the way from `begin` to `end` lies behind `step`; 1 beyond it."""
    return min(1.0, (step - begin) / max(1, end - begin))


def _cycle(recipe: Recipe, step: int, final: float) -> float:
    """Up from the lowest share by half a cosine during the warm-up, then down to `final`, reached at the last step."""
    if step < recipe.warmup:
        return LOWEST + (1 - LOWEST) * 0.5 * (1 - cos(pi * step / recipe.warmup))
    return final + (1 - final) * 0.5 * (1 + cos(pi * _gone(step, recipe.warmup, recipe.steps - 1)))


def _inverse(warmup: int, number: int, final: float) -> float:
    """min(n / w, sqrt(w / n)) for the n-th step (1-based), and never below `final` once it falls."""
    return number / warmup if number <= warmup else max(final, sqrt(warmup / number))
