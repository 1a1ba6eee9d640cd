import time
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from llmstudio.core.train import doctor
from llmstudio.core.train.doctor import Course, Finding
from llmstudio.core.train.events import Changed, RolledBack
from tests.core.train.courses import NGRAMS, NOISE, RECIPE, course, falling


def kinds(it: Course) -> list[str]:
    return [finding.kind for finding in doctor.during(it)]


def only(it: Course) -> Finding:
    (finding,) = doctor.during(it)
    return finding


def halved(finding: Finding) -> bool:
    return bool(finding.cure and finding.cure.fields == {"learning_rate": 5e-4, "min_learning_rate": 5e-5})


@pytest.mark.parametrize("noise", [0.02, 0.06, 0.2])
def test_a_healthy_run_is_left_alone_at_every_step(noise: float) -> None:
    for seed in range(3):
        losses = falling(2000, noise, seed)
        for now in range(0, 2001, 100):
            looks = {step: float(losses[max(0, step - 50) : step + 1].mean()) + 0.05 for step in range(0, now + 1, 100)}
            findings = doctor.during(course(losses[:now], looks))
            assert [f.severity for f in findings] == ["good"], (now, findings)


def test_it_says_how_far_it_came_and_that_it_is_too_early() -> None:
    assert only(course(falling(40))).kind == "early" == only(course([])).kind
    said = only(course(falling(1000)))
    gained = falling(1000, 0)[366:683].mean() - falling(1000, 0)[683:].mean()
    assert said.kind == "learning" and said.step == 1000
    assert float(said.text.split()[2]) == pytest.approx(gained, abs=0.015)


def test_odd_passages_are_no_spike() -> None:
    losses = falling(600)
    losses[[520, 540, 580]] += 3
    assert kinds(course(losses)) == ["learning"]


def test_a_spike_that_stays_and_one_that_came_back() -> None:
    losses = falling(600)
    losses[560:] += 1.0
    stays = only(course(losses))
    assert (stays.kind, stays.severity, stays.step) == ("spike", "bad", 561) and halved(stays)
    losses = falling(600)
    losses[540:560] += 1.0
    back = only(course(losses))
    assert (back.kind, back.severity, back.step, back.cure) == ("spike", "care", 541, None)
    free = only(course(losses, recipe=replace(RECIPE, clip=0)))
    assert free.cure and free.cure.fields == {"clip": 1.0}
    assert kinds(course([*losses, *falling(800)[600:]])) == ["learning"]  # 240 steps later


@pytest.mark.parametrize("bad", [nan, inf])
def test_no_number_is_told_with_its_step(bad: float) -> None:
    losses = falling(400)
    losses[150:] = bad
    finding = only(course(losses))
    assert (finding.kind, finding.severity, finding.step) == ("not_a_number", "bad", 151) and halved(finding)
    assert "step 151" in finding.text


def test_a_loss_that_creeps_up_has_diverged() -> None:
    losses = falling(1000)
    losses[500:] += np.linspace(0, 1.5, 500)
    finding = only(course(losses))
    assert (finding.kind, finding.severity) == ("divergence", "bad") and halved(finding)
    assert finding.step is not None and 350 < finding.step < 600


def test_more_dropout_lifts_the_loss_and_is_no_divergence() -> None:
    losses = falling(1000)
    losses[500:] += 0.6
    assert "divergence" in kinds(course(losses))
    for fields, fine in (({"dropout": 0.3}, True), ({"batch": 16}, False)):
        changes = [Changed(step=500, fields=fields)]
        assert ("divergence" not in kinds(course(losses, changes=changes))) == fine


def test_a_plateau_with_a_high_rate_asks_for_smaller_steps() -> None:
    recipe = replace(RECIPE, steps=8000, schedule="constant")
    flat = 2.0 + np.random.default_rng(0).normal(0, NOISE, 4000)
    finding = only(course(flat, recipe=recipe))
    assert (finding.kind, finding.severity) == ("plateau", "care") and halved(finding)
    late = only(course(flat, recipe=replace(recipe, steps=4100)))
    assert late.cure and late.cure.action == "stop"
    # noisy and short: not sure enough
    assert kinds(course(2.0 + np.random.default_rng(0).normal(0, 0.5, 600), recipe=recipe)) == ["learning"]


def test_the_end_of_a_schedule_is_no_plateau_and_the_floor_is_good_news() -> None:
    flat = 2.0 + np.random.default_rng(0).normal(0, NOISE, 3900)
    assert kinds(course(flat, recipe=replace(RECIPE, steps=4000))) == ["learning"]
    at_floor = only(course(flat, recipe=replace(RECIPE, steps=8000, schedule="constant"), floor=1.99))
    assert (at_floor.kind, at_floor.severity) == ("floor", "good")


def heart(**fields: Any) -> Course:
    looks = {step: 1.6 + abs(step - 600) / 2000 for step in range(0, 1201, 100)}
    return course(falling(1200), looks, **fields)


def test_learning_by_heart_and_what_to_do_early_and_late() -> None:
    finding = only(heart(recipe=replace(RECIPE, steps=4000)))
    assert (finding.kind, finding.severity, finding.step) == ("overfitting", "bad", 600)
    assert finding.cure and finding.cure.fields == {"dropout": 0.1} and "1.60" in finding.text
    more = only(heart(recipe=replace(RECIPE, steps=4000, dropout=0.1))).cure
    assert more and more.fields == {"dropout": 0.2}
    late = only(heart(recipe=replace(RECIPE, steps=1300))).cure
    assert late and late.action == "best"


def test_a_gap_that_opens_counts_and_one_that_was_there_from_the_start_does_not() -> None:
    looks = {step: float(falling(step, noise=0)[-1]) for step in range(100, 1201, 100)}
    faster = np.arange(1200) / 1200
    finding = only(course(falling(1200) - 0.5 * faster, looks))
    assert (finding.kind, finding.severity) == ("overfitting", "care")
    assert finding.cure and finding.cure.fields == {"dropout": 0.1}
    assert kinds(course(falling(1200) - 0.5, looks)) == ["learning"]
    assert kinds(course(falling(1200) - 0.15 * faster, looks)) == ["learning"]


def test_one_worse_look_is_chance_and_a_rising_training_loss_is_something_else() -> None:
    looks = {step: 3.0 - step / 1000 for step in range(100, 1001, 100)}
    assert kinds(course(falling(1000), {**looks, 1000: 2.4})) == ["learning"]
    rising = falling(1200)[::-1]
    assert "overfitting" not in kinds(replace(heart(), loss=course(rising).loss))


@pytest.mark.parametrize(("loss", "kind", "severity"), [(3.5, "bigram", "bad"), (2.7, "bigram", "care"), (2.4, "", "")])
def test_worse_than_counting(loss: float, kind: str, severity: str) -> None:
    (finding,) = doctor.during(course(falling(800), {0: 4.2, 400: 3.9, 800: loss}))
    assert (finding.kind, finding.severity) == ((kind, severity) if kind else ("learning", "good"))
    assert not kind or (finding.cure and finding.cure.action == "find_rate")
    assert kinds(course(falling(500), {0: 4.2, 500: loss})) == ["learning"]  # a quarter of the run: too early
    assert kinds(course(falling(800), {800: loss}, ngrams=None)) == ["learning"]
    assert NGRAMS.bigram < 2.7 < NGRAMS.unigram < 3.5


def test_going_back_is_told_for_a_while_and_three_times_is_too_often() -> None:
    back = RolledBack(step=500, bad=510, text="")
    told = only(course(falling(600), rolled_back=[back]))
    assert (told.kind, told.severity, told.cure) == ("rolled_back", "care", None) and "step 510" in told.text
    assert kinds(course(falling(900), rolled_back=[back])) == ["learning"]
    often = only(course(falling(900), rolled_back=[back] * 3))
    assert often.severity == "bad" and halved(often) and "3 times" in often.text


def test_a_long_run_is_looked_at_in_a_moment() -> None:
    it = course(falling(100_000), dict.fromkeys(range(0, 100000, 100), 2.0))
    start = time.perf_counter()
    doctor.during(it)
    assert time.perf_counter() - start < 1
