"""The guard sees real trouble soon, and none where there is only noise. curves.json: losses of real small runs."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from llmstudio.core.train.guard import GENTLE, MARGIN, MOST, PATIENCE, TRIES, Doubt, Guard, Trouble

CURVES = json.loads((Path(__file__).parent / "curves.json").read_text())
NOISES = {
    "normal": lambda dice, n: dice.normal(size=n),
    "laplace": lambda dice, n: dice.laplace(size=n),
    "student": lambda dice, n: dice.standard_t(3, size=n),
    "hard batches": lambda dice, n: dice.normal(size=n) + (dice.random(n) < 0.03) * dice.normal(size=n) * 15,
}


def verdicts(losses, guard: Guard | None = None) -> list[tuple[int, str]]:
    """All that is not "ok", by step from 1."""
    guard = guard or Guard()
    seen = [(step, guard.look(step, float(loss), 1.0)) for step, loss in enumerate(losses, 1)]
    return [(step, verdict) for step, verdict in seen if verdict != "ok"]


@pytest.mark.parametrize("name", CURVES)
def test_real_runs_are_left_alone(name: str) -> None:
    assert verdicts(CURVES[name]) == []


@pytest.mark.parametrize("noise", NOISES)
def test_noise_is_not_trouble(noise: str) -> None:
    dice = np.random.default_rng(1)
    for _ in range(12):
        steps = np.arange(1500)
        curve = 2 + 2.2 * np.exp(-steps / dice.uniform(20, 400)) + 0.3 * (np.sin(steps / 90) > 0)  # with ledges
        spread = dice.choice([0.001, 0.02, 0.1, 0.4])
        assert verdicts(np.maximum(curve + spread * NOISES[noise](dice, 1500), 0)) == []


def test_the_wild_first_steps_are_not_judged() -> None:
    assert verdicts([4.2, 4.9, 7.5, 6.1, 12.0, 5.0, 4.4, 4.0, 3.9, 3.8]) == []


def test_a_plateau_and_the_drop_after_it() -> None:
    dice = np.random.default_rng(2)
    curve = np.concatenate([np.linspace(4.2, 2.5, 60), np.full(400, 2.5), np.linspace(2.5, 1.6, 80), np.full(200, 1.6)])
    assert verdicts(curve + 0.03 * dice.normal(size=len(curve))) == []


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("at", [60, 200, 400])
def test_a_jump_is_seen_after_three_losses(name: str, at: int) -> None:
    losses = np.array(CURVES[name])
    losses[at:] += 6.0
    guard = Guard()
    (step, verdict), *_ = verdicts(losses[: at + 40], guard)
    assert verdict == "spike" and at + PATIENCE <= step <= at + PATIENCE + 2


@pytest.mark.parametrize("name", CURVES)
def test_a_slow_rise_is_seen(name: str) -> None:
    losses = np.array(CURVES[name])
    losses[200:] += np.minimum(np.arange(300) * 0.05, 4)
    guard = Guard()
    for step, loss in enumerate(losses, 1):
        if guard.look(step, loss, 1.0) == "spike":
            break
    assert 200 < step < 300 and guard.good() <= 200


@pytest.mark.parametrize(("loss", "norm"), [(np.nan, 1.0), (2.0, np.inf), (np.inf, np.nan), (2.0, np.nan)])
def test_what_is_no_number_is_broken_at_once(loss: float, norm: float) -> None:
    assert Guard().look(1, loss, norm) == "broken"
    guard = Guard()
    assert verdicts(CURVES["plain"][:50], guard) == [] and guard.calm
    assert guard.look(51, loss, norm) == "broken"
    assert not guard.calm and guard.good() == 51 - MARGIN


def test_one_hard_batch_is_nothing_but_no_time_to_save() -> None:
    guard = Guard()
    verdicts([2.0 + 0.01 * (i % 3) for i in range(60)], guard)
    assert guard.look(61, 9.0, 1.0) == "ok" and not guard.calm
    assert guard.look(62, 2.0, 1.0) == "ok" and guard.calm
    assert max(guard.losses) < 2.1


def test_going_back_leaves_what_came_after() -> None:
    guard = Guard()
    losses = [2.0 + 0.01 * (i % 3) for i in range(60)]
    assert verdicts([*losses, 9.0, 9.0, 9.0], guard) == [(63, "spike")]
    assert guard.good() == 61 - MARGIN
    guard.went_back(48, 63)
    assert guard.calm and len(guard.losses) == 48
    assert [guard.share(step) for step in (47, 48, 62 + GENTLE, 63 + GENTLE)] == [1.0, 0.5, 0.5, 1.0]
    guard.went_back(48, 70)
    assert guard.share(50) == 0.25  # the same place again
    guard.went_back(60, 90)
    assert [guard.share(step) for step in (59, 60)] == [0.25, 0.5]  # another one
    assert guard.look(49, 2.0, 1.0) == "ok"


def test_a_continued_guard_knows_what_the_first_one_knew() -> None:
    whole, part = Guard(), Guard()
    losses = [*CURVES["plain"][:200], 12.0, 12.5, 13.0]
    verdicts(losses[:150], part)
    part.went_back(150, 150)
    again = Guard(150, part.losses, part.troubles)
    assert again.losses == part.losses and again.troubles == [Trouble(to=150, bad=150)]
    expected = verdicts(losses, whole)
    assert expected == [(203, "spike")]
    assert [(s, again.look(s, loss, 1.0)) for s, loss in enumerate(losses[150:], 151)][-1] == expected[0]
    assert again.good() == whole.good()


@pytest.mark.parametrize("kind", ["jump", "hard batches", "slow rise"])
def test_it_goes_on_in_the_middle_of_a_doubt_as_if_it_had_not_stopped(kind: str) -> None:
    losses = np.array(CURVES["plain"][:260])
    if kind == "jump":
        losses[200:] += 6.0
    elif kind == "hard batches":
        losses[170:200:7] += 6.0
        losses[205:] += 6.0
    else:
        losses[150:] += np.minimum(np.arange(110) * 0.05, 4)
    expected = verdicts(losses)[0]
    at, whole = expected[0], Guard()
    verdicts(losses[:at], whole)
    for stop in range(at - 60, at):
        first = Guard()
        assert verdicts(losses[:stop], first) == []
        kept = msgspec.json.decode(msgspec.json.encode(first.doubt), type=Doubt)
        again = Guard(stop, first.losses, first.troubles, kept)
        found = [(step, again.look(step, float(losses[step - 1]), 1.0)) for step in range(stop + 1, at + 1)]
        assert found[-1] == expected and {verdict for _, verdict in found[:-1]} <= {"ok"}
        assert again.good() == whole.good()


def test_roll_backs_to_ever_other_places_end_too_unless_the_run_gets_on() -> None:
    def after(apart: int) -> list[bool]:
        guard, found = Guard(), []
        for n in range(3 * MOST):
            found.append(guard.hopeless)
            guard.went_back(50 + 10 * (n % 2) + apart * n, 90 + apart * n)
        return found

    assert after(0).index(True) == after(GENTLE).index(True) == MOST
    assert not any(after(GENTLE + 4))


def test_a_rise_that_nothing_helps_against_is_taken_for_normal() -> None:
    guard = Guard()
    losses = [2.0 + 0.01 * (i % 3) for i in range(60)]
    verdicts(losses, guard)
    for _ in range(TRIES):
        assert [guard.look(61 + i, 9.0, 1.0) for i in range(3)] == ["ok", "ok", "spike"]
        assert not guard.hopeless
        guard.went_back(60, 63)
    assert guard.hopeless
    assert [guard.look(61 + i, 9.0, 1.0) for i in range(30)] == ["ok"] * 30
    assert guard.look(91, float("nan"), 1.0) == "broken" and guard.hopeless
