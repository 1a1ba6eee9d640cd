"""The running average of the weights against the same in numpy; it forgets its start, and comes back bit by bit."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Attention, Block, Model
from llmstudio.core.train.average import Average

MODEL = Model(vocab=7, context=5, width=8, dropout=0.2, blocks=(Block(attention=Attention(heads=2, bias=True)),))


def wander(gpt: GPT, step: int) -> None:
    """Other weights, which follow from the step."""
    dice = torch.Generator().manual_seed(step)
    with torch.no_grad():
        for p in gpt.parameters():
            p.copy_(torch.randn(p.shape, generator=dice))


def weights(gpt: GPT) -> np.ndarray:
    return np.concatenate([p.detach().double().numpy().ravel() for p in gpt.parameters()])


@settings(max_examples=20, deadline=None)
@given(decay=st.floats(0, 0.999), steps=st.integers(1, 30))
def test_it_is_the_running_average(decay: float, steps: int) -> None:
    gpt = GPT(MODEL, 1)
    average, expected = Average(gpt), weights(gpt)
    for t in range(1, steps + 1):
        wander(gpt, t)
        average.update(decay)
        d = min(decay, (t - 1) / (t + 9))
        expected = d * expected + (1 - d) * weights(gpt)
    np.testing.assert_allclose(weights(average.gpt), expected, rtol=1e-4, atol=1e-5)


def test_nothing_of_the_random_start_stays() -> None:
    gpt, other = GPT(MODEL, 1), GPT(MODEL, 2)
    pair = [(gpt, Average(gpt)), (other, Average(other))]
    for t in range(1, 20):
        for source, average in pair:
            wander(source, t)
            average.update(0.9999)
    assert np.array_equal(weights(pair[0][1].gpt), weights(pair[1][1].gpt))


def test_the_average_of_still_weights_is_they() -> None:
    gpt = GPT(MODEL, 1)
    average = Average(gpt)
    for _ in range(5):
        average.update(0.99)
    np.testing.assert_allclose(weights(average.gpt), weights(gpt), rtol=1e-6)


def test_it_is_a_network_of_its_own_to_look_at() -> None:
    gpt = GPT(MODEL, 1)
    average = Average(gpt)
    before = weights(gpt)
    assert not average.gpt.training and not any(p.requires_grad for p in average.gpt.parameters())
    assert average.gpt.head.weight is average.gpt.embed.weight  # tied as the other is
    wander(gpt, 3)
    assert np.array_equal(weights(average.gpt), before)
    average.update(0.0)
    assert np.array_equal(weights(average.gpt), weights(gpt))
    ids = torch.arange(5)[None]
    assert torch.equal(average.gpt(ids), gpt.eval()(ids))


@pytest.mark.parametrize("stop", [0, 1, 13])
def test_it_goes_on_from_its_state_bit_by_bit(stop: int) -> None:
    gpt = GPT(MODEL, 1)
    average = Average(gpt)
    for t in range(stop):
        wander(gpt, t)
        average.update(0.8)
    kept = {name: tensor.clone() for name, tensor in average.state().items()}
    again = GPT(MODEL, 2)
    other = Average(again)
    other.update(0.5)
    other.load(kept)
    for t in range(stop, 20):
        for source, one in ((gpt, average), (again, other)):
            wander(source, t)
            one.update(0.8)
    assert all(torch.equal(tensor, other.state()[name]) for name, tensor in average.state().items())


def test_it_begins_again_with_the_weights_as_they_are() -> None:
    gpt = GPT(MODEL, 1)
    average = Average(gpt)
    for t in range(12):
        wander(gpt, t)
        average.update(0.9)
    average.reset()
    assert np.array_equal(weights(average.gpt), weights(gpt))
    wander(gpt, 20)
    average.update(0.9)
    assert np.array_equal(weights(average.gpt), weights(gpt))
