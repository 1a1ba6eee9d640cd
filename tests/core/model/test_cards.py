"""Time on graphics cards by their data sheets: held against hand computations."""

import pytest
from msgspec.structs import replace

from llmstudio.core.model import cards, cost
from llmstudio.core.model.presets import PRESETS

A100 = next(card for card in cards.CARDS if card.name == "A100 40 GB")


def test_a_large_step_is_its_arithmetic() -> None:
    gpt2 = PRESETS["gpt2-small"]
    recipe = replace(gpt2.recipe, batch=480)
    work = cards.work(gpt2.model, recipe)
    flops = 480 * 1024 * cost.flops_per_token(gpt2.model)
    assert work.seconds(A100) == pytest.approx(flops / (0.4 * 312e12), rel=0.02)
    # nanoGPT's README: 8 such cards train 300 billion tokens in about 4 days
    tokens = 480 * 1024 / work.seconds(A100)
    assert 2 < 300e9 / (8 * tokens) / 86_400 < 5


def test_a_small_step_is_never_shorter_than_its_kernels() -> None:
    nano = PRESETS["nano"]
    work = cards.work(nano.model, nano.recipe)
    assert work.waits(A100)
    assert work.seconds(A100) == work.seconds(cards.CARDS[-1]) == work.kernels * cards.LAUNCH


def test_what_does_not_fit_is_said() -> None:
    xl = PRESETS["gpt2-xl"]
    work = cards.work(xl.model, replace(xl.recipe, batch=1))
    assert 16 * cost.total(xl.model) < work.memory
    fits = {card.name: work.fits(card) for card in cards.CARDS}
    assert fits["H200"] and not fits["RTX 4090"]


def test_the_cards_are_told_apart() -> None:
    assert len({card.name for card in cards.CARDS}) == len(cards.CARDS)
    assert all(
        1e13 < card.peak < 5e15 and 8e9 <= card.memory < 3e11 and 2e11 < card.bandwidth < 1e13 for card in cards.CARDS
    )
