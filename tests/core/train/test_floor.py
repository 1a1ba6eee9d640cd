"""The studio's own loop on text whose difficulty is known: it comes down to the entropy and stays there."""

from pathlib import Path

import pytest

from llmstudio.core.data import markov, synthetic
from llmstudio.core.train.events import Evaluated
from tests.core.train import kits


@pytest.mark.soak
def test_the_preset_comes_within_three_percent_of_the_entropy_and_not_below(tmp_path: Path) -> None:
    trainer, _, events = kits.train("markov", tmp_path)
    losses = [event for event in events if isinstance(event, Evaluated)]
    floor = synthetic.floor("markov", 0)
    source = markov.make(0)
    ((_, text),) = synthetic.documents("markov", 0)
    own = source.surprise(text[int(len(text) * 0.9) :])  # this very validation text under the source itself
    assert floor and losses[-1].whole
    print(f"\nfloor {floor:.4f}, validation text {own:.4f}, loss {losses[-1].loss:.4f}, {trainer.seconds:.0f} s")
    assert losses[-1].loss <= 1.03 * floor
    assert losses[-1].loss >= own  # the source knows itself best; the text's own luck is already in this figure
    assert min(event.loss for event in losses) >= floor * 0.95  # a few batches: noisier
