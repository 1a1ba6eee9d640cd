"""Learning-rate schedules: what share of its peak every rate has at a step. No torch."""

from math import cos, pi, sqrt

from .recipe import Recipe


def share(recipe: Recipe, step: int) -> float:
    """The rate at `step` (0-based) as a share of the peak: linear warm-up, then the schedule down to the final rate.

    The formulas are told in `explained`, with their papers. Beyond the last step the final share stays.
    """
    final = recipe.min_learning_rate / recipe.learning_rate
    if step < recipe.warmup:
        return (step + 1) / (recipe.warmup + 1)
    after = min(1.0, (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup))  # 0 after the warm-up, 1 at the end
    match recipe.schedule:
        case "constant":
            return 1.0
        case "linear":
            return 1 + after * (final - 1)
        case "cosine":
            return final + 0.5 * (1 + cos(pi * after)) * (1 - final)
        case "wsd":
            held = 1 - recipe.decay
            whole = min(1.0, step / recipe.steps)
            return 1.0 if whole <= held else 1 + min(1.0, (whole - held) / recipe.decay) * (final - 1)
        case "one_cycle":
            return final + 0.5 * (1 + cos(pi * after)) * (1 - final)
        case "inverse_sqrt":
            return max(final, sqrt(max(1, recipe.warmup) / max(1, recipe.warmup, step + 1)))


def learning_rate(recipe: Recipe, step: int) -> float:
    """The rate of `recipe.learning_rate` at `step` (0-based)."""
    return recipe.learning_rate * share(recipe, step)
