"""The computer in the session: found, chosen, measured, kept awake."""

import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest
from msgspec.structs import replace

from llmstudio.core.train.device import Device
from llmstudio.core.train.peak import Peak
from llmstudio.session import computer as room
from llmstudio.session import settings
from llmstudio.session.session import Session

CPU = Device(kind="cpu", name="Ten cores", threads=2, why="")
GPU = Device(kind="cuda", key="cuda:0", name="Big", threads=2, why="")
BROKEN = Device(kind="cuda", key="cuda:1", name="Broken", threads=0, why="It is.", works=False)


class Here:
    """A computer made here: what it has, how fast that is, how busy others keep it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.devices: tuple[Device, ...] = (GPU, BROKEN, CPU)
        self.speeds = {"cuda:0": 8e12, "cpu": 1e12}
        self.others = 0.0
        self.measured: list[str] = []
        self.held = False
        self.holds: list[str] = []
        self.works = True
        here = self

        class Awake:
            held, why_not = property(lambda _: here.held), ""

            def hold(self) -> bool:
                here.holds.append(threading.current_thread().name)
                here.held, self.why_not = here.works, "" if here.works else "It cannot."
                return here.held

            def let_go(self) -> None:
                here.held = False

        monkeypatch.setattr(room, "warm_up", self._warm_up)
        monkeypatch.setattr(room, "measure", self._measure)
        monkeypatch.setattr(room, "set_threads", lambda count: min(count, 10))
        monkeypatch.setattr(room, "Busy", lambda: self)
        monkeypatch.setattr(room, "Awake", Awake)

    def _warm_up(self, threads: int | None) -> Generator[Any, None, tuple[Device, ...]]:
        yield "loading"
        *rest, cpu = self.devices
        return (*rest, replace(cpu, threads=threads or cpu.threads))

    def _measure(self, key: str, seconds: float) -> Generator[None, None, Peak]:
        yield
        self.measured.append(key)
        assert seconds <= 0.3
        return Peak(float32=self.speeds[key] / 2, bfloat16=self.speeds[key])


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    return Here(monkeypatch)


@pytest.fixture
def session(here: Here) -> Generator[Session, None, None]:
    made = Session()
    yield made
    made.close()


def until(session: Session, true: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "waited too long"
        session.poll()
        time.sleep(0.002)


def test_it_is_found_once_and_named(session: Session, here: Here) -> None:
    assert session.device == "" and session.computer.device is None and session.peak is None
    found = session.computer.find()
    assert session.computer.find() is found
    session.wait(found)
    assert session.device == "Big" and session.computer.device and session.computer.device.key == "cuda:0"
    assert session.train.device == "cuda:0"
    assert session.computer.threads == 2


def test_a_project_that_opens_meanwhile_takes_nothing_away(session: Session, tmp_path: Any) -> None:
    session.wait(session.new(tmp_path / "P"))
    found = session.computer.find()
    session.models.ask(lambda: None).result(10)
    time.sleep(0.05)  # found, and not told yet
    session.close_project()
    session.wait(found)
    assert session.device == "Big"


def test_its_speed_is_measured_once_and_kept(session: Session, here: Here) -> None:
    session.wait(session.computer.find())
    until(session, lambda: session.peak)
    assert session.peak == 8e12 and here.measured == ["cuda:0", "cpu"]
    assert session.computer.device and "8 times as fast" in session.computer.device.why
    for _ in range(20):
        session.poll()
    session.files.ask(lambda: None).result(10)
    again = Session()
    again.wait(again.computer.find())
    assert again.peak == 8e12
    for _ in range(20):
        again.poll()
    assert here.measured == ["cuda:0", "cpu"]
    again.close()


def test_on_a_busy_computer_it_is_tried_again_a_few_times(
    session: Session, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "AGAIN_SECONDS", 0.0)
    here.devices, here.others = (CPU,), 0.5
    session.wait(session.computer.find())
    until(session, lambda: len(here.measured) == room.TRIES)
    for _ in range(30):
        session.poll()
        time.sleep(0.002)
    assert session.peak is None and len(here.measured) == room.TRIES
    assert settings.load().peaks == {}


def test_nothing_is_measured_while_a_run_goes_on(here: Here) -> None:
    session = Session()
    going = True
    session.computer._running = lambda: going
    session.wait(session.computer.find())
    for _ in range(30):
        session.poll()
        time.sleep(0.002)
    assert not here.measured
    going = False
    until(session, lambda: session.peak)
    session.close()


def test_the_person_chooses(session: Session, here: Here) -> None:
    told = []
    session.wait(session.computer.find())
    session.computer.changed.connect(lambda: told.append(session.device))
    session.computer.choose("cpu")
    assert told[-1] == session.device == "CPU, 2 threads" and session.train.device == "cpu"
    assert session.computer.device and session.computer.device.why == "You chose it."
    with pytest.raises(ValueError, match="cuda:1"):
        session.computer.choose("cuda:1")
    session.computer.choose("")
    assert session.device == "Big"
    session.computer.choose("cpu")
    session.files.ask(lambda: None).result(10)
    assert settings.load().device == "cpu"


def test_threads_are_set_between_two_steps_and_kept(session: Session, here: Here) -> None:
    here.devices = (CPU,)
    session.wait(session.computer.find())
    until(session, lambda: session.peak)
    session.computer.set_threads(7)
    until(session, lambda: session.computer.threads == 7)
    assert session.device == "CPU, 7 threads"
    until(session, lambda: session.peak)
    assert set(session.settings.peaks) == {"Ten cores, 2 threads", "Ten cores, 7 threads"}
    with pytest.raises(ValueError, match="one thread"):
        session.computer.set_threads(0)
    session.files.ask(lambda: None).result(10)
    again = Session()
    again.wait(again.computer.find())
    assert again.device == "CPU, 7 threads"
    again.close()


def test_threads_of_torch_really_change(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    import torch

    before = session.models.ask(torch.get_num_threads).result(30)
    session.computer.set_threads(1)
    assert session.models.ask(torch.get_num_threads).result(30) == 1
    session.models.ask(torch.set_num_threads, before).result(30)
    session.close()


def test_it_is_kept_awake_while_a_run_goes_on(session: Session, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "AWAKE_AFTER", 0.0)
    going = False
    session.computer._running = lambda: going
    session.wait(session.computer.find())
    until(session, lambda: here.holds)  # tried once, to know
    until(session, lambda: not here.held)
    assert not session.computer.awake
    going = True
    until(session, lambda: session.computer.awake)
    assert set(here.holds) == {"files"}  # Windows remembers by thread
    going = False
    until(session, lambda: not session.computer.awake)
    going = True
    until(session, lambda: session.computer.awake)
    session.edit_settings(keep_awake=False)
    until(session, lambda: not session.computer.awake)
    session.edit_settings(keep_awake=True)
    until(session, lambda: session.computer.awake)
    session.computer.close()
    assert not here.held


def test_a_short_run_needs_no_keeping_awake(session: Session, here: Here) -> None:
    session.computer._running = lambda: True
    for _ in range(30):
        session.poll()
        time.sleep(0.002)
    assert not here.holds


def test_where_it_cannot_be_kept_awake_it_is_said(session: Session, here: Here) -> None:
    here.works = False
    session.wait(session.computer.find())
    until(session, lambda: session.computer.why_not_awake)
    assert session.computer.why_not_awake == "It cannot." and not session.computer.awake


def test_it_is_read_only_while_somebody_looks(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(10):
        session.poll()
    assert session.computer.reading is None
    session.computer.watch()
    until(session, lambda: session.computer.reading)
    first = session.computer.reading
    session.computer.watch()
    session.files.ask(lambda: None).result(10)
    session.poll()
    assert session.computer.reading is first  # it is not two seconds old
    monkeypatch.setattr(room, "READ_SECONDS", 0.0)
    session.computer.watch()
    until(session, lambda: session.computer.reading is not first)
    assert session.computer.reading and session.computer.reading.load is not None


def test_what_fails_is_told_and_the_rest_goes_on(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(threads: int | None) -> Generator[Any, None, None]:
        yield "loading"
        raise ValueError("PyTorch is damaged. Set up again.")

    monkeypatch.setattr(room, "warm_up", broken)
    with pytest.raises(ValueError, match="damaged"):
        session.wait(session.computer.find())
    assert session.notices[-1].text == "PyTorch is damaged. Set up again." and session.notices[-1].kind == "error"
    session.poll()
