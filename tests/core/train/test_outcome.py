import random

from msgspec.structs import replace

from llmstudio.core.model.spec import Model
from llmstudio.core.train.outcome import Outcome, front, summaries
from llmstudio.core.train.recipe import Recipe


def outcome(name: str, rate: float, seed: int, loss: float, seconds: float, model: str = "a") -> Outcome:
    recipe = Recipe(learning_rate=rate, seed=seed)
    return Outcome(name=name, model=Model(name=model), recipe=recipe, loss=loss, seconds=seconds)


def test_seeds_of_a_setting_are_one_row_the_best_first() -> None:
    runs = [outcome("1", 1e-3, 0, 2.0, 9, "b"), outcome("2", 3e-3, 0, 1.5, 9), outcome("3", 1e-3, 1, 1.0, 11)]
    runs += [outcome("4", 1e-3, 2, 1.9, 10), outcome("5", 3e-3, 1, 1.6, 9)]
    first, second = summaries(runs)
    assert first.names == ("2", "5") and (first.loss, first.low, first.high) == (1.55, 1.5, 1.6)
    assert second.names == ("1", "3", "4") and (second.loss, second.low, second.high) == (1.9, 1.0, 2.0)
    assert second.seconds == 10
    other = replace(runs[0], model=replace(runs[0].model, width=64))
    assert len(summaries([*runs, other])) == 3


def test_the_front_is_what_no_other_beats() -> None:
    dice = random.Random(1)
    for _ in range(50):
        points = [(dice.randint(1, 9), dice.randint(1, 9) / 4) for _ in range(12)]
        best = {p for p in points if not any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in points)}
        found = front(points)
        assert [points[i] for i in found] == sorted(best)  # each once, the fastest first
    assert front([]) == []
