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


def test_a_large_design_is_tried_in_part() -> None:
    large = Model(vocab=512, context=256, width=256, blocks=(Block(),) * 6)
    recipe = Recipe(batch=64)
    speed = result(preview.measure(large, recipe))
    assert not speed.whole and speed.took < 30  # other tests share the machine
    assert len(speed.fused) == 6
    whole = result(preview.measure(large, replace(recipe, batch=1)))
    assert whole.whole
    assert speed.step / 64 == pytest.approx(whole.step - whole.update, rel=0.9)


def test_the_untrained_network_writes() -> None:
    tokenizer = result(tokenizers.train("character", lambda: iter(["abcdefgh\nijklmno"]), 0, 1))
    model = replace(SMALL, vocab=tokenizer.vocab_size)
    text = result(preview.untrained(model, Recipe(prompt="ab"), tokenizer, 20))
    assert len(text) == 20
    assert set(text) <= set("abcdefgh\nijklmno")
    assert text == result(preview.untrained(model, Recipe(prompt="ab"), tokenizer, 20))
    assert text != result(preview.untrained(model, Recipe(prompt="ab", seed=2), tokenizer, 20))
