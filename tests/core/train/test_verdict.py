from typing import Any

import pytest
from msgspec.structs import replace

from llmstudio.core.train import doctor
from llmstudio.core.train.doctor import Finding
from llmstudio.core.train.events import Health, Part
from tests.core.train.courses import RECIPE, course, falling


def verdict(last: float | None, **fields: Any) -> Finding:
    """Of a finished run whose validation loss fell steadily to `last`."""
    looks = {step: last + (2000 - step) / 1000 for step in range(200, 2001, 200)} if last is not None else {}
    found = doctor.after(course(falling(2000), looks, **{"state": "finished", **fields}))
    assert [f.kind for f in found[:1]] == ["verdict"]
    return found[0]


@pytest.mark.parametrize(
    ("last", "severity", "words"),
    [
        (4.0, "bad", "It reached 4.00 on text it has not read: no better than counting single tokens"),
        (2.8, "bad", "no better than counting pairs, which reaches 2.50"),
        (2.2, "good", "better than counting pairs (2.50), not triples (2.05)"),
        (2.05, "good", "as good as counting triples"),
        (1.6, "good", "0.45 better than counting triples"),
    ],
)  # fmt: skip
def test_the_loss_against_counting(last: float, severity: str, words: str) -> None:
    finding = verdict(last)
    assert finding.severity == severity and words in finding.text and finding.text.endswith(".")


def test_more_steps_are_offered_where_they_would_pay() -> None:
    still = verdict(1.6)
    assert "still getting better" in still.text and still.cure and still.cure.fields == {"steps": 3000}
    assert verdict(1.6, train_tokens=10**4).cure is None  # read fifty times already
    flat = course(falling(2000), dict.fromkeys(range(200, 1801, 200), 1.6) | {2000: 1.64}, state="finished")
    assert doctor.after(flat)[0].cure is None
    lost = verdict(2.8).cure
    assert lost and lost.action == "find_rate"


def test_a_run_that_read_little_needs_longer_and_not_another_rate() -> None:
    short = verdict(2.8, train_tokens=10**7)
    assert short.severity == "care" and "has read only 5% of the text" in short.text
    assert short.cure and short.cure.action == "go_on" and short.cure.fields == {"steps": 8000}


def test_the_figure_over_all_validation_text_counts() -> None:
    assert "1.71" in verdict(1.6, whole=1.71).text


def test_the_floor() -> None:
    assert "as good as any model can be" in verdict(1.61, floor=1.6).text


def test_a_run_that_was_stopped_can_go_on() -> None:
    finding = verdict(2.8, state="stopped", step=800)
    assert finding.text.startswith("Stopped at step 800 of 2,000, with 2.80") and finding.severity == "care"
    assert finding.cure and finding.cure.action == "go_on" and not finding.cure.fields


def test_a_run_that_failed_or_was_never_tested() -> None:
    failed = verdict(1.6, state="failed", error="The disk is full.")
    assert (failed.severity, failed.text) == ("bad", "It broke off at step 2,000: The disk is full.")
    assert "before it was tested" in verdict(None, state="stopped", step=30).text
    lost = doctor.after(course([*falling(500), float("nan")], {400: 2.0}, state="stopped"))
    assert "no number" in lost[0].text and lost[0].severity == "bad"


def test_learned_by_heart_and_ended_too_high() -> None:
    looks = {step: 1.6 + abs(step - 600) / 2000 for step in range(0, 1201, 100)}
    heart = doctor.after(course(falling(1200), looks, state="finished"))
    assert len(heart) == 1 and heart[0].text == "It learned by heart: best at step 600 with 1.60, and 1.90 at the end."
    assert heart[0].cure and heart[0].cure.action == "best"
    rising = falling(1200)[::-1]
    high = doctor.after(course(rising, looks, state="finished"))[0]
    assert high.severity == "bad" and "0.30 above its best, 1.60" in high.text


def test_what_still_counts_comes_after_the_verdict() -> None:
    part = Part(gradient=0.1, update=1e-3, activation=1.0, dead=0.95)
    health = [Health(step=step, parts={"blocks.0.mlp": part}) for step in (1980, 2000)]
    looks = {step: 2.4 - step / 4000 for step in range(200, 2001, 200)}
    found = doctor.after(course(falling(2000), looks, state="finished", health=health))
    assert [f.kind for f in found] == ["verdict", "dead"]


def test_without_ngrams_it_tells_the_loss() -> None:
    text = verdict(1.6, ngrams=None, recipe=replace(RECIPE, steps=2000)).text
    assert text.startswith("It reached 1.60 on text it has not read")
