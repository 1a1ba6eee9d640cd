"""Staying awake: asked of a system that is made here, on each system in its own way."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from llmstudio.core import awake
from llmstudio.core.awake import Awake
from tests.bus import service

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="D-Bus")


@pytest.fixture
def held() -> Any:
    """A pipe, as logind makes one for each inhibitor: its end is read as soon as nobody holds it any more."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    yield read, write
    os.close(read)


def is_held(read: int) -> bool:
    try:
        return os.read(read, 1) != b""
    except BlockingIOError:
        return True


@LINUX
def test_it_holds_the_systems_inhibitor_until_it_lets_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: tuple[int, int]
) -> None:
    read, write = held
    handle = os.fdopen(write, "wb")
    asked = []

    def answer(method: str, arguments: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        asked.append((method, arguments))
        return "h", (handle,)

    with service(tmp_path, "org.freedesktop.login1", answer) as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        machine = Awake()
        assert machine.hold() and machine.held and machine.why_not == ""
        assert machine.hold()  # already
        handle.close()  # the service's own
        (only,) = asked
        assert only[0] == "Inhibit" and only[1][0] == "sleep:idle" and only[1][3] == "block"
        assert is_held(read)
        machine.let_go()
        assert not machine.held
        machine.let_go()  # twice does no harm
    assert wait(lambda: not is_held(read))


@LINUX
def test_a_refusal_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(method: str, arguments: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        raise OSError("Permission denied.")

    with service(tmp_path, "org.freedesktop.login1", answer) as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        machine = Awake()
        assert not machine.hold() and not machine.held
        assert machine.why_not == "This computer cannot be kept awake: Permission denied."


@LINUX
@pytest.mark.parametrize("name", ["org.freedesktop.login1", ""])
def test_without_the_service_or_the_bus_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    if not name:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")
        machine = Awake()
        assert not machine.hold()
        assert "system bus of D-Bus cannot be reached" in machine.why_not
        return
    with service(tmp_path, "org.example.Other", lambda *_: ("", ())) as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        machine = Awake()
        assert not machine.hold() and machine.why_not.startswith("This computer cannot be kept awake: ")


@pytest.mark.skipif(os.name != "posix", reason="a program with a shebang")
def test_on_a_mac_a_program_keeps_it_awake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = tmp_path / "said"
    program = tmp_path / "caffeinate"
    program.write_text(f'#!/bin/sh\necho "$@" > "{said}"\nexec sleep 60\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    machine = Awake("darwin")
    assert machine.hold()
    assert wait(lambda: said.exists() and said.read_text())
    assert said.read_text().split() == ["-i", "-w", str(os.getpid())]
    child = machine._held
    assert isinstance(child, subprocess.Popen) and child.poll() is None
    machine.let_go()
    assert child.poll() is not None and not machine.held
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert not machine.hold() and "caffeinate is missing" in machine.why_not


def test_on_windows_the_thread_says_what_it_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    wishes, grants = [], [1]

    def wish(state: int) -> int:
        wishes.append(state)
        return grants[0]

    kernel = SimpleNamespace(SetThreadExecutionState=wish)
    monkeypatch.setattr(awake.ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    machine = Awake("win32")
    assert machine.hold() and wishes == [0x80000001]
    machine.let_go()
    assert wishes == [0x80000001, 0x80000000] and not machine.held
    grants[0] = 0
    assert not machine.hold() and "Windows refuses" in machine.why_not


def test_an_unknown_system_is_not_guessed_at() -> None:
    machine = Awake("plan9")
    assert not machine.hold() and "not known" in machine.why_not


def wait(true: Any, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(true())
