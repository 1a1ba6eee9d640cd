import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from msgspec.structs import replace
from transformers.generation.logits_process import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from llmstudio.core.chat.sample import (
    Rest,
    Sampler,
    Stages,
    draw,
    entropy,
    filtered,
    likeliest,
    log_sum_exp,
    stages,
)

ALL = Sampler(temperature=1.0, top_k=0, top_p=1.0)
SAMPLERS = [
    ALL,
    Sampler(),
    Sampler(temperature=0.3, top_k=0, top_p=0.9),
    Sampler(temperature=1.7, top_k=7, top_p=1.0),
    Sampler(temperature=1.0, top_k=0, top_p=0.5),
    Sampler(temperature=1.2, top_k=20, top_p=0.7),
    Sampler(temperature=1.0, top_k=1, top_p=0.3),
    Sampler(temperature=0.8, top_k=1024, top_p=0.01),
    Sampler(temperature=1.0, top_k=0, top_p=0.0),
]


def hugging_face(logits, sampler):
    scores = torch.tensor(logits, dtype=torch.float64)[None]
    scores = TemperatureLogitsWarper(float(sampler.temperature))(None, scores)
    if sampler.top_k:
        scores = TopKLogitsWarper(sampler.top_k)(None, scores)
    if sampler.top_p < 1:
        scores = TopPLogitsWarper(sampler.top_p)(None, scores)
    return scores.softmax(-1)[0].numpy()


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("vocab", [1, 2, 65, 3000])
def test_filters_are_those_of_transformers(sampler, vocab):
    for seed in range(5):
        logits = np.random.default_rng(seed).normal(0, 3, vocab).astype(np.float32)
        np.testing.assert_allclose(filtered(logits, sampler), hugging_face(logits, sampler), atol=1e-12)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_equal_scores_are_kept_as_often_as_in_transformers(sampler):
    for seed in range(20):  # which of equal scores stay at the top-p cut is not said there: compare how many
        logits = np.random.default_rng(seed).integers(-2, 3, 50).astype(np.float64) + 1 / 7
        mine = filtered(logits, sampler)
        np.testing.assert_allclose(np.sort(mine), np.sort(hugging_face(logits, sampler)), atol=1e-12)
        for value in np.unique(logits):  # and of those, mine are the lower ids
            kept = mine[logits == value] > 0
            assert list(kept) == sorted(kept, reverse=True)


def test_temperature_0_takes_the_first_of_the_likeliest():
    logits = np.array([1.0, 5.0, 5.0, -np.inf])
    assert list(filtered(logits, replace(ALL, temperature=0))) == [0, 1, 0, 0]
    table = stages(logits, replace(ALL, temperature=0))
    assert (table.kept, table.cut, list(table.ids[:2])) == (1, "temperature", [1, 2])
    np.testing.assert_allclose(table.softmax, torch.tensor([5.0, 5.0, 1.0, -torch.inf]).softmax(0), atol=1e-7)


def test_a_tiny_temperature_is_greedy_and_does_not_overflow():
    assert list(filtered(np.array([1.0, 5.0, 4.9]), replace(ALL, temperature=1e-300))) == [0, 1, 0]


def test_a_token_that_is_ruled_out_is_never_drawn():
    chances = filtered(np.array([-np.inf, 0.0, 0.0]), ALL)
    assert list(chances) == [0, 0.5, 0.5]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_that_are_no_numbers_are_refused_with_a_sentence(bad):
    for use in (filtered, stages):
        with pytest.raises(ValueError, match="no longer numbers"):
            use(np.array([0.0, bad, 1.0]), Sampler())


@given(
    logits=arrays.arrays(np.float64, st.integers(1, 40), elements=st.floats(-20, 20)),
    temperature=st.sampled_from([0.0, 0.1, 0.7, 1.0, 1.5]),
    top_k=st.integers(0, 45),
    top_p=st.floats(0, 1),
)
@settings(max_examples=200, deadline=None)
def test_the_table_ends_in_what_is_drawn_from(logits, temperature, top_k, top_p):
    sampler = Sampler(temperature=temperature, top_k=top_k, top_p=top_p)
    table = stages(logits, sampler)
    back = np.zeros(len(logits))
    back[table.ids] = table.chances
    np.testing.assert_allclose(back, filtered(logits, sampler), atol=1e-12)
    assert table.exact and table.rest == 0
    assert (table.logits == logits[table.ids]).all() and (np.diff(table.logits) <= 1e-12).all()
    assert not table.chances[table.kept :].any()
    assert (table.cut is None) == (table.kept == len(logits))


def test_the_table_names_the_filter_that_cut_last():
    logits = np.log([0.5, 0.2, 0.15, 0.1, 0.05])
    assert of(stages(logits, ALL)) == (5, None)
    assert of(stages(logits, replace(ALL, top_k=3))) == (3, "top_k")
    assert of(stages(logits, replace(ALL, top_p=0.6))) == (2, "top_p")
    assert of(stages(logits, replace(ALL, top_k=3, top_p=0.6))) == (2, "top_p")
    assert of(stages(logits, replace(ALL, top_k=2, top_p=0.9))) == (2, "top_k")
    table = stages(logits, replace(ALL, temperature=0.5))
    np.testing.assert_allclose(table.scaled, logits / 0.5)
    np.testing.assert_allclose(table.softmax, np.array([0.25, 0.04, 0.0225, 0.01, 0.0025]) / 0.325)


def of(table: Stages):
    return table.kept, table.cut


def split(logits, count):
    ids = likeliest(logits, count)
    others = np.delete(logits, ids)
    return ids, Rest(count=len(others), log_sum=log_sum_exp(others))


@pytest.mark.parametrize("sampler", [ALL, replace(ALL, top_k=50), replace(ALL, top_p=0.6), replace(ALL, temperature=0)])
def test_with_the_rest_summed_up_the_table_is_that_of_all_tokens(sampler):
    logits = np.random.default_rng(3).normal(0, 2, 2000)
    ids, rest = split(logits, 300)
    some, every = stages(logits[ids], sampler, rest), stages(logits, sampler)
    assert some.exact and (some.cut == every.cut)
    np.testing.assert_allclose(some.softmax, every.softmax[:300], rtol=1e-9)
    np.testing.assert_allclose(some.chances, every.chances[:300], rtol=1e-9)
    assert some.rest == pytest.approx(every.softmax[300:].sum())


def test_an_estimated_rest_is_said_to_be_one_and_is_right_for_equal_scores():
    flat = np.concatenate([[4.0, 3.0, 2.0], np.full(500, -1.5)])
    ids, rest = split(flat, 3)
    for temperature in (0.5, 2.0):
        sampler = replace(ALL, temperature=temperature)
        table = stages(flat[ids], sampler, rest)
        assert not table.exact
        assert table.rest == pytest.approx(stages(flat, sampler).softmax[3:].sum())
    assert not stages(flat[ids], replace(ALL, top_p=0.999), rest).exact  # the cut falls among those not listed


def test_draws_follow_the_chances():
    chances, count = np.array([0.5, 0.0, 0.3, 0.2, 0.0]), 20_000
    dice = np.random.default_rng(0)
    drawn = np.bincount([draw(chances, dice) for _ in range(count)], minlength=5)
    assert drawn[1] == drawn[4] == 0
    some = chances > 0
    chi = ((drawn[some] - count * chances[some]) ** 2 / (count * chances[some])).sum()
    assert chi < 13.8  # 0.1 % of fair dice with 2 degrees of freedom go beyond


def test_a_draw_never_falls_off_the_end():
    class Loaded(np.random.Generator):
        def random(self):  # type: ignore[override]
            return self.number

    dice = Loaded(np.random.PCG64(0))
    dice.number = np.nextafter(1.0, 0.0)
    assert draw(np.array([0.1] * 10 + [0.0]), dice) == 9
    dice.number = 0.0
    assert draw(np.array([0.0, 1.0]), dice) == 1


@given(arrays.arrays(np.float32, st.integers(1, 60), elements=st.integers(-5, 5).map(float)), st.integers(1, 70))
@settings(deadline=None)
def test_likeliest_is_the_head_of_a_sort(logits, count):
    order = sorted(range(len(logits)), key=lambda i: (-logits[i], i))
    assert list(likeliest(logits, count)) == order[:count]


def test_sums_and_entropy():
    logits = np.array([1000.0, 999.0, -np.inf])
    assert log_sum_exp(logits) == pytest.approx(torch.tensor(logits).logsumexp(0).item())
    assert entropy(np.array([0.5, 0.25, 0.25, 0.0])) == pytest.approx(1.5)
    assert entropy(np.array([1.0, 0.0])) == 0


def test_every_setting_has_a_title_a_sentence_and_limits():
    for field in msgspec.inspect.type_info(Sampler).fields:
        schema = msgspec.json.schema(Sampler)["$defs"]["Sampler"]["properties"][field.name]
        assert schema["title"] and schema["description"].endswith(".") and "minimum" in schema and "maximum" in schema
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"temperature": 2.5}, Sampler)
