import threading
import time

import pytest

from llmstudio.session.worker import Worker


@pytest.fixture
def worker():
    worker = Worker("under test")
    yield worker
    worker.close()
    assert not worker._thread.is_alive()


def count(n, closed=None):
    try:
        for i in range(n):
            time.sleep(0)
            yield i
        return "end"
    finally:
        if closed is not None:
            closed.append(threading.current_thread().name)


def test_a_job_runs_to_its_end_and_logs_its_news(worker):
    job = worker.start(count(5))
    assert job.done.result(1) == "end"
    assert job.log == [0, 1, 2, 3, 4]


def test_news_goes_behind_what_the_log_holds(worker):
    log = ["before"]
    worker.start(count(2), log).done.result(1)
    assert log == ["before", 0, 1]


def test_stop_runs_finally_on_the_workers_thread(worker):
    closed = []
    job = worker.start(count(10**9, closed))
    time.sleep(0.05)
    job.stop()
    assert job.done.result(1) is None
    assert closed == ["under test"]
    assert job.log


def test_an_error_reaches_the_future_and_spares_the_others(worker):
    def bad():
        yield 1
        raise ValueError("the reason")

    other = worker.start(count(10**9))
    with pytest.raises(ValueError, match="the reason"):
        worker.start(bad()).done.result(1)
    assert worker.ask(lambda: 7).result(1) == 7
    other.stop()
    other.done.result(1)


def test_two_jobs_share_the_thread(worker):
    def slow():
        while True:
            time.sleep(0.002)
            yield 1

    a, b = worker.start(slow()), worker.start(slow())
    time.sleep(0.4)
    a.pause()
    b.pause()
    assert min(len(a.log), len(b.log)) > 0.5 * max(len(a.log), len(b.log))


def test_questions_are_answered_between_turns(worker):
    job = worker.start(count(10**9))
    assert worker.ask(lambda: threading.current_thread().name).result(1) == "under test"
    with pytest.raises(ZeroDivisionError):
        worker.ask(lambda: 1 / 0).result(1)
    assert job.running


def test_pause_holds_and_resume_goes_on(worker):
    job = worker.start(count(10**9))
    time.sleep(0.05)
    job.pause()
    worker.ask(lambda: None).result(1)
    held = len(job.log)
    time.sleep(0.05)
    assert len(job.log) == held
    job.pause(False)
    time.sleep(0.05)
    assert len(job.log) > held


def test_a_single_step_makes_one_piece_of_news(worker):
    def sparse():
        for i in range(10**9):
            yield None
            yield i

    job = worker.start(sparse())
    job.pause()
    worker.ask(lambda: None).result(1)
    held = len(job.log)
    job.step_once()
    deadline = time.monotonic() + 1
    while len(job.log) == held and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(0.05)
    assert len(job.log) == held + 1
    assert job.paused


def test_a_paused_job_can_be_stopped(worker):
    closed = []
    job = worker.start(count(10**9, closed))
    time.sleep(0.02)
    job.pause()
    job.stop()
    assert job.done.result(1) is None
    assert closed


def test_closing_stops_every_job(worker):
    closed = []
    worker.start(count(10**9, closed))
    worker.start(count(10**9, closed))
    time.sleep(0.02)
    worker.close()
    assert len(closed) == 2
