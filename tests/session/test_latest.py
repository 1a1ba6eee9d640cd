"""Asking again: one question at a time, late answers dropped, seldom where answers are slow."""

from concurrent.futures import Future

import pytest

from llmstudio.session import latest
from llmstudio.session.hall import Hall
from llmstudio.session.latest import Key, Latest


class Asked:
    """A question whose answers come when the test says so."""

    def __init__(self, hall):
        self.hall, self.key, self.futures = hall, Key(whose="run 1", what=None, far=0), []
        self.latest = Latest(hall, lambda: self.key, self.ask)

    def ask(self):
        if self.key.whose is None:
            raise ValueError("There is no model yet.")
        self.futures.append(Future())
        return self.futures[-1]

    def answer(self, value):
        self.futures[-1].set_result(value)
        self.hall.poll()


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(latest.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def asked(clock):
    hall = Hall()
    yield Asked(hall)
    hall.models.close()
    hall.files.close()


def test_never_two_questions_in_flight(asked, clock):
    for _ in range(5):
        clock[0] += 1
        asked.key = Key(whose="run 1", what=None, far=clock[0])
        asked.latest.keep()
    assert len(asked.futures) == 1
    asked.answer("a")
    clock[0] += 1
    asked.latest.keep()
    assert len(asked.futures) == 2 and asked.latest.value == "a"


def test_nothing_is_asked_while_nothing_changes(asked, clock):
    asked.latest.keep()
    asked.answer("a")
    for _ in range(5):
        clock[0] += 1
        asked.latest.keep()
    assert len(asked.futures) == 1


def test_at_most_four_times_a_second(asked, clock):
    asked.latest.keep()
    asked.answer(0)
    for n in range(1, 101):
        clock[0] += 0.01
        asked.key = Key(whose="run 1", what=None, far=n)
        asked.latest.keep()
        if not asked.futures[-1].done():
            asked.answer(n)
    assert 4 <= len(asked.futures) <= 5


def test_slow_answers_are_asked_for_less_often(asked, clock):
    asked.latest._cost = 0.1
    asked.latest.keep()
    asked.answer("a")
    asked.key = Key(whose="run 1", what=None, far=1)
    clock[0] += 1
    asked.latest.keep()
    assert len(asked.futures) == 1
    clock[0] += 0.1 / latest.SHARE
    asked.latest.keep()
    assert len(asked.futures) == 2


def test_while_the_slider_moves_only_the_last_moment_counts(asked, clock):
    asked.latest.keep()
    asked.answer("live")
    for step in range(10):
        clock[0] += 0.1
        asked.key = Key(whose="run 1", what=step)
        asked.latest.keep()
    assert len(asked.futures) == 2 and asked.latest.value == "live"
    asked.answer("step 0")
    assert asked.latest.value == "live"  # too late
    asked.latest.keep()
    asked.answer("step 9")
    assert len(asked.futures) == 3 and asked.latest.value == "step 9"


def test_an_answer_about_another_run_goes_at_once(asked, clock):
    asked.latest.keep()
    asked.answer("a")
    asked.key = Key(whose="run 2")
    asked.latest.keep()
    assert asked.latest.value is None


def test_an_error_is_said_and_the_next_answer_takes_its_place(asked, clock):
    asked.key = Key(whose=None)
    asked.latest.keep()
    assert asked.latest.error == "There is no model yet."
    asked.key = Key(whose="run 1")
    clock[0] += 1
    asked.latest.keep()
    asked.futures[-1].set_exception(ValueError("4.safetensors is damaged."))
    asked.hall.poll()
    assert asked.latest.error == "4.safetensors is damaged." and asked.latest.value is None
    asked.key = Key(whose="run 1", what=3)
    clock[0] += 1
    asked.latest.keep()
    asked.answer("a")
    assert (asked.latest.error, asked.latest.value) == ("", "a")


def test_the_cost_of_an_answer_is_measured_where_it_is_made(asked):
    assert asked.latest.timed(lambda n: sum(range(n)))(200_000) == sum(range(200_000))
    assert asked.latest._cost > 0
