"""Sentences made from numbers."""

from math import exp, log

import pytest
from msgspec.structs import replace

from llmstudio.core.model.spec import MLP, Attention, Block, Model, Skip, duplicate
from llmstudio.core.train.recipe import Recipe
from llmstudio.ui.words import loss, numbers
from llmstudio.ui.words.changes import changes
from llmstudio.ui.words.recipe import passes, portion

LOSSES = {"guessing": 4.17, "unigram": 3.37, "bigram": 2.5, "trigram": 2.07}
BARS = [loss.Bar(name=name, loss=nats) for name, nats in LOSSES.items()]


def test_the_sentence_names_the_next_model_to_beat() -> None:
    assert loss.sentence(log(8.2), BARS, "character") == (
        "Like choosing among <b>8.2 characters</b>. Next to beat: the trigram model, 2.07."
    )
    assert "bigram model, 2.50" in loss.sentence(2.9, BARS)
    assert "unigram" in loss.sentence(4.0, BARS)
    assert "no worse: 4.17" in loss.sentence(4.5, BARS)
    assert "beats counting: the trigram model reaches 2.07" in loss.sentence(1.9, BARS)


def test_the_sentence_knows_tokens_from_characters_and_no_numbers_from_numbers() -> None:
    assert loss.sentence(2.0, []) == "Like choosing among <b>7.4 tokens</b>."
    assert loss.sentence(None, BARS) == ""
    assert "no longer a number" in loss.sentence(float("nan"), BARS)
    assert "no longer a number" in loss.sentence(float("inf"), BARS)


def test_the_floor_is_the_last_to_be_named() -> None:
    floored = [*BARS, loss.Bar(name="floor", loss=1.2)]
    assert "trigram" in loss.sentence(2.2, floored)
    assert "0.10 nats above the floor of this text, 1.20" in loss.sentence(1.3, floored)
    assert "no model can do better" in loss.sentence(1.201, floored)
    assert "by chance" in loss.sentence(1.1, floored)


def test_bars_come_from_the_counts_of_the_text() -> None:
    class Counted:
        uniform, unigram, bigram, trigram = 4.0, 3.0, 2.0, 1.5

    assert [bar.name for bar in loss.bars(Counted(), 1.0)] == ["guessing", "unigram", "bigram", "trigram", "floor"]
    assert loss.bars(None) == []


def test_units_of_the_loss() -> None:
    assert loss.in_unit(2.0, "bits") == pytest.approx(2.0 / log(2))
    assert loss.in_unit(2.0, "perplexity") == pytest.approx(exp(2.0))
    assert loss.written(2.107, "nats") == "2.11"
    assert loss.written(log(65), "perplexity") == "65"


def test_only_differences_between_runs_are_named() -> None:
    model, recipe = Model(position="learned"), Recipe()
    assert changes((model, recipe), (replace(model, name="Other"), recipe)) == []
    other = replace(model, position="rope", tied=False)
    assert changes((model, recipe), (other, replace(recipe, learning_rate=5e-4, batch=16))) == [
        "positions: rope",
        "tied head: off",
        "batch: 16",
        "rate: 5.0e−4",
    ]


def test_differences_in_blocks_are_named_once() -> None:
    recipe = Recipe()
    model = Model(blocks=(Block(),) * 4)
    wide = replace(model, blocks=(Block(mlp=MLP(hidden=300)),) * 4)
    assert changes((model, recipe), (wide, recipe)) == ["hidden width: 300"]
    assert changes((model, recipe), (duplicate(model, 0), recipe)) == ["blocks: 5"]
    one = replace(model, blocks=(*model.blocks[:3], Block(attention=None)))
    assert changes((model, recipe), (one, recipe)) == ["attention in block 4: off"]
    mixed = replace(model, blocks=(Block(attention=Attention(heads=8)), Block(mlp=None), Block(), Block()))
    assert changes((model, recipe), (mixed, recipe)) == ["heads in block 1: 8", "MLP in block 2: off"]
    more = replace(mixed, blocks=(*mixed.blocks[:2], Block(norm="rms", mlp=MLP(bias=True)), Block(norm="rms")))
    assert changes((model, recipe), (more, recipe)) == ["4 blocks changed: 1–4"]
    assert changes((model, recipe), (replace(model, skips=(Skip(source=0, target=2),)), recipe)) == ["extra wires: 1"]


def test_the_recipe_in_one_sentence() -> None:
    recipe, model = Recipe(batch=16, steps=2000), Model(context=64)
    assert portion(recipe, model, None) == "1\u2009024 tokens a step"
    assert portion(recipe, model, 1_003_854) == "1\u2009024 tokens a step, 2.04 passes over the text"
    assert passes(20_000, recipe, model, 1_003_854) == "20 passes"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "half a minute"), (31, "1 minute"), (61, "1½ minutes"), (90, "1½ minutes"), (200, "3½ minutes")],
)
def test_durations_are_rounded_up(seconds: float, words: str) -> None:
    assert numbers.half_minutes(seconds) == words


def test_numbers_that_are_none() -> None:
    assert numbers.fixed(-1.5) == "−1.50"
    assert numbers.fixed(float("nan")) == "not a number"
    assert [numbers.choices(x) for x in (8.24, 9.97, 65.2)] == ["8.2", "10", "65"]
