"""The probe of a design: it begins when the design is left alone, is given up at an edit, and says what it is."""

import time
from collections.abc import Iterator

import pytest
import torch  # noqa: F401  (the probe waits for it)
from msgspec.structs import replace

from llmstudio.core.model.spec import Attention, Block, Model
from llmstudio.core.train.recipe import Recipe
from llmstudio.session import estimate as estimates
from llmstudio.session.session import Session

SMALL = Model(vocab=16, context=8, width=16, blocks=(Block(),))


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setattr(estimates, "PAUSE", 0.05)
    monkeypatch.setattr("llmstudio.core.train.preview.SECONDS", 0.05)
    made = Session()
    made.build.edit(SMALL)
    made.train.edit(Recipe(batch=2, steps=100))
    yield made
    made.close()


def until(session: Session, met) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + 20
    while not met():
        assert time.monotonic() < end, "it never came"
        session.build.estimate.follow()
        session.poll()
        time.sleep(0.005)


def test_a_design_left_alone_is_measured(session: Session) -> None:
    estimate, heard = session.build.estimate, []
    estimate.changed.connect(lambda: heard.append(estimate.state))
    assert estimate.state == "unknown" and estimate.seconds is None
    until(session, lambda: estimate.state == "measured")
    assert heard[-2:] == ["measuring", "measured"]
    assert estimate.speed and estimate.speed.whole and 0 < estimate.speed.took < 30
    assert estimate.seconds and estimate.seconds >= 100 * estimate.speed.step
    assert estimate.tokens_per_second == pytest.approx(16 / estimate.speed.step)


def test_an_edit_gives_the_probe_up_and_carries_the_last_one_over(session: Session) -> None:
    estimate = session.build.estimate
    until(session, lambda: estimate.state == "measured")
    before = estimate.speed
    session.build.edit(replace(SMALL, blocks=(Block(),) * 4))
    assert estimate.state == "carried" and before and estimate.speed
    assert estimate.speed.step > before.step and not estimate.speed.whole
    estimate.start()
    job = estimate._job
    session.build.edit(replace(SMALL, blocks=(Block(),) * 2))
    estimate.follow()
    assert job and job.stopped and estimate.state == "carried"
    until(session, lambda: estimate.state == "measured")


def test_names_and_notes_measure_nothing_again(session: Session) -> None:
    estimate = session.build.estimate
    until(session, lambda: estimate.state == "measured")
    session.build.edit(replace(SMALL, name="Mine", note="so", blocks=(Block(note="first"),)))
    session.train.edit(replace(session.train.recipe, steps=200, seed=3))
    assert estimate.state == "measured"


def test_a_design_with_a_problem_is_left_alone(session: Session) -> None:
    estimate = session.build.estimate
    session.build.edit(replace(SMALL, blocks=(Block(attention=Attention(heads=3)),)))
    assert session.build.problems
    for _ in range(30):
        estimate.follow()
        time.sleep(0.005)
    assert estimate.state == "unknown" and estimate.why_not == "The design has a problem."


def test_a_run_has_the_machine_for_itself(session: Session) -> None:
    estimate = session.build.estimate
    until(session, lambda: estimate.state == "measuring")
    session.train.starting = True
    estimate.follow()
    assert estimate.state == "unknown" and estimate.why_not == "A run has the machine."
    session.train.starting = False
    until(session, lambda: estimate.state == "measured")


def test_cards_have_the_run_by_their_data_sheets(session: Session) -> None:
    cards = session.build.estimate.cards
    assert all(card.fits and card.seconds > 0 for card in cards)


def test_memory_is_told_before_anything_was_measured(session: Session) -> None:
    found = session.build.estimate.memory
    assert found.weights == found.gradients == 4 * session.build.cost.parameters
    assert found.total > found.on_device > 4 * found.weights
