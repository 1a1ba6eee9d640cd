"""The loss over all validation text, against one token at a time."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Block, Model
from llmstudio.core.train.evaluate import sampled_loss, validation_loss

MODEL = Model(vocab=11, context=6, width=16, blocks=(Block(),), dropout=0.5)


def result(work):
    progress = []
    while True:
        try:
            progress.append(next(work))
        except StopIteration as end:
            return end.value, progress


def by_hand(gpt: GPT, ids: np.ndarray, context: int) -> float:
    losses = []
    gpt.eval()
    for start in range(0, len(ids) - 1, context):
        for end in range(start + 1, min(start + context, len(ids) - 1) + 1):
            with torch.no_grad():
                scores = gpt(torch.tensor(ids[start:end].astype(np.int64))[None])[0, -1].double()
            losses.append(float(scores.logsumexp(0) - scores[int(ids[end])]))
    assert len(losses) == len(ids) - 1
    return float(np.mean(losses))


@pytest.mark.parametrize("length", [2, 6, 7, 8, 50])
def test_it_is_the_mean_over_every_token(length: int) -> None:
    gpt = GPT(MODEL, seed=1)
    gpt.embed.weight.data *= 30
    gpt.train()
    ids = np.random.default_rng(0).integers(0, 11, length).astype(np.uint16)
    text = SimpleNamespace(validation=ids)
    loss, progress = result(validation_loss(gpt, text, 6, 3))
    assert gpt.training and all(p.grad is None for p in gpt.parameters())
    assert progress[-1].done == progress[-1].total == len(progress)
    assert loss == pytest.approx(by_hand(gpt, ids, 6), rel=1e-4)
    (sampled, whole), _ = result(sampled_loss(gpt, text, 6, 3, 100))
    assert whole and sampled == loss


def test_a_part_of_it_is_spread_evenly_and_always_the_same() -> None:
    gpt = GPT(MODEL, seed=1)
    ids = np.random.default_rng(0).integers(0, 11, 601).astype(np.uint16)
    text = SimpleNamespace(validation=ids)
    (loss, whole), progress = result(sampled_loss(gpt, text, 6, 3, 2))
    assert not whole and len(progress) == 2
    assert result(sampled_loss(gpt, text, 6, 3, 2))[0] == (loss, False)
    chosen = [ids[s : s + 7] for s in np.linspace(0, 99, 6).astype(int) * 6]
    expected = np.mean([by_hand(gpt, window, 6) for window in chosen])
    assert loss == pytest.approx(expected, rel=1e-4)
