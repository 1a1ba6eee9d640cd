"""What the computer tells: from trees of files made here, from psutil's own words, and from this machine as it is."""

import os
import resource
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from llmstudio.core import machine, memory
from llmstudio.core.machine import Busy, Meter


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def rapl(package: int, joules: float, name: str = "", part: str = "") -> dict[str, str]:
    place = f"sys/class/powercap/intel-rapl:{package}{part}"
    micro = str(round(joules * 1e6))
    return {f"{place}/name": name or f"package-{package}", f"{place}/energy_uj": micro,
            f"{place}/max_energy_range_uj": "1000000000"}  # fmt: skip


def test_this_machine_as_it_is(tmp_path: Path) -> None:
    meter = Meter()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"x" * 1000)
    (tmp_path / "c").write_bytes(b"x" * 23)
    first = meter.read(tmp_path)
    assert first.load is None and first.ours is None  # nothing to compare with yet
    end = time.perf_counter() + 0.3
    while time.perf_counter() < end:
        pass
    second = meter.read(tmp_path)
    assert second.load is not None and 0 < second.load <= 1
    assert second.ours is not None and 0.1 < second.ours < second.processors + 0.5
    assert second.memory and second.memory_total and second.memory_free
    assert second.memory == pytest.approx(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, rel=0.8)
    assert second.memory_free < second.memory_total
    assert second.project == 1023 and second.disk_free == pytest.approx(os.statvfs(tmp_path).f_bavail * 4096, rel=0.5)
    assert second.processors == len(os.sched_getaffinity(0))


def test_power_is_energy_over_time_of_all_packages(tmp_path: Path) -> None:
    clock = Clock()
    meter = Meter(tmp_path, clock)
    write(tmp_path, rapl(0, 50) | rapl(1, 10) | rapl(0, 20, "core", ":0") | rapl(2, 0, "psys"))
    assert meter.read().power is None
    clock.now += 2.0
    write(tmp_path, rapl(0, 80) | rapl(1, 20) | rapl(0, 30, "core", ":0") | rapl(2, 500, "psys"))
    found = meter.read()
    assert found.power == pytest.approx((30 + 10) / 2) and found.power_of == "processor"
    clock.now += 1.0
    write(tmp_path, rapl(0, 995) | rapl(1, 27))
    meter.read()
    clock.now += 1.0
    write(tmp_path, rapl(0, 5) | rapl(1, 27))  # 995 + 5 to its end, and on from nothing
    assert meter.read().power == pytest.approx(10.0)


def test_what_may_not_be_read_is_unknown(tmp_path: Path) -> None:
    meter = Meter(tmp_path, Clock())
    assert meter.read().power is None and meter.read().power_of == ""
    write(tmp_path, {"sys/class/powercap/intel-rapl:0/name": "package-0"})
    (tmp_path / "sys/class/powercap/intel-rapl:0/energy_uj").mkdir()  # reading it fails, as root's file would
    assert meter.read().power is None
    write(
        tmp_path, {"sys/class/power_supply/BAT0/status": "Charging", "sys/class/power_supply/BAT0/power_now": "9000000"}
    )
    assert meter.read().power is None
    write(tmp_path, {"sys/class/power_supply/BAT0/status": "Discharging"})
    found = meter.read()
    assert found.power == 9.0 and found.power_of == "computer"


def sensor(label: str, current: float) -> Any:
    return SimpleNamespace(label=label, current=current, high=None, critical=None)


@pytest.mark.parametrize(
    ("chips", "degrees"),
    [
        ({}, None),
        ({"nvme": [sensor("Composite", 40)]}, None),
        ({"acpitz": [sensor("", 30)], "coretemp": [sensor("Package id 0", 61), sensor("Core 0", 70)]}, 61),
        ({"k10temp": [sensor("Tctl", 55.5), sensor("Tccd1", 58)]}, 55.5),
        ({"coretemp": [sensor("Package id 0", 50), sensor("Package id 1", 66)]}, 66),
        ({"cpu_thermal": [sensor("", 48)]}, 48),
        ({"coretemp": [sensor("Package id 0", -273), sensor("Core 1", 44)]}, 44),
        ({"k10temp": [sensor("Tctl", 255)], "acpitz": [sensor("", 31)]}, 31),
    ],
)
def test_the_processors_temperature(
    monkeypatch: pytest.MonkeyPatch, chips: dict[str, Any], degrees: float | None
) -> None:
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: chips, raising=False)
    assert machine.temperature() == degrees


def test_systems_without_sensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(psutil, "sensors_temperatures", raising=False)
    monkeypatch.delattr(psutil, "sensors_battery", raising=False)
    found = Meter().read()
    assert found.temperature is None and found.battery is None and found.plugged is None


def test_sensors_that_fail_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("Input/output error")

    monkeypatch.setattr(psutil, "sensors_temperatures", broken, raising=False)
    monkeypatch.setattr(psutil, "sensors_battery", broken, raising=False)
    found = Meter().read()
    assert found.temperature is None and found.battery is None and found.memory


def test_a_battery(monkeypatch: pytest.MonkeyPatch) -> None:
    state = SimpleNamespace(percent=54.0, power_plugged=False)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: state, raising=False)
    found = Meter().read()
    assert found.battery == 0.54 and found.plugged is False


def test_a_containers_limit_counts(tmp_path: Path) -> None:
    total, free = machine.memory(tmp_path)
    assert total == psutil.virtual_memory().total and free
    group = "sys/fs/cgroup"
    write(tmp_path, {f"{group}/memory.max": "max", f"{group}/memory.current": "5000"})
    assert machine.memory(tmp_path)[0] == total
    write(tmp_path, {f"{group}/memory.max": "200000000"})
    assert machine.memory(tmp_path) == (200_000_000, 199_995_000)
    write(tmp_path, {f"{group}/memory.current": "300000000"})
    assert machine.memory(tmp_path) == (200_000_000, 0)
    assert memory.available() == pytest.approx(psutil.virtual_memory().available, rel=0.5)


def test_how_large_a_project_is_is_looked_up_now_and_then(tmp_path: Path) -> None:
    clock = Clock()
    meter = Meter(clock=clock)
    (tmp_path / "a").write_bytes(b"x" * 10)
    os.symlink(tmp_path, tmp_path / "round")  # no way in circles
    small = meter.read(tmp_path).project
    assert small == 10 + os.lstat(tmp_path / "round").st_size
    (tmp_path / "b").write_bytes(b"x" * 90)
    assert meter.read(tmp_path).project == small
    clock.now += machine.FOLDER_SECONDS
    assert meter.read(tmp_path).project == small + 90
    gone = tmp_path / "gone"
    assert meter.read(gone).project is None and meter.read(gone).disk_free is None


def test_files_that_go_while_they_are_counted_do_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kept").write_bytes(b"x" * 7)
    (tmp_path / "old").mkdir()
    real = os.scandir

    def scan(path: Any) -> Any:
        if Path(path).name == "old":
            raise FileNotFoundError(path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scan)
    assert machine.size(tmp_path) == 7


def test_others_are_told_from_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processors for a second: one all ours, the other a quarter somebody's."""
    whole = {"user": 10.0, "system": 2.0, "idle": 50.0, "iowait": 1.0, "guest": 4.0}
    ours = {"user": 3.0, "system": 1.0}
    times = type("Times", (tuple,), {name: property(lambda self, n=name: whole[n]) for name in whole})
    monkeypatch.setattr(psutil, "cpu_times", lambda: times(whole.values()))
    monkeypatch.setattr(psutil, "Process", lambda: SimpleNamespace(cpu_times=lambda: SimpleNamespace(**ours)))
    busy = Busy()
    assert busy.others == 0.0  # no time has passed
    whole |= {"user": 11.0, "system": 2.25, "idle": 50.5, "iowait": 1.25}
    ours |= {"user": 3.9, "system": 1.1}
    assert busy.others == pytest.approx(0.25 / 2)
