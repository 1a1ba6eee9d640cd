"""Random sequences of edits; `-m soak` makes 2,000 of up to 50."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.session.editing import Editing

CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quick edits are told by what they are of, however slow this machine is."""
    monkeypatch.setattr("llmstudio.session.edits.MERGE_SECONDS", 1e9)


def edit(sequences: int, steps: int) -> None:
    calm = settings(
        max_examples=sequences, stateful_step_count=steps, deadline=None, database=None, suppress_health_check=CALM
    )
    run_state_machine_as_test(Editing, settings=calm)


def test_random_edits() -> None:
    edit(60, 30)


@pytest.mark.soak
def test_very_many_random_edits() -> None:
    edit(2000, 50)
