"""The learning-rate finder: what it takes from a curve, and whether a run learns well at what it suggests."""

from math import log10
from typing import get_args

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from llmstudio.core.model.spec import MLP, Attention, Block, Model
from llmstudio.core.train import finder
from llmstudio.core.train.finder import HIGHEST, LOWEST, Found, Tried
from llmstudio.core.train.learner import Learner
from llmstudio.core.train.recipe import Optimizer, Recipe
from tests.core.train.texts import Letters, Tokens

MODEL = Model(
    vocab=len(Letters().letters), context=12, width=16, position="rope", norm="rms",
    blocks=(Block(norm="rms", attention=Attention(heads=2), mlp=MLP(activation="relu2", hidden=32)),),
)  # fmt: skip
RECIPE = Recipe(batch=8, learning_rate=1e-3, matrix_rate=2e-2, weight_decay=0.01, precision="float32", compile=False)
RATES = [10 ** (n / 16) for n in range(-96, 17)]


def curve(best: float, fall: float, noise: float = 0.0, first: float = 4.0) -> list[float]:
    """Losses that fall along a logistic curve centred a third of a decade below `best`, then rise beyond it."""
    dice = np.random.default_rng(1)
    found = []
    for rate in RATES:
        at = log10(rate) - log10(best)
        loss = first - fall / (1 + np.exp(-6 * (at + 1 / 3))) + (max(0.0, at - 0.7) * 3) ** 2
        found.append(loss + noise * dice.normal())
    return found


def found(recipe: Recipe) -> tuple[list[Tried], Found]:
    work, tried = finder.find(MODEL, recipe, Tokens()), []
    while True:
        try:
            tried.append(next(work))
        except StopIteration as end:
            return tried, end.value


@pytest.mark.parametrize("best", [1e-3, 3e-2, 0.2])
def test_the_suggestion_lies_before_the_loss_is_lowest(best: float) -> None:
    rates, losses = RATES, curve(best, 1.0, noise=0.005)
    told = finder.judge(rates, losses)
    assert told.suggestion is not None and told.highest is not None
    assert best / 6 < told.suggestion < best
    assert best < told.highest < best * 30
    assert told.rates == tuple(rates) and told.losses == tuple(losses)


def test_it_scales_with_the_rates() -> None:
    one, ten = (finder.judge(RATES, curve(best, 1.0)).suggestion for best in (1e-3, 1e-2))
    assert one and ten == pytest.approx(10 * one, rel=0.05)


@pytest.mark.parametrize("fall, noise", [(0.0, 0.0), (0.05, 0.0), (0.2, 0.3), (-1.0, 0.01)])
def test_a_curve_that_says_nothing_suggests_nothing(fall: float, noise: float) -> None:
    told = finder.judge(RATES[:80], curve(1e-2, fall, noise)[:80])
    assert (told.suggestion, told.highest) == (None, None)
    assert finder.judge(RATES[:5], [4.0, 3.0, 2.0, 1.0, 0.5]).suggestion is None
    assert finder.judge([], []).suggestion is None


@pytest.mark.parametrize("kind", get_args(Optimizer))
def test_every_optimiser_learns_better_there_than_far_away(kind: Optimizer) -> None:
    recipe = replace(RECIPE, optimizer=kind)
    tried, told = found(recipe)
    assert told.suggestion is not None and told.highest is not None
    assert tuple(t.rate for t in tried) == told.rates and tuple(t.loss for t in tried) == told.losses
    assert told.rates == tuple(sorted(told.rates)) and told.rates[0] >= LOWEST and told.rates[-1] <= HIGHEST * 1.001
    assert abs(told.losses[0] - np.log(MODEL.vocab)) < 0.3

    def after(rate: float) -> float:
        """Mean loss of the last ten of forty steps, after a short warm-up."""
        learner = Learner(MODEL, recipe, Tokens(), "cpu", None)
        losses = []
        for n in range(40):
            losses.append(learner.gradients(n, 0)[0])
            learner.apply(min(1.0, (n + 1) / 8) * rate / recipe.learning_rate)
        return float(np.mean(losses[-10:]))

    there = after(told.suggestion)
    assert there < after(told.suggestion / 30) - 0.1
    assert not there >= after(told.highest * 30)  # where that is no number at all, too


def test_the_same_seed_finds_the_same_and_nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    first, again = found(replace(RECIPE, ema=0.9))[1], found(RECIPE)[1]
    assert first == again
    other = found(replace(RECIPE, learning_rate=0.1))[1]  # what the recipe says now does not matter
    assert other.rates == first.rates and other.losses == pytest.approx(first.losses, abs=1e-3)


def test_muon_s_rates_rise_together() -> None:
    """The same, were the peaks in the same proportion; something else in another one."""
    like, unlike = (replace(RECIPE, optimizer="muon", learning_rate=2e-3, matrix_rate=m) for m in (4e-2, 1e-3))
    known = found(replace(RECIPE, optimizer="muon"))[1].losses
    assert found(like)[1].losses == pytest.approx(known, abs=1e-3)
    assert found(unlike)[1].losses[60:80] != pytest.approx(known[60:80], abs=1e-2)


def test_it_ends_when_the_loss_is_lost() -> None:
    tried, told = found(replace(RECIPE, optimizer="lion"))
    assert told.rates[-1] < HIGHEST
    assert all(t.loss < 1.2 * tried[0].loss for t in tried[:-1])


def test_too_little_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(Learner, "gradients", short)
    with pytest.raises(ValueError, match="take a smaller one"):
        found(RECIPE)


def test_other_errors_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("sizes differ")

    monkeypatch.setattr(Learner, "gradients", broken)
    with pytest.raises(RuntimeError, match="sizes differ"):
        found(RECIPE)


def test_it_can_be_cancelled() -> None:
    before = torch.get_num_threads()
    work = finder.find(MODEL, RECIPE, Tokens())
    assert next(work).rate == LOWEST
    work.close()
    assert torch.get_num_threads() == before
