from typing import Any

import pytest
from msgspec.structs import replace

from llmstudio.core.data.leak import Leak
from llmstudio.core.model import cost
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.model.spec import Model
from llmstudio.core.train import doctor
from llmstudio.core.train.doctor import Finding, Plan, Rates
from llmstudio.core.train.recipe import Recipe

MODEL, RECIPE = Model(), Recipe()  # 1.5 million tokens are read
GB = 10**9


def found(**fields: Any) -> list[Finding]:
    return doctor.before(Plan(**{"model": MODEL, "recipe": RECIPE, "train_tokens": 10**6, "memory": 8 * GB, **fields}))


def only(kind: str, **fields: Any) -> Finding:
    (finding,) = found(**fields)
    assert finding.kind == kind
    return finding


def mended(finding: Finding, recipe: Recipe = RECIPE) -> Recipe:
    assert finding.cure and finding.cure.action == "change"
    return replace(recipe, **finding.cure.fields)


def test_nothing_speaks_against_a_usual_run_nor_where_nothing_is_known() -> None:
    assert only("ready").severity == "good"
    assert only("ready", train_tokens=None, memory=None).severity == "good"


def test_the_presets_are_sound_on_a_text_of_a_million_tokens() -> None:
    for name in ("nano", "nanogpt-shakespeare-cpu"):
        only("ready", model=PRESETS[name].model, recipe=PRESETS[name].recipe)


@pytest.mark.parametrize(("tokens", "action"), [(10**4, "change"), (5 * 10**4, "data")])
def test_a_text_that_is_read_too_often(tokens: int, action: str) -> None:
    passes = RECIPE.steps * RECIPE.batch * MODEL.context / tokens
    finding = only("short_text", train_tokens=tokens)
    assert finding.severity == "care" and f"{passes:,.0f} times" in finding.text
    assert finding.cure and finding.cure.action == action
    if action == "change":
        only_ready = found(train_tokens=tokens, recipe=mended(finding))
        assert not any(each.kind == "short_text" and "fewer steps" in each.text for each in only_ready)


def test_a_model_too_small_to_keep_the_text_may_read_it_often() -> None:
    small = Model(width=16, vocab=32, blocks=MODEL.blocks[:1])
    assert cost.total(small) < 5 * 10**4
    only("ready", model=small, train_tokens=5 * 10**4)


@pytest.mark.parametrize(("share", "severity"), [(0.03, "care"), (0.31, "bad")])
def test_validation_text_that_is_in_the_training_text(share: float, severity: str) -> None:
    finding = only("leak", leak=Leak(share=share, stretch=50, looked=1000))
    assert finding.severity == severity and f"{share:.0%}" in finding.text
    only("ready", leak=Leak(share=0.005, stretch=50, looked=1000))


def test_a_rate_that_the_finder_saw_fail_or_far_below_what_it_suggests() -> None:
    rates = Rates(suggestion=3e-3, highest=2e-2)
    high = only("rate", rates=rates, recipe=replace(RECIPE, learning_rate=0.05))
    assert high.severity == "bad" and mended(high).learning_rate == 3e-3
    assert only("rate", rates=rates, recipe=replace(RECIPE, learning_rate=1e-4)).severity == "care"
    for rate in (3e-4, 3e-3, 2e-2):
        only("ready", rates=rates, recipe=replace(RECIPE, learning_rate=rate))


def test_muons_rates_move_together() -> None:
    muon = replace(RECIPE, optimizer="muon", learning_rate=0.06, matrix_rate=0.2, min_learning_rate=0.006)
    better = mended(only("rate", rates=Rates(suggestion=6e-3, highest=2e-2), recipe=muon), muon)
    assert (better.learning_rate, better.matrix_rate, better.min_learning_rate) == (6e-3, 0.02, 6e-4)


def test_memory_beyond_the_machine_is_mended_by_portions_that_fit() -> None:
    recipe, memory = replace(RECIPE, batch=64), cost.least(MODEL, replace(RECIPE, batch=17)).needed
    finding = only("memory", recipe=recipe, memory=memory)
    assert finding.severity == "bad"
    better = mended(finding, recipe)
    assert (better.accumulate, better.batch) == (4, 64)  # portions of 16 texts
    only("ready", recipe=better, memory=memory)
    card = round(cost.least(MODEL, replace(RECIPE, batch=17)).on_device / 0.9)
    assert mended(only("memory", recipe=recipe, card=card), recipe) == better


def test_what_was_tried_counts_more_than_what_was_reckoned() -> None:
    only("ready", memory=1000, fits=True)
    finding = only("memory", fits=False)
    assert "12 texts at a time were tried" in finding.text and mended(finding).accumulate == 2
    alone = only("memory", fits=False, recipe=replace(RECIPE, batch=1))
    assert alone.cure is None


def test_a_warm_up_as_long_as_the_run() -> None:
    finding = only("warmup", recipe=replace(RECIPE, steps=100))
    assert mended(finding).warmup == 10
    only("ready", recipe=replace(RECIPE, steps=101))


def test_the_worst_comes_first() -> None:
    several = found(train_tokens=10**4, leak=Leak(share=0.05, stretch=50, looked=1000), memory=1000)
    assert [each.severity for each in several] == ["bad", "care", "care"]
