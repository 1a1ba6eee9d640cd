"""What is said before training is measured, and is what training then does."""

import time

import pytest
from msgspec.structs import replace

from llmstudio.core.data import tokenizer as tokenizers
from llmstudio.core.model.spec import Block, Model
from llmstudio.core.train import preview
from llmstudio.core.train.recipe import Recipe

SMALL = Model(vocab=16, context=8, width=16, blocks=(Block(),))


def result(work):  # type: ignore[no-untyped-def]
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_speed_is_measured() -> None:
    start = time.perf_counter()
    speed = result(preview.measure(SMALL, Recipe(batch=2)))
    spent = time.perf_counter() - start
    assert 0 < speed.step < spent
    assert 0 < speed.read < spent
    slower = result(preview.measure(replace(SMALL, width=128, context=64, blocks=(Block(),) * 4), Recipe(batch=16)))
    assert slower.step > speed.step


def test_a_forecast_counts_steps_and_looks() -> None:
    recipe = Recipe(steps=1000, batch=2, evaluate_every=100, evaluate_batches=5, sample_every=250, sample_tokens=40)
    speed = preview.Speed(step=0.1, read=0.01, exact=0.03, token=0.002)
    written = 5 * 40 * 0.002  # at steps 0, 250, 500, 750 and 1000
    # 10 looks of 5 batches before the last one, which reads all 1600 tokens exactly: 100 batches of 2 x 8
    assert preview.forecast(recipe, SMALL, 1600, speed) == pytest.approx(100 + 10 * 5 * 0.01 + 100 * 0.03 + written)
    # where there are fewer batches than a look may read, a look reads all
    assert preview.forecast(recipe, SMALL, 32, speed) == pytest.approx(100 + 10 * 2 * 0.01 + 2 * 0.03 + written)


def test_the_untrained_network_writes() -> None:
    tokenizer = result(tokenizers.train("character", lambda: iter(["abcdefgh\nijklmno"]), 0, 1))
    model = replace(SMALL, vocab=tokenizer.vocab_size)
    text = result(preview.untrained(model, Recipe(prompt="ab"), tokenizer, 20))
    assert len(text) == 20
    assert set(text) <= set("abcdefgh\nijklmno")
    assert text == result(preview.untrained(model, Recipe(prompt="ab"), tokenizer, 20))
    assert text != result(preview.untrained(model, Recipe(prompt="ab", seed=2), tokenizer, 20))
