"""Stopped at 20 random steps and continued: every loss and every weight is, bit for bit, that of the run left alone."""

import random
from pathlib import Path

import pytest
import torch
from msgspec.structs import replace

from llmstudio.core.train.events import Evaluated, Note, Step
from tests.soak.small import MODEL, equal, happened, losses, trainer, until, weights

pytestmark = [pytest.mark.soak, pytest.mark.usefixtures("one_thread")]
STOPS, STEPS = 20, 50


@pytest.mark.parametrize("accumulate", [1, 4])
@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_twenty_stops(tmp_path: Path, optimizer: str, accumulate: int) -> None:
    model = replace(MODEL, dropout=0.1)
    fields = {"optimizer": optimizer, "accumulate": accumulate, "steps": STEPS, "evaluate_every": 7}
    fields |= {"ema": 0.9, "clip": 0.5, "weight_decay": 0.2, "early_stop": 50}
    whole = trainer(tmp_path / "whole", model, **fields)
    told = list(happened(whole))
    expected, looks = losses(told), [(e.step, e.loss) for e in told if isinstance(e, Evaluated)]
    final = weights(whole.model)
    for stop in random.Random(1).sample(range(1, STEPS), STOPS):
        folder = tmp_path / f"stop {stop}"
        first = until(trainer(folder, model, **fields), stop)
        torch.manual_seed(stop)  # whatever others draw in between
        torch.rand(stop)
        second = trainer(folder, model, **fields)
        rest = list(happened(second))
        assert [e.step for e in rest if isinstance(e, Step)] == list(range(stop + 1, STEPS + 1))
        assert losses(first) | losses(rest) == expected
        assert [(e.step, e.loss) for e in [*first, *rest] if isinstance(e, Evaluated)] == looks
        assert equal(weights(second.model), final), f"stopped at {stop}"
    print(f"\n{optimizer}, {accumulate} portions: {STOPS} of {STOPS} stops continued bit for bit over {STEPS} steps")


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_stopped_again_and_again(tmp_path: Path, optimizer: str) -> None:
    fields = {"optimizer": optimizer, "steps": STEPS}
    whole = trainer(tmp_path / "whole", **fields)
    expected = losses(list(happened(whole)))
    found: dict[int, float] = {}
    for stop in sorted(random.Random(2).sample(range(1, STEPS), STOPS)):
        found |= losses(until(trainer(tmp_path / "parts", **fields), stop))
    last = trainer(tmp_path / "parts", **fields)
    found |= losses(list(happened(last)))
    assert found == expected and equal(weights(last.model), weights(whole.model))
    print(f"\n{optimizer}: one run in {STOPS + 1} parts is bit for bit the run in one")


def test_on_other_threads_it_says_so_and_stays_within_a_ten_thousandth(tmp_path: Path) -> None:
    wide = replace(MODEL, width=128, context=64)  # large enough that torch really shares the work
    fields = {"steps": 40, "batch": 16, "precision": "float32"}
    whole = losses(list(happened(trainer(tmp_path / "whole", wide, **fields))))
    until(trainer(tmp_path / "parts", wide, **fields), 30)
    torch.set_num_threads(2)
    told = list(happened(trainer(tmp_path / "parts", wide, **fields)))
    assert any("Threads: 2, before 1, so the last digits may differ" in e.text for e in told if isinstance(e, Note))
    apart = [abs(loss - whole[step]) for step, loss in losses(told).items()]
    print(f"\n2 threads after 1: the first 10 losses at most {max(apart):.1e} apart")
    assert len(apart) == 10 and max(apart) < 1e-4
