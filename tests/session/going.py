"""Runs that go on, and waiting for what they come to."""

import time

from tests.material import make_small

LONG = 100_000


def until(session, condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        session.poll()
        time.sleep(0.005)


def train(session, **start):
    session.wait(session.train.start(**start))
    run = session.train.run
    session.wait(run.job)
    return run


def begin(session, steps=LONG):
    make_small(session, steps=steps, checkpoint_seconds=1, evaluate_every=1000, sample_every=1000)
    session.wait(session.train.start())
    run = session.train.run
    until(session, lambda: run.step >= 3)
    return run


def end(session, run):
    session.train.stop()
    session.wait(run.job)


def idle(session):
    """Nothing goes on, nothing waits, all is written."""
    room = session.train
    until(session, lambda: not (room.queue or room.starting or room.live))
    session.wait(session.files.ask(lambda: None))
