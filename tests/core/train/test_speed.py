"""What was measured on one design is carried over to another by hand-countable sums."""

import pytest
from msgspec.structs import replace

from llmstudio.core.model import cost
from llmstudio.core.model.spec import Block, Model
from llmstudio.core.train import speed as speeds
from llmstudio.core.train.recipe import Recipe

MODEL, RECIPE = Model(vocab=16, context=8, width=16, blocks=(Block(),)), Recipe(batch=2)
SPEED = speeds.Speed(step=0.1, read=0.03, exact=0.04, token=0.002, update=0.02)


def test_twice_the_batch_is_twice_the_arithmetic_and_the_same_update() -> None:
    found = speeds.carried(SPEED, (MODEL, RECIPE), (MODEL, replace(RECIPE, batch=4)))
    assert found.step == pytest.approx(2 * 0.08 + 0.02)
    assert (found.read, found.exact, found.token) == pytest.approx((0.06, 0.08, 0.002))
    assert not found.whole


def test_another_design_counts_by_its_arithmetic_and_parameters() -> None:
    larger = replace(MODEL, blocks=(Block(),) * 3)
    found = speeds.carried(SPEED, (MODEL, RECIPE), (larger, RECIPE))
    work = cost.flops_per_token(larger) / cost.flops_per_token(MODEL)
    assert found.step == pytest.approx(0.08 * work + 0.02 * cost.total(larger) / cost.total(MODEL))


def test_rates() -> None:
    assert speeds.tokens_per_second(MODEL, RECIPE, SPEED) == pytest.approx(160)
    assert speeds.flops_per_second(MODEL, RECIPE, SPEED) == pytest.approx(160 * cost.flops_per_token(MODEL))


def test_a_forecast_counts_steps_and_looks() -> None:
    recipe = Recipe(steps=1000, batch=2, evaluate_every=100, evaluate_batches=5, sample_every=250, sample_tokens=40)
    speed = speeds.Speed(step=0.1, read=0.01, exact=0.03, token=0.002)
    written = 5 * 40 * 0.002  # at steps 0, 250, 500, 750 and 1000
    # 10 looks of 5 batches before the last one, which reads all 1600 tokens exactly: 100 batches of 2 x 8
    assert speeds.forecast(recipe, MODEL, 1600, speed) == pytest.approx(100 + 10 * 5 * 0.01 + 100 * 0.03 + written)
    # where there are fewer batches than a look may read, a look reads all
    assert speeds.forecast(recipe, MODEL, 32, speed) == pytest.approx(100 + 10 * 2 * 0.01 + 2 * 0.03 + written)
